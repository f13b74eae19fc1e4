"""Walking in 现场到店: somebody stands at the desk and gets a place at once, with or without an account."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.availability import Timeline, free_units
from domain.booking import choose_zone, pick_unit
from domain.closures import closure_over
from domain.desk import at_minute_of, broken_rules, check_stay
from domain.errors import Conflict, Invalid, NotFound
from domain.local_time import iso
from domain.permissions import Actor
from domain.plates import read_plate
from domain.service_types import ZONES, ServiceFacts, UnitFacts, serves, zones_of
from models.centre import Booking
from services.booking.bookings import Booked
from services.booking.gate import (
    FULL,
    Guest,
    Origin,
    Wish,
    alternatives,
    place_for,
    take_place,
    timeline_for,
    write_booking,
)
from services.booking.views import BookingView, read_bookings
from services.centre.catalogue import service_by_code
from services.desk.scope import desk_centre
from services.idempotency import check_same_request, digest
from services.ports import Cipher, unsealed
from services.waitlist.offers import served, stop_waiting
from services.waitlist.views import EntryView, get_entry

_booking = Booking.__table__.c


@dataclass(frozen=True, slots=True)
class WalkIn:
    """Who stands there and what they want; `minutes` None is the usual slot, `unit` None the best one free."""

    actor: Actor
    centre: str
    service: str
    client_uuid: UUID
    minutes: int | None = None
    party_size: int = 1
    zone: str | None = None
    unit: str | None = None
    name: str | None = None
    plate: str | None = None
    override_reason: str | None = None
    entry: str | None = None
    """Somebody of the wait-list who stands there now: their place in line is used up by it."""


def walk_in(session: Session, command: WalkIn, *, cipher: Cipher, now: datetime) -> Booked:
    """Give a place at once (现场到店): from this minute on, for whole steps, checked in.

    The walk-in share and family units may be given, and services that need no booking never ask for one. Staff may
    set limits, hours and roles aside with a reason, never what is taken.
    Raises NotFound `unknown_centre`, `unknown_service`, `unknown_unit`, `unknown_entry`; NotAllowed `not_allowed`;
    Invalid `minutes_out_of_range`, `party_size`, `not_a_plate`, `override_reason_required`; Conflict `zone_required`,
    `zone_not_served`, `closed_now`, `unit_taken`, `slot_full`, `client_uuid_reused`.
    """
    centre = desk_centre(session, command.centre, command.actor)
    plate = read_plate(command.plate) if command.plate else None
    service = service_by_code(session, command.service, to_book=True)
    if service.centre_id != centre.id:
        raise NotFound("unknown_service")
    asked = _digest(command, service, plate, cipher)
    if earlier := _earlier(session, command, asked):
        return Booked(earlier, repeated=True)
    wish = _wish(command, service, now)
    waiting = _waiting(session, command, service, now)
    person_id = waiting[0].person_id if waiting else None
    broken = broken_rules(service, wish.start, wish.minutes, wish.party_size, is_known=person_id is not None)
    if broken and not command.override_reason:
        raise Invalid("override_reason_required", rules=list(broken))
    unit = _place(session, wish, command.unit, now)
    origin = Origin(
        "walkin",
        command.actor.person_id,
        str(command.client_uuid),
        asked,
        made_by_id=command.actor.person_id,
        overlap_allowed=bool(command.override_reason),
        reason=f"override:{'+'.join(broken)}" if broken else "override" if command.override_reason else None,
    )
    guest = _guest(command, plate, waiting, cipher)
    booking = write_booking(session, wish, unit, guest, origin, cipher=cipher, now=now, state="checked_in")
    if command.override_reason:
        session.execute(
            update(Booking.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
            .where(_booking.id == booking.id)
            .values(override_reason=command.override_reason)
        )
    served(session, waiting, booking.id, actor_id=command.actor.person_id, now=now)
    return Booked(booking)


def _waiting(session: Session, command: WalkIn, service: ServiceFacts, now: datetime) -> list[EntryView]:
    """The entry of whoever comes off the wait-list; what was held for them is given back, so that they may have it."""
    if command.entry is None:
        return []
    entry = get_entry(session, command.entry, actor=command.actor)
    if entry.service.id != service.id:
        raise NotFound("unknown_entry")
    return stop_waiting(session, [entry.id], now=now)


def _guest(command: WalkIn, plate: str | None, waiting: list[EntryView], cipher: Cipher) -> Guest:
    """Whoever stands there: the person of the entry, else by name and plate, the entry's where none was said."""
    entry = waiting[0] if waiting else None
    if entry is None:
        return Guest(name=command.name or None, plate=plate)
    name = command.name or unsealed(cipher, entry.guest_cipher)
    return Guest(entry.person_id, name, plate or unsealed(cipher, entry.plate_cipher))


