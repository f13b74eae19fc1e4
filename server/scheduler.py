"""The one scheduler process: turns JOBS into APScheduler jobs while it holds the lease."""

import logging
import os
import signal
import socket
import threading
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler

from server.container import Container
from server.jobs.registry import Job, jobs_for
from server.jobs.running import run_job
from services import jobs as job_services

log = logging.getLogger(__name__)
RENEW_SECONDS = 10


class Clockwork:
    """Holds the lease and, only while it does, runs the jobs."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.holder = f"{socket.gethostname()[:40]}:{os.getpid()}"
        self.scheduler = BackgroundScheduler(timezone="UTC")
        self.holds = False

    def tick(self) -> None:
        """Take or renew the lease; start or pause the jobs accordingly."""
        with self.container.unit_of_work() as session:
            holds = job_services.hold_lease(session, self.holder, now=self.container.now())
        if holds and not self.holds:
            log.info("scheduler holds the lease")
            for job in jobs_for(self.container):
                self._add(job)
        elif self.holds and not holds:
            log.warning("scheduler lost the lease")
            self.scheduler.remove_all_jobs()
        self.holds = holds

    def _add(self, job: Job) -> None:
        self.scheduler.add_job(
            self._run_if_held,
            "interval",
            args=[job],
            seconds=job.every_seconds,
            id=job.id,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=self.container.now(),
            replace_existing=True,
        )

    def _run_if_held(self, job: Job) -> None:
        if self.holds:
            run_job(self.container, job)

    def stop(self) -> None:
        """Wait for the running job, then give the lease back."""
        if self.scheduler.running:
            self.scheduler.shutdown(wait=True)
        with self.container.unit_of_work() as session:
            job_services.release_lease(session, self.holder, now=self.container.now())


def main(container: Container) -> None:
    """Run until told to stop. A database that is away for a moment is tried again, not died of."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    clockwork = Clockwork(container)
    clockwork.scheduler.start()
    while not stopping.is_set():
        try:
            clockwork.tick()
        except Exception:  # the clock must outlive a database that is away for a moment
            clockwork.holds = False
            log.exception("scheduler tick failed")
        stopping.wait(RENEW_SECONDS)
    clockwork.stop()
    log.info("scheduler stopped")
