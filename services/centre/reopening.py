"""Reopening 恢复使用 and taking a closure back 撤销停用."""

from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.availability import free_units
from domain.booking import ACTIVE_STATES, UNDO_FOR, hold_until
from domain.errors import Conflict, NotFound
from domain.permissions import Actor
from domain.service_types import ServiceFacts, UnitFacts, suited
from domain.waitlist import WAITING_STATES
from models.centre import Booking, BookingEvent, Closure
from models.waitlist import WaitlistEntry
from services.booking.gate import FULL, Wish, place_for, timeline_for
from services.booking.states import move_state, tell
from services.booking.views import BookingView, read_bookings
from services.centre.catalogue import CentreFacts, centre_by_code
from services.centre.closures import ClosureView, settle, trace, view_of
from services.desk.scope import desk_centre
from services.waitlist.offers import offer_freed, served, stop_waiting

_booking, _event, _entry = Booking.__table__.c, BookingEvent.__table__.c, WaitlistEntry.__table__.c
BACK = {"displaced": frozenset({"confirmed", "requested"})}
"""Taking a closure back is the one way out of `displaced`."""


def reopen(session: Session, code: str, closure_id: int, *, actor: Actor, now: datetime) -> ClosureView:
    """End a closure before its time, or for good (恢复使用); what is free is offered to whoever waits. Twice is once.

    Raises as `desk_centre`; NotFound `unknown_closure`.
    """
    centre = desk_centre(session, code, actor, lock=True)
    row = _closure(session, centre, closure_id)
    if row.ended_at is None and (row.ends_at is None or row.ends_at > now):
        _end(session, row, centre, actor, now)
        trace(session, row, "closure.ended", actor, now)
    return view_of(row, centre)


def undo(session: Session, code: str, closure_id: int, *, actor: Actor, now: datetime) -> ClosureView:
    """Take a closure back within 15 minutes (撤销): who was displaced has the place again where it is still free.

    Who was given another unit keeps that. Raises as `reopen`; Conflict `undo_over`.
    """
    centre = desk_centre(session, code, actor, lock=True)
    row = _closure(session, centre, closure_id)
    if row.ended_at is not None:
        return view_of(row, centre)
    if now >= row.created_at + UNDO_FOR:
        raise Conflict("undo_over")
    _end(session, row, centre, actor, now, offer=False)
    back = [b for b in _displaced_by(session, row, centre) if _bring_back(session, b, row, actor, now)]
    for service in _services(row, centre):
        offer_freed(session, service.id, now=now)
    trace(session, row, "closure.undone", actor, now, back=len(back))
    return view_of(row, centre)


def _closure(session: Session, centre: CentreFacts, closure_id: int) -> Closure:
    row = session.get(Closure, closure_id, populate_existing=True)
    if row is None or row.centre_id != centre.id:
        raise NotFound("unknown_closure")
    return row


def _services(row: Closure, centre: CentreFacts) -> tuple[ServiceFacts, ...]:
    return (centre.service(row.service_id),) if row.service_id else centre.services


def _end(
    session: Session, row: Closure, centre: CentreFacts, actor: Actor, now: datetime, *, offer: bool = True
) -> None:
    """From now on it closes nothing; it leaves the catalogue at once."""
    row.ended_at, row.ended_by_id, row.is_past = now, actor.person_id, True
    row.ends_at = max(now, row.starts_at)
    session.flush()
    settle(session, centre.code, [service.id for service in _services(row, centre)], now, offer=offer)


def _displaced_by(session: Session, row: Closure, centre: CentreFacts) -> list[BookingView]:
    """Who lost a place to a closure and has it not back, in the order in which they were moved."""
    events = select(_event.booking_id).where(
        _event.booking_id == _booking.id, _event.to_state == "displaced", _event.reason == f"{row.kind}:{row.id}"
    )
    where = _booking.service_id.in_([service.id for service in _services(row, centre)]) & (
        _booking.state == "displaced"
    )
    where &= (_booking.ends_at > row.starts_at) & events.exists()
    return sorted(read_bookings(session, where), key=lambda b: (b.start, b.created_at, b.id))


def _bring_back(session: Session, booking: BookingView, row: Closure, actor: Actor, now: datetime) -> bool:
    """Give a displaced booking its place again: its own unit, else another of its zone; False where it cannot be."""
    service = centre_by_code(session, booking.service.centre_code).service(booking.service.id)
    unit = _place(session, suited(service, accessible=booking.accessible), booking, now)
    if unit is FULL or booking.end <= now or _has_chosen(session, booking, row):
        return False
    was = _state_before(session, booking)
    asked = {"hold_until": hold_until(service, booking.start, now)} if was == "requested" else {}
    try:
        with session.begin_nested():
            moved = move_state(
                session,
                booking,
                was,
                actor_id=actor.person_id,
                reason="undo",
                now=now,
                moves=BACK,
                offer=False,
                unit_id=unit.id if unit else None,
                **asked,
            )
    except Conflict:  # somebody was quicker, at another centre or past our rules
        return False
    _end_waiting(session, moved, actor, now)
    tell(session, moved, f"booking_{was}", key=f"back:{row.id}", now=now)
    return True


def _has_chosen(session: Session, booking: BookingView, row: Closure) -> bool:
    """Whether somebody took another place since: they keep that, and are not expected here too."""
    if booking.person_id is None:
        return False
    since = exists().where(
        _booking.person_id == booking.person_id,
        _booking.state.in_(ACTIVE_STATES),
        _booking.ends_at > row.created_at,
        _booking.created_at >= row.created_at,
    )
    return bool(session.scalar(select(since)))


def _end_waiting(session: Session, booking: BookingView, actor: Actor, now: datetime) -> None:
    """Who waited for what they have again waits no longer."""
    waiting = select(_entry.id).where(_entry.instead_of_id == booking.id, _entry.state.in_(WAITING_STATES))
    entries = stop_waiting(session, session.scalars(waiting).all(), now=now)
    served(session, entries, booking.id, actor_id=actor.person_id, now=now)


def _place(session: Session, service: ServiceFacts, booking: BookingView, now: datetime) -> UnitFacts | None:
    """Its own unit where that is free again, else another; `FULL` where there is none."""
    minutes = int((booking.end - booking.start).total_seconds() // 60)
    wish = Wish(service, booking.start, minutes, booking.zone, booking.party_size, by_staff=True)
    timeline = timeline_for(session, wish)
    if service.rules.shares == "units":
        units = free_units(service, timeline, wish.start, minutes, zone=wish.zone, now=now, by_staff=True)
        own = next((unit for unit in units if unit.id == booking.unit_id), None)
        if own:
            return own
    return place_for(wish, timeline, now=now)


def _state_before(session: Session, booking: BookingView) -> str:
    found: Any = session.scalar(
        select(_event.from_state)
        .where(_event.booking_id == booking.id, _event.to_state == "displaced")
        .order_by(_event.seq.desc())
        .limit(1)
    )
    return str(found)
