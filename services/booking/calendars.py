"""Bookings in a person's own calendar 日历: one booking by a signed link, all of them by a private feed.

Both links work without signing in (decision 8), so they hold a signature of ours. A feed's link dies when its
person asks for a new one.
"""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from hmac import compare_digest

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.booking import HOLDING_STATES, UPCOMING_STATES
from domain.booking_text import when_text
from domain.calendar_file import CalendarEvent
from domain.codes import read_code
from domain.errors import NotFound
from models.centre import Booking
from models.people import Person
from services.booking.views import BookingView, booking_by_code, read_bookings
from services.ports import Signer

FEED, ONE = "calendar-feed", "calendar-booking"
LOOK_BACK = timedelta(days=31)
MOST = 500
MAC_BYTES = 18
# A booking that became another one, or was only asked for and refused, leaves the calendar.
SHOWN_STATES = (*HOLDING_STATES, "cancelled", "displaced", "no_show")


def booking_signature(signer: Signer, code: str) -> str:
    """The signature in the link to one booking's calendar file."""
    return _text(signer.mac(ONE, code.encode()))


def signed_booking(session: Session, code: str, signature: str, *, signer: Signer) -> BookingView:
    """The booking behind a signed link. Raises NotFound `calendar_gone` for any other link."""
    key = read_code(code)
    if key is None or not compare_digest(booking_signature(signer, key).encode(), signature.encode()):
        raise NotFound("calendar_gone")
    return booking_by_code(session, key)


def feed_token(session: Session, person_id: int, *, signer: Signer) -> str:
    """The token of a person's feed: always the same until they renew it."""
    serial = session.scalar(select(Person.calendar_serial).where(Person.id == person_id)) or 0
    return _token(person_id, serial, signer)


def renew_feed(session: Session, person_id: int, *, signer: Signer) -> str:
    """A new token; the old link is dead from now on."""
    serial = session.scalar(
        update(Person)
        .where(Person.id == person_id)
        .values(calendar_serial=Person.calendar_serial + 1)
        .returning(Person.calendar_serial)
    )
    return _token(person_id, serial or 0, signer)


def feed_bookings(session: Session, token: str, *, signer: Signer, now: datetime) -> Sequence[BookingView]:
    """A person's bookings from a month ago on. Raises NotFound `calendar_gone` for a token that is no longer theirs."""
    person_text, _, _ = token.partition("-")
    if not (person_text.isascii() and person_text.isdigit()) or len(person_text) > 9:
        raise NotFound("calendar_gone")
    person_id = int(person_text)
    serial = session.scalar(select(Person.calendar_serial).where(Person.id == person_id, Person.state == "active"))
    if serial is None or not compare_digest(_token(person_id, serial, signer).encode(), token.encode()):
        raise NotFound("calendar_gone")
    mine = (Booking.person_id == person_id) & (Booking.ends_at > now - LOOK_BACK) & Booking.state.in_(SHOWN_STATES)
    return read_bookings(session, mine, limit=MOST)


def event_of(booking: BookingView) -> CalendarEvent:
    """A booking as its line in a calendar."""
    service = booking.service
    return CalendarEvent(
        uid=f"{booking.code}@lianyi",
        start=booking.start,
        end=booking.end,
        summary=f"{service.name}（{service.centre_name}）",
        location=service.centre_place,
        description=f"预约码 {booking.code}，{when_text(booking.start, booking.end, service.opening.tz)}",
        is_cancelled=booking.state not in (*UPCOMING_STATES, "completed", "overstayed"),
    )


def _token(person_id: int, serial: int, signer: Signer) -> str:
    return f"{person_id}-{_text(signer.mac(FEED, f'{person_id}:{serial}'.encode()))}"


def _text(mac: bytes) -> str:
    return urlsafe_b64encode(mac[:MAC_BYTES]).decode()
