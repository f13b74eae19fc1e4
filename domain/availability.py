"""Free or taken 余位: the one calculation that both lists the places and guards them (decision 21).

`free_units` and `free_seats` answer for one wish; a day is that same answer for every start. Nothing
here is personalised: `free` is what anyone of that zone could book now.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from domain.closures import closure_over
from domain.day_count import DayPlan, blocked_units, plan_of
from domain.local_time import local_day
from domain.rosters import is_on_duty
from domain.service_types import ServiceFacts, UnitFacts, serves, zones_of

WALKIN_RELEASE = timedelta(minutes=30)
LONGEST_OCCUPANCY = timedelta(days=2)
"""No single row of occupancy is longer, so a look-up need not search all of history."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Busy:
    """One row of occupancy: a unit taken over [start, end), or `taken` seats in one cell."""

    unit_id: int | None
    start: datetime
    end: datetime
    taken: int | None = None


@dataclass(slots=True)
class Timeline:
    """The occupancy of one service over some stretch of time, ready to be asked."""

    units: dict[int, list[tuple[datetime, datetime]]] = field(default_factory=lambda: defaultdict(list))
    seats: dict[datetime, int] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Busy]) -> "Timeline":
        timeline = cls()
        for row in rows:
            timeline.add(row.unit_id, row.start, row.end, row.taken)
        return timeline

    def add(self, unit_id: int | None, start: datetime, end: datetime, taken: int | None) -> None:
        if unit_id is None:
            self.seats[start] = taken or 0
        else:
            self.units[unit_id].append((start, end))

    def is_free(self, unit_id: int, start: datetime, end: datetime) -> bool:
        """Whether nothing of that unit overlaps [start, end)."""
        for busy_start, busy_end in self.units.get(unit_id, ()):  # noqa: SIM110 - a generator takes twice as long
            if busy_start < end and start < busy_end:
                return False
        return True


class Slot(NamedTuple):
    """One start of a day: `free` of `capacity` places; `zones` where no zone was asked for and the service has them."""

    start: datetime
    end: datetime
    free: int
    capacity: int
    zones: dict[str, int] | None = None


@dataclass(frozen=True, slots=True)
class DayAvailability:
    """Every start of one local day, full and past ones included, and the next start that has a place."""

    service: ServiceFacts
    day: date
    zone: str | None
    minutes: int
    slots: tuple[Slot, ...]
    next_free: Slot | None = None


def unit_order(unit: UnitFacts) -> tuple[tuple[int, int | str], ...]:
    """By number as people count: S2 before S10."""
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in re.findall(r"[0-9]+|[^0-9]+", unit.no))


@lru_cache(maxsize=4096)
def units_for(service: ServiceFacts, zone: str | None, *, with_walkin: bool) -> tuple[UnitFacts, ...]:
    """The units of a zone, best first: own zone before `any`, accessible ones last, small rooms before large.

    Without `with_walkin` the last ⌊share × n⌋ units of each zone, by number, are left for people who walk in.
    """
    groups: dict[str, list[UnitFacts]] = defaultdict(list)
    for unit in sorted(service.units, key=unit_order):
        if serves(unit, zone):
            groups[unit.zone or "any"].append(unit)
    kept: list[UnitFacts] = []
    for units in groups.values():
        held = 0 if with_walkin else len(units) * service.walkin_permille // 1000
        kept += units[: len(units) - held]
    return tuple(sorted(kept, key=lambda u: ((u.zone or "any") == "any", u.is_accessible, u.seats or 0, unit_order(u))))


@lru_cache(maxsize=4096)
def family_units(service: ServiceFacts) -> tuple[UnitFacts, ...]:
    """The family units, which only staff give, as a last resort."""
    return tuple(u for u in sorted(service.units, key=unit_order) if u.zone == "family" and u.state == "ok")


def occupied_until(service: ServiceFacts, start: datetime, minutes: int) -> datetime:
    """The end of what a booking takes: its own end and the cleaning after it."""
    return start + timedelta(minutes=minutes + service.cleaning_minutes)


def opens_for_booking(service: ServiceFacts, start: datetime, now: datetime) -> bool:
    """Not in the past, within the booking window, and not a service for walking in only."""
    if not service.is_bookable or start < now:
        return False
    tz = service.opening.tz
    return local_day(start, tz) <= local_day(now, tz) + timedelta(days=service.window_days)


def free_units(
    service: ServiceFacts,
    timeline: Timeline,
    start: datetime,
    minutes: int,
    *,
    zone: str | None,
    now: datetime,
    by_staff: bool = False,
) -> list[UnitFacts]:
    """The units that can be given for [start, start + minutes), best first.

    The desk (`by_staff`) also gives the walk-in share, starts that have begun, and family units last of all.
    """
    if not by_staff and not opens_for_booking(service, start, now):
        return []
    until = occupied_until(service, start, minutes)
    units = units_for(service, zone, with_walkin=by_staff or start - now <= WALKIN_RELEASE)
    if by_staff:
        units += family_units(service)
    busy = timeline.units
    free = [unit for unit in units if unit.id not in busy or timeline.is_free(unit.id, start, until)]
    return free if is_simple(service) else [u for u in free if is_usable(service, u.id, start, minutes)]


def is_simple(service: ServiceFacts) -> bool:
    """Nothing closed, and no roster to look at."""
    return not service.closures and not service.rules.needs_roster


def is_usable(service: ServiceFacts, unit_id: int, start: datetime, minutes: int) -> bool:
    """Whether a unit is neither closed nor without somebody on duty, whoever may have it."""
    if closure_over(service.closures, unit_id, start, occupied_until(service, start, minutes)):
        return False
    if not service.rules.needs_roster:
        return True
    return is_on_duty(service.rosters, unit_id, start, start + timedelta(minutes=minutes), service.opening.tz)


