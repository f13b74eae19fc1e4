"""The clock of booking: no-shows, requests nobody answered, reminders. Each run takes a bounded batch."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from models.centre import Booking
from services.booking_states import move_state, tell, tell_cancelled
from services.booking_views import read_bookings

BATCH = 200
REMIND_BEFORE = timedelta(minutes=60)
_booking = Booking.__table__.c
_AHEAD: ColumnElement[bool] = _booking.state.in_(("requested", "confirmed"))  # what ix_bookings_ahead holds


def release_no_shows(session: Session, *, now: datetime) -> int:
    """Past its grace a confirmed booking becomes a no-show (爽约) and its place is free again."""
    due = _AHEAD & (_booking.state == "confirmed") & (_booking.starts_at <= now) & (_booking.grace_until <= now)
    return _move_all(session, due, "no_show", now)


def lapse_requests(session: Session, *, now: datetime) -> int:
    """A request for a room that nobody answered by its deadline lapses; its place is free again."""
    return _move_all(session, _AHEAD & (_booking.state == "requested") & (_booking.hold_until <= now), "lapsed", now)


def remind_upcoming(session: Session, *, now: datetime) -> int:
    """Tell people an hour before their booking begins, once; who booked within the hour knows already."""
    due = (
        _AHEAD
        & (_booking.state == "confirmed")
        & (_booking.starts_at > now)
        & (_booking.starts_at <= now + REMIND_BEFORE)
        & _booking.reminded_at.is_(None)
    )
    reminded = read_bookings(session, due, lock=True, limit=BATCH)
    session.execute(
        update(Booking.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        .where(_booking.id.in_([booking.id for booking in reminded]))
        .values(reminded_at=now)
    )
    told = [booking for booking in reminded if booking.created_at <= booking.start - REMIND_BEFORE]
    for booking in told:
        tell(session, booking, "booking_reminder", now=now)
    return len(told)


def _move_all(session: Session, due: ColumnElement[bool], to: str, now: datetime) -> int:
    bookings = read_bookings(session, due, lock=True, limit=BATCH)
    for booking in bookings:
        tell_cancelled(session, move_state(session, booking, to, actor_id=None, now=now), to, now=now)
    return len(bookings)
