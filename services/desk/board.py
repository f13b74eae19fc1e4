"""The board of a desk 值班台: everything of one day at one centre, in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.availability import LONGEST_OCCUPANCY, Timeline, free_right_now, is_usable_now
from domain.closures import ClosureFacts, closure_over
from domain.desk import who_text
from domain.local_time import DAY_MINUTES, at_minute, check_day, local_day
from domain.opening import is_open_at
from domain.permissions import Actor
from domain.service_types import ServiceFacts, UnitFacts
from domain.waitlist import WAITING_STATES
from models.centre import Booking, Occupancy
from models.waitlist import WaitlistEntry
from services.booking.views import read_bookings
from services.centre.catalogue import CentreFacts, NoticeFacts
from services.centre.closures import ClosureView, closures_of
from services.desk.conflicts import ConflictView, open_conflicts
from services.desk.lines import DeskLine, desk_lines, name_behind, names_of
from services.desk.scope import desk_centre
from services.ports import Cipher
from services.waitlist.standing import positions
from services.waitlist.views import EntryView, read_entries

INSIDE = ("checked_in", "overstayed")
ARRIVED = ("checked_in", "overstayed", "completed")
AHEAD = timedelta(hours=24)
MOMENT = timedelta(microseconds=1)
_booking, _busy = Booking.__table__.c, Occupancy.__table__.c
_entry = WaitlistEntry.__table__.c


@dataclass(frozen=True, slots=True)
class UnitNow:
    """A unit at this moment: `free_until` is now where it is taken, None where nothing is ahead of it."""

    unit: UnitFacts
    state: str
    closure: ClosureFacts | None
    free_until: datetime | None


@dataclass(frozen=True, slots=True)
class ServiceBoard:
    """One service: its units now, its bookings of the day."""

    service: ServiceFacts
    units: tuple[UnitNow, ...]
    lines: tuple[DeskLine, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody on the wait-list."""

    entry: EntryView
    who: str
    position: int | None


@dataclass(frozen=True, slots=True)
class Board:
    """What the desk sees of one day."""

    centre: CentreFacts
    day: date
    services: tuple[ServiceBoard, ...]
    requests: tuple[str, ...]
    waiting: tuple[Waiting, ...]
    conflicts: tuple[tuple[ConflictView, str], ...]
    notices: tuple[NoticeFacts, ...]
    closures: tuple[ClosureView, ...]
    free_now: int

    def count(self, *states: str) -> int:
        return sum(line.booking.state in states for part in self.services for line in part.lines)


def read_board(session: Session, code: str, day: date | None, *, actor: Actor, cipher: Cipher, now: datetime) -> Board:
    """The day's guests, last night's and whoever is still inside; units as they are now; who waits; what is to settle.

    At most eleven queries, however many bookings. Raises as `desk_centre`; Invalid `date_out_of_range`.
    """
    centre = desk_centre(session, code, actor)
    day = check_day(day) if day else local_day(now, centre.tz)
    ids = [service.id for service in centre.services]
    since, until = at_minute(day, 0, centre.tz), at_minute(day, DAY_MINUTES, centre.tz)
    bookings = read_bookings(
        session,
        _booking.service_id.in_(ids)
        & (_booking.starts_at < until)
        & (_booking.starts_at > since - LONGEST_OCCUPANCY)
        & ((_booking.ends_at > since) | _booking.state.in_(INSIDE)),
    )
    asked = session.scalars(
        select(_booking.code)
        .where(_booking.service_id.in_(ids), _booking.state == "requested", _booking.starts_at > now)
        .order_by(_booking.starts_at, _booking.id)
    )
    requests = tuple(asked)
    entries = read_entries(session, _entry.service_id.in_(ids) & _entry.state.in_(WAITING_STATES))
    entries = [entry for entry in entries if entry.state_at(now) in WAITING_STATES]
    conflicts = open_conflicts(session, centre)
    people = [b.person_id for b in bookings] + [e.person_id for e in entries] + [c.person_id for c in conflicts]
    names = names_of(session, people)
    lines = desk_lines(session, bookings, cipher=cipher, names=names)
    timelines = _timelines(session, ids, now)
    places = positions(session, entries, now=now)

    def who(row: EntryView | ConflictView) -> str:
        return who_text(name_behind(row.person_id, row.guest_cipher, names, cipher))

    return Board(
        centre=centre,
        day=day,
        services=tuple(_service_board(service, lines, timelines[service.id], now) for service in centre.services),
        requests=requests,
        waiting=tuple(Waiting(entry, who(entry), places.get(entry.id)) for entry in entries),
        conflicts=tuple((conflict, who(conflict)) for conflict in conflicts),
        notices=tuple(notice for notice in centre.notices if notice.end is None or notice.end > now),
        closures=tuple(sorted(closures_of(session, centre, now=now), key=lambda c: (c.start, c.id))),
        free_now=sum(
            free_right_now(service, timelines[service.id], now=now)
            for service in centre.services
            if is_open_at(service.opening, now)
        ),
    )


def _service_board(service: ServiceFacts, lines: Sequence[DeskLine], timeline: Timeline, now: datetime) -> ServiceBoard:
    units = tuple(_unit_now(service, unit, timeline, now) for unit in service.units)
    return ServiceBoard(service, units, tuple(line for line in lines if line.booking.service.id == service.id))


def _unit_now(service: ServiceFacts, unit: UnitFacts, timeline: Timeline, now: datetime) -> UnitNow:
    closure = closure_over(service.closures, unit.id, now, now + MOMENT)
    state = closure.kind if closure else unit.state
    busy = timeline.units.get(unit.id, [])
    if any(start <= now < end for start, end in busy) or not is_usable_now(service, unit.id, now=now):
        return UnitNow(unit, state, closure, now)
    ahead = [start for start, _ in busy if start > now]
    ahead += [c.start for c in service.closures if c.unit_id in (None, unit.id) and c.start > now]
    return UnitNow(unit, state, closure, min(ahead, default=None))


def _timelines(session: Session, service_ids: Sequence[int], now: datetime) -> dict[int, Timeline]:
    """What is taken from now to this time tomorrow, of every service at once."""
    timelines = {service_id: Timeline() for service_id in service_ids}
    rows = session.execute(
        select(_busy.service_id, _busy.unit_id, _busy.starts_at, _busy.ends_at, _busy.taken).where(
            _busy.service_id.in_(service_ids),
            _busy.starts_at > now - LONGEST_OCCUPANCY,
            _busy.starts_at < now + AHEAD,
            _busy.ends_at > now,
        )
    )
    for service_id, unit_id, start, end, taken in rows:
        timelines[service_id].add(unit_id, start, end, taken)
    return timelines
