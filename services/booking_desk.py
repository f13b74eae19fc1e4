"""What centre staff do with a booking 服务台: answer a request, let in, close."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from domain.booking import check_arrival
from domain.booking_text import REASONS, clock_text
from domain.errors import NotAllowed
from domain.permissions import Actor
from services.booking_gate import alternatives, open_booking
from services.booking_states import move_state, tell
from services.booking_views import BookingView, check_reader, runs_desk

SHORTEST = timedelta(minutes=5)


def confirm(session: Session, code: str, *, actor: Actor, now: datetime) -> BookingView:
    """Say yes to a request for a room; the owner is told. Raises as `_for_desk`; Conflict `booking_state`."""
    booking = _for_desk(session, code, actor)
    moved = move_state(session, booking, "confirmed", actor_id=actor.person_id, now=now)
    if moved is not booking:
        tell(session, moved, "booking_confirmed", now=now)
    return moved


def refuse(session: Session, code: str, *, actor: Actor, reason: str | None = None, now: datetime) -> BookingView:
    """Say no to a request; the place is free again and the owner hears why and the next free time (decision 23).

    The reason in words goes to the owner's news alone: events hold codes (decision 10). Raises as `confirm`.
    """
    booking = _for_desk(session, code, actor)
    moved = move_state(session, booking, "refused", actor_id=actor.person_id, now=now)
    if moved is not booking:
        tell(session, moved, "booking_cancelled", now=now, reason=_refusal_text(session, moved, reason, now))
    return moved


def check_in(session: Session, code: str, *, actor: Actor, now: datetime) -> BookingView:
    """Let a guest in (到店). Raises Conflict `too_early`, `stay_over`, `booking_state`."""
    booking = _for_desk(session, code, actor)
    if booking.state == "confirmed":
        tz = booking.service.opening.tz
        check_arrival(booking.start, booking.end, tz, now=now)
    return move_state(session, booking, "checked_in", actor_id=actor.person_id, now=now)


def complete(session: Session, code: str, *, actor: Actor, now: datetime) -> BookingView:
    """Close a stay (离店): whoever leaves early frees the rest, after the cleaning."""
    booking = _for_desk(session, code, actor)
    freed = max(now + timedelta(minutes=booking.service.cleaning_minutes), booking.start + SHORTEST)
    until = min(freed, booking.occupied_until)
    return move_state(session, booking, "completed", actor_id=actor.person_id, now=now, occupied_until=until)


def _for_desk(session: Session, code: str, actor: Actor) -> BookingView:
    """A booking of a centre where somebody is on duty; for another desk it does not exist (NotFound `unknown_booking`).

    Raises NotAllowed `not_allowed` for its owner: nobody lets themselves in.
    """
    booking = check_reader(open_booking(session, code), actor)
    if not runs_desk(actor, booking.service):
        raise NotAllowed("not_allowed")
    return booking


def _refusal_text(session: Session, booking: BookingView, reason: str | None, now: datetime) -> str:
    service = booking.service
    minutes = int((booking.end - booking.start).total_seconds() // 60)
    free = alternatives(session, service, booking.start, minutes, booking.zone, booking.party_size, now=now)
    text = REASONS["refused"] + (f"原因：{reason}。" if reason else "")
    if free:
        text += f"可改约 {clock_text(free[0].start, service.opening.tz)}。"
    return text
