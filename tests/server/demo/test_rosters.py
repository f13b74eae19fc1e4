"""The demo's desks can be booked, also in a demo filled before desks had rosters."""

from datetime import date, datetime

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.centre import RosterRule, Service
from server.demo.district import keep_rosters, load
from services.centre.centres import availability
from services.centre.importing import import_centres
from tests.factories import create_branch


@pytest.mark.rule("B103", "B18")
def test_desks_of_the_demo_get_their_rosters_once(session: Session, now: datetime) -> None:
    import_centres(session, load("sample_chains_centres.json"), now=now)
    desks = session.scalars(select(Service.code).where(Service.kind == "desk")).all()

    def free() -> dict[str, bool]:
        days = {code: availability(session, code, date(2026, 12, 2), now=now) for code in desks}
        return {code: any(slot.free for slot in day.slots) for code, day in days.items()}

    assert len(desks) == 3
    assert all(free().values())
    session.execute(delete(RosterRule))
    assert not any(free().values())
    assert keep_rosters(session, now=now) == 0  # not a demo: somebody's own district
    create_branch(session, code="YARD_BRANCH")
    assert keep_rosters(session, now=now) == 3
    assert all(free().values())
    assert keep_rosters(session, now=now) == 0
