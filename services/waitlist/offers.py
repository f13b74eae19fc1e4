"""Offers 递补: a freed place goes to whoever waits, in order, in the transaction that freed it.

Every function here is called with the service's row locked.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.availability import LONGEST_OCCUPANCY, Busy, Timeline, occupied_until
from domain.night import is_night
from domain.service_types import ServiceFacts
from domain.waitlist import answer_until
from domain.waitlist_places import Place, Places
from models.centre import Booking, Hold
from models.waitlist import WaitlistEntry
from services.centre.occupancy import timeline_between
from services.waitlist.states import end_offer, move_entry, tell_offer, withdraw
from services.waitlist.views import ACTIVE, EntryView, OfferView, read_entries

MOST_ENTRIES = 1000
"""So many of a line are looked at in one go; the others have their turn when these are served or over."""
MOST_OFFERS = 50
"""So many offers are made in one transaction; the clock makes the rest."""
AROUND = timedelta(hours=6)
"""Cleaning and whole cells reach beyond a freed place; a wish that far off is still looked at."""
_entry, _hold, _booking = WaitlistEntry.__table__.c, Hold.__table__.c, Booking.__table__.c
_INSERT = insert(Hold.__table__).returning(_hold.id)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
# A place let lapse counts as taken for that person until somebody else has had it.
_HAD_BY_ANOTHER = exists().where(
    _booking.service_id == _hold.service_id,
    _booking.unit_id.is_not_distinct_from(_hold.unit_id),
    _booking.starts_at < _hold.occupied_until,
    _booking.starts_at > bindparam("earliest", type_=_booking.starts_at.type),
    _booking.occupied_until > _hold.starts_at,
    _booking.created_at >= _hold.ended_at,
)


@dataclass(frozen=True, slots=True)
class Freed:
    """The time in which something became free: only wishes around it are looked at."""

    start: datetime
    until: datetime


def offer_freed(session: Session, service_id: int, *, now: datetime, freed: Freed | None = None) -> int:
    """Offer what is free of a service to those who wait for it, in order; returns how many offers were made.

    Who does not fit is skipped, not moved. Where nobody waits this is one indexed query.
    """
    line = waiting_line(session, service_id, now=now, freed=freed)
    if not line:
        return 0
    made = 0
    for entry, place, places in matches(session, line, now=now):
        made += _offer(session, entry, place, places, now=now)
        if made >= MOST_OFFERS:
            break
    return made


def could_offer(session: Session, service_id: int, *, now: datetime) -> bool:
    """Whether there is anything to offer, without a lock: the clock asks before it takes one."""
    line = waiting_line(session, service_id, now=now)
    return bool(line) and next(matches(session, line, now=now), None) is not None


def waiting_line(session: Session, service_id: int, *, now: datetime, freed: Freed | None = None) -> list[EntryView]:
    """Those of a service who may be offered something now, in order; who wants no offers at night sleeps on."""
    where = (_entry.service_id == service_id) & ACTIVE & (_entry.state == "waiting") & (_entry.until_at > now)
    if freed is not None:
        where &= (_entry.starts_at < freed.until + AROUND) & (_entry.until_at > freed.start - AROUND)
    line = read_entries(session, where, limit=MOST_ENTRIES)
    if not line or not is_night(now, line[0].service.opening.tz):
        return line
    return [entry for entry in line if not entry.no_night_offers]


def matches(session: Session, line: Sequence[EntryView], *, now: datetime) -> Iterator[tuple[EntryView, Place, Places]]:
    """Each entry with the place that suits it, as long as the caller takes the places it gives away."""
    service = line[0].service
    places = Places(service, _timeline(session, service, line, now), now)
    lapsed = _let_lapse(session, [entry for entry in line if entry.lapses])
    for entry in line:
        place = places.best(entry.wish, as_taken=lapsed.get(entry.id, ()))
        if place:
            yield entry, place, places


def withdraw_offers(
    session: Session,
    service_id: int,
    *,
    start: datetime,
    until: datetime | None,
    unit_id: int | None = None,
    now: datetime,
) -> list[EntryView]:
    """Take back the offers that a closure touches (no unit: of the whole service); nobody loses their place in line."""
    where = (_entry.service_id == service_id) & ACTIVE & _hold.is_open & (_hold.occupied_until > start)
    if until is not None:
        where &= _hold.starts_at < until
    if unit_id is not None:
        where &= _hold.unit_id == unit_id
    return [withdraw(session, entry, now=now) for entry in read_entries(session, where)]


def stop_waiting(session: Session, entry_ids: Sequence[int], *, now: datetime) -> list[EntryView]:
    """First half of `served`: the open offers of these entries are given back, so that one may book that very place."""
    entries = read_entries(session, ACTIVE & _entry.id.in_(entry_ids)) if entry_ids else []
    for entry in entries:
        if entry.offer is not None:
            end_offer(session, entry.offer, "withdrawn", now=now)
    return entries


def served(
    session: Session, entries: Sequence[EntryView], booking_id: int, *, actor_id: int | None, now: datetime
) -> None:
    """Second half: who got a place in that time another way waits no longer; what was held for them goes on."""
    for entry in entries:
        move_entry(session, entry, "served", actor_id=actor_id, booking_id=booking_id, now=now)
    for entry in entries:
        if entry.offer is not None:
            offer_freed(session, entry.service.id, now=now)


def _timeline(session: Session, service: ServiceFacts, line: Sequence[EntryView], now: datetime) -> Timeline:
    since = max(now, min(entry.start for entry in line))
    reach = timedelta(minutes=service.cleaning_minutes + service.cell_minutes)
    return timeline_between(
        session, service.id, since - timedelta(minutes=service.cell_minutes), max(e.until for e in line) + reach
    )


def _let_lapse(session: Session, entries: Sequence[EntryView]) -> dict[int, list[Busy]]:
    """What each of these let lapse and nobody else has had since."""
    found: dict[int, list[Busy]] = defaultdict(list)
    if not entries:
        return found
    rows = session.execute(
        select(_hold.entry_id, _hold.unit_id, _hold.starts_at, _hold.occupied_until, _hold.seats).where(
            _hold.entry_id.in_([entry.id for entry in entries]), _hold.outcome == "lapsed", ~_HAD_BY_ANOTHER
        ),
        {"earliest": min(entry.start for entry in entries) - LONGEST_OCCUPANCY},
    )
    for row in rows:
        found[row.entry_id].append(Busy(row.unit_id, row.starts_at, row.occupied_until, row.seats))
    return found


def _offer(session: Session, entry: EntryView, place: Place, places: Places, *, now: datetime) -> int:
    """Hold a place for somebody; 0 where the database knows better."""
    service = entry.service
    until = answer_until(service, place.end, now=now)
    unit_id = place.unit.id if place.unit else None
    values = {
        "kind": "offer",
        "service_id": service.id,
        "unit_id": unit_id,
        "starts_at": place.start,
        "ends_at": place.end,
        "occupied_until": occupied_until(service, place.start, place.minutes),
        "seats": entry.party_size if place.unit is None else 1,
        "is_open": True,
        "entry_id": entry.id,
        "made_at": now,
        "answer_until": until,
    }
    places.take(place, entry.party_size)
    try:
        with session.begin_nested():
            hold_id = session.execute(_INSERT, values).scalar_one()
    except IntegrityError:
        return 0
    move_entry(session, entry, "offered", now=now)
    tell_offer(session, entry, OfferView(hold_id, unit_id, place.start, place.end, until), now=now)
    return 1
