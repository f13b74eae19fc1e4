"""Settling what came in from offline and found its place taken 处理冲突: give another unit, or write how it ended."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from domain.availability import is_usable, occupied_until
from domain.desk import OFFLINE_MOVES, at_minute_of
from domain.errors import Conflict, NotFound
from domain.local_time import iso
from domain.permissions import Actor
from domain.service_types import ServiceFacts, UnitFacts
from models.centre import Booking
from services.booking import marks
from services.booking.gate import Guest, Origin, Wish, timeline_for, write_booking
from services.booking.states import move_state
from services.booking.views import BookingView, read_bookings
from services.centre.catalogue import CentreFacts
from services.desk.conflicts import ConflictView, check_settle, get_conflict, lock_conflict, mark_settled, set_booking
from services.desk.scope import desk_centre
from services.desk.walk_ins import named_unit
from services.ports import Cipher, unsealed

_booking = Booking.__table__.c


def settle(
    session: Session,
    code: str,
    conflict_id: int,
    *,
    actor: Actor,
    unit: str | None,
    note: str | None,
    cipher: Cipher,
    now: datetime,
) -> tuple[CentreFacts, ConflictView]:
    """Settle a conflict: in a unit where the guest is from now on, or by a note alone. Twice changes nothing.

    Raises NotFound `unknown_centre`, `unknown_conflict`, `unknown_unit`; NotAllowed `not_allowed`; Invalid
    `settle_how`; Conflict `conflict_settled`, `zone_not_served`, `closed_now`, `unit_taken`, `stay_over`.
    """
    centre = desk_centre(session, code, actor)
    conflict = lock_conflict(session, centre, conflict_id)
    said = note or (f"→ {unit.strip().upper()}" if unit else None)
    if check_settle(conflict, unit, said):
        if unit is not None:
            _place(session, conflict, unit, actor=actor, cipher=cipher, now=now)
        mark_settled(session, conflict, said, actor=actor, now=now)
    return centre, get_conflict(session, centre, conflict_id)


def _place(session: Session, conflict: ConflictView, no: str, *, actor: Actor, cipher: Cipher, now: datetime) -> None:
    service = conflict.service
    if service is None:
        raise NotFound("unknown_unit")
    found = read_bookings(session, _booking.code == conflict.booking, lock=True) if conflict.booking else []
    booking = found[0] if found else None
    unit = named_unit(service, no, booking.zone if booking else conflict.zone)
    if booking is not None:
        _place_booking(session, booking, unit, actor=actor, now=now)
        return
    guest = Guest(None, unsealed(cipher, conflict.guest_cipher), unsealed(cipher, conflict.plate_cipher))
    wish = _rest(conflict, service, now)
    _check_free(session, wish, unit, now)
    origin = Origin("walkin", actor.person_id, reason=f"settled:{unit.no}")
    made = write_booking(session, wish, unit, guest, origin, cipher=cipher, now=now, state="checked_in")
    set_booking(session, conflict, made.id)


def _place_booking(session: Session, booking: BookingView, unit: UnitFacts, *, actor: Actor, now: datetime) -> None:
    if now >= booking.end:
        raise Conflict("stay_over")
    minutes = int((booking.end - booking.start).total_seconds() // 60)
    wish = Wish(booking.service, booking.start, minutes, booking.zone, booking.party_size, by_staff=True)
    _check_free(session, wish, unit, now)
    move_state(
        session,
        booking,
        "checked_in",
        actor_id=actor.person_id,
        reason=f"settled:{unit.no}",
        now=now,
        moves=OFFLINE_MOVES,
        unit_id=unit.id,
        overlap_allowed=True,
        occupied_until=occupied_until(booking.service, booking.start, minutes),
    )
    marks.take_back(session, booking.id, now=now)


def _rest(conflict: ConflictView, service: ServiceFacts, now: datetime) -> Wish:
    """What is left of a walk-in's stay, from this minute on, in whole steps of five minutes; never less than one."""
    minutes = conflict.minutes or service.slot_minutes
    start, end = at_minute_of(now), at_minute_of(conflict.at) + timedelta(minutes=minutes)
    left = int((end - start).total_seconds() // 60)
    if left <= 0:
        raise Conflict("stay_over")
    return Wish(service, start, max(5, left), conflict.zone, conflict.party_size, by_staff=True)


def _check_free(session: Session, wish: Wish, unit: UnitFacts, now: datetime) -> None:
    service = wish.service
    until = occupied_until(service, wish.start, wish.minutes)
    since = max(wish.start, at_minute_of(now))
    left = max(5, int((wish.end - since).total_seconds() // 60))
    free = timeline_for(session, wish).is_free(unit.id, wish.start, until)
    if not (free and is_usable(service, unit.id, since, left)):
        raise Conflict("unit_taken", longest_minutes=0, until=iso(since, service.opening.tz))
