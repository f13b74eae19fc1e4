"""Which free place suits somebody who waits: the same calculation as for a booking, asked over a whole wish."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.availability import Busy, Timeline, cells, free_seats, free_units, occupied_until
from domain.booking import pick_unit
from domain.opening import is_open
from domain.service_types import ServiceFacts, UnitFacts, suited
from domain.waitlist import WishFacts, lengths_for, starts_for


@dataclass(frozen=True, slots=True)
class Place:
    """A stay that is free: its unit, None for seats."""

    start: datetime
    minutes: int
    unit: UnitFacts | None
    free: int

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)


@dataclass(slots=True)
class Places:
    """The free places of one service at one moment; what was looked up once is kept until a place is taken."""

    service: ServiceFacts
    timeline: Timeline
    now: datetime
    _units: dict[tuple[datetime, int, str | None, bool], list[UnitFacts]] = field(default_factory=dict)
    _seats: dict[tuple[datetime, int], int] = field(default_factory=dict)

    def best(self, wish: WishFacts, *, as_taken: Sequence[Busy] = ()) -> Place | None:
        """The longest stay that fits a wish, of these the earliest.

        `as_taken` is what this person let lapse: for them it is as if it were taken.
        """
        if as_taken:
            return Places(self.service, self._with(as_taken), self.now).best(wish)
        starts = starts_for(self.service, wish, now=self.now)
        for minutes in lengths_for(self.service, wish) if starts else ():
            stay = timedelta(minutes=minutes)
            for start in starts:
                if start + stay > wish.until:
                    break
                if is_open(self.service.opening, start, start + stay):
                    found = self._place(start, minutes, wish)
                    if found:
                        return found
        return None

    def take(self, place: Place, seats: int) -> None:
        """That place is given away."""
        until = occupied_until(self.service, place.start, place.minutes)
        unit_id = place.unit.id if place.unit else None
        _occupy(self.service, self.timeline, Busy(unit_id, place.start, until, seats))
        self._units.clear()
        self._seats.clear()

    def _place(self, start: datetime, minutes: int, wish: WishFacts) -> Place | None:
        if self.service.rules.shares == "seats":
            free = self._seats.get((start, minutes))
            if free is None:
                free = free_seats(self.service, self.timeline, start, minutes, now=self.now)
                self._seats[start, minutes] = free
            return Place(start, minutes, None, free) if free >= wish.party_size else None
        key = (start, minutes, wish.zone, wish.accessible)
        units = self._units.get(key)
        if units is None:
            part = suited(self.service, accessible=wish.accessible)
            units = self._units[key] = free_units(part, self.timeline, start, minutes, zone=wish.zone, now=self.now)
        unit = pick_unit(units, wish.party_size)
        return Place(start, minutes, unit, len(units)) if unit else None

    def _with(self, rows: Sequence[Busy]) -> Timeline:
        copy = Timeline(seats=dict(self.timeline.seats))
        for unit_id, spans in self.timeline.units.items():
            copy.units[unit_id] = list(spans)
        for row in rows:
            _occupy(self.service, copy, row)
        return copy


def _occupy(service: ServiceFacts, timeline: Timeline, row: Busy) -> None:
    if row.unit_id is not None:
        timeline.add(row.unit_id, row.start, row.end, None)
        return
    for cell in cells(row.start, row.end, service.cell_minutes):
        timeline.seats[cell] = timeline.seats.get(cell, 0) + (row.taken or 0)
