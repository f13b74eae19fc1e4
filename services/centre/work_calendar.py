"""The working calendar 工作日历: the library's public holidays and make-up days, overridden by the staff's table."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.work_calendar import SpecialDay, WorkCalendar
from models.calendar import CalendarDay

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


def unknown_years(session: Session, *, today: date) -> Sequence[int]:
    """The years of today and of the next 60 days of which only the weekends are known."""
    calendar = work_calendar(session)
    years = sorted({today.year, (today + LOOK_AHEAD).year})
    return [year for year in years if not calendar.knows_year(year)]
