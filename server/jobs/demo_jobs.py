"""Keep the demo alive (decision 38): create what is missing, never move a used row."""

from server.container import Container
from server.demo.district import keep_rosters, load
from server.demo.party_days import keep_party_days
from services.policy_import import renew_windows


def keep_alive(container: Container) -> str:
    """The next party day exists before the running one ends; desks have rosters; policies open, close and come."""
    now = container.now()
    today = container.options.today(now)
    with container.unit_of_work() as session:
        made = keep_party_days(session, now=now) + keep_rosters(session, now=now)
        made += renew_windows(session, load("sample_policies.json"), today=today, now=now)
    return f"{made} made"
