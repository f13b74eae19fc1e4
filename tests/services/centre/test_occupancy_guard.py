"""The database alone refuses: raw rows that overlap or exceed, on both engines (decision 19)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import Busy, Conflict
from models.centre import Booking, Occupancy, Service
from services.booking.guards import guarded
from services.centre.occupancy import check_occupancy
from tests.factories import create_person
from tests.factories_booking import create_centre, create_service, unit_ids

_numbers = count(1)
Raw = Callable[..., int]
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def service(session: Session, now: datetime) -> Service:
    return create_service(session, create_centre(session, now=now), now=now)


@pytest.fixture
def pool(session: Session, now: datetime) -> Service:
    return create_service(session, create_centre(session, now=now), capacity=3, now=now)


@pytest.fixture
def raw(session: Session, now: datetime) -> Raw:
    """An INSERT into `bookings` that no Python rule has seen; ends_at and occupied_until follow from `minutes`."""

    def insert_row(
        service: Service,
        start: datetime,
        minutes: int = 30,
        *,
        unit: str | None = None,
        cleaning: int = 10,
        **changes: Any,
    ) -> int:
        end = start + timedelta(minutes=minutes)
        values = {
            "code": f"RAW{next(_numbers):05d}",
            "person_id": None,
            "source": "desk",
            "service_id": service.id,
            "unit_id": unit_ids(session, service)[unit] if unit else None,
            "starts_at": start,
            "ends_at": end,
            "occupied_until": end + timedelta(minutes=cleaning if unit else 0),
            "grace_until": start,
            "state": "confirmed",
            "party_size": 1,
            "overlap_allowed": False,
            "was_late_cancel": False,
            "created_at": now,
            **changes,
        }
        with session.begin_nested():
            found: int = session.execute(insert(Booking).values(values).returning(Booking.id)).scalar_one()
        return found

    return insert_row


def refused(name: str) -> Any:
    """The guard of that name speaks."""
    return pytest.raises(IntegrityError, match=name)


@pytest.mark.rule("B3", "B1")
@pytest.mark.parametrize(
    ("minutes_later", "minutes", "fits"),
    [
        (0, 30, False),
        (10, 10, False),
        (-20, 30, False),
        (30, 30, False),
        (39, 30, False),
        (40, 30, True),
        (-40, 30, True),
    ],
)
def test_a_unit_is_never_taken_twice_cleaning_included(
    raw: Raw, service: Service, now: datetime, minutes_later: int, minutes: int, fits: bool
) -> None:
    raw(service, now, unit="U1")
    other = now + timedelta(minutes=minutes_later)
    if fits:
        raw(service, other, minutes, unit="U1")
    else:
        with refused("ex_occupancy_unit_time"):
            raw(service, other, minutes, unit="U1")
        raw(service, other, minutes, unit="U2")


@pytest.mark.rule("B3")
def test_an_update_meets_the_same_guard(session: Session, raw: Raw, service: Service, now: datetime) -> None:
    raw(service, now, unit="U1")
    other = raw(service, now, unit="U2")
    gone = raw(service, now, unit="U1", state="cancelled")
    units = unit_ids(session, service)
    for row, values in (
        (other, {"unit_id": units["U1"]}),
        (gone, {"state": "confirmed"}),
    ):
        with refused("ex_occupancy_unit_time"), session.begin_nested():
            session.execute(update(Booking).where(Booking.id == row).values(values))
    with refused("ex_occupancy_unit_time"), session.begin_nested():
        session.execute(update(Occupancy).where(Occupancy.booking_id == other).values(unit_id=units["U1"]))
    assert check_occupancy(session) == []


@pytest.mark.rule("B3")
def test_what_is_given_back_can_be_taken_again(session: Session, raw: Raw, service: Service, now: datetime) -> None:
    for state in ("cancelled", "no_show", "moved", "displaced", "refused", "lapsed"):
        row = raw(service, now, unit="U1")
        session.execute(update(Booking).where(Booking.id == row).values(state=state))
    row = raw(service, now, unit="U1")
    session.execute(delete(Booking).where(Booking.id == row))
    kept = raw(service, now, unit="U1")
    for state in ("checked_in", "completed", "overstayed"):
        session.execute(update(Booking).where(Booking.id == kept).values(state=state))
        with refused("ex_occupancy_unit_time"):
            raw(service, now, unit="U1")
    assert check_occupancy(session) == []


@pytest.mark.rule("B4")
def test_a_pool_is_never_over_its_capacity_at_any_instant(
    session: Session, raw: Raw, pool: Service, now: datetime
) -> None:
    raw(pool, now, 60, party_size=2)
    raw(pool, now + HALF_HOUR, 60, party_size=1)
    with refused("ck_occupancy_capacity"):
        raw(pool, now, 90, party_size=1)  # free at its ends, full in the middle
    with refused("ck_occupancy_capacity"):
        raw(pool, now + timedelta(minutes=85), 30, party_size=3)  # not on the grid: counts where it touches
    with refused("ck_occupancy_capacity"):
        raw(pool, now + timedelta(hours=5), party_size=4)
    raw(pool, now, 30, party_size=1)
    raw(pool, now + timedelta(minutes=60), 30, party_size=2)
    assert check_occupancy(session) == []


@pytest.mark.rule("B4")
def test_seats_come_back_on_cancel_change_and_delete(session: Session, raw: Raw, pool: Service, now: datetime) -> None:
    first, second = raw(pool, now, party_size=2), raw(pool, now, party_size=1)
    session.execute(update(Booking).where(Booking.id == first).values(state="cancelled"))
    session.execute(update(Booking).where(Booking.id == second).values(party_size=2))
    with refused("ck_occupancy_capacity"), session.begin_nested():
        session.execute(update(Booking).where(Booking.id == first).values(state="confirmed"))
    later = {name: now + HALF_HOUR * n for name, n in (("starts_at", 1), ("ends_at", 2), ("occupied_until", 2))}
    session.execute(update(Booking).where(Booking.id == second).values(later))
    third = raw(pool, now, party_size=3)
    session.execute(delete(Booking).where(Booking.id == third))
    raw(pool, now, party_size=3)
    assert check_occupancy(session) == []


@pytest.mark.rule("B42")
def test_fewer_seats_undo_nothing_but_take_no_more(session: Session, raw: Raw, pool: Service, now: datetime) -> None:
    raw(pool, now, party_size=2)
    session.execute(update(Service).where(Service.id == pool.id).values(capacity=1))
    with refused("ck_occupancy_capacity"):
        raw(pool, now)
    with refused("ck_services_fixed"), session.begin_nested():
        session.execute(update(Service).where(Service.id == pool.id).values(cell_minutes=15))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(Service).where(Service.id == pool.id).values(kind="unit", capacity=None))


@pytest.mark.rule("B3")
def test_a_booking_cannot_slip_past_by_its_shape(
    session: Session, raw: Raw, service: Service, pool: Service, now: datetime
) -> None:
    with refused("ck_bookings_unit_of_kind"):
        raw(service, now)  # a unit service without unit would occupy nothing
    with refused("ck_bookings_unit_of_kind"):
        raw(pool, now, unit_id=unit_ids(session, service)["U1"])
    other = create_service(session, create_centre(session, now=now), now=now)
    with refused("FOREIGN KEY|fk_bookings_unit_id_service_id"):
        raw(other, now, unit_id=unit_ids(session, service)["U1"])
    with refused("ck_bookings_times"):
        raw(service, now, -30, unit="U1", cleaning=0)
    with refused("ck_bookings_state"):
        raw(service, now, unit="U1", state="maybe")


@pytest.mark.rule("B6")
def test_one_person_is_in_one_place_at_a_time(session: Session, raw: Raw, service: Service, now: datetime) -> None:
    person = create_person(session, now=now)
    mine = {"person_id": person.id, "source": "app"}
    raw(service, now, unit="U1", **mine)
    with refused("ex_bookings_person_time"):
        raw(service, now + timedelta(minutes=29), unit="U2", **mine)
    gone = raw(service, now, unit="U2", state="cancelled", **mine)
    with refused("ex_bookings_person_time"), session.begin_nested():
        session.execute(update(Booking).where(Booking.id == gone).values(state="confirmed"))
    raw(service, now + HALF_HOUR, unit="U2", **mine)
    raw(service, now + timedelta(hours=2), unit="U1", overlap_allowed=True, **mine)
    raw(service, now + timedelta(hours=2), unit="U2", **mine)
    raw(service, now + timedelta(hours=4), unit="U1", person_id=create_person(session, now=now).id)
    raw(service, now + timedelta(hours=4), unit="U2", **mine)


@pytest.mark.rule("B5")
def test_doctor_names_what_does_not_agree(
    session: Session, raw: Raw, service: Service, pool: Service, now: datetime
) -> None:
    raw(service, now, unit="U1")
    raw(service, now, unit="U2")
    raw(pool, now, party_size=2)
    assert check_occupancy(session) == []
    units = unit_ids(session, service)
    session.execute(delete(Occupancy).where(Occupancy.unit_id == units["U1"]))
    session.execute(update(Occupancy).where(Occupancy.unit_id == units["U2"]).values(ends_at=now + timedelta(hours=3)))
    session.execute(update(Occupancy).where(Occupancy.unit_id.is_(None)).values(taken=1))
    said = sorted(finding.text for finding in check_occupancy(session))
    assert said == [
        "counts 1, taken 2",
        "holds a unit without occupying it",
        "occupies another time or unit than its own",
    ]


@pytest.mark.rule("B5")
def test_the_guard_means_the_same_refusal_on_both_engines(
    raw: Raw, service: Service, pool: Service, now: datetime
) -> None:
    raw(service, now, unit="U1")
    with pytest.raises(Conflict, match="slot_full") as full, guarded():
        raw(service, now, unit="U1")
    assert full.value.details == {"alternatives": [], "waitlist": False}
    with pytest.raises(Conflict, match="slot_full"), guarded():
        raw(pool, now, party_size=4)
    raw(service, now, unit="U2", code="SAMECODE")
    with pytest.raises(Busy, match="busy"), guarded():
        raw(service, now + timedelta(hours=1), unit="U2", code="SAMECODE")


@pytest.mark.rule("B5")
def test_occupancy_follows_the_booking(
    session: Session, raw: Raw, service: Service, pool: Service, now: datetime
) -> None:
    raw(service, now, unit="U1")
    raw(pool, now, 60, party_size=2)
    rows = session.execute(
        select(Occupancy.starts_at, Occupancy.ends_at, Occupancy.taken).order_by(
            Occupancy.service_id, Occupancy.starts_at
        )
    ).all()
    assert [tuple(row) for row in rows] == [
        (now, now + timedelta(minutes=40), None),
        (now, now + HALF_HOUR, 2),
        (now + HALF_HOUR, now + 2 * HALF_HOUR, 2),
    ]
