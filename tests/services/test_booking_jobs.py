"""No-shows, requests nobody answered, reminders."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.centre import Booking, BookingEvent, Centre
from models.notification import Notification
from server.container import Container
from services.booking_desk import check_in
from services.booking_jobs import lapse_requests, release_no_shows, remind_upcoming
from tests.factories import create_person
from tests.factories_booking import book_for, create_booking, create_centre, create_service, staff_of

HALF_HOUR = timedelta(minutes=30)
Work = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def work(session: Session, container: Container) -> Work:
    """Units of work that see what the test wrote."""

    def unit_of_work() -> AbstractContextManager[Session]:
        session.commit()
        session.expire_all()
        return container.unit_of_work()

    return unit_of_work


def told(session: Session, template: str) -> list[int]:
    return list(session.scalars(select(Notification.person_id).where(Notification.template == template)))


@pytest.mark.rule("B24")
def test_past_its_grace_a_place_is_free_again(session: Session, work: Work, centre: Centre, now: datetime) -> None:
    service = create_service(session, centre, now=now)
    start = now + HALF_HOUR
    absent, present = create_booking(session, service, start, now=now), create_booking(session, service, start, now=now)
    check_in(session, present.code, actor=staff_of(session, centre, now=now), now=start)
    assert release_no_shows(work, now=start + timedelta(minutes=14)) == 0
    assert release_no_shows(work, now=start + timedelta(minutes=15)) == 1
    assert release_no_shows(work, now=start + timedelta(minutes=16)) == 0
    session.expire_all()
    assert (absent.state, present.state) == ("no_show", "checked_in")
    event = session.scalars(select(BookingEvent).where(BookingEvent.to_state == "no_show")).one()
    assert (event.booking_id, event.seq, event.actor_id) == (absent.id, 2, None)
    assert told(session, "booking_cancelled") == [absent.person_id]


@pytest.mark.rule("B24")
def test_the_rest_of_a_no_show_can_be_booked(session: Session, work: Work, centre: Centre, now: datetime) -> None:
    long = create_service(session, centre, units=(("U1", None),), grace_minutes=15, now=now)
    create_booking(session, long, now, minutes=120, now=now)
    release_no_shows(work, now=now + timedelta(minutes=15))
    create_booking(session, long, now + HALF_HOUR, now=now + timedelta(minutes=16))


@pytest.mark.rule("B23")
def test_a_request_nobody_answered_lapses_at_its_deadline(
    session: Session, work: Work, centre: Centre, now: datetime
) -> None:
    room = create_service(session, centre, kind="room", units=(("A", None),), hold_minutes=60, now=now)
    asked = create_booking(session, room, now + timedelta(days=1), now=now)
    assert lapse_requests(work, now=now + timedelta(minutes=59)) == 0
    assert lapse_requests(work, now=now + timedelta(minutes=60)) == 1
    session.expire_all()
    assert (asked.state, asked.hold_until) == ("lapsed", None)
    assert told(session, "booking_cancelled") == [asked.person_id]
    create_booking(session, room, now + timedelta(days=1), now=now)


@pytest.mark.rule("B25")
def test_a_reminder_goes_out_once_within_the_hour(session: Session, centre: Centre, now: datetime) -> None:
    service, start = create_service(session, centre, now=now), now + timedelta(hours=5)
    made = create_booking(session, service, start, now=now)
    create_booking(session, service, start, now=start - HALF_HOUR)
    assert remind_upcoming(session, now=start - timedelta(minutes=61)) == 0
    assert remind_upcoming(session, now=start - timedelta(minutes=29)) == 1
    assert remind_upcoming(session, now=start - timedelta(minutes=28)) == 0
    assert told(session, "booking_reminder") == [made.person_id]


@pytest.mark.rule("B25")
def test_a_cancelled_or_past_booking_is_not_reminded_of(session: Session, centre: Centre, now: datetime) -> None:
    service, person = create_service(session, centre, now=now), create_person(session, now=now)
    booking = book_for(session, person, service, now + timedelta(hours=5), now=now).booking
    session.get_one(Booking, booking.id).state = "displaced"
    session.flush()
    assert remind_upcoming(session, now=now + timedelta(hours=4, minutes=30)) == 0
