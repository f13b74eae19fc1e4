"""I'm late 晚到: the place is kept longer, once; where somebody comes next, the driver chooses."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.availability import WALKIN_RELEASE, Slot, nearest_free
from domain.booking_text import CHANGED, clock_text
from domain.errors import Conflict
from domain.local_time import iso, local_day
from domain.permissions import Actor
from domain.service_types import ServiceFacts, UnitFacts
from domain.stays import (
    SHORTEST_REST,
    bookable_minutes,
    check_late_minutes,
    furthest_end,
    is_open_choice,
    minutes_between,
    other_unit,
)
from models.centre import BookingEvent
from services.booking.gate import ALTERNATIVE_DAYS, open_booking
from services.booking.states import moment_key, record_change, tell
from services.booking.stays import limit_of, stay_of, timeline_of_stay
from services.booking.views import BookingView, check_reader
from services.centre.centres import free_starts

LateChoice = Literal["keep", "other_unit", "shorten"]
_event = BookingEvent.__table__.c


@dataclass(frozen=True, slots=True)
class Late:
    """By how much somebody is late, and what they chose where the place is not free for so long."""

    actor: Actor
    code: str
    minutes: int
    choice: LateChoice = "keep"


@dataclass(frozen=True, slots=True)
class LateOutcome:
    """The booking as it is now; `conflict` where there is something to choose. Both are committed (decision 12)."""

    booking: BookingView
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is possible for somebody so late."""

    wished: datetime
    furthest: datetime
    """The latest end in the same place."""
    unit: UnitFacts | None
    """Another unit that is free to the wished end."""
    arrival: datetime

    @property
    def rest(self) -> timedelta:
        return self.furthest - self.arrival


def late(session: Session, command: Late, *, now: datetime) -> LateOutcome:
    """Say that one comes later (晚到): before the deadline, once, by 5 to 90 minutes.

    The deadline moves by as much, and so does the end where the place, the hours and the person's next booking
    allow. Else the outcome has a conflict with the choices other unit, shorter stay, later time; until something
    is chosen the remaining part of the stay is kept (product brief §6). Said again, nothing happens.
    Raises NotFound `unknown_booking`; Invalid `late_minutes`; Conflict `booking_state`, `late_too_late`, `late_used`.
    """
    check_late_minutes(command.minutes)
    booking = check_reader(open_booking(session, command.code), command.actor)
    to_be_chosen = booking.late_minutes > 0 and is_to_be_chosen(session, booking)
    if booking.late_minutes == command.minutes and not to_be_chosen:
        return LateOutcome(booking)
    if booking.state != "confirmed":
        raise Conflict("booking_state", state=booking.state)
    if now >= booking.kept_until:
        raise Conflict("late_too_late", grace_until=iso(booking.kept_until, booking.service.opening.tz))
    if booking.late_minutes and not to_be_chosen:
        raise Conflict("late_used", minutes=booking.late_minutes)
    plan = _plan(session, booking, command, now)
    if command.choice != "other_unit" and plan.furthest == plan.wished:
        return LateOutcome(_settle(session, booking, command, now, ends_at=plan.wished))
    if command.choice == "other_unit" and plan.unit:
        return LateOutcome(_settle(session, booking, command, now, unit=plan.unit, ends_at=plan.wished))
    if command.choice == "shorten" and plan.rest >= SHORTEST_REST:
        return LateOutcome(_settle(session, booking, command, now, ends_at=plan.furthest))
    return _ask(session, booking, command, plan, now)


def is_to_be_chosen(session: Session, booking: BookingView) -> bool:
    """Whether being late was said before, but nothing chosen yet."""
    reasons = session.scalars(select(_event.reason).where(_event.booking_id == booking.id).order_by(_event.seq))
    return is_open_choice(reasons.all())


