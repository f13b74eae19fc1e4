"""What somebody displaced may choose."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from models.centre import Booking, Service
from services.booking.states import move_state
from services.booking.views import BookingView, booking_by_code
from services.centre.displaced_options import options_for
from tests.factories_booking import MALE_AND_FEMALE, create_booking, create_centre, create_service

HOUR = timedelta(hours=1)


def displaced(session: Session, service: Service, start: datetime, *, now: datetime, **wish: Any) -> BookingView:
    made: Booking = create_booking(session, service, start, now=now, **wish)
    booking = booking_by_code(session, made.code)
    return move_state(session, booking, "displaced", actor_id=None, reason="closed:1", now=now)


@pytest.mark.rule("B139")
def test_other_times_then_the_same_service_at_near_centres_then_the_wait_list(session: Session, now: datetime) -> None:
    here = create_centre(session, code="HOME", lat=22.50, lon=113.90, now=now)
    far = create_centre(session, code="FAR", lat=23.50, lon=113.90, now=now)
    near = create_centre(session, code="NEAR", lat=22.51, lon=113.90, now=now)
    lost = create_centre(session, code="LOST", now=now)
    service = create_service(session, here, code="HOME.shower", units=MALE_AND_FEMALE, now=now)
    for centre, changes in (
        (far, {"code": "FAR.shower"}),
        (lost, {"code": "LOST.bath", "name": service.name}),
        (near, {"code": "NEAR.shower", "units": MALE_AND_FEMALE}),
    ):
        create_service(session, centre, now=now, **changes)
    create_service(session, near, code="NEAR.rest", now=now)
    create_service(session, near, code="NEAR2.shower", kind="room", now=now)
    create_service(session, far, code="FAR2.shower", who_may_book=["driver"], now=now)
    start = now + timedelta(days=1)
    booking = displaced(session, service, start, zone="male", minutes=60, now=now)
    options = options_for(session, booking, now=now)
    assert [other.service.code for other in options.elsewhere] == ["NEAR.shower", "FAR.shower", "LOST.bath"]
    assert start in [slot.start for slot in options.alternatives]
    assert all(slot.end - slot.start == HOUR for slot in options.alternatives)
    assert all(other.alternatives[0].free > 0 for other in options.elsewhere)
    assert options.waitlist


@pytest.mark.rule("B139", "B9")
def test_a_centre_without_that_zone_is_no_choice(session: Session, now: datetime) -> None:
    here, there = (create_centre(session, code=code, now=now) for code in ("HOME", "THERE"))
    service = create_service(session, here, code="HOME.shower", units=MALE_AND_FEMALE, now=now)
    create_service(session, there, code="THERE.shower", units=(("S1", "male"),), now=now)
    booking = displaced(session, service, now + HOUR, zone="female", now=now)
    assert options_for(session, booking, now=now).elsewhere == ()


@pytest.mark.rule("B139")
def test_a_length_that_another_centre_does_not_have_becomes_its_usual_one(session: Session, now: datetime) -> None:
    here, there = (create_centre(session, code=code, now=now) for code in ("HOME", "THERE"))
    service = create_service(session, here, code="HOME.rest", now=now)
    create_service(session, there, code="THERE.rest", slot_minutes=60, step_minutes=60, min_minutes=60, now=now)
    booking = displaced(session, service, now + HOUR, minutes=30, now=now)
    (other,) = options_for(session, booking, now=now).elsewhere
    assert {slot.end - slot.start for slot in other.alternatives} == {HOUR}
    assert not options_for(session, booking, now=booking.end).waitlist, "what is over is not waited for"
