"""How long a stay can go on in its own place: for being late 晚到 and for extending 延长."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.availability import Timeline, cells, is_usable, occupied_until, units_for
from domain.booking import ACTIVE_STATES, LATE_STEP, MOST_LATE, OwnBooking, pick_unit
from domain.closures import closure_over
from domain.errors import Invalid
from domain.opening import is_open
from domain.rosters import is_on_duty
from domain.service_types import ServiceFacts, UnitFacts

STEP_MINUTES = 5
STEP = timedelta(minutes=STEP_MINUTES)
SHORTEST_REST = timedelta(minutes=5)
"""A shorter rest of a stay is none."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Where and when somebody is; `unit_id` None: seats of a pool."""

    unit_id: int | None
    start: datetime
    end: datetime
    occupied_until: datetime
    seats: int = 1


def check_late_minutes(minutes: int) -> None:
    """Raises Invalid `late_minutes`: 5 to 90 minutes, in steps of five."""
    if not LATE_STEP <= minutes <= MOST_LATE or minutes % LATE_STEP:
        raise Invalid("late_minutes", max=MOST_LATE, step=LATE_STEP)


def furthest_end(service: ServiceFacts, timeline: Timeline, stay: Stay, limit: datetime) -> datetime:
    """The latest end a stay can have where it is, in steps of five minutes, up to `limit`; at least its own end.

    `timeline` says what is taken, this stay included.
    """
    end = stay.end
    while end + STEP <= limit and can_stay_until(service, timeline, stay, end + STEP):
        end += STEP
    return end


def can_stay_until(service: ServiceFacts, timeline: Timeline, stay: Stay, end: datetime) -> bool:
    """Whether a stay can end later: open and on duty all the time, not closed, and the place and its cleaning free."""
    until = end + timedelta(minutes=service.cleaning_minutes)
    if not is_open(service.opening, stay.start, end):
        return False
    if closure_over(service.closures, stay.unit_id, stay.end, until):
        return False
    if stay.unit_id is None:
        return _has_seats(service, timeline, stay, until)
    if service.rules.needs_roster and not is_on_duty(
        service.rosters, stay.unit_id, stay.start, end, service.opening.tz
    ):
        return False
    return timeline.is_free(stay.unit_id, stay.occupied_until, until)


def _has_seats(service: ServiceFacts, timeline: Timeline, stay: Stay, until: datetime) -> bool:
    width = service.cell_minutes
    own = set(cells(stay.start, stay.occupied_until, width))
    most = (service.capacity or 0) - stay.seats
    return all(timeline.seats.get(cell, 0) <= most for cell in cells(stay.start, until, width) if cell not in own)


def other_unit(
    service: ServiceFacts, timeline: Timeline, stay: Stay, zone: str | None, minutes: int, *, with_walkin: bool
) -> UnitFacts | None:
    """A unit of the same zone that is free for `minutes` from the stay's start; None where there is none.

    `timeline` holds this stay too, so that it never is its own unit.
    """
    if not is_open(service.opening, stay.start, stay.start + timedelta(minutes=minutes)):
        return None
    until = occupied_until(service, stay.start, minutes)
    units = (
        unit
        for unit in units_for(service, zone, with_walkin=with_walkin)
        if timeline.is_free(unit.id, stay.start, until) and is_usable(service, unit.id, stay.start, minutes)
    )
    return pick_unit(units, stay.seats)


def own_limit(own: Iterable[OwnBooking], code: str, end: datetime, limit: datetime) -> datetime:
    """Until when somebody may stay before their own next booking begins; at most `limit`."""
    starts = [b.start for b in own if b.code != code and b.state in ACTIVE_STATES and b.start >= end]
    return min([limit, *starts])


def bookable_minutes(service: ServiceFacts, length: timedelta) -> int:
    """The longest length that can be booked within a stay's own, at least the shortest there is."""
    wished = max(service.min_minutes, min(int(length.total_seconds()) // 60, service.max_minutes))
    return wished - (wished - service.min_minutes) % service.step_minutes


def least_extension(end: datetime, now: datetime) -> int:
    """The fewest minutes more with which a stay ends in the future; of one that is over, more than it is over by."""
    over = max(0, int((now - end).total_seconds() // 60))
    return over + STEP_MINUTES - over % STEP_MINUTES


def minutes_between(start: datetime, end: datetime) -> int:
    """Whole minutes, rounded up."""
    return -int((start - end).total_seconds() // 60)


def is_open_choice(reasons: Sequence[str | None]) -> bool:
    """Whether the last word about being late left a choice open: "late:40:rest", and no "late:40" after it."""
    said = [reason for reason in reasons if reason and reason.startswith("late:")]
    return bool(said) and said[-1].endswith(":rest")
