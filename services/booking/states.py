"""The one place where a booking changes its state: the column and its event together (decision 11)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import literal, update
from sqlalchemy.orm import Session

from domain.booking import HOLDING_STATES, MOVES, check_move
from domain.booking_text import REASONS, when_text
from domain.errors import Conflict
from models.centre import Booking, BookingEvent
from services.booking.guards import guarded
from services.booking.views import BookingView
from services.event_log import EventLog
from services.notifications import enqueue
from services.waitlist.offers import Freed, offer_freed

Moves = Mapping[str, frozenset[str]]
# columns of the table → fields of the view
FIELDS = {
    "state": "state",
    "hold_until": "hold_until",
    "was_late_cancel": "was_late_cancel",
    "occupied_until": "occupied_until",
    "ends_at": "end",
    "grace_until": "grace_until",
    "unit_id": "unit_id",
    "late_minutes": "late_minutes",
    "moved_to_id": "moved_to_id",
}
RINGS_AT_NIGHT = timedelta(hours=12)
"""News of a booking that begins so soon does not wait for the morning."""
PAGE = "/pages/bookings/pass?code={}"
_booking = Booking.__table__.c
_events = EventLog(BookingEvent.__table__, of="booking_id")


def record_first(
    session: Session, booking_id: int, state: str, *, actor_id: int | None, reason: str | None = None, now: datetime
) -> None:
    """The event with which a booking begins."""
    _events.begin(session, booking_id, state, actor_id=actor_id, reason=reason, now=now)


def move_state(
    session: Session,
    booking: BookingView,
    to: str,
    *,
    actor_id: int | None,
    reason: str | None = None,
    now: datetime,
    moves: Moves = MOVES,
    offer: bool = True,
    **changes: Any,
) -> BookingView:
    """Move a booking to another state and write the event; in that state already, nothing happens.

    The caller has locked the booking's service. What becomes free is offered to whoever waits, in the same
    transaction, unless the caller has something nearer to do with it first (`offer=False`). `changes` are further
    columns. Raises Conflict `booking_state` for a way that does not exist, also when somebody else moved it
    meanwhile; and what `guarded` raises.
    """
    if not check_move(booking.state, to, moves):
        return booking
    values = {"state": to, **({"hold_until": None} if booking.state == "requested" else {}), **changes}
    moved = _write(session, booking, values, to, reason, actor_id, now)
    if offer and _freed(booking, moved):
        freed = Freed(booking.start, booking.occupied_until)
        offer_freed(session, booking.service.id, now=now, freed=freed)
    return moved


def record_change(
    session: Session,
    booking: BookingView,
    *,
    reason: str,
    actor_id: int | None,
    now: datetime,
    offer: bool = True,
    **changes: Any,
) -> BookingView:
    """Change columns of a booking that keeps its state (late, extend, another unit), with its event.

    Raises as `move_state` does.
    """
    changed = _write(session, booking, changes, booking.state, reason, actor_id, now)
    if offer and _freed(booking, changed):
        freed = Freed(booking.start, booking.occupied_until)
        offer_freed(session, booking.service.id, now=now, freed=freed)
    return changed


def _freed(before: BookingView, after: BookingView) -> bool:
    if before.state not in HOLDING_STATES:
        return False
    return (
        after.state not in HOLDING_STATES
        or after.occupied_until < before.occupied_until
        or (after.unit_id, after.start) != (before.unit_id, before.start)
    )


def _write(
    session: Session,
    booking: BookingView,
    values: dict[str, Any],
    to: str,
    reason: str | None,
    actor_id: int | None,
    now: datetime,
) -> BookingView:
    with guarded():
        done = session.execute(
            update(Booking.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
            .where(_booking.id == booking.id, _booking.state == booking.state)
            .values(values)
            .returning(literal(1))
        )
    if done.scalar_one_or_none() is None:
        raise Conflict("booking_state", state=booking.state)
    _events.add(session, booking.id, booking.state, to, actor_id=actor_id, reason=reason, now=now)
    known = {FIELDS[name]: value for name, value in values.items() if name in FIELDS}
    return replace(booking, **known)


def news_key(template: str, booking_id: int, key: str | None = None) -> str:
    """Under which a piece of news of a booking is told once."""
    return ":".join([template, str(booking_id), *([key] if key else [])])


def moment_key(now: datetime) -> str:
    """What parts one piece of news from a later one of the same kind about the same booking."""
    return f"{now:%y%m%d%H%M%S%f}"


def tell(
    session: Session, booking: BookingView, template: str, *, key: str | None = None, now: datetime, **data: str
) -> None:
    """News for the owner, once per template, booking and `key`; a guest without an account has none."""
    if booking.person_id is None:
        return
    service = booking.service
    enqueue(
        session,
        person_id=booking.person_id,
        template=template,
        data={
            "service": service.name,
            "time": when_text(booking.start, booking.end, service.opening.tz),
            "place": service.centre_name,
            "code": booking.code,
            **data,
        },
        page=PAGE.format(booking.code),
        urgent=template != "booking_reminder" and booking.start - now < RINGS_AT_NIGHT,
        dedupe_key=news_key(template, booking.id, key),
        now=now,
    )


def tell_cancelled(session: Session, booking: BookingView, why: str, *, now: datetime) -> None:
    """News that a booking is gone, and why; what the desk took back may go a second time, and is told again."""
    tell(session, booking, "booking_cancelled", key=moment_key(now), now=now, reason=REASONS[why])
