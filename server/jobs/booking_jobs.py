"""The clock of booking."""

from server.container import Container
from services import booking_jobs


def release_no_shows(container: Container) -> str:
    """Past its grace, a place goes back to those who wait (爽约释放)."""
    with container.unit_of_work() as session:
        return f"{booking_jobs.release_no_shows(session, now=container.now())} released"


def lapse_requests(container: Container) -> str:
    """A room request nobody answered in time gives its place back."""
    with container.unit_of_work() as session:
        return f"{booking_jobs.lapse_requests(session, now=container.now())} lapsed"


def remind_upcoming(container: Container) -> str:
    """Tell people shortly before their booking begins."""
    with container.unit_of_work() as session:
        return f"{booking_jobs.remind_upcoming(session, now=container.now())} reminded"