def _plan(session: Session, booking: BookingView, command: Late, now: datetime) -> _Plan:
    service = booking.service
    stay = stay_of(booking)
    delay = timedelta(minutes=command.minutes)
    wished = booking.end + delay
    timeline = timeline_of_stay(session, booking, wished)
    limit = limit_of(session, booking, wished, now)
    other = None
    if limit == wished and booking.unit_id is not None:
        released = booking.start - now <= WALKIN_RELEASE
        minutes = minutes_between(booking.start, wished)
        other = other_unit(service, timeline, stay, booking.zone, minutes, with_walkin=released)
    return _Plan(wished, furthest_end(service, timeline, stay, limit), other, booking.start + delay)


def _settle(
    session: Session,
    booking: BookingView,
    command: Late,
    now: datetime,
    *,
    ends_at: datetime,
    unit: UnitFacts | None = None,
) -> BookingView:
    """Move the deadline, the end and perhaps the unit; staff who did it tell the owner."""
    stays: dict[str, Any] = {"ends_at": ends_at, "occupied_until": _cleaned(booking.service, ends_at)}
    actor_id, tz = command.actor.person_id, booking.service.opening.tz
    if unit:
        booking = record_change(
            session, booking, reason=f"unit:{unit.no}", actor_id=actor_id, now=now, unit_id=unit.id, **stays
        )
        stays = {}
    changed = record_change(
        session,
        booking,
        reason=f"late:{command.minutes}",
        actor_id=actor_id,
        now=now,
        **_kept(booking, command),
        **stays,
    )
    if changed.person_id != actor_id:
        news = CHANGED["late"].format(until=clock_text(changed.kept_until, tz))
        tell(session, changed, "booking_changed", key=moment_key(now), now=now, news=news)
    return changed


def _kept(booking: BookingView, command: Late) -> dict[str, Any]:
    """The deadline moves once: by the last answer, not by the sum of two."""
    moved = timedelta(minutes=command.minutes - booking.late_minutes)
    return {"late_minutes": command.minutes, "grace_until": booking.grace_until + moved}


def _cleaned(service: ServiceFacts, end: datetime) -> datetime:
    return end + timedelta(minutes=service.cleaning_minutes)


def _ask(session: Session, booking: BookingView, command: Late, plan: _Plan, now: datetime) -> LateOutcome:
    """Say what can be chosen, and keep what remains of the stay until then."""
    tz = booking.service.opening.tz
    choices: list[dict[str, Any]] = []
    if plan.unit:
        choices.append({"choice": "other_unit", "unit": plan.unit.no, "end": iso(plan.wished, tz)})
    if plan.rest >= SHORTEST_REST:
        minutes = minutes_between(plan.arrival, plan.furthest)
        choices.append({"choice": "shorten", "end": iso(plan.furthest, tz), "minutes": minutes})
    if later := _later(session, booking, max(plan.arrival, now), now):
        slots = [{"start": iso(s.start, tz), "end": iso(s.end, tz), "free": s.free} for s in later]
        choices.append({"choice": "later", "alternatives": slots})
    if booking.end - plan.arrival >= SHORTEST_REST and booking.late_minutes != command.minutes:
        booking = record_change(
            session,
            booking,
            reason=f"late:{command.minutes}:rest",
            actor_id=command.actor.person_id,
            now=now,
            **_kept(booking, command),
        )
    return LateOutcome(booking, Conflict("late_conflict", choices=choices, kept_until=iso(booking.kept_until, tz)))


def _later(session: Session, booking: BookingView, earliest: datetime, now: datetime) -> list[Slot]:
    """Starts from the arrival on with a place for the whole stay.

    The present place need not count as free: whatever keeps this stay from ending later is in the way of a whole
    stay that begins while it lasts.
    """
    service = booking.service
    minutes = bookable_minutes(service, booking.end - booking.start)
    day = local_day(earliest, service.opening.tz)
    found = free_starts(session, service, day, 1 + ALTERNATIVE_DAYS, minutes, booking.zone, now)
    seats = booking.party_size if service.rules.shares == "seats" else 1
    return nearest_free([s for s in found if s.start >= earliest], earliest, party_size=seats)
