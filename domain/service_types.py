"""What kinds of service there are 服务类别, and the plain facts that rules need of a service.

A new service of an existing kind is only a data row; a new kind is one entry in `SERVICE_KINDS`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from math import gcd
from typing import Literal

from domain.closures import ClosureFacts
from domain.errors import NotFound
from domain.opening import Opening
from domain.rosters import RosterFacts

ZONES = ("male", "female")
UNIT_ZONES = ("male", "female", "family", "any")
UNIT_STATES = ("ok", "cleaning", "broken")
LONGEST_STEP = 30


@dataclass(frozen=True, slots=True)
class ServiceKind:
    """One kind: what is shared out, and what a booking starts as."""

    label: str
    shares: Literal["units", "seats"]
    first_state: Literal["confirmed", "requested"] = "confirmed"
    longest_slots: int = 2
    """How many slots one booking may last where the service does not say."""
    needs_roster: bool = False
    """A unit is bookable only while somebody is on duty at it."""


SERVICE_KINDS: dict[str, ServiceKind] = {
    "unit": ServiceKind("编号设施", "units"),
    "pool": ServiceKind("名额", "seats"),
    "desk": ServiceKind("值班窗口", "units", longest_slots=1, needs_roster=True),
    "room": ServiceKind("活动室", "units", first_state="requested"),
}


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """One numbered unit. No zone means any; `seats` only for rooms."""

    id: int
    no: str
    zone: str | None = None
    is_accessible: bool = False
    state: str = "ok"
    seats: int | None = None


@dataclass(frozen=True, slots=True)
class Congestion:
    """A congestion notice (拥堵公告): bookings that start in [start, end) are kept so many minutes longer."""

    start: datetime
    end: datetime | None
    minutes: int

    def covers(self, instant: datetime) -> bool:
        return self.start <= instant and (self.end is None or instant < self.end)


@dataclass(frozen=True, slots=True, eq=False)
class ServiceFacts:
    """A service as the rules see it; compared by identity, one per catalogue revision."""

    id: int
    code: str
    name: str
    kind: str
    slot_minutes: int
    opening: Opening
    step_minutes: int = LONGEST_STEP
    cell_minutes: int = LONGEST_STEP
    min_minutes: int = 30
    max_minutes: int = 60
    cleaning_minutes: int = 0
    grace_minutes: int = 0
    capacity: int | None = None
    walkin_permille: int = 0
    booking_required: bool = False
    is_bookable: bool = True
    who_may_book: tuple[str, ...] | None = None
    max_future_per_person: int | None = None
    max_party: int | None = None
    is_overnight: bool = False
    window_days: int = 14
    hold_minutes: int = 1440
    units: tuple[UnitFacts, ...] = ()
    centre_id: int = 0
    centre_code: str = ""
    centre_name: str = ""
    centre_place: str = ""
    closures: tuple[ClosureFacts, ...] = ()
    rosters: tuple[RosterFacts, ...] = ()
    congestion: tuple[Congestion, ...] = ()
    accessible_only: bool = False
    """This is the part of the service that somebody who needs an accessible unit can use."""

    @property
    def rules(self) -> ServiceKind:
        return SERVICE_KINDS[self.kind]

    def unit(self, unit_id: int | None) -> UnitFacts | None:
        """One of its units; None for a pool's seats."""
        return next((unit for unit in self.units if unit.id == unit_id), None)

    def unit_no(self, unit_id: int | None) -> str | None:
        """The number on a unit's door."""
        unit = self.unit(unit_id)
        return unit.no if unit else None

    def unit_named(self, no: str) -> UnitFacts:
        """One of its units by number, without case. Raises NotFound `unknown_unit`."""
        wanted = no.strip().casefold()
        found = next((unit for unit in self.units if unit.no.casefold() == wanted), None)
        if found is None:
            raise NotFound("unknown_unit")
        return found


def default_step(slot_minutes: int) -> int:
    """Starts come every slot, at least every half hour, so that 22:00–06:00 fits into 20:00–09:00 (decision 20)."""
    return min(slot_minutes, LONGEST_STEP)


def default_longest(kind: str, slot_minutes: int) -> int:
    """A booking lasts at most two slots (a desk: one), and no more than twelve hours unless its slot is longer."""
    return max(slot_minutes, min(slot_minutes * SERVICE_KINDS[kind].longest_slots, 720))


def counting_cell(step_minutes: int, opens: list[int]) -> int:
    """The width of a pool's counters: the widest that every start falls on.

    Counters stand on multiples of the cell in UTC. Should hours change later to starts between them, a booking
    counts in each cell it touches: never too many guests, at worst a few too few.
    """
    return gcd(step_minutes, LONGEST_STEP, *opens)


@lru_cache(maxsize=4096)
def accessible_part(service: ServiceFacts) -> ServiceFacts:
    """The same service for somebody who needs an accessible unit (无障碍): no other unit is given, or counted."""
    if service.rules.shares == "seats":
        return service
    units = tuple(unit if unit.is_accessible else replace(unit, state="unfit") for unit in service.units)
    return replace(service, units=units, accessible_only=True)


def suited(service: ServiceFacts, *, accessible: bool) -> ServiceFacts:
    """The service as somebody can use it: its accessible part for who needs that."""
    return accessible_part(service) if accessible else service


def has_accessible(service: ServiceFacts) -> bool:
    """Whether some unit that guests can get is accessible."""
    return any(unit.is_accessible and unit.zone != "family" for unit in service.units)


@lru_cache(maxsize=4096)
def zones_of(service: ServiceFacts) -> tuple[str, ...]:
    """The zones a guest may choose; empty where the service has none (decision 21)."""
    kinds = {unit.zone or "any" for unit in service.units}
    if not kinds - {"any"}:
        return ()
    return ZONES if "any" in kinds else tuple(zone for zone in ZONES if zone in kinds)


def serves(unit: UnitFacts, zone: str | None) -> bool:
    """Whether a unit serves a zone; without a wish, any zone will do. Family units are given by staff only."""
    if unit.state != "ok" or unit.zone == "family":
        return False
    return zone is None or unit.zone in (None, "any", zone)
