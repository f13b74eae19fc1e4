"""The clock of closures."""

from server.container import Container
from services.centre import closures


def keep(container: Container) -> str:
    """Closures hold their places as far as anyone may book, and from when the guest inside left; old ones retire."""
    now = container.now()
    with container.read() as session:
        centres = closures.centres_with_closures(session)
    for code in centres:
        with container.unit_of_work() as session:
            closures.extend_closures(session, code, now=now)
    with container.unit_of_work() as session:
        return f"{len(centres)} centres kept, {closures.retire(session, now=now)} retired"