def named_unit(service: ServiceFacts, no: str, zone: str | None) -> UnitFacts:
    """A unit by its number, without case, that may serve that zone; a family unit may, when staff say so.

    Raises NotFound `unknown_unit`; Conflict `closed_now` for one out of order, `zone_not_served`.
    """
    unit = service.unit_named(no)
    if unit.state != "ok":
        raise Conflict("closed_now", reason=unit.no, until=None)
    if unit.zone != "family" and not serves(unit, zone):
        raise Conflict("zone_not_served", zones=list(zones_of(service)))
    return unit


def place_at(wish: Wish, timeline: Timeline, unit: UnitFacts | None, *, now: datetime) -> UnitFacts | None:
    """The place for a wish of the desk, that very unit where one was said; `FULL` where there is none."""
    if unit is None:
        return place_for(wish, timeline, now=now)
    free = free_units(wish.service, timeline, wish.start, wish.minutes, zone=wish.zone, now=now, by_staff=True)
    return pick_unit([u for u in free if u.id == unit.id], wish.party_size) or FULL


def longest_stay(wish: Wish, timeline: Timeline, unit: UnitFacts | None, *, now: datetime) -> int:
    """How long one could stay instead, in whole steps; 0 where not at all."""
    step = wish.service.step_minutes
    shorter = range(wish.minutes - wish.minutes % step, 0, -step)
    return next((m for m in shorter if place_at(replace(wish, minutes=m), timeline, unit, now=now) is not FULL), 0)


def _wish(command: WalkIn, service: ServiceFacts, now: datetime) -> Wish:
    minutes = service.slot_minutes if command.minutes is None else command.minutes
    check_stay(service, minutes, command.party_size)
    zone = command.zone
    if zone is not None and zone not in zones_of(service) and zones_of(service):
        raise Conflict("zone_not_served", zones=list(zones_of(service)))
    if command.unit is not None and zone is None:
        own = named_unit(service, command.unit, None).zone
        zone = own if own in ZONES else None
    else:
        zone = choose_zone(service, zone, None)
    return Wish(service, at_minute_of(now), minutes, zone, command.party_size, by_staff=True)


def _place(session: Session, wish: Wish, no: str | None, now: datetime) -> UnitFacts | None:
    service, tz = wish.service, wish.service.opening.tz
    unit = named_unit(service, no, wish.zone) if no else None
    timeline = timeline_for(session, wish)
    found = place_at(wish, timeline, unit, now=now)
    if found is not FULL:
        return found
    longest = longest_stay(wish, timeline, unit, now=now)
    if unit is None and not longest:
        return take_place(session, wish, timeline, now=now)  # says closed_now, or slot_full with other times
    closure = closure_over(service.closures, unit.id if unit else None, wish.start, wish.start + timedelta(minutes=1))
    if closure:
        raise Conflict("closed_now", reason=closure.why, until=iso(closure.end, tz) if closure.end else None)
    until = wish.start + timedelta(minutes=longest)
    others = alternatives(session, service, wish.start, wish.minutes, wish.zone, wish.party_size, now=now)
    raise Conflict(
        "unit_taken",
        longest_minutes=longest,
        until=iso(until, tz),
        alternatives=[{"start": iso(s.start, tz), "end": iso(s.end, tz), "free": s.free} for s in others],
    )


def _earlier(session: Session, command: WalkIn, asked: str) -> BookingView | None:
    row = session.execute(
        select(_booking.id, _booking.request_digest).where(
            _booking.made_by_id == command.actor.person_id, _booking.client_uuid == str(command.client_uuid)
        )
    ).one_or_none()
    if row is None:
        return None
    check_same_request(row, asked)
    return read_bookings(session, _booking.id == row.id)[0]


def _digest(command: WalkIn, service: ServiceFacts, plate: str | None, cipher: Cipher) -> str:
    """What was asked for; name and plate go in as keyed hashes."""
    return digest(
        {
            "service": service.id,
            "minutes": command.minutes,
            "party_size": command.party_size,
            "zone": command.zone,
            "unit": command.unit,
            "entry": command.entry,
            "name": cipher.keyed_hash("guest-name", command.name) if command.name else None,
            "plate": cipher.keyed_hash("plate", plate) if plate else None,
        }
    )
