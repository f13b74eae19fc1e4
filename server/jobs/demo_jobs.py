"""Keep the demo alive (decision 38): create what is missing, never move a used row."""

from server.container import Container
from server.demo.party_days import keep_party_days


def keep_alive(container: Container) -> str:
    """The next party day exists before the running one ends."""
    with container.unit_of_work() as session:
        made = keep_party_days(session, now=container.now())
    return f"{made} made"
