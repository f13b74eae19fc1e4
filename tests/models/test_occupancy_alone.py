"""The database alone refuses, whoever writes: bookings, offers and closures against one another, on both engines."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.centre import Booking, Hold, Occupancy, Service
from server.db import WRITES
from tests.conftest import NOW
from tests.factories import create_person
from tests.factories_booking import create_centre, create_service, unit_ids
from tests.models.occupied import Rows, recomputed, written

HALF_HOUR = timedelta(minutes=30)
UNIT, SEATS, PERSON = "ex_occupancy_unit_time", "ck_occupancy_capacity", "ex_bookings_person_time"


@pytest.fixture
def rows(session: Session, now: datetime) -> Rows:
    return Rows(session, now)


@pytest.fixture
def service(session: Session, now: datetime) -> Service:
    return create_service(session, create_centre(session, now=now), now=now)


@pytest.fixture
def pool(session: Session, now: datetime) -> Service:
    return create_service(session, create_centre(session, now=now), capacity=3, now=now)


def refused(name: str) -> Any:
    """The guard of that name speaks."""
    return pytest.raises(IntegrityError, match=name)


def add(rows: Rows, source: str, *args: Any, **changes: Any) -> int:
    """A row of one of the three sources of taken time."""
    return rows.booking(*args, **changes) if source == "booking" else rows.hold(*args, kind=source, **changes)


SOURCES = ("booking", "offer", "closure")


@pytest.mark.rule("B140")
@pytest.mark.parametrize("first", SOURCES)
@pytest.mark.parametrize("second", SOURCES)
@pytest.mark.parametrize(("later", "minutes"), [(0, 30), (-25, 30), (29, 30), (10, 10), (-10, 60)])
def test_a_taken_unit_is_taken_for_everything(
    rows: Rows, service: Service, now: datetime, first: str, second: str, later: int, minutes: int
) -> None:
    add(rows, first, service, now, unit="U1")
    with refused(UNIT):
        add(rows, second, service, now + timedelta(minutes=later), minutes, unit="U1")
    add(rows, second, service, now + timedelta(minutes=later), minutes, unit="U2")
    assert written(rows.session, service) == recomputed(rows.session, service)


@pytest.mark.rule("B140")
@pytest.mark.parametrize("second", SOURCES)
@pytest.mark.parametrize(("first", "free_again"), [("booking", 40), ("offer", 40), ("closure", 30)])
def test_touching_ends_are_fine_and_the_cleaning_counts(
    rows: Rows, service: Service, now: datetime, first: str, second: str, free_again: int
) -> None:
    add(rows, first, service, now, unit="U1")
    with refused(UNIT):
        add(rows, second, service, now + timedelta(minutes=free_again - 1), unit="U1")
    add(rows, second, service, now + timedelta(minutes=free_again), unit="U1")


@pytest.mark.rule("B140")
@pytest.mark.parametrize("second", SOURCES)
def test_a_closure_of_many_days_holds_to_its_last_minute(
    rows: Rows, service: Service, now: datetime, second: str
) -> None:
    rows.hold(service, now, 60 * 24 * 400, kind="closure", unit="U1")
    for days in (0, 1, 3, 30, 399):
        with refused(UNIT):
            add(rows, second, service, now + timedelta(days=days), unit="U1")
    add(rows, second, service, now + timedelta(days=400), unit="U1")


@pytest.mark.rule("B141")
@pytest.mark.parametrize("order", [SOURCES, tuple(reversed(SOURCES)), ("offer", "booking", "closure")])
def test_seats_of_bookings_offers_and_closures_add_up(
    rows: Rows, pool: Service, now: datetime, order: tuple[str, ...]
) -> None:
    for n, source in enumerate(order):
        add(rows, source, pool, now + n * HALF_HOUR / 10, 60)
    for source in SOURCES:
        with refused(SEATS):
            add(rows, source, pool, now - HALF_HOUR, 120)  # free at both ends, full between
        with refused(SEATS):
            size = {"party_size": 4} if source == "booking" else {"seats": 4}
            add(rows, source, pool, now + timedelta(days=1), **size)
    add(rows, "booking", pool, now - HALF_HOUR)
    assert written(rows.session, pool) == recomputed(rows.session, pool)


@pytest.mark.rule("B142")
@pytest.mark.parametrize("source", SOURCES)
def test_what_is_given_up_is_free_again_exactly(
    session: Session, rows: Rows, service: Service, pool: Service, now: datetime, source: str
) -> None:
    """By a change of state, by a change of time, of unit and of size, and by a delete."""
    table = Booking if source == "booking" else Hold
    size = "party_size" if source == "booking" else "seats"
    stays = rows.booking(pool, now, 90)
    unit_row = add(rows, source, service, now, unit="U1")
    pool_row = add(rows, source, pool, now, 60)
    later = {name: now + HALF_HOUR * n for name, n in (("starts_at", 4), ("ends_at", 5), ("occupied_until", 5))}
    for change in ({size: 2}, later, {size: 1}):
        rows.change(table, pool_row, **change)
        assert written(session, pool) == recomputed(session, pool)
    for change in (later, {"unit_id": unit_ids(session, service)["U2"]}):
        rows.change(table, unit_row, **change)
        assert written(session, service) == recomputed(session, service)
    for row in (unit_row, pool_row):
        if source == "booking":
            rows.change(Booking, row, state="cancelled")
        else:
            rows.close_hold(row)
    assert written(session, service) == ([], {})
    assert written(session, pool)[1] == {now: 1, now + HALF_HOUR: 1, now + 2 * HALF_HOUR: 1}
    for row in (unit_row, pool_row):
        rows.drop(table, row)
    gone = add(rows, source, service, now, unit="U1"), add(rows, source, pool, now, 60, **{size: 2})
    for row in gone:
        rows.drop(table, row)
    rows.drop(Booking, stays)
    for one in (service, pool):
        assert written(session, one) == recomputed(session, one) == ([], {})


@pytest.mark.rule("B142")
@pytest.mark.parametrize("state", ["cancelled", "no_show", "moved", "displaced", "refused", "lapsed"])
def test_a_place_given_up_and_taken_by_another_does_not_come_back(
    rows: Rows, service: Service, pool: Service, now: datetime, state: str
) -> None:
    for one, unit, guard in ((service, "U1", UNIT), (pool, None, SEATS)):
        size: dict[str, Any] = {} if unit else {"party_size": 3}
        gone = rows.booking(one, now, unit=unit, state=state, **size)
        rows.hold(one, now, unit=unit)
        with refused(guard):
            rows.change(Booking, gone, state="confirmed")
        with refused(guard):
            rows.change(Booking, gone, state="checked_in")
    ended = rows.hold(service, now, unit="U2", is_open=False, outcome="lapsed")
    rows.booking(service, now, unit="U2")
    with refused(UNIT):
        rows.change(Hold, ended, is_open=True, outcome=None)


@pytest.mark.rule("B142")
def test_a_released_place_is_taken_over_in_one_transaction(
    session: Session, rows: Rows, service: Service, pool: Service, now: datetime
) -> None:
    """As accepting an offer does: the hold ends and the booking stands in its place."""
    for one, unit in ((service, "U1"), (pool, None)):
        size: dict[str, Any] = {} if unit else {"seats": 3}
        offered = rows.hold(one, now, unit=unit, **size)
        with session.begin_nested():
            rows.close_hold(offered, "accepted")
            rows.booking(one, now, unit=unit, **({} if unit else {"party_size": 3}))
        with refused(UNIT if unit else SEATS):
            rows.hold(one, now, unit=unit)
        assert written(session, one) == recomputed(session, one)


@pytest.mark.rule("B143")
def test_one_person_is_not_in_two_places(rows: Rows, service: Service, pool: Service, now: datetime) -> None:
    """Whatever the service, whatever the state that still counts; others are untouched."""
    mine: dict[str, Any] = {"person_id": create_person(rows.session, now=now).id, "source": "app"}
    for state in ("requested", "confirmed", "checked_in"):
        asked = {"hold_until": now} if state == "requested" else {}
        first = rows.booking(service, now, 60, unit="U1", state=state, **mine, **asked)
        with refused(PERSON):
            rows.booking(pool, now + HALF_HOUR, **mine)
        later = rows.booking(pool, now + 2 * HALF_HOUR, **mine)
        with refused(PERSON):
            rows.change(Booking, later, starts_at=now + HALF_HOUR)
        rows.booking(pool, now, person_id=create_person(rows.session, now=now).id)
        rows.change(Booking, first, state="cancelled", hold_until=None)
        rows.drop(Booking, later)


@pytest.mark.rule("B140")
def test_a_hold_cannot_slip_past_by_its_shape(rows: Rows, service: Service, pool: Service, now: datetime) -> None:
    with refused("ck_bookings_unit_of_kind"):
        rows.hold(service, now)
    with refused("ck_bookings_unit_of_kind"):
        rows.hold(pool, now, unit_id=unit_ids(rows.session, service)["U1"])
    other = create_service(rows.session, create_centre(rows.session, now=now), now=now)
    with refused("FOREIGN KEY|fk_holds_unit_id_service_id"):
        rows.hold(other, now, unit_id=unit_ids(rows.session, service)["U1"])
    with refused("ck_holds_times"):
        rows.hold(service, now, unit="U1", ends_at=now, occupied_until=now)
    with refused("ck_holds_seats"):
        rows.hold(pool, now, seats=0)
    with refused("ck_holds_outcome"):
        rows.hold(service, now, unit="U1", is_open=False)
    one = rows.hold(service, now, unit="U1")
    with refused("uq_holds_entry_open|holds.entry_id"):
        entry = rows.session.get_one(Hold, one).entry_id
        rows.hold(service, now, unit="U2", entry_id=entry)


@pytest.mark.rule("B140")
def test_plain_sql_meets_the_same_guard(session: Session, rows: Rows, service: Service, now: datetime) -> None:
    """No ORM and no Core between: a statement typed by hand."""
    row = rows.booking(service, now, unit="U1")
    copied = (
        "INSERT INTO bookings (code, service_id, unit_id, starts_at, ends_at, occupied_until, grace_until, state,"
        " party_size, source, overlap_allowed, was_late_cancel, late_minutes, created_at)"
        " SELECT 'TYPED', service_id, unit_id, starts_at, ends_at, occupied_until, grace_until, state, party_size,"
        " source, overlap_allowed, was_late_cancel, late_minutes, created_at FROM bookings WHERE id = :id"
    )
    with refused(UNIT), session.begin_nested():
        session.execute(text(copied), {"id": row})
    with refused(UNIT), session.begin_nested():
        session.execute(
            insert(Occupancy).values(
                service_id=service.id,
                unit_id=unit_ids(session, service)["U1"],
                starts_at=now,
                ends_at=now + HALF_HOUR,
            )
        )


steps = st.lists(
    st.tuples(
        st.sampled_from(["booking", "offer", "closure", "give up", "delete", "shift"]),
        st.sampled_from(["U1", "U2", None]),
        st.integers(-2, 4),
        st.sampled_from([20, 30, 45, 90]),
        st.integers(1, 3),
    ),
    min_size=6,
    max_size=14,
)


@pytest.mark.rule("B140", "B141", "B142")
@settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_whatever_is_written_in_whatever_order_taken_time_is_what_the_rows_say(
    engine: Engine, moves: list[tuple[str, str | None, int, int, int]]
) -> None:
    """Random rows; after each one nothing overlaps, nothing exceeds, and occupancy is what bookings and holds give."""
    with engine.connect().execution_options(**{WRITES: True}) as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            centre = create_centre(session, now=NOW)
            service = create_service(session, centre, now=NOW)
            pool = create_service(session, centre, capacity=3, now=NOW)
            rows, made, said = Rows(session, NOW), list[tuple[type[Booking | Hold], int]](), set[str]()
            for what, unit, start, minutes, size in moves:
                try:
                    _one(rows, made, what, service if unit else pool, unit, start, minutes, size)
                except IntegrityError as refusal:
                    said.add(UNIT if UNIT in str(refusal) else SEATS if SEATS in str(refusal) else str(refusal))
                for one in (service, pool):
                    units, seats = written(session, one)
                    assert (units, seats) == recomputed(session, one)
                    assert all(taken <= 3 for taken in seats.values())
                    assert not any(
                        a[0] == b[0] and a[3] < b[4] and b[3] < a[4] for i, a in enumerate(units) for b in units[:i]
                    )
            assert said <= {UNIT, SEATS}
        outer.rollback()


def _one(
    rows: Rows,
    made: list[tuple[type[Booking | Hold], int]],
    what: str,
    service: Service,
    unit: str | None,
    start: int,
    minutes: int,
    size: int,
) -> None:
    at = NOW + start * HALF_HOUR
    if what in SOURCES:
        table: type[Booking | Hold] = Booking if what == "booking" else Hold
        seats = {"party_size" if what == "booking" else "seats": size} if unit is None else {}
        made.append((table, add(rows, what, service, at, minutes, unit=unit, **seats)))
    elif made:
        table, row = made[(start + size) % len(made)]
        if what == "delete":
            rows.drop(table, row)
            made.remove((table, row))
        elif what == "shift":
            end = at + timedelta(minutes=minutes)
            rows.change(table, row, starts_at=at, ends_at=end, occupied_until=end)
        elif table is Booking:
            rows.change(Booking, row, state="cancelled")
        else:
            rows.close_hold(row)
