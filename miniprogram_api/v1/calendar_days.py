"""The working calendar 工作日历: read by staff, changed by the district's admin."""

from apiflask import APIBlueprint

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.calendar_days import (
    CalendarChangeOut,
    CalendarDayIn,
    CalendarDayOut,
    CalendarOut,
    CalendarQuery,
)
from services.centre import calendar_days
from services.centre.work_calendar import unknown_years

bp = APIBlueprint("calendar_days", __name__, url_prefix="/api/v1", tag="工作日历 Calendar")


@bp.get("/calendar-days")
@bp.input(CalendarQuery, location="query")
@bp.output(CalendarOut)
def list_days(query_data: CalendarQuery) -> CalendarOut:
    """The days that differ from their weekday, and the years of which only the weekends are known."""
    with deps().read() as session:
        found = calendar_days.list_days(session, query_data.first, query_data.last)
        unknown = unknown_years(session, today=deps().options.today(deps().now()))
    return CalendarOut(items=[CalendarDayOut.of(day) for day in found], unknown_years=list(unknown))


@bp.post("/calendar-days")
@bp.input(CalendarDayIn)
@bp.output(CalendarChangeOut)
def change_day(json_data: CalendarDayIn) -> CalendarChangeOut:
    """Say what kind of day it is, or take that back; the answer names the bookings that lie outside the hours then."""
    day, kind, actor, now = json_data.day, json_data.kind, current_actor(), deps().now()
    if not json_data.apply:
        with deps().read() as session:
            return CalendarChangeOut.of(None, calendar_days.affected_by(session, day, kind, now=now))
    with deps().unit_of_work() as session:
        affected = calendar_days.affected_by(session, day, kind, now=now)
        if kind is None:
            shown = calendar_days.forget_day(session, day, actor=actor, now=now)
        else:
            shown = calendar_days.enter_day(session, day, kind, json_data.name, actor=actor, now=now)
        return CalendarChangeOut.of(shown, affected)
