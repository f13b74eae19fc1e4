"""Opening hours 开放时间: weekly rules with effective dates, exceptions, over midnight, all day.

A window belongs to the local day on which it opens, also when it closes on the next one. The rules
of a service, where there are any, stand in place of those of its centre. Within one timetable rules
for a kind of day of the working calendar go before those for a weekday, a holiday's before a rest day's.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

from domain.local_time import DAY_MINUTES, at_minute, local_day
from domain.work_calendar import WEEKENDS_ONLY, DayKind, WorkCalendar, kinds_for

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A half-open stretch of time [start, end), in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class OpeningRule:
    """Open from one minute of the day to another; `closes` ≤ `opens` means the next day. No weekday: every day.

    With a `day_kind` the rule follows the working calendar; `is_closed` leaves its days without hours.
    """

    weekday: int | None
    opens: int
    closes: int
    effective_from: date = date.min
    day_kind: str | None = None
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class OpeningException:
    """On the days from_on ≤ day < to_on other hours, or none at all."""

    from_on: date
    to_on: date
    hours: tuple[int, int] | None
    reason: str = ""

    def outside(self, first: date, after: date) -> Iterator["OpeningException"]:
        """What of it lies outside the days first ≤ day < after."""
        if self.from_on < min(self.to_on, first):
            yield replace(self, to_on=min(self.to_on, first))
        if max(self.from_on, after) < self.to_on:
            yield replace(self, from_on=max(self.from_on, after))


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """All that decides when one service is open. Compared by identity, so that windows can be remembered."""

    tz: tzinfo
    centre_rules: tuple[OpeningRule, ...]
    service_rules: tuple[OpeningRule, ...] = ()
    centre_exceptions: tuple[OpeningException, ...] = ()
    service_exceptions: tuple[OpeningException, ...] = ()
    calendar: WorkCalendar = WEEKENDS_ONLY


def rules_in_effect(rules: Sequence[OpeningRule], day: date) -> tuple[OpeningRule, ...]:
    """Of several timetables the one that took effect last, on or before that day."""
    begun = [rule for rule in rules if rule.effective_from <= day]
    if not begun:
        return ()
    newest = max(rule.effective_from for rule in begun)
    return tuple(rule for rule in begun if rule.effective_from == newest)


def hours_on(opening: Opening, day: date) -> tuple[tuple[int, int], ...]:
    """The hours of one day as (opens, closes) minutes: an exception first, then the timetable in effect."""
    for exceptions in (opening.service_exceptions, opening.centre_exceptions):
        today = [exception for exception in exceptions if exception.from_on <= day < exception.to_on]
        if today:
            return tuple(sorted(e.hours for e in today if e.hours)) if all(e.hours for e in today) else ()
    rules = rules_in_effect(opening.service_rules, day) or rules_in_effect(opening.centre_rules, day)
    return hours_by_rules(rules, day.weekday(), opening.calendar.kind_of(day))


def hours_by_rules(rules: Iterable[OpeningRule], weekday: int, kind: DayKind) -> tuple[tuple[int, int], ...]:
    """The hours of one timetable on such a weekday that is such a kind of day."""
    fitting = [rule for rule in rules if rule.weekday is None or rule.weekday == weekday]
    for wanted in (*kinds_for(kind), None):
        chosen = [rule for rule in fitting if rule.day_kind == wanted]
        if chosen:
            return () if any(r.is_closed for r in chosen) else tuple(sorted((r.opens, r.closes) for r in chosen))
    return ()


@lru_cache(maxsize=20_000)
def windows_of(opening: Opening, day: date) -> tuple[Interval, ...]:
    """The windows that open on that local day."""
    return tuple(window_on(day, opens, closes, opening.tz) for opens, closes in hours_on(opening, day))


def window_on(day: date, opens: int, closes: int, tz: tzinfo) -> Interval:
    """From one minute of a local day to another; `closes` ≤ `opens` means the next day."""
    return Interval(at_minute(day, opens, tz), at_minute(day, closes if closes > opens else closes + DAY_MINUTES, tz))


@lru_cache(maxsize=20_000)
def cover_around(opening: Opening, day: date) -> tuple[Interval, ...]:
    """The open time from the day before to the day after, adjoining windows made one (24 h services)."""
    return merge(w for offset in (-1, 0, 1, 2) for w in windows_of(opening, day + offset * ONE_DAY))


def merge(windows: Iterable[Interval]) -> tuple[Interval, ...]:
    """Windows that touch or overlap become one."""
    merged: list[Interval] = []
    for window in sorted(windows):
        if merged and window.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return tuple(merged)


def is_open(opening: Opening, start: datetime, end: datetime) -> bool:
    """Whether the whole of [start, end) lies in open time."""
    return any(w.start <= start and end <= w.end for w in cover_around(opening, local_day(start, opening.tz)))


def is_open_at(opening: Opening, instant: datetime) -> bool:
    """Whether it is open at that moment."""
    return any(w.start <= instant < w.end for w in cover_around(opening, local_day(instant, opening.tz)))


@lru_cache(maxsize=20_000)
def grid(opening: Opening, day: date, step_minutes: int) -> tuple[datetime, ...]:
    """The starts of a local day: counted in steps from the opening of each window (decision 20).

    After midnight, the window that opened the day before still counts.
    """
    step = timedelta(minutes=step_minutes)
    starts: set[datetime] = set()
    for window in (*windows_of(opening, day - ONE_DAY), *windows_of(opening, day)):
        start = window.start
        while start < window.end:
            if local_day(start, opening.tz) == day:
                starts.add(start)
            start += step
    return tuple(sorted(starts))
