"""The district's own calendar days 工作日历: listed, entered, taken back, with what that does to bookings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.booking import UPCOMING_STATES
from domain.errors import Invalid, NotFound
from domain.local_time import DAY_MINUTES, at_minute, check_day
from domain.opening import is_open
from domain.permissions import Actor
from domain.service_types import ServiceFacts
from domain.work_calendar import DayKind, SpecialDay, WorkCalendar, weekday_kind
from models.calendar import CalendarDay
from models.centre import Booking
from services import audit
from services.centre.catalogue import all_centres
from services.centre.work_calendar import library_days, work_calendar
from services.import_report import Outcome

LONGEST_LISTING = 400
MOST_AFFECTED = 500


@dataclass(frozen=True, slots=True)
class DayShown:
    """One day of the calendar, and who says so: `staff`, `library`, or only its `weekday`."""

    day: date
    kind: DayKind
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Affected:
    """A booking that would lie outside the hours."""

    code: str
    service: ServiceFacts
    start: datetime
    end: datetime


def list_days(session: Session, first: date, last: date) -> list[DayShown]:
    """The days first ≤ day ≤ last that differ from their weekday, or that staff entered.

    Raises Invalid `date_out_of_range` for a stretch that is empty or longer than 400 days.
    """
    if not timedelta(0) <= check_day(last) - check_day(first) < timedelta(days=LONGEST_LISTING):
        raise Invalid("date_out_of_range")
    special = work_calendar(session).days
    return [_shown(day, special[day]) for day in sorted(special) if first <= day <= last]


def _shown(day: date, special: SpecialDay | None) -> DayShown:
    if special is None:
        return DayShown(day, weekday_kind(day), "", "weekday")
    return DayShown(day, special.kind, special.name, special.source)


def set_day(session: Session, day: date, kind: DayKind, name: str, *, now: datetime) -> Outcome:
    """Enter what kind of day it is; says what that did. A changed day renews every catalogue.

    Raises Invalid `date_out_of_range`.
    """
    check_day(day)
    row = session.get(CalendarDay, day)
    if row is not None and (row.kind, row.name) == (kind, name):
        return "unchanged"
    if row is None:
        session.add(CalendarDay(day=day, kind=kind, name=name, source="staff", created_at=now))
    else:
        row.kind, row.name = kind, name
    session.flush()
    return "changed" if row else "added"


def enter_day(session: Session, day: date, kind: DayKind, name: str, *, actor: Actor, now: datetime) -> DayShown:
    """As `set_day`, with a trace of who did it. Raises Invalid `date_out_of_range`."""
    if set_day(session, day, kind, name, now=now) != "unchanged":
        _record(session, day, kind, actor, now)
    return DayShown(day, kind, name, "staff")


def forget_day(session: Session, day: date, *, actor: Actor, now: datetime) -> DayShown:
    """Take back what was entered; the day is again what the library or its weekday says.

    Raises NotFound `unknown_calendar_day` where nothing was entered.
    """
    row = session.get(CalendarDay, day)
    if row is None:
        raise NotFound("unknown_calendar_day")
    session.delete(row)
    session.flush()
    _record(session, day, None, actor, now)
    return _shown(day, library_days().get(day))


def _record(session: Session, day: date, kind: DayKind | None, actor: Actor, now: datetime) -> None:
    audit.record(
        session,
        person_id=actor.person_id,
        action="calendar.changed",
        subject_kind="calendar_day",
        subject_id=None,
        now=now,
        details={"day": day.isoformat(), "kind": kind},
    )


def affected_by(session: Session, day: date, kind: DayKind | None, *, now: datetime) -> Sequence[Affected]:
    """The bookings ahead that are open now and would not be, were the day of that kind (None: nothing entered).

    Asked before the day is entered; at most 500. Raises Invalid `date_out_of_range`.
    """
    special = SpecialDay(kind) if kind else library_days().get(check_day(day))
    days = {known: facts for known, facts in work_calendar(session).days.items() if known != day}
    calendar = WorkCalendar(days | ({day: special} if special else {}))
    found: list[Affected] = []
    for service in _followers(session):
        opening = replace(service.opening, calendar=calendar)
        begin = max(now, at_minute(day, 0, opening.tz))
        rows = session.execute(
            select(Booking.code, Booking.starts_at, Booking.ends_at)
            .where(
                Booking.service_id == service.id,
                Booking.state.in_(UPCOMING_STATES),
                Booking.starts_at >= begin - timedelta(minutes=DAY_MINUTES),
                Booking.starts_at < at_minute(day, 2 * DAY_MINUTES, opening.tz),
                Booking.ends_at > begin,
            )
            .order_by(Booking.starts_at, Booking.code)
            .limit(MOST_AFFECTED - len(found))
        )
        found += [
            Affected(row.code, service, row.starts_at, row.ends_at)
            for row in rows
            if is_open(service.opening, row.starts_at, row.ends_at) and not is_open(opening, row.starts_at, row.ends_at)
        ]
    return found


def _followers(session: Session) -> list[ServiceFacts]:
    """The services whose hours follow the working calendar."""
    return [
        service
        for centre in all_centres(session)
        for service in centre.services
        if any(rule.day_kind for rule in (*service.opening.centre_rules, *service.opening.service_rules))
    ]
