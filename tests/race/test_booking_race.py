"""Eighty people, twenty places, over real HTTP with 2 × 8 workers and threads."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from bench.load import Answer, Call, send_all
from tests.live import Live
from tests.race.conftest import UNGUARDED, Start
from tests.race.guards import drop_occupancy_guard

SERVICE = "DRIVER_HOME.bay"  # 40 units, half of them kept for walk-ins
PLACES = 20
PEOPLE = [f"driver-{number}" for number in range(2, 82)]
TWICE_OCCUPIED = text(
    "SELECT count(*) FROM bookings a JOIN bookings b ON a.unit_id = b.unit_id AND a.id < b.id"
    " AND a.starts_at < b.occupied_until AND b.starts_at < a.occupied_until"
    " WHERE a.state = 'confirmed' AND b.state = 'confirmed'"
)

pytestmark = pytest.mark.race


def a_start(served: Live) -> str:
    """A start of the day after tomorrow at which nothing is taken yet."""
    day = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    [answer] = send_all(served.address, [Call("GET", f"/api/v1/services/{SERVICE}/availability?date={day}")])
    slots: Any = answer.json()["slots"]
    free = [slot["start"] for slot in slots if slot["free"] == PLACES]
    assert free, f"no start with {PLACES} free places: {slots[:3]}"
    return str(free[0])


def book_all_at_once(served: Live) -> list[Answer]:
    start = a_start(served)
    calls = [
        Call(
            "POST",
            "/api/v1/bookings",
            {"service": SERVICE, "start": start, "minutes": 240, "client_uuid": str(uuid4())},
            {"Authorization": f"Bearer {token}"},
        )
        for token in served.tokens(PEOPLE)
    ]
    return send_all(served.address, calls, connections=len(calls))


def counted(served: Live) -> tuple[int, int]:
    """Confirmed bookings, and pairs of them that hold the same unit at the same time."""
    with served.deps.read() as session:
        confirmed = session.scalar(text("SELECT count(*) FROM bookings WHERE state = 'confirmed'"))
        return int(confirmed or 0), int(session.scalar(TWICE_OCCUPIED) or 0)


@pytest.mark.rule("B90")
def test_eighty_requests_for_twenty_places_give_exactly_twenty(start: Start) -> None:
    served = start()
    answers = book_all_at_once(served)
    assert Counter(answer.status for answer in answers) == {201: PLACES, 409: len(PEOPLE) - PLACES}
    assert {answer.json()["code"] for answer in answers if answer.status == 409} == {"slot_full"}
    assert len({answer.json()["unit"] for answer in answers if answer.status == 201}) == PLACES
    assert counted(served) == (PLACES, 0)


@pytest.mark.rule("B90")
def test_control_the_database_alone_keeps_a_unit_from_being_given_twice(start: Start) -> None:
    """Without lock and transaction the code gives the same unit to many; the database refuses all but one."""
    served = start(UNGUARDED)
    answers = book_all_at_once(served)
    given = sum(answer.status == 201 for answer in answers)
    assert 0 < given <= PLACES
    assert {answer.status for answer in answers} <= {201, 409, 503}
    with served.deps.read() as session:
        assert session.scalar(text("SELECT count(*) FROM occupancy")) == given


def test_control_without_any_guard_the_race_is_lost(start: Start) -> None:
    """What makes the two tests above worth something: here units are given twice."""
    served = start(UNGUARDED)
    drop_occupancy_guard(served.deps.database.engine)
    book_all_at_once(served)
    given, twice = counted(served)
    assert given > PLACES or twice > 0
