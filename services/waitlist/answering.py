"""Answering an offer, leaving the wait-list 候补. See also `joining`, `offers`, `jobs`."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.booking import check_limits
from domain.codes import read_code
from domain.errors import Conflict, NotFound
from domain.permissions import Actor
from domain.service_types import suited
from models.waitlist import WaitlistEntry
from services.booking.bookings import own_of
from services.booking.gate import Guest, Origin, Wish, write_booking
from services.booking.states import tell
from services.centre.catalogue import lock_service
from services.ports import Cipher, unsealed
from services.waitlist.offers import Freed, offer_freed
from services.waitlist.states import end_offer, move_entry, tell_entry
from services.waitlist.views import EntryView, OfferView, check_entry_reader, read_entries

_entry = WaitlistEntry.__table__.c


def accept(session: Session, code: str, *, actor: Actor, cipher: Cipher, now: datetime) -> EntryView:
    """Take the offered place (接受): the held unit becomes a booking, in one transaction. Twice changes nothing.

    Where it cannot be booked (`overlap`, `too_many`) the offer stays until its deadline.
    Raises NotFound `unknown_entry`; Conflict `offer_over`, `overlap`, `too_many`.
    """
    entry = open_entry(session, code, actor)
    if entry.state == "accepted":
        return entry
    offer = _standing_offer(entry, now)
    own = entry.person_id == actor.person_id
    if entry.person_id is not None:
        has = own_of(session, entry.person_id, entry.service, client_uuid=None, asked="", now=now)
        check_limits(entry.service, has.bookings, offer.start, offer.end, now=now)
    end_offer(session, offer, "accepted", now=now)
    minutes = int((offer.end - offer.start).total_seconds() // 60)
    wish = Wish(suited(entry.service, accessible=entry.accessible), offer.start, minutes, entry.zone, entry.party_size)
    unit = entry.service.unit(offer.unit_id)
    guest = Guest(entry.person_id, unsealed(cipher, entry.guest_cipher), unsealed(cipher, entry.plate_cipher))
    origin = Origin("app" if own else "desk", actor.person_id, made_by_id=None if own else actor.person_id)
    booking = write_booking(session, wish, unit, guest, origin, cipher=cipher, now=now)
    move_entry(session, entry, "accepted", actor_id=actor.person_id, booking_id=booking.id, now=now)
    tell(session, booking, "booking_confirmed", now=now)
    return _again(session, entry)


def decline(session: Session, code: str, *, actor: Actor, now: datetime) -> EntryView:
    """Leave the offered place to the next (不要): the entry ends. Twice changes nothing.

    Raises NotFound `unknown_entry`; Conflict `offer_over`.
    """
    entry = open_entry(session, code, actor)
    if entry.state == "declined":
        return entry
    return _leave(session, entry, "declined", _standing_offer(entry, now), actor=actor, now=now)


def cancel(session: Session, code: str, *, actor: Actor, now: datetime) -> EntryView:
    """Wait no longer (退出候补); a place held for this entry goes on. Twice changes nothing.

    Raises NotFound `unknown_entry`; Conflict `wait_over`.
    """
    entry = open_entry(session, code, actor)
    if entry.state == "cancelled":
        return entry
    return _leave(session, entry, "cancelled", entry.offer, actor=actor, now=now)


def set_no_night_offers(session: Session, code: str, *, wanted: bool, actor: Actor, now: datetime) -> EntryView:
    """No offers from 22:00 to 07:00 (夜间不递补), or again at any time; an offer that stands is not touched.

    Raises NotFound `unknown_entry`; Conflict `wait_over`.
    """
    entry = open_entry(session, code, actor)
    if entry.state_at(now) not in ("waiting", "offered"):
        raise Conflict("wait_over", state=entry.state)
    session.execute(
        update(WaitlistEntry.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        .where(_entry.id == entry.id)
        .values(no_night_offers=wanted)
    )
    return _again(session, entry)


def open_entry(session: Session, code: str, actor: Actor) -> EntryView:
    """An entry to be changed: its service is locked first, then it is read. Raises NotFound `unknown_entry`."""
    key = read_code(code)
    row = session.execute(select(_entry.id, _entry.service_id).where(_entry.code == key)).one_or_none() if key else None
    if row is None:
        raise NotFound("unknown_entry")
    lock_service(session, row.service_id)
    return check_entry_reader(read_entries(session, _entry.id == row.id)[0], actor)


def _standing_offer(entry: EntryView, now: datetime) -> OfferView:
    if entry.offer is None or not entry.is_open_to_answer(now):
        raise Conflict("offer_over")
    return entry.offer


def _leave(
    session: Session, entry: EntryView, to: str, offer: OfferView | None, *, actor: Actor, now: datetime
) -> EntryView:
    if offer is not None:
        end_offer(session, offer, "declined" if to == "declined" else "withdrawn", now=now)
    moved = move_entry(session, entry, to, actor_id=actor.person_id, now=now)
    if entry.person_id != actor.person_id:
        tell_entry(session, moved, "by_desk", now=now)
    if offer is not None:
        offer_freed(session, entry.service.id, now=now, freed=Freed(offer.start, offer.end))
    return _again(session, entry)


def _again(session: Session, entry: EntryView) -> EntryView:
    return read_entries(session, _entry.id == entry.id)[0]
