"""A whole day's free places at once: what `availability.slot_at` says of each start, counted in one pass.

Each taken interval blocks a run of neighbouring starts, so a day costs its rows and its starts, not their product.
A property test holds it equal to `slot_at` (tests/domain/test_day_count.py).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate

from domain.opening import grid, is_open
from domain.service_types import ServiceFacts


@dataclass(frozen=True, slots=True)
class DayPlan:
    """The starts of a local day, the end of each stay, and until when it would take its place."""

    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]
    untils: tuple[datetime, ...]


@lru_cache(maxsize=4096)
def plan_of(service: ServiceFacts, day: date, minutes: int) -> DayPlan:
    """Every start of a local day from which `minutes` fit into the opening hours."""
    stay = timedelta(minutes=minutes)
    starts = tuple(
        start
        for start in grid(service.opening, day, service.step_minutes)
        if is_open(service.opening, start, start + stay)
    )
    cleaning = timedelta(minutes=service.cleaning_minutes)
    return DayPlan(starts, tuple(s + stay for s in starts), tuple(s + stay + cleaning for s in starts))


def blocked_units(
    plan: DayPlan, busy: Mapping[int, Sequence[tuple[datetime, datetime]]], unit_ids: Iterable[int]
) -> list[int]:
    """For each start how many of these units something overlaps."""
    changes = [0] * (len(plan.starts) + 1)
    for unit_id in unit_ids:
        intervals = busy.get(unit_id)
        if not intervals:
            continue
        done = 0
        for start, end in sorted(intervals):
            first = max(bisect_right(plan.untils, start), done)
            after = bisect_left(plan.starts, end)
            if first < after:
                changes[first] += 1
                changes[after] -= 1
                done = after
    return list(accumulate(changes[:-1]))
