"""Staying longer 延长."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from domain.booking import can_extend
from domain.booking_text import CHANGED, clock_text
from domain.errors import Conflict, Invalid
from domain.local_time import iso, to_utc
from domain.permissions import Actor
from domain.stays import STEP_MINUTES, furthest_end, least_extension, minutes_between
from models.centre import MAX_MINUTES
from services.booking.gate import open_booking
from services.booking.states import moment_key, move_state, record_change, tell
from services.booking.stays import limit_of, stay_of, timeline_of_stay
from services.booking.views import BookingView, check_reader

RESUMES = {"overstayed": frozenset({"checked_in"})}
"""Who overstayed and got more time is a guest like any other again."""


@dataclass(frozen=True, slots=True)
class Extend:
    """So many minutes more; `seen_end`, the end the phone showed, makes saying it twice harmless."""

    actor: Actor
    code: str
    minutes: int
    seen_end: datetime | None = None


def extend(session: Session, command: Extend, *, now: datetime) -> BookingView:
    """Stay longer in the same place (延长): up to the service's longest, where it is open and free.

    Raises NotFound `unknown_booking`; Invalid `minutes_out_of_range`; Conflict `booking_state`, `late_too_late`,
    `extend_conflict` with what is possible.
    """
    booking = check_reader(open_booking(session, command.code), command.actor)
    service = booking.service
    if not STEP_MINUTES <= command.minutes <= MAX_MINUTES or command.minutes % STEP_MINUTES:
        raise Invalid("minutes_out_of_range", min=STEP_MINUTES, max=service.max_minutes, step=STEP_MINUTES)
    if command.seen_end is not None and to_utc(command.seen_end) != booking.end:
        if booking.end == to_utc(command.seen_end) + timedelta(minutes=command.minutes):
            return booking
        raise Conflict("booking_state", state=booking.state, end=iso(booking.end, service.opening.tz))
    _check_extendable(booking, now)
    _check_minutes(session, booking, command.minutes, now)
    end = booking.end + timedelta(minutes=command.minutes)
    longer = _write(session, booking, command, end, now)
    if longer.person_id != command.actor.person_id:
        news = CHANGED["extend"].format(until=clock_text(end, service.opening.tz))
        tell(session, longer, "booking_changed", key=moment_key(now), now=now, news=news)
    return longer


def _check_extendable(booking: BookingView, now: datetime) -> None:
    if not can_extend(booking.state, booking.start, now=now):
        raise Conflict("booking_state", state=booking.state)
    if booking.state == "confirmed" and now >= booking.kept_until:
        raise Conflict("late_too_late", grace_until=iso(booking.kept_until, booking.service.opening.tz))


def _check_minutes(session: Session, booking: BookingView, minutes: int, now: datetime) -> None:
    """Not more than is possible, and enough to end in the future."""
    most = minutes_between(booking.end, _furthest(session, booking, now))
    least = least_extension(booking.end, now)
    if minutes > most or least > most:
        raise Conflict("extend_conflict", max_minutes=most if least <= most else 0)
    if minutes < least:
        raise Invalid("minutes_out_of_range", min=least, max=most, step=STEP_MINUTES)


def _furthest(session: Session, booking: BookingView, now: datetime) -> datetime:
    """The latest end: the service's longest stay, counted from when somebody late was to come."""
    service = booking.service
    longest = booking.start + timedelta(minutes=booking.late_minutes + service.max_minutes)
    limit = limit_of(session, booking, longest, now)
    if limit <= booking.end:
        return booking.end
    return furthest_end(service, timeline_of_stay(session, booking, limit), stay_of(booking), limit)


def _write(session: Session, booking: BookingView, command: Extend, end: datetime, now: datetime) -> BookingView:
    actor_id, reason = command.actor.person_id, f"extend:{command.minutes}"
    cleaned = end + timedelta(minutes=booking.service.cleaning_minutes)
    stays: dict[str, Any] = {"ends_at": end, "occupied_until": cleaned}
    if booking.state == "overstayed":
        return move_state(
            session, booking, "checked_in", actor_id=actor_id, reason=reason, now=now, moves=RESUMES, **stays
        )
    return record_change(session, booking, reason=reason, actor_id=actor_id, now=now, **stays)
