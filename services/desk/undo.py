"""Taking back a tap 撤销: for fifteen minutes, with a trace, and only where the place is still there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.booking import UNDO_FOR, UNDO_MOVES
from domain.desk import WALK_IN_UNDO, LastStep, undo_target, undo_until
from domain.errors import Conflict
from domain.permissions import Actor
from models.centre import BookingEvent
from services.booking import marks
from services.booking.states import move_state
from services.booking.views import BookingView
from services.desk.admitting import for_desk

_event = BookingEvent.__table__.c


def undo(session: Session, code: str, *, actor: Actor, now: datetime) -> BookingView:
    """Take back the last thing the desk did with a booking (撤销): let in, close, nobody came, walk in.

    A second time nothing happens. The mark of a no-show is waived, and the place of whoever is expected again is kept
    for fifteen minutes more: letting in by mistake makes nobody a no-show.
    Raises Conflict `undo_over` after fifteen minutes or where there is nothing to take back, `undo_conflict` where the
    place is another's meanwhile; and as `for_desk`.
    """
    booking = for_desk(session, code, actor)
    step = last_steps(session, [booking.id]).get(booking.id)
    if step is not None and step.is_undo and now < step.at + UNDO_FOR:
        return booking
    target = undo_target(booking.source, booking.state, step)
    if target is None or undo_until(booking.source, booking.state, step, now=now) is None:
        raise Conflict("undo_over")
    moves = WALK_IN_UNDO if target == "cancelled" else UNDO_MOVES
    try:
        back = move_state(
            session,
            booking,
            target,
            actor_id=actor.person_id,
            reason="undo",
            now=now,
            moves=moves,
            **_restored(booking, now),
        )
    except Conflict as refusal:
        if refusal.code in ("slot_full", "overlap"):
            raise Conflict("undo_conflict") from refusal
        raise
    if booking.state == "no_show":
        marks.take_back(session, booking.id, now=now)
    return back


def last_steps(session: Session, booking_ids: Sequence[int]) -> dict[int, LastStep]:
    """The last event that changed the state, of many bookings in one query."""
    newest = (
        select(_event.booking_id, func.max(_event.seq).label("seq"))
        .where(
            _event.booking_id.in_(list(booking_ids)),
            _event.from_state.is_distinct_from(_event.to_state),
        )
        .group_by(_event.booking_id)
        .subquery()
    )
    rows = session.execute(
        select(_event.booking_id, _event.at, _event.from_state, _event.to_state, _event.reason).join(
            newest, (newest.c.booking_id == _event.booking_id) & (newest.c.seq == _event.seq)
        )
    )
    return {row.booking_id: LastStep(row.at, row.from_state, row.to_state, row.reason) for row in rows}


def _restored(booking: BookingView, now: datetime) -> dict[str, Any]:
    """The columns as they were: the rest of an early leaver's time, and a deadline that is not over at once."""
    if booking.state == "completed":
        minutes = booking.service.cleaning_minutes
        return {"occupied_until": booking.end + timedelta(minutes=minutes)}
    if booking.state in ("no_show", "checked_in"):
        return {"grace_until": max(booking.grace_until, now + UNDO_FOR)}
    return {}
