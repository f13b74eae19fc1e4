"""Giving a booking another time 改时间: never without a place on the way."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.booking import (
    can_move,
    check_length,
    check_limits,
    check_party,
    check_start,
    check_who,
    choose_zone,
    counts_as_late,
)
from domain.errors import Conflict
from domain.local_time import iso, to_utc
from domain.marks import SAME_HOUR, check_marks
from domain.permissions import Actor
from domain.stays import bookable_minutes
from models.centre import Booking
from services.booking.bookings import Booked, Own, own_of
from services.booking.gate import Guest, Origin, Wish, open_booking, take_place, timeline_for, write_booking
from services.booking.lateness import is_to_be_chosen
from services.booking.states import move_state, tell
from services.booking.views import BookingView, check_reader, read_bookings
from services.idempotency import check_same_request, digest
from services.ports import Cipher, unsealed
from services.waitlist.offers import offer_freed, served, stop_waiting

_booking = Booking.__table__.c


@dataclass(frozen=True, slots=True)
class Move:
    """Another time for a booking; what is left out stays as it is."""

    actor: Actor
    code: str
    start: datetime
    minutes: int | None = None
    zone: str | None = None
    party_size: int | None = None
    client_uuid: UUID | None = None


def move(session: Session, command: Move, *, cipher: Cipher, now: datetime) -> Booked:
    """Give a booking another time (改时间): the old place is given up and the new one taken in one, or nothing happens.

    A request for a room is asked anew. The same wish again answers with the same new booking. Marks bar no move of
    what was booked ahead; what was booked for the coming hour stays in it. Who moves inside the last ten minutes and
    then cancels has cancelled late.
    Raises NotFound `unknown_booking`; Conflict `booking_state`, `late_too_late`, `nothing_to_move`,
    `client_uuid_reused` and what `services.booking.bookings.book` raises; places are looked for as if the old one
    were free.
    """
    old = check_reader(open_booking(session, command.code), command.actor)
    asked = _digest(command)
    if old.state == "moved":
        return _moved_already(session, command, old, asked)
    _check_movable(old, now)
    own = _own(session, command, old, asked, now)
    wish = _wish(session, command, old, own, now)
    guest = Guest(old.person_id, unsealed(cipher, old.guest_cipher), unsealed(cipher, old.plate_cipher))
    actor_id = command.actor.person_id
    key = str(command.client_uuid) if command.client_uuid else None
    made_by_id = None if old.person_id == actor_id else actor_id
    origin = Origin(
        old.source,
        actor_id,
        key,
        asked if key else None,
        made_by_id=made_by_id,
        reason="moved",
        gave_up_late=made_by_id is None and _gives_up_late(old, now),
    )
    with session.begin_nested():
        move_state(session, old, "moved", actor_id=actor_id, now=now, offer=False)
        waiting = stop_waiting(session, own.waits_for(wish.start, wish.end), now=now)
        unit = take_place(session, wish, timeline_for(session, wish), now=now)
        state = old.state if made_by_id else None  # what the desk had agreed to, the desk agrees to elsewhere
        new = write_booking(session, wish, unit, guest, origin, cipher=cipher, now=now, state=state)
        session.execute(
            update(Booking.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
            .where(_booking.id == old.id)
            .values(moved_to_id=new.id)
        )
        served(session, waiting, new.id, actor_id=actor_id, now=now)
    offer_freed(session, wish.service.id, now=now)
    _tell_moved(session, new, by_owner=made_by_id is None, now=now)
    return Booked(new)


def _check_movable(old: BookingView, now: datetime) -> None:
    if can_move(old.state, old.start, kept=old.kept_until, now=now):
        return
    if old.state == "confirmed":
        raise Conflict("late_too_late", grace_until=iso(old.kept_until, old.service.opening.tz))
    raise Conflict("booking_state", state=old.state)


def _gives_up_late(old: BookingView, now: datetime) -> bool:
    """Whether moving gives up a time at the last moment; not where the road was jammed then."""
    if any(jam.covers(old.start) for jam in old.service.congestion):
        return old.was_late_cancel
    return counts_as_late(old.state, old.start, now, gave_up_late=old.was_late_cancel)


def _own(session: Session, command: Move, old: BookingView, asked: str, now: datetime) -> Own:
    """What the owner has besides, read as for a new booking. Raises Conflict `client_uuid_reused`."""
    if old.person_id is None:
        return Own()
    key = str(command.client_uuid) if command.client_uuid else None
    own = own_of(session, old.person_id, old.service, client_uuid=key, asked=asked, now=now)
    own.bookings = [booking for booking in own.bookings if booking.code != old.code]
    return own


def _wish(session: Session, command: Move, old: BookingView, own: Own, now: datetime) -> Wish:
    """The new time, checked like a new booking's; marks are asked only where the old one was for the coming hour."""
    service, actor = old.service, command.actor
    by_staff = old.person_id != actor.person_id
    start = to_utc(command.start)
    meant = _meant(session, old)
    minutes = bookable_minutes(service, meant) if command.minutes is None else command.minutes
    party_size = old.party_size if command.party_size is None else command.party_size
    zone = choose_zone(service, command.zone, old.zone)
    if not by_staff:
        check_who(service, actor)
    check_length(service, minutes)
    check_party(service, party_size)
    if (start, timedelta(minutes=minutes), party_size, zone) == (old.start, meant, old.party_size, old.zone):
        raise Conflict("nothing_to_move")
    check_start(service, start, minutes, now=now)
    check_limits(service, own.bookings, start, start + timedelta(minutes=minutes), now=now)
    if not by_staff and old.start - old.created_at <= SAME_HOUR:
        check_marks(service, own.marks, start, now=now)
    return Wish(service, start, minutes, zone, party_size, by_staff=by_staff)


def _meant(session: Session, old: BookingView) -> timedelta:
    """How long a stay was meant to be: what being late added is no part of it."""
    length = old.end - old.start
    if old.late_minutes and not is_to_be_chosen(session, old):
        length -= timedelta(minutes=old.late_minutes)
    return length


def _moved_already(session: Session, command: Move, old: BookingView, asked: str) -> Booked:
    """The repeat of a move. Raises Conflict `client_uuid_reused`; `booking_state` for another wish."""
    found = read_bookings(session, _booking.id == old.moved_to_id)
    if not found:
        raise Conflict("booking_state", state="moved")
    new = found[0]
    row = session.execute(select(_booking.client_uuid, _booking.request_digest).where(_booking.id == new.id)).one()
    if command.client_uuid and row.client_uuid == str(command.client_uuid):
        check_same_request(row, asked)
    elif new.start != to_utc(command.start):
        raise Conflict("booking_state", state="moved", moved_to=new.code)
    return Booked(new, repeated=True)


def _digest(command: Move) -> str:
    return digest(
        {
            "move": command.code.strip().upper(),
            "start": to_utc(command.start).isoformat(),
            "minutes": command.minutes,
            "zone": command.zone,
            "party_size": command.party_size,
        }
    )


def _tell_moved(session: Session, new: BookingView, *, by_owner: bool, now: datetime) -> None:
    """The owner reads it in the inbox; what staff did rings on the phone as well."""
    if new.state == "requested":
        tell(session, new, "booking_requested", now=now)
    else:
        tell(session, new, "booking_moved" if by_owner else "booking_confirmed", now=now)
