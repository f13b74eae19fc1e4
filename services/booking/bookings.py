"""Taking and giving back a place 预约与取消. See also `changes`, `jobs`, and `services.desk.admitting`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, literal, null, select, union_all
from sqlalchemy.orm import Session

from domain.booking import (
    ACTIVE_STATES,
    OwnBooking,
    check_length,
    check_limits,
    check_party,
    check_start,
    check_who,
    choose_zone,
    counts_as_late,
    part_for,
)
from domain.local_time import to_utc
from domain.marks import LOOK_BACK, MarkFacts, check_marks
from domain.permissions import Actor
from domain.plates import read_plate
from domain.service_types import ServiceFacts
from domain.waitlist import WAITING_STATES
from models.centre import Booking, Mark
from models.waitlist import WaitlistEntry
from services.booking.gate import Guest, Origin, Wish, open_booking, take_place, timeline_for, write_booking
from services.booking.marks import write_mark
from services.booking.states import move_state, tell, tell_cancelled
from services.booking.views import BookingView, check_reader, read_bookings
from services.centre.catalogue import service_by_code
from services.idempotency import check_same_request, digest
from services.ports import Cipher
from services.waitlist.offers import served, stop_waiting

_booking, _mark, _entry = Booking.__table__.c, Mark.__table__.c, WaitlistEntry.__table__.c
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
# Indexed look-ups in one query, so that it does not grow with a person's history: an earlier request under this
# key, what they hold, the marks that may still count, and whether they wait for this service.
_OWN = union_all(
    select(*_OWN_COLUMNS).where(
        _booking.person_id == bindparam("person_id"), _booking.client_uuid == bindparam("client_uuid")
    ),
    select(*_OWN_COLUMNS).where(
        _booking.person_id == bindparam("person_id"),
        _booking.ends_at > bindparam("now"),
        _booking.state.in_(ACTIVE_STATES),
    ),
    select(_mark.id, literal(""), _mark.halves, literal("mark"), _mark.at, _mark.at, null(), null()).where(
        _mark.person_id == bindparam("person_id"), _mark.at > bindparam("since"), _mark.waived_at.is_(None)
    ),
    select(
        _entry.id, _entry.code, _entry.service_id, literal("entry"), _entry.starts_at, _entry.until_at, null(), null()
    ).where(
        _entry.person_id == bindparam("person_id"),
        _entry.service_id == bindparam("service_id"),
        _entry.state.in_(WAITING_STATES),
    ),
)


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
    accessible: bool = False
    source: str = "app"


@dataclass(frozen=True, slots=True)
class Booked:
    """The booking, and whether this was only the repeat of an earlier request."""

    booking: BookingView
    repeated: bool = False


@dataclass(slots=True)
class Own:
    """What a person has already, as far as a new booking needs it."""

    repeat_of: int | None = None
    bookings: list[OwnBooking] = field(default_factory=list)
    marks: list[MarkFacts] = field(default_factory=list)
    waits: list[tuple[int, datetime, datetime]] = field(default_factory=list)
    """(entry, from, until) for this service."""

    def waits_for(self, start: datetime, end: datetime) -> list[int]:
        """The entries that are about that time."""
        return [entry for entry, since, until in self.waits if since < end and start < until]


def book(session: Session, command: Book, *, cipher: Cipher, now: datetime) -> Booked:
    """Take a place (预约), or answer a repeated `client_uuid` with the first booking.

    Bookings of one service wait for one another at its row; the database guards the rest.
    Raises NotFound `unknown_service`; Invalid `naive_time`, `start_in_past`, `beyond_window`, `off_grid`,
    `minutes_out_of_range`, `party_size`, `not_a_plate`; NotAllowed `who_may_book`; Conflict `walk_in_only`,
    `closed_then`, `closed_now`, `zone_required`, `zone_not_served`, `overlap`, `too_many`, `restricted`,
    `slot_full`, `client_uuid_reused`.
    """
    start = to_utc(command.start)
    plate = read_plate(command.plate) if command.plate else None
    service = service_by_code(session, command.service, to_book=True)
    asked = _digest(command, service, start, plate, cipher)
    service = part_for(service, accessible=command.accessible)
    own = own_of(session, command.actor.person_id, service, client_uuid=str(command.client_uuid), asked=asked, now=now)
    if own.repeat_of is not None:
        return Booked(read_bookings(session, _booking.id == own.repeat_of)[0], repeated=True)
    wish = _check(command, service, start, own, now)
    waiting = stop_waiting(session, own.waits_for(wish.start, wish.end), now=now)
    unit = take_place(session, wish, timeline_for(session, wish), now=now)
    guest = Guest(command.actor.person_id, plate=plate)
    origin = Origin(command.source, command.actor.person_id, str(command.client_uuid), asked)
    booking = write_booking(session, wish, unit, guest, origin, cipher=cipher, now=now)
    tell(session, booking, "booking_confirmed" if booking.state == "confirmed" else "booking_requested", now=now)
    served(session, waiting, booking.id, actor_id=command.actor.person_id, now=now)
    return Booked(booking)


def own_of(
    session: Session, person_id: int, service: ServiceFacts, *, client_uuid: str | None, asked: str, now: datetime
) -> Own:
    """What somebody has, in one query. Raises Conflict `client_uuid_reused`."""
    own = Own()
    asked_for = {
        "person_id": person_id,
        "client_uuid": client_uuid,
        "service_id": service.id,
        "now": now,
        "since": now - LOOK_BACK,
    }
    for row in session.execute(_OWN, asked_for):
        if row.state == "mark":
            own.marks.append(MarkFacts(row.starts_at, row.service_id))
        elif row.state == "entry":
            own.waits.append((row.id, row.starts_at, row.ends_at))
        elif client_uuid is not None and row.client_uuid == client_uuid:
            check_same_request(row, asked)
            own.repeat_of = row.id
        else:
            own.bookings.append(OwnBooking(row.code, row.service_id, row.state, row.starts_at, row.ends_at))
    return own


def _check(command: Book, service: ServiceFacts, start: datetime, own: Own, now: datetime) -> Wish:
    minutes = service.slot_minutes if command.minutes is None else command.minutes
    check_who(service, command.actor)
    check_length(service, minutes)
    check_party(service, command.party_size)
    check_start(service, start, minutes, now=now)
    end = start + timedelta(minutes=minutes)
    zone = choose_zone(service, command.zone, command.actor.zone)
    check_limits(service, own.bookings, start, end, now=now)
    check_marks(service, own.marks, start, now=now)
    return Wish(service, start, minutes, zone, command.party_size)


def _digest(command: Book, service: ServiceFacts, start: datetime, plate: str | None, cipher: Cipher) -> str:
    """What was asked for. A plate goes in as its keyed hash: a plain digest of one could be guessed."""
    return digest(
        {
            "service": service.id,
            "start": start.isoformat(),
            "minutes": command.minutes,
            "party_size": command.party_size,
            "zone": command.zone,
            **({"accessible": True} if command.accessible else {}),
            "plate": cipher.keyed_hash("plate", plate) if plate else None,
        }
    )


def cancel(session: Session, code: str, *, actor: Actor, now: datetime) -> BookingView:
    """Give a place back (取消); inside the last ten minutes it is half a mark, and so it is where the place was moved
    inside the last ten minutes of an earlier time. Cancelling twice changes nothing.

    The desk of the centre may cancel too: that never counts, and the owner is told.
    Raises NotFound `unknown_booking`; Conflict `booking_state`.
    """
    booking = check_reader(open_booking(session, code), actor)
    own = booking.person_id == actor.person_id
    late = own and counts_as_late(booking.state, booking.start, now, gave_up_late=booking.was_late_cancel)
    moved = move_state(
        session,
        booking,
        "cancelled",
        actor_id=actor.person_id,
        reason=("late" if late else None) if own else "by_centre",
        now=now,
        was_late_cancel=late,
    )
    if late:
        write_mark(session, moved, "late_cancel", now=now)
    if moved is not booking and not own:
        tell_cancelled(session, moved, "by_centre", now=now)
    return moved
