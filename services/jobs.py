"""The clockwork's lease and results: two schedulers never run at once."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.platform import JobLease, JobRun

LEASE_NAME = "scheduler"
LEASE = timedelta(seconds=30)
NOTE_MAX = 200


def hold_lease(session: Session, holder: str, *, now: datetime) -> bool:
    """Take or renew the lease. True while this process is the one scheduler."""
    taken = session.execute(
        update(JobLease)
        .where(JobLease.name == LEASE_NAME, (JobLease.holder == holder) | (JobLease.until < now))
        .values(holder=holder, until=now + LEASE, beat_at=now)
    )
    if taken.rowcount:  # type: ignore[attr-defined]  # typed as Result; an UPDATE gives a CursorResult
        return True
    if session.scalar(select(JobLease.name).where(JobLease.name == LEASE_NAME)):
        return False
    try:
        with session.begin_nested():
            session.add(JobLease(name=LEASE_NAME, holder=holder, until=now + LEASE, beat_at=now))
    except IntegrityError:
        return False
    return True


def release_lease(session: Session, holder: str, *, now: datetime) -> None:
    """Give the lease back at a clean end, so that a restart need not wait for it."""
    session.execute(update(JobLease).where(JobLease.name == LEASE_NAME, JobLease.holder == holder).values(until=now))


def heartbeat_age(session: Session, *, now: datetime) -> float | None:
    """Seconds since the scheduler was last heard of; None if never."""
    beat = session.scalar(select(JobLease.beat_at).where(JobLease.name == LEASE_NAME))
    return None if beat is None else round((now - beat).total_seconds(), 1)


def note_run(
    session: Session, job_id: str, *, started_at: datetime, finished_at: datetime, outcome: str, note: str = ""
) -> None:
    """Remember the last result of a job."""
    session.merge(
        JobRun(job_id=job_id, started_at=started_at, finished_at=finished_at, outcome=outcome, note=note[:NOTE_MAX])
    )
    session.flush()


def last_runs(session: Session) -> dict[str, JobRun]:
    """The last result of every job that ever ran."""
    return {run.job_id: run for run in session.scalars(select(JobRun))}
