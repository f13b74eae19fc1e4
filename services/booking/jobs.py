"""The clock of booking: no-shows, stays that ran over, requests nobody answered, reminders.

What changes places goes service by service, each in its own unit of work, in bounded batches: the service is locked
before its bookings, like everywhere, and one that is busy does not hold up the others.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, false, or_, select, text, update
from sqlalchemy.orm import Session

from domain.availability import EPOCH
from domain.errors import Refusal
from domain.service_types import ServiceFacts
from models.centre import Booking
from services.booking.marks import no_show
from services.booking.states import moment_key, move_state, tell, tell_cancelled
from services.booking.views import BookingView, read_bookings
from services.centre.catalogue import lock_service
from services.waitlist.offers import offer_freed

BATCH = 200
REMIND_BEFORE = timedelta(minutes=60)
UnitOfWork = Callable[[], AbstractContextManager[Session]]
DueOf = Callable[[ServiceFacts], ColumnElement[bool]]
Settle = Callable[[Session, BookingView], None]
_log = logging.getLogger(__name__)
_booking = Booking.__table__.c
# Word for word what the partial indexes hold, and a range of what they are by, else SQLite does not use them.
_AHEAD = and_(text("bookings.state IN ('requested', 'confirmed')"))  # ix_bookings_ahead, by start
_INSIDE = and_(text("bookings.state = 'checked_in'"))  # ix_bookings_inside, by end


def release_no_shows(unit_of_work: UnitOfWork, *, now: datetime) -> int:
    """Past its grace a confirmed booking becomes a no-show (爽约) and its place is free again.

    Congestion keeps a place longer, and the mark of a booking that began in it is waived.
    """
    due = _AHEAD & (_booking.state == "confirmed") & (_booking.starts_at <= now) & (_booking.grace_until <= now)

    def kept_long_enough(service: ServiceFacts) -> ColumnElement[bool]:
        return and_(
            due,
            *(
                or_(
                    _booking.starts_at < jam.start,
                    _booking.starts_at >= jam.end if jam.end else false(),
                    _booking.grace_until <= now - timedelta(minutes=jam.minutes),
                )
                for jam in service.congestion
            ),
        )

    def release(session: Session, booking: BookingView) -> None:
        no_show(session, booking, actor_id=None, now=now, offer=False)

    return _by_service(unit_of_work, due, kept_long_enough, release, frees=True, now=now)


def lapse_requests(unit_of_work: UnitOfWork, *, now: datetime) -> int:
    """A request for a room that nobody answered by its deadline lapses; its place is free again."""
    due = _AHEAD & (_booking.state == "requested") & (_booking.hold_until <= now) & (_booking.starts_at > EPOCH)

    def lapse(session: Session, booking: BookingView) -> None:
        lapsed = move_state(session, booking, "lapsed", actor_id=None, now=now, offer=False)
        tell_cancelled(session, lapsed, "lapsed", now=now)

    return _by_service(unit_of_work, due, lambda _: due, lapse, frees=True, now=now)


def note_overstays(unit_of_work: UnitOfWork, *, now: datetime) -> int:
    """Who is still inside when their time is over has overstayed (超时); they are told how to go on.

    The place stays taken as planned and no longer: the next guest is the desk's to settle.
    """
    due = _INSIDE & (_booking.ends_at <= now)

    def note(session: Session, booking: BookingView) -> None:
        over = move_state(session, booking, "overstayed", actor_id=None, now=now)
        tell(session, over, "booking_overstayed", key=moment_key(now), now=now)

    return _by_service(unit_of_work, due, lambda _: due, note, frees=False, now=now)


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


def _by_service(
    unit_of_work: UnitOfWork,
    candidates: ColumnElement[bool],
    due_of: DueOf,
    settle: Settle,
    *,
    frees: bool,
    now: datetime,
) -> int:
    """Settle what is due, one service after another; a refusal leaves that service for the next run.

    What became free (`frees`) is offered to the wait-list in the same transaction.
    """
    with unit_of_work() as session:
        ids = set(session.scalars(select(_booking.service_id).where(candidates)))
    settled = 0
    for service_id in sorted(ids):
        try:
            with unit_of_work() as session:
                service = lock_service(session, service_id)
                mine = (_booking.service_id == service_id) & due_of(service)
                bookings = read_bookings(session, mine, lock=True, limit=BATCH)
                for booking in bookings:
                    settle(session, booking)
                if frees and bookings:
                    offer_freed(session, service_id, now=now)
        except Refusal as refusal:
            _log.warning("service %s waits for the next run: %s", service_id, refusal.code)
        else:
            settled += len(bookings)
    return settled
