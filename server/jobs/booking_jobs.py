"""The clock of booking."""

from server.container import Container
from services.booking import jobs as booking_jobs


def release_no_shows(container: Container) -> str:
    """Past its grace, a place goes back to those who wait (爽约释放)."""
    return f"{booking_jobs.release_no_shows(container.unit_of_work, now=container.now())} released"


def note_overstays(container: Container) -> str:
    """Whoever is still inside when their time is over hears how to go on (超时提醒)."""
    return f"{booking_jobs.note_overstays(container.unit_of_work, now=container.now())} overstayed"


def lapse_requests(container: Container) -> str:
    """A room request nobody answered in time gives its place back."""
    return f"{booking_jobs.lapse_requests(container.unit_of_work, now=container.now())} lapsed"


def remind_upcoming(container: Container) -> str:
    """Tell people shortly before their booking begins."""
    with container.unit_of_work() as session:
        return f"{booking_jobs.remind_upcoming(session, now=container.now())} reminded"
