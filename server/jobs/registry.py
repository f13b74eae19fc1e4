"""JOBS: id, how often, which function. One line adds a job; `run-job ID` runs it now."""

from collections.abc import Callable
from dataclasses import dataclass

from server.container import Container
from server.jobs import (
    booking_jobs,
    closure_jobs,
    demo_jobs,
    notification_jobs,
    retention_jobs,
    waitlist_jobs,
    wechat_jobs,
)

JobFunction = Callable[[Container], str]


@dataclass(frozen=True, slots=True)
class Job:
    """`run` returns a short note for the log: figures only."""

    id: str
    every_seconds: int
    run: JobFunction
    demo_only: bool = False


JOBS: tuple[Job, ...] = (
    Job("deliver-notifications", 5, notification_jobs.deliver),
    Job("release-no-shows", 60, booking_jobs.release_no_shows),
    Job("note-overstays", 60, booking_jobs.note_overstays),
    Job("serve-waitlists", 10, waitlist_jobs.serve_waitlists),
    Job("lapse-room-requests", 60, booking_jobs.lapse_requests),
    Job("remind-upcoming-bookings", 60, booking_jobs.remind_upcoming),
    Job("keep-closures", 300, closure_jobs.keep),
    Job("send-late-replies", 10, wechat_jobs.send_late),
    Job("prune-wechat-claims", 3600, wechat_jobs.prune),
    Job("drop-old-records", 3600, retention_jobs.drop_old),
    Job("keep-demo-alive", 300, demo_jobs.keep_alive, demo_only=True),
)


def jobs_for(container: Container) -> tuple[Job, ...]:
    """The jobs of this environment."""
    return tuple(job for job in JOBS if container.settings.is_demo or not job.demo_only)
