"""Taking and giving back a place 预约与取消. Desk and clock: `booking_desk`, `booking_jobs`."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, union_all
from sqlalchemy.orm import Session

from domain.availability import Slot, Timeline, free_seats, free_units, nearest_free, occupied_until
from domain.booking import (
    ACTIVE_STATES,
    OwnBooking,
    check_length,
    check_limits,
    check_party,
    check_start,
    check_who,
    choose_zone,
    hold_until,
    is_late_cancel,
    pick_unit,
)
from domain.codes import new_code
from domain.errors import Conflict
from domain.local_time import iso, local_day, to_utc
from domain.permissions import Actor
from domain.plates import plate_tail, read_plate
from domain.service_types import ServiceFacts, UnitFacts
from models.centre import Booking
from services.booking_jobs import lapse_requests, release_no_shows, remind_upcoming
from services.booking_states import guarded, move_state, record_first, tell, tell_cancelled
from services.booking_views import (
    BookingView,
    EventView,
    get_booking,
    list_events,
    list_mine,
    read_bookings,
    view_of,
)
from services.catalogue import service_by_code
from services.centres import free_starts
from services.idempotency import check_same_request, digest
from services.occupancy import timeline_between
from services.ports import Cipher

__all__ = [
    "Book",
    "Booked",
    "BookingView",
    "EventView",
    "book",
    "cancel",
    "get_booking",
    "lapse_requests",
    "list_events",
    "list_mine",
    "release_no_shows",
    "remind_upcoming",
]

ALTERNATIVE_DAYS = 4
_booking = Booking.__table__.c
_OWN_COLUMNS = (
    _booking.id,
    _booking.code,
    _booking.service_id,
    _booking.state,
    _booking.starts_at,
    _booking.ends_at,
    _booking.client_uuid,
    _booking.request_digest,
)
# Two indexed look-ups in one query, so that it does not grow with a person's history.
_OWN = union_all(
    select(*_OWN_COLUMNS).where(
        _booking.person_id == bindparam("person_id"), _booking.client_uuid == bindparam("client_uuid")
    ),
    select(*_OWN_COLUMNS).where(
        _booking.person_id == bindparam("person_id"),
        _booking.ends_at > bindparam("now"),
        _booking.state.in_(ACTIVE_STATES),
    ),
)
_INSERT = insert(Booking.__table__).returning(_booking.id)  # type: ignore[arg-type]  # `__table__` is typed as FromClause


@dataclass(frozen=True, slots=True)
class Book:
    """What somebody wishes: a service, a start, how long; `minutes` None is the usual slot."""

    actor: Actor
    service: str
    start: datetime
    client_uuid: UUID
    minutes: int | None = None
    party_size: int = 1
    zone: str | None = None
    plate: str | None = None
    source: str = "app"


@dataclass(frozen=True, slots=True)
class Booked:
    """The booking, and whether this was only the repeat of an earlier request."""

    booking: BookingView
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class _Wish:
    """A checked request."""

    service: ServiceFacts
    start: datetime
    end: datetime
    minutes: int
    zone: str | None
    party_size: int
    plate: str | None


def book(session: Session, command: Book, *, cipher: Cipher, now: datetime) -> Booked:
    """Take a place (预约), or answer a repeated `client_uuid` with the first booking.

    Bookings of one service wait for one another at its row; the database guards the rest.
    Raises NotFound `unknown_service`; Invalid `naive_time`, `start_in_past`, `beyond_window`, `off_grid`,
    `minutes_out_of_range`, `party_size`, `not_a_plate`; NotAllowed `who_may_book`; Conflict `walk_in_only`,
    `closed_then`, `zone_required`, `zone_not_served`, `overlap`, `too_many`, `slot_full`, `client_uuid_reused`.
    """
    start = to_utc(command.start)
    plate = read_plate(command.plate) if command.plate else None
    service = service_by_code(session, command.service, to_book=True)
    asked = _digest(command, service, start, plate, cipher)
    own: list[OwnBooking] = []
    for row in session.execute(
        _OWN, {"person_id": command.actor.person_id, "client_uuid": str(command.client_uuid), "now": now}
    ):
        if row.client_uuid == str(command.client_uuid):
            check_same_request(row, asked)
            return Booked(read_bookings(session, _booking.id == row.id)[0], repeated=True)
        own.append(OwnBooking(row.code, row.service_id, row.state, row.starts_at, row.ends_at))
    wish = _check(command, service, start, plate, own, now)
    timeline = timeline_between(session, service.id, *_reach(wish))
    unit = _take(session, wish, timeline, now)
    return Booked(_write(session, command, wish, unit, asked, cipher, now))


def _check(
    command: Book, service: ServiceFacts, start: datetime, plate: str | None, own: list[OwnBooking], now: datetime
) -> _Wish:
    minutes = service.slot_minutes if command.minutes is None else command.minutes
    check_who(service, command.actor)
    check_length(service, minutes)
    check_party(service, command.party_size)
    check_start(service, start, minutes, now=now)
    end = start + timedelta(minutes=minutes)
    zone = choose_zone(service, command.zone, command.actor.zone)
    check_limits(service, own, start, end, now=now)
    return _Wish(service, start, end, minutes, zone, command.party_size, plate)


def _reach(wish: _Wish) -> tuple[datetime, datetime]:
    """The time a wish would take, whole cells of a pool included."""
    since = wish.start - timedelta(minutes=wish.service.cell_minutes)
    return since, occupied_until(wish.service, wish.start, wish.minutes)


def _take(session: Session, wish: _Wish, timeline: Timeline, now: datetime) -> UnitFacts | None:
    """The unit to give, None for a seat. Raises Conflict `slot_full` with the nearest starts that have a place."""
    service = wish.service
    if service.rules.shares == "seats":
        if free_seats(service, timeline, wish.start, wish.minutes, now=now) >= wish.party_size:
            return None
    else:
        units = free_units(service, timeline, wish.start, wish.minutes, zone=wish.zone, now=now)
        unit = pick_unit(units, wish.party_size)
        if unit is not None:
            return unit
    tz = service.opening.tz
    found = [
        {"start": iso(slot.start, tz), "end": iso(slot.end, tz), "free": slot.free}
        for slot in alternatives(session, service, wish.start, wish.minutes, wish.zone, wish.party_size, now=now)
    ]
    raise Conflict("slot_full", alternatives=found, waitlist=False)


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


def _write(
    session: Session,
    command: Book,
    wish: _Wish,
    unit: UnitFacts | None,
    request_digest: str,
    cipher: Cipher,
    now: datetime,
) -> BookingView:
    service = wish.service
    state = service.rules.first_state
    values: dict[str, Any] = {
        "code": new_code(),
        "person_id": command.actor.person_id,
        "service_id": service.id,
        "unit_id": unit.id if unit else None,
        "zone": wish.zone,
        "starts_at": wish.start,
        "ends_at": wish.end,
        "occupied_until": occupied_until(service, wish.start, wish.minutes),
        "grace_until": wish.start + timedelta(minutes=service.grace_minutes),
        "hold_until": hold_until(service, wish.start, now) if state == "requested" else None,
        "state": state,
        "party_size": wish.party_size,
        "plate_cipher": cipher.encrypt(wish.plate) if wish.plate else None,
        "plate_hash": cipher.keyed_hash("plate", wish.plate) if wish.plate else None,
        "plate_tail_hash": cipher.keyed_hash("plate-tail", plate_tail(wish.plate)) if wish.plate else None,
        "source": command.source,
        "overlap_allowed": False,
        "was_late_cancel": False,
        "created_at": now,
        "client_uuid": str(command.client_uuid),
        "request_digest": request_digest,
    }
    with guarded():
        values["id"] = session.execute(_INSERT, values).scalar_one()
    booking = view_of(values, service)
    record_first(session, booking.id, state, actor_id=command.actor.person_id, now=now)
    tell(session, booking, "booking_confirmed" if state == "confirmed" else "booking_requested", now=now)
    return booking


def _digest(command: Book, service: ServiceFacts, start: datetime, plate: str | None, cipher: Cipher) -> str:
    """What was asked for. A plate goes in as its keyed hash: a plain digest of one could be guessed."""
    return digest(
        {
            "service": service.id,
            "start": start.isoformat(),
            "minutes": command.minutes,
            "party_size": command.party_size,
            "zone": command.zone,
            "plate": cipher.keyed_hash("plate", plate) if plate else None,
        }
    )


def cancel(session: Session, code: str, *, actor: Actor, now: datetime) -> BookingView:
    """Give a place back (取消); inside the last ten minutes it counts as late. Cancelling twice changes nothing.

    The desk of the centre may cancel too: that never counts, and the owner is told.
    Raises NotFound `unknown_booking`; Conflict `booking_state`.
    """
    booking = get_booking(session, code, actor=actor, lock=True)
    own = booking.person_id == actor.person_id
    late = own and is_late_cancel(booking.state, booking.start, now)
    moved = move_state(
        session,
        booking,
        "cancelled",
        actor_id=actor.person_id,
        reason=("late" if late else None) if own else "by_centre",
        now=now,
        was_late_cancel=late,
    )
    if moved is not booking and not own:
        tell_cancelled(session, moved, "by_centre", now=now)
    return moved
