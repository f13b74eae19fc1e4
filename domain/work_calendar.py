"""The working calendar 工作日历: which days people work in China, make-up days 调休 included (decision 17).

Only the days that differ from their weekday are held; every other day is a working day from Monday to
Friday and a rest day at the weekend. So a year that nobody knows yet is weekends only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

DayKind = Literal["workday", "restday", "holiday"]
DAY_KINDS: tuple[DayKind, ...] = ("workday", "restday", "holiday")
DAY_KIND_LABELS: dict[DayKind, str] = {"workday": "工作日", "restday": "休息日", "holiday": "节假日"}
SATURDAY = 5
FEWEST_HOLIDAYS = 10
"""No year since 2004 had fewer public holidays; a shorter list is not the whole year."""


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """One day that differs, and why: 春节, or 国庆节调休上班. `source`: the staff's table or the library."""

    kind: DayKind
    name: str = ""
    source: Literal["staff", "library"] = "library"


@dataclass(frozen=True, slots=True, eq=False)
class WorkCalendar:
    """The days that differ from their weekday. Compared by identity: one per state of the table."""

    days: Mapping[date, SpecialDay] = field(default_factory=dict)

    def kind_of(self, day: date) -> DayKind:
        """What kind of day it is: a public holiday, another day off, or a working day."""
        special = self.days.get(day)
        return special.kind if special else weekday_kind(day)

    def knows_year(self, year: int) -> bool:
        """Whether that year's public holidays are known; a few days entered by hand are not yet a year."""
        known = sum(day.year == year and special.kind == "holiday" for day, special in self.days.items())
        return known >= FEWEST_HOLIDAYS


def weekday_kind(day: date) -> DayKind:
    """What a day is by its weekday alone."""
    return "restday" if day.weekday() >= SATURDAY else "workday"


def kinds_for(kind: DayKind) -> tuple[DayKind, ...]:
    """The kinds of rule that fit such a day, the most particular first: a holiday is a day off too."""
    return ("holiday", "restday") if kind == "holiday" else (kind,)


WEEKENDS_ONLY = WorkCalendar()
