"""Getting in line 候补登记: who may wait for what, and that there is nothing to book instead."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from domain.availability import slot_at
from domain.booking import check_length, check_party, check_start, check_who, choose_zone, part_for
from domain.codes import new_code, read_code
from domain.errors import Conflict, Invalid, NotAllowed, NotFound
from domain.local_time import iso, local_day, to_utc
from domain.marks import check_marks
from domain.permissions import Actor, runs_desk
from domain.plates import read_plate
from domain.service_types import ServiceFacts
from domain.waitlist import LONGEST_WISH, WishFacts, can_wait, starts_for
from domain.waitlist_places import Places
from models.centre import Booking
from models.people import Person
from models.waitlist import WaitlistEntry
from services.booking.bookings import own_of
from services.booking.guards import guarded
from services.centre.catalogue import service_by_code
from services.centre.occupancy import timeline_between
from services.idempotency import check_same_request, digest
from services.ports import Cipher
from services.waitlist.states import record_joined
from services.waitlist.views import EntryView, read_entries

_entry, _booking = WaitlistEntry.__table__.c, Booking.__table__.c
_INSERT = insert(WaitlistEntry.__table__).returning(_entry.id)  # type: ignore[arg-type]  # typed as FromClause


@dataclass(frozen=True, slots=True)
class Join:
    """What somebody would wait for; `minutes` None is the usual slot, `until` None is `start` + `minutes`.

    With `centre` the desk of that centre puts down a guest without an account, by `name` or `plate`.
    """

    actor: Actor
    service: str
    start: datetime
    client_uuid: UUID
    minutes: int | None = None
    until: datetime | None = None
    min_minutes: int | None = None
    zone: str | None = None
    party_size: int = 1
    accessible: bool = False
    no_night_offers: bool | None = None
    instead_of: str | None = None
    centre: str | None = None
    name: str | None = None
    plate: str | None = None

    @property
    def by_desk(self) -> bool:
        return self.centre is not None


@dataclass(frozen=True, slots=True)
class Joined:
    """The entry, and whether this was only the repeat of an earlier request."""

    entry: EntryView
    repeated: bool = False


def join(session: Session, command: Join, *, cipher: Cipher, now: datetime) -> Joined:
    """Get in line (候补), at the tail, or answer a repeated `client_uuid` with the first entry.

    `instead_of` names a booking that the centre had to give up: once, its owner goes first in line.
    Raises NotFound `unknown_service`, `unknown_booking`; NotAllowed `who_may_book`, `not_allowed`; Invalid
    `naive_time`, `start_in_past`, `beyond_window`, `off_grid`, `minutes_out_of_range`, `wish_times`, `party_size`,
    `not_a_plate`, `guest_unnamed`; Conflict `wait_not_possible`, `closed_then`, `zone_required`, `zone_not_served`,
    `restricted`, `place_free` (with the places), `already_waiting` (with the entry), `client_uuid_reused`.
    """
    plate = read_plate(command.plate) if command.plate else None
    service = part_for(service_by_code(session, command.service, to_book=True), accessible=command.accessible)
    if command.by_desk:
        _check_desk(command, service)
    wish = _wish(command, service)
    asked = _digest(command, service, wish, plate, cipher)
    earlier = _earlier(session, command, asked)
    if earlier is not None:
        return Joined(read_entries(session, _entry.id == earlier)[0], repeated=True)
    _check(service, command, wish, now)
    if not command.by_desk:
        _check_own(session, command.actor, service, wish, now)
    displaced = _displaced(session, command, service) if command.instead_of else None
    _check_full(session, service, wish, now)
    values = {
        "code": new_code(),
        "service_id": service.id,
        "person_id": None if command.by_desk else command.actor.person_id,
        "made_by_id": command.actor.person_id if command.by_desk else None,
        "guest_cipher": cipher.encrypt(command.name) if command.name else None,
        "plate_cipher": cipher.encrypt(plate) if plate else None,
        "starts_at": wish.start,
        "until_at": wish.until,
        "minutes": wish.minutes,
        "min_minutes": wish.shortest,
        "zone": wish.zone,
        "party_size": wish.party_size,
        "accessible": wish.accessible,
        "is_first": displaced is not None,
        "no_night_offers": _no_night_offers(session, command),
        "state": "waiting",
        "lapses": 0,
        "joined_at": now,
        "instead_of_id": displaced,
        "client_uuid": str(command.client_uuid),
        "request_digest": asked,
    }
    with guarded():
        entry_id = session.execute(_INSERT, values).scalar_one()
    reason = "displaced" if displaced is not None else None
    record_joined(session, entry_id, actor_id=command.actor.person_id, reason=reason, now=now)
    return Joined(read_entries(session, _entry.id == entry_id)[0])


def _check_desk(command: Join, service: ServiceFacts) -> None:
    """The desk of a centre puts guests down for its own services, and must know how to call them."""
    if (command.centre or "").casefold() != service.centre_code.casefold():
        raise NotFound("unknown_service")
    if not runs_desk(command.actor, service.centre_id):
        raise NotAllowed("not_allowed")
    if not command.name and not command.plate:
        raise Invalid("guest_unnamed")


def _wish(command: Join, service: ServiceFacts) -> WishFacts:
    minutes = service.slot_minutes if command.minutes is None else command.minutes
    check_length(service, minutes)
    shortest = minutes if command.min_minutes is None else command.min_minutes
    check_length(service, shortest)
    start = to_utc(command.start)
    until = start + timedelta(minutes=minutes) if command.until is None else to_utc(command.until)
    longest = max(LONGEST_WISH, timedelta(minutes=service.max_minutes))
    if shortest > minutes or not timedelta(minutes=shortest) <= until - start <= longest:
        raise Invalid("wish_times", min=shortest, max_hours=int(longest.total_seconds() // 3600))
    saved = None if command.by_desk else command.actor.zone
    zone = choose_zone(service, command.zone, saved)
    return WishFacts(start, until, minutes, shortest, zone, command.party_size, service.accessible_only)


def _check(service: ServiceFacts, command: Join, wish: WishFacts, now: datetime) -> None:
    """Whether somebody may wait for that, and whether the place can exist at all."""
    if not can_wait(service):
        raise Conflict("wait_not_possible")
    if not command.by_desk:
        check_who(service, command.actor)
    check_party(service, wish.party_size)
    tz = service.opening.tz
    if local_day(wish.start, tz) > local_day(now, tz) + timedelta(days=service.window_days) or not starts_for(
        service, wish, now=now
    ):
        check_start(service, wish.start, wish.shortest, now=now)
        raise Conflict("closed_then")


def _check_own(session: Session, actor: Actor, service: ServiceFacts, wish: WishFacts, now: datetime) -> None:
    own = own_of(session, actor.person_id, service, client_uuid=None, asked="", now=now)
    if own.waits:
        raise Conflict("already_waiting", id=read_entries(session, _entry.id == own.waits[0][0])[0].code)
    latest = wish.until - timedelta(minutes=wish.shortest)
    check_marks(service, own.marks, latest, now=now)


def _check_full(session: Session, service: ServiceFacts, wish: WishFacts, now: datetime) -> None:
    """One waits for what is not there; what is there is booked. Raises Conflict `place_free`."""
    since = max(wish.start, now) - timedelta(minutes=service.cell_minutes)
    reach = timedelta(minutes=service.cleaning_minutes + service.cell_minutes)
    timeline = timeline_between(session, service.id, since, wish.until + reach)
    place = Places(service, timeline, now).best(wish)
    if place is None:
        return
    tz = service.opening.tz
    free = slot_at(service, timeline, place.start, place.minutes, zone=wish.zone, now=now).free
    raise Conflict(
        "place_free", alternatives=[{"start": iso(place.start, tz), "end": iso(place.end, tz), "free": free}]
    )


def _displaced(session: Session, command: Join, service: ServiceFacts) -> int | None:
    """The own booking that the centre gave up, None where somebody has gone first for it already.

    Raises NotFound `unknown_booking`.
    """
    key = read_code(command.instead_of or "")
    row = session.execute(
        select(_booking.id, _booking.person_id, _booking.service_id, _booking.state).where(_booking.code == key)
    ).one_or_none()
    mine = row is not None and (row.person_id is None if command.by_desk else row.person_id == command.actor.person_id)
    if row is None or not mine or row.service_id != service.id or row.state != "displaced":
        raise NotFound("unknown_booking")
    used = session.scalar(select(literal(1)).where(_entry.instead_of_id == row.id))
    return None if used else int(row.id)


def _no_night_offers(session: Session, command: Join) -> bool:
    """As said, else as the person has set it for all."""
    if command.no_night_offers is not None or command.by_desk:
        return bool(command.no_night_offers)
    settings = session.scalar(select(Person.settings).where(Person.id == command.actor.person_id))
    return bool((settings or {}).get("no_night_offers"))


def _earlier(session: Session, command: Join, asked: str) -> int | None:
    """The entry this client key made before. Raises Conflict `client_uuid_reused`."""
    whose = _entry.made_by_id if command.by_desk else _entry.person_id
    row = session.execute(
        select(_entry.id, _entry.request_digest).where(
            whose == command.actor.person_id, _entry.client_uuid == str(command.client_uuid)
        )
    ).one_or_none()
    if row is None:
        return None
    check_same_request(row, asked)
    return int(row.id)


def _digest(command: Join, service: ServiceFacts, wish: WishFacts, plate: str | None, cipher: Cipher) -> str:
    """What was asked for. Names and plates go in as keyed hashes: a plain digest of one could be guessed."""
    return digest(
        {
            "service": service.id,
            "start": wish.start.isoformat(),
            "until": wish.until.isoformat(),
            "minutes": wish.minutes,
            "min_minutes": wish.shortest,
            "zone": command.zone,
            **({"accessible": True} if command.accessible else {}),
            "party_size": wish.party_size,
            "no_night_offers": command.no_night_offers,
            "instead_of": command.instead_of,
            "name": cipher.keyed_hash("guest-name", command.name) if command.name else None,
            "plate": cipher.keyed_hash("plate", plate) if plate else None,
        }
    )
