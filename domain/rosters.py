"""Rosters 值班表: a desk is bookable while somebody is on duty at it, and not otherwise."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

from domain.local_time import local_day
from domain.opening import Interval, merge, window_on

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RosterFacts:
    """Who is on duty at a unit, on which days (from_on ≤ day < to_on; no weekday: each) and from when to when."""

    id: int
    unit_id: int
    who: str
    weekday: int | None
    opens: int
    closes: int
    from_on: date
    to_on: date | None = None

    def is_for(self, day: date) -> bool:
        return (
            self.from_on <= day and (self.to_on is None or day < self.to_on) and self.weekday in (None, day.weekday())
        )


def is_on_duty(rosters: tuple[RosterFacts, ...], unit_id: int, start: datetime, end: datetime, tz: tzinfo) -> bool:
    """Whether somebody is at that desk for the whole of [start, end)."""
    return any(w.start <= start and end <= w.end for w in duty_around(rosters, unit_id, local_day(start, tz), tz))


@lru_cache(maxsize=20_000)
def duty_around(rosters: tuple[RosterFacts, ...], unit_id: int, day: date, tz: tzinfo) -> tuple[Interval, ...]:
    """The time somebody is on duty from the day before to the day after, shifts that touch made one."""
    days = (day - ONE_DAY, day, day + ONE_DAY)
    return merge(
        window_on(d, rule.opens, rule.closes, tz)
        for rule in rosters
        if rule.unit_id == unit_id
        for d in days
        if rule.is_for(d)
    )
