"""The one gate to a place 预约入口: book, move, extend, walk-in, accepted offer and offline sync all come through here.

The order is the same for all, so that nobody waits in a circle: lock the service's row, then read the booking or
entry, then ask `domain.availability`, then write. Triggers copy the write into `occupancy`, which refuses what does
not fit. Drawn in docs/booking.md.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from domain.availability import Slot, Timeline, free_seats, free_units, nearest_free, occupied_until
from domain.booking import hold_until, pick_unit
from domain.closures import closure_over
from domain.codes import new_code, read_code
from domain.errors import Conflict, NotFound
from domain.local_time import iso, local_day
from domain.plates import plate_tail
from domain.service_types import ServiceFacts, UnitFacts
from domain.waitlist import can_wait
from models.centre import Booking
from services.booking.guards import guarded
from services.booking.states import record_first
from services.booking.views import BookingView, read_bookings, view_of
from services.centre.catalogue import lock_service
from services.centre.centres import free_starts
from services.centre.occupancy import timeline_between
from services.ports import Cipher

ALTERNATIVE_DAYS = 4
_booking = Booking.__table__.c
_INSERT = insert(Booking.__table__).returning(_booking.id)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
_SERVICE_OF = select(_booking.id, _booking.service_id)


@dataclass(frozen=True, slots=True)
class Wish:
    """A checked request for a place. `by_staff`: the walk-in share and family units may be given, and now."""

    service: ServiceFacts
    start: datetime
    minutes: int
    zone: str | None = None
    party_size: int = 1
    by_staff: bool = False

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Guest:
    """For whom a place is: a person, or (by the desk) a name without an account; the plate in normal form."""

    person_id: int | None = None
    name: str | None = None
    plate: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a booking comes from, and the client's key of the request that made it."""

    source: str
    actor_id: int | None
    client_uuid: str | None = None
    request_digest: str | None = None
    made_by_id: int | None = None
    """The attendant, where the desk made it: the client's key is then theirs."""
    overlap_allowed: bool = False
    reason: str | None = None
    gave_up_late: bool = False
    """Its owner gave up an earlier time of it inside the last ten minutes: cancelling counts as late from then on."""


def open_booking(session: Session, code: str) -> BookingView:
    """A booking to be changed: its service is locked first, then itself, then it is read.

    Raises NotFound `unknown_booking`.
    """
    key = read_code(code)
    row = session.execute(_SERVICE_OF.where(_booking.code == key)).one_or_none() if key else None
    if row is None:
        raise NotFound("unknown_booking")
    lock_service(session, row.service_id)
    return read_bookings(session, _booking.id == row.id, lock=True)[0]


def timeline_for(session: Session, wish: Wish) -> Timeline:
    """What is taken around a wish, whole cells of a pool included."""
    since = wish.start - timedelta(minutes=wish.service.cell_minutes)
    return timeline_between(session, wish.service.id, since, occupied_until(wish.service, wish.start, wish.minutes))


def take_place(session: Session, wish: Wish, timeline: Timeline, *, now: datetime) -> UnitFacts | None:
    """The unit to give, None for seats.

    Raises Conflict: `closed_now` while it is closed; `slot_full` with the nearest starts that have a place, and
    whether one may wait.
    """
    found = place_for(wish, timeline, now=now)
    if found is not FULL:
        return found
    service, tz = wish.service, wish.service.opening.tz
    closure = closure_over(service.closures, None, wish.start, occupied_until(service, wish.start, wish.minutes))
    if closure:
        raise Conflict("closed_now", reason=closure.why, until=iso(closure.end, tz) if closure.end else None)
    starts = alternatives(session, service, wish.start, wish.minutes, wish.zone, wish.party_size, now=now)
    raise Conflict(
        "slot_full",
        alternatives=[{"start": iso(s.start, tz), "end": iso(s.end, tz), "free": s.free} for s in starts],
        waitlist=can_wait(service),
    )


FULL = UnitFacts(0, "")
"""No place."""


def place_for(wish: Wish, timeline: Timeline, *, now: datetime) -> UnitFacts | None:
    """The unit to give, None for seats, `FULL` where there is no place."""
    if wish.service.rules.shares == "seats":
        free = free_seats(wish.service, timeline, wish.start, wish.minutes, now=now, by_staff=wish.by_staff)
        return None if free >= wish.party_size else FULL
    units = free_units(
        wish.service, timeline, wish.start, wish.minutes, zone=wish.zone, now=now, by_staff=wish.by_staff
    )
    return pick_unit(units, wish.party_size) or FULL


def alternatives(
    session: Session,
    service: ServiceFacts,
    start: datetime,
    minutes: int,
    zone: str | None,
    party_size: int = 1,
    *,
    now: datetime,
) -> list[Slot]:
    """Up to five starts with a place nearest to the wished one, same zone; from the next days if that day is full."""
    day: date = local_day(start, service.opening.tz)
    seats = party_size if service.rules.shares == "seats" else 1
    found = free_starts(session, service, day, 1, minutes, zone, now)
    if len([slot for slot in found if slot.free >= seats]) < 5:
        found += free_starts(session, service, day + timedelta(days=1), ALTERNATIVE_DAYS, minutes, zone, now)
    return nearest_free(found, start, party_size=seats)


def write_booking(
    session: Session,
    wish: Wish,
    unit: UnitFacts | None,
    guest: Guest,
    origin: Origin,
    *,
    cipher: Cipher,
    now: datetime,
    state: str | None = None,
) -> BookingView:
    """Write a booking with its first event; the database refuses it where the place is not free after all.

    Raises as `services.booking.guards.guarded` does.
    """
    service, plate = wish.service, guest.plate
    state = state or service.rules.first_state
    values: dict[str, Any] = {
        "code": new_code(),
        "person_id": guest.person_id,
        "service_id": service.id,
        "unit_id": unit.id if unit else None,
        "zone": wish.zone,
        "starts_at": wish.start,
        "ends_at": wish.end,
        "occupied_until": occupied_until(service, wish.start, wish.minutes),
        "grace_until": max(wish.start, now) + timedelta(minutes=service.grace_minutes),
        "hold_until": hold_until(service, wish.start, now) if state == "requested" else None,
        "state": state,
        "party_size": wish.party_size,
        "plate_cipher": cipher.encrypt(plate) if plate else None,
        "plate_hash": cipher.keyed_hash("plate", plate) if plate else None,
        "plate_tail_hash": cipher.keyed_hash("plate-tail", plate_tail(plate)) if plate else None,
        "guest_cipher": cipher.encrypt(guest.name) if guest.name else None,
        "source": origin.source,
        "overlap_allowed": origin.overlap_allowed,
        "was_late_cancel": origin.gave_up_late,
        "late_minutes": 0,
        "accessible": service.accessible_only,
        "made_by_id": origin.made_by_id,
        "moved_to_id": None,
        "created_at": now,
        "client_uuid": origin.client_uuid,
        "request_digest": origin.request_digest,
    }
    with guarded():
        values["id"] = session.execute(_INSERT, values).scalar_one()
    record_first(session, values["id"], state, actor_id=origin.actor_id, reason=origin.reason, now=now)
    return view_of(values, service)
