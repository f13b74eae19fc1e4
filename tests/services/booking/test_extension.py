"""Staying longer 延长: in the same place, as far as it is open and free."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import Invalid, Refusal
from models.centre import BookingEvent, Centre, Occupancy, Service
from models.notification import Notification
from models.people import Person
from services.booking.extension import Extend, extend
from services.booking.lateness import Late, late
from services.booking.states import move_state
from services.centre.occupancy import check_occupancy
from services.desk.admitting import check_in, complete
from tests.factories import create_person
from tests.factories_booking import (
    actor_for,
    book_for,
    create_booking,
    create_centre,
    create_service,
    staff_of,
)
from tests.statements import Statements

HALF_HOUR, HOUR, DAY = timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def service(session: Session, centre: Centre, now: datetime) -> Service:
    """One shower with ten minutes of cleaning."""
    return create_service(session, centre, units=(("U1", None),), now=now)


@pytest.fixture
def driver(session: Session, now: datetime) -> Person:
    return create_person(session, now=now)


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=f"^{code}$")


def extend_by(session: Session, person: Person, code: str, minutes: int, *, now: datetime, **more: Any) -> Any:
    return extend(session, Extend(actor_for(person), code, minutes, **more), now=now)


def reasons(session: Session, booking_id: int) -> list[tuple[str | None, str, str | None]]:
    rows = session.execute(
        select(BookingEvent.from_state, BookingEvent.to_state, BookingEvent.reason)
        .where(BookingEvent.booking_id == booking_id)
        .order_by(BookingEvent.seq)
    )
    return [(row.from_state, row.to_state, row.reason) for row in rows]


def taken(session: Session) -> list[tuple[datetime, datetime]]:
    rows = session.execute(select(Occupancy.starts_at, Occupancy.ends_at).order_by(Occupancy.starts_at))
    return [(row.starts_at, row.ends_at) for row in rows]


@pytest.mark.rule("B76")
def test_a_stay_goes_on_up_to_the_longest(session: Session, service: Service, driver: Person, now: datetime) -> None:
    stay = book_for(session, driver, service, now, minutes=60, now=now).booking
    staff = staff_of(session, session.get_one(Centre, service.centre_id), now=now)
    check_in(session, stay.code, actor=staff, now=now)
    longer = extend_by(session, driver, stay.code, 35, now=now + HALF_HOUR)
    assert (longer.end, longer.unit_id, longer.state) == (stay.end + timedelta(minutes=35), stay.unit_id, "checked_in")
    assert taken(session) == [(now, longer.end + timedelta(minutes=10))]
    assert reasons(session, stay.id)[-1] == ("checked_in", "checked_in", "extend:35")
    with refused("extend_conflict") as caught:
        extend_by(session, driver, stay.code, 30, now=now + HALF_HOUR)
    assert caught.value.details == {"max_minutes": 25}
    assert check_occupancy(session) == []


@pytest.mark.rule("B76")
def test_the_next_guest_and_ones_own_next_booking_and_closing_bound_an_extension(
    session: Session, centre: Centre, driver: Person, now: datetime
) -> None:
    service = create_service(
        session, centre, units=(("U1", None), ("U2", None)), hours=((None, 0, 1260),), max_minutes=600, now=now
    )
    first = book_for(session, driver, service, now, now=now).booking
    second = book_for(session, create_person(session, now=now), service, now, now=now).booking
    assert (first.unit_no, second.unit_no) == ("U1", "U2")
    for start in (now + HOUR, now + 2 * HOUR):
        create_booking(session, service, start, now=now)
    with refused("extend_conflict") as caught:
        extend_by(session, driver, first.code, 120, now=now)
    assert caught.value.details == {"max_minutes": 20}, "the next guest of that unit, after the cleaning"
    book_for(session, driver, create_service(session, centre, now=now), now + HALF_HOUR, now=now)
    with refused("extend_conflict") as caught:
        extend_by(session, driver, first.code, 5, now=now)
    assert caught.value.details == {"max_minutes": 0}, "their own next booking"
    late_one = book_for(session, create_person(session, now=now), service, now + 10 * HOUR + HALF_HOUR, now=now).booking
    with refused("extend_conflict") as caught:
        extend(session, Extend(staff_of(session, centre, now=now), late_one.code, 5), now=late_one.start)
    assert caught.value.details == {"max_minutes": 0}, "closing at 21:00"


@pytest.mark.rule("B76")
def test_seats_are_extended_where_they_are_free(
    session: Session, centre: Centre, driver: Person, now: datetime
) -> None:
    pool = create_service(session, centre, capacity=3, now=now)
    mine = book_for(session, driver, pool, now, party_size=2, now=now).booking
    book_for(session, create_person(session, now=now), pool, now + HOUR, party_size=2, now=now)
    with refused("extend_conflict") as caught:
        extend_by(session, driver, mine.code, 60, now=now)
    assert caught.value.details == {"max_minutes": 30}
    assert extend_by(session, driver, mine.code, 30, now=now).end == mine.end + HALF_HOUR
    assert check_occupancy(session) == []


@pytest.mark.rule("B77")
def test_whoever_overstayed_is_a_guest_again_with_more_time(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    stay = book_for(session, driver, service, now, now=now).booking
    staff = staff_of(session, session.get_one(Centre, service.centre_id), now=now)
    inside = check_in(session, stay.code, actor=staff, now=now)
    move_state(session, inside, "overstayed", actor_id=None, now=stay.end)
    with pytest.raises(Invalid) as caught:
        extend_by(session, driver, stay.code, 10, now=stay.end + timedelta(minutes=10))
    assert caught.value.details["min"] == 15
    longer = extend_by(session, driver, stay.code, 15, now=stay.end + timedelta(minutes=10))
    assert (longer.state, longer.end) == ("checked_in", stay.end + timedelta(minutes=15))
    assert reasons(session, stay.id)[-1] == ("overstayed", "checked_in", "extend:15")
    complete(session, stay.code, actor=staff, now=longer.end)
    with refused("booking_state"):
        extend_by(session, driver, stay.code, 5, now=longer.end)


@pytest.mark.rule("B76")
def test_the_longest_stay_counts_from_when_somebody_late_was_to_come(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    stay = book_for(session, driver, service, now, minutes=120, now=now).booking
    late(session, Late(actor_for(driver), stay.code, 60), now=now)
    with refused("extend_conflict") as caught:
        extend_by(session, driver, stay.code, 5, now=now)
    assert caught.value.details == {"max_minutes": 0}
    short = book_for(session, driver, service, now + 6 * HOUR, minutes=60, now=now).booking
    late(session, Late(actor_for(driver), short.code, 60), now=now)
    assert extend_by(session, driver, short.code, 60, now=short.start).end == short.start + 3 * HOUR


@pytest.mark.rule("B77")
def test_whoever_overstayed_into_the_next_guests_time_gets_none_more(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    stay = book_for(session, driver, service, now, now=now).booking
    create_booking(session, service, now + HOUR, now=now)
    staff = staff_of(session, session.get_one(Centre, service.centre_id), now=now)
    inside = check_in(session, stay.code, actor=staff, now=now)
    move_state(session, inside, "overstayed", actor_id=None, now=stay.end)
    for minutes, at, most in ((5, 55, 0), (30, 55, 0), (30, 40, 20)):
        with refused("extend_conflict") as caught:
            extend_by(session, driver, stay.code, minutes, now=now + timedelta(minutes=at))
        assert caught.value.details == {"max_minutes": most}


@pytest.mark.rule("B77")
def test_an_extension_said_twice_is_one_and_wrong_lengths_are_none(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    stay = book_for(session, driver, service, now, now=now).booking
    for wrong in (0, -5, 7):
        with refused("minutes_out_of_range"):
            extend_by(session, driver, stay.code, wrong, now=now)
    first = extend_by(session, driver, stay.code, 30, seen_end=stay.end, now=now)
    again = extend_by(session, driver, stay.code, 30, seen_end=stay.end, now=now)
    assert again == first
    with refused("booking_state"):
        extend_by(session, driver, stay.code, 10, seen_end=stay.end, now=now)
    with refused("late_too_late"):
        extend_by(session, driver, stay.code, 10, now=stay.grace_until)
    ahead = create_booking(session, service, now + DAY, now=now)
    with refused("booking_state"):
        extend_by(session, session.get_one(Person, ahead.person_id), ahead.code, 30, now=now)


@pytest.mark.rule("B77")
def test_staff_who_extend_tell_the_owner(
    session: Session, centre: Centre, service: Service, driver: Person, now: datetime
) -> None:
    stay = book_for(session, driver, service, now, now=now).booking
    staff = staff_of(session, centre, now=now)
    extend(session, Extend(staff, stay.code, 10), now=now)
    extend(session, Extend(staff, stay.code, 10), now=now + timedelta(minutes=1))
    extend_by(session, driver, stay.code, 10, now=now + timedelta(minutes=2))
    told = session.scalars(select(Notification).where(Notification.template == "booking_changed")).all()
    assert [(news.person_id, news.data["news"]) for news in told] == [
        (driver.id, "已延长到 11月25日 10:40。"),
        (driver.id, "已延长到 11月25日 10:50。"),
    ]


@pytest.mark.rule("B76")
def test_an_extension_costs_seven_statements(session: Session, service: Service, driver: Person, now: datetime) -> None:
    stay = book_for(session, driver, service, now, now=now).booking
    with Statements(session) as counted:
        extend_by(session, driver, stay.code, 30, now=now)
    assert len(counted.seen) == 7, counted.seen
