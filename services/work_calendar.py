"""The working calendar 工作日历: the library's public holidays and make-up days, overridden by the staff's table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import Invalid, NotFound
from domain.local_time import check_day
from domain.work_calendar import DayKind, SpecialDay, WorkCalendar, weekday_kind
from models.calendar import CalendarDay

LONGEST_LISTING = 400
LOOK_AHEAD = timedelta(days=60)
LIBRARY_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利70周年纪念日",
}


@cache
def library_days() -> dict[date, SpecialDay]:
    """What the `chinesecalendar` library knows: days off and make-up days as the State Council announced them."""
    from chinese_calendar import constants  # late: a few hundred days that most processes never ask for

    off: dict[date, str] = constants.holidays
    made_up: dict[date, str] = constants.workdays
    days = {day: SpecialDay("holiday", LIBRARY_NAMES.get(name, name)) for day, name in off.items()}
    return days | {day: SpecialDay("workday", f"{LIBRARY_NAMES.get(name, name)}调休") for day, name in made_up.items()}


def work_calendar(session: Session) -> WorkCalendar:
    """The calendar as it stands: the staff's word about a day goes before the library's (decision 17)."""
    rows = session.execute(select(CalendarDay.day, CalendarDay.kind, CalendarDay.name)).all()
    own = {row.day: SpecialDay(row.kind, row.name, "staff") for row in rows}
    return WorkCalendar(library_days() | own)


@dataclass(frozen=True, slots=True)
class DayShown:
    """One day of the calendar, and who says so."""

    day: date
    kind: DayKind
    name: str
    source: str


def list_days(session: Session, first: date, last: date) -> list[DayShown]:
    """The days first ≤ day ≤ last that differ from their weekday, or that staff entered.

    Raises Invalid `date_out_of_range` for a stretch that is empty or longer than 400 days.
    """
    if not timedelta(0) <= check_day(last) - check_day(first) < timedelta(days=LONGEST_LISTING):
        raise Invalid("date_out_of_range")
    special = work_calendar(session).days
    return [_shown(day, special[day]) for day in sorted(special) if first <= day <= last]


def _shown(day: date, special: SpecialDay) -> DayShown:
    return DayShown(day, special.kind, special.name, special.source)


def set_day(session: Session, day: date, kind: DayKind, name: str, *, now: datetime) -> bool:
    """Enter what kind of day it is; says whether that changed anything. A changed day renews every catalogue.

    Raises Invalid `date_out_of_range`.
    """
    check_day(day)
    row = session.get(CalendarDay, day)
    if row is not None and (row.kind, row.name) == (kind, name):
        return False
    if row is None:
        session.add(CalendarDay(day=day, kind=kind, name=name, source="staff", created_at=now))
    else:
        row.kind, row.name = kind, name
    session.flush()
    return True


def forget_day(session: Session, day: date) -> DayShown:
    """Take back what was entered; the day is again what the library or its weekday says.

    Raises NotFound `unknown_calendar_day` where nothing was entered.
    """
    row = session.get(CalendarDay, day)
    if row is None:
        raise NotFound("unknown_calendar_day")
    session.delete(row)
    session.flush()
    special = library_days().get(day)
    return _shown(day, special) if special else DayShown(day, weekday_kind(day), "", "weekday")


def unknown_years(session: Session, *, today: date) -> Sequence[int]:
    """The years of today and of the next 60 days of which only the weekends are known."""
    calendar = work_calendar(session)
    years = sorted({today.year, (today + LOOK_AHEAD).year})
    return [year for year in years if not calendar.knows_year(year)]