def free_seats(
    service: ServiceFacts, timeline: Timeline, start: datetime, minutes: int, *, now: datetime, by_staff: bool = False
) -> int:
    """The seats of a pool that stay free in every cell a booking would touch."""
    if service.capacity is None or not (by_staff or opens_for_booking(service, start, now)):
        return 0
    released = by_staff or start - now <= WALKIN_RELEASE
    held = 0 if released else service.capacity * service.walkin_permille // 1000
    until = occupied_until(service, start, minutes)
    if service.closures and closure_over(service.closures, None, start, until):
        return 0
    taken = max((timeline.seats.get(cell, 0) for cell in cells(start, until, service.cell_minutes)), default=0)
    return max(0, service.capacity - held - taken)


def cells(start: datetime, until: datetime, cell_minutes: int) -> list[datetime]:
    """The counter cells that [start, until) touches; they stand on multiples of the cell in UTC."""
    width = timedelta(minutes=cell_minutes)
    cell = start - (start - EPOCH) % width
    found: list[datetime] = []
    while cell < until:
        found.append(cell)
        cell += width
    return found


def slot_at(
    service: ServiceFacts, timeline: Timeline, start: datetime, minutes: int, *, zone: str | None, now: datetime
) -> Slot:
    """How many places one start has."""
    end = start + timedelta(minutes=minutes)
    if service.rules.shares == "seats":
        return Slot(
            start, end, free_seats(service, timeline, start, minutes, now=now), service.capacity or 0
        )  # a pool has no zones
    units = free_units(service, timeline, start, minutes, zone=zone, now=now)
    capacity = len(units_for(service, zone, with_walkin=True))
    zones = None
    if zone is None and zones_of(service):
        zones = {name: sum(serves(unit, name) for unit in units) for name in zones_of(service)}
    return Slot(start, end, len(units), capacity, zones)


def day_slots(
    service: ServiceFacts, timeline: Timeline, day: date, minutes: int, *, zone: str | None, now: datetime
) -> tuple[Slot, ...]:
    """Every start of a local day from which `minutes` fit into the opening hours."""
    plan = plan_of(service, day, minutes)
    if service.rules.shares == "seats" or not is_simple(service):
        return tuple(slot_at(service, timeline, start, minutes, zone=zone, now=now) for start in plan.starts)
    zones = zones_of(service) if zone is None else ()
    units = units_for(service, zone, with_walkin=False)
    counts = _free_counts(plan, timeline, units)
    by_zone = {name: _free_counts(plan, timeline, [u for u in units if serves(u, name)]) for name in zones}
    capacity = len(units_for(service, zone, with_walkin=True))
    first, last = _bookable(service, plan, day, now)
    released = bisect_right(plan.starts, now + WALKIN_RELEASE)
    slots: list[Slot] = []
    for index, (start, end, free) in enumerate(zip(plan.starts, plan.ends, counts, strict=True)):
        if first <= index < min(released, last):
            slots.append(slot_at(service, timeline, start, minutes, zone=zone, now=now))
            continue
        bookable = first <= index < last
        shares = {name: by_zone[name][index] * bookable for name in zones} if zones else None
        slots.append(Slot(start, end, free * bookable, capacity, shares))
    return tuple(slots)


def _free_counts(plan: DayPlan, timeline: Timeline, units: Sequence[UnitFacts]) -> list[int]:
    return [len(units) - blocked for blocked in blocked_units(plan, timeline.units, [unit.id for unit in units])]


def _bookable(service: ServiceFacts, plan: DayPlan, day: date, now: datetime) -> tuple[int, int]:
    """From which start on, and before which, a day can be booked (as `opens_for_booking` says of one start)."""
    too_far = day > local_day(now, service.opening.tz) + timedelta(days=service.window_days)
    if not service.is_bookable or too_far:
        return 0, 0
    return bisect_left(plan.starts, now), len(plan.starts)


def nearest_free(slots: Iterable[Slot], wished: datetime, *, party_size: int = 1, limit: int = 5) -> list[Slot]:
    """The free starts nearest to the wished one, in order of time; of two as near the later counts."""
    free = sorted((s for s in slots if s.free >= party_size), key=lambda s: (abs(s.start - wished), s.start < wished))
    return sorted(free[:limit], key=lambda s: s.start)


def free_right_now(service: ServiceFacts, timeline: Timeline, *, now: datetime) -> int:
    """Places nobody occupies at this moment, for someone standing at the door."""
    moment = timedelta(microseconds=1)
    if closure_over(service.closures, None, now, now + moment):
        return 0
    if service.rules.shares == "seats":
        cell = cells(now, now + timedelta(microseconds=1), service.cell_minutes)[0]
        return max(0, (service.capacity or 0) - timeline.seats.get(cell, 0))
    units = units_for(service, None, with_walkin=True)
    if not is_simple(service):
        units = tuple(u for u in units if is_usable_now(service, u.id, now=now))
    return sum(timeline.is_free(u.id, now, now + moment) for u in units)


def is_usable_now(service: ServiceFacts, unit_id: int, *, now: datetime) -> bool:
    """Whether a unit is open, and staffed where it needs somebody, at this moment."""
    moment = now + timedelta(microseconds=1)
    if closure_over(service.closures, unit_id, now, moment):
        return False
    return not service.rules.needs_roster or is_on_duty(service.rosters, unit_id, now, moment, service.opening.tz)
