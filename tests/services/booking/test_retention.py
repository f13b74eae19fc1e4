"""Personal data of bookings ends; what happened does not."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models.centre import Booking, BookingEvent
from models.desk import ShiftNote
from services.booking.retention import FORGOTTEN, KEPT, KEPT_WORDS, forget_guests, forget_words
from tests.factories import create_person
from tests.factories_booking import CIPHER, create_booking, create_centre, create_service


@pytest.mark.rule("B48")
@pytest.mark.parametrize(("age", "kept"), [(KEPT - timedelta(hours=1), True), (KEPT + timedelta(hours=1), False)])
def test_plates_and_guests_are_forgotten_after_their_time(
    age: timedelta, kept: bool, session: Session, now: datetime
) -> None:
    service = create_service(session, create_centre(session, now=now), now=now)
    booking = create_booking(session, service, now + timedelta(days=1), plate="粤B12345", now=now)
    session.execute(update(Booking).values(guest_cipher=CIPHER.encrypt("李师傅")))
    ended = session.scalars(select(Booking.ends_at)).one()
    assert forget_guests(session, now=ended + age) == (not kept)
    row = session.execute(
        select(Booking.plate_cipher, Booking.plate_hash, Booking.plate_tail_hash, Booking.guest_cipher)
    ).one()
    assert [value is not None for value in row] == [kept] * 4
    assert session.scalar(select(func.count()).where(BookingEvent.booking_id == booking.id)) == 1


@pytest.mark.rule("B48")
def test_what_was_written_at_the_desk_is_forgotten_after_a_year(session: Session, now: datetime) -> None:
    centre, author = create_centre(session, now=now), create_person(session, now=now)
    for days in (0, 2):
        at = now - KEPT_WORDS + timedelta(days=1 - days)
        session.add(
            ShiftNote(centre_id=centre.id, author_id=author.id, kind="lost_property", text="王师傅的钥匙", at=at)
        )
    session.flush()
    assert forget_words(session, now=now) == 1
    texts = session.scalars(select(ShiftNote.text).order_by(ShiftNote.at)).all()
    assert texts == [FORGOTTEN, "王师傅的钥匙"]


@pytest.mark.rule("B48")
def test_why_staff_set_a_rule_aside_is_forgotten_after_a_year(session: Session, now: datetime) -> None:
    centre = create_centre(session, now=now)
    booking = create_booking(session, create_service(session, centre, now=now), now, now=now)
    booking.override_reason = "王师傅腿脚不便"
    session.flush()
    for age, kept in ((KEPT_WORDS, "王师傅腿脚不便"), (KEPT_WORDS + timedelta(hours=1), None)):
        forget_words(session, now=now + age)
        assert session.scalar(select(Booking.override_reason)) == kept
