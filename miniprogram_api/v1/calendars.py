"""Calendars 日历: a booking by its signed link, all bookings of a person by their private feed."""

from apiflask import APIBlueprint, FileSchema
from flask import Response
from pydantic import BaseModel

from domain.calendar_file import CalendarEvent, calendar_file
from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from services.booking import calendars
from services.booking import views as booking_views

NAME = "我的预约（链驿）"
bp = APIBlueprint("calendars", __name__, url_prefix="/api/v1", tag="日历 Calendars")


class FeedOut(BaseModel):
    url: str


@bp.get("/bookings/<code>.ics")
@bp.output(FileSchema(), content_type="text/calendar")
def show_booking(code: str) -> Response:
    """One booking, for its owner or the desk of its centre."""
    with deps().read() as session:
        booking = booking_views.get_booking(session, code, actor=current_actor())
    return calendar_response([calendars.event_of(booking)], booking.code)


@bp.get("/me/calendar")
@bp.output(FeedOut)
def show_feed() -> FeedOut:
    """The private link to one's own bookings, for a calendar app."""
    with deps().read() as session:
        return _feed(calendars.feed_token(session, current_actor().person_id, signer=deps().signer))


@bp.post("/me/calendar/renew")
@bp.output(FeedOut)
def renew_feed() -> FeedOut:
    """A new private link; the old one is dead from now on."""
    with deps().unit_of_work() as session:
        return _feed(calendars.renew_feed(session, current_actor().person_id, signer=deps().signer))


@bp.get("/calendars/<token>.ics")
@bp.output(FileSchema(), content_type="text/calendar")
def read_feed(token: str) -> Response:
    """The feed itself: whoever has the link may read it."""
    with deps().read() as session:
        found = calendars.feed_bookings(session, token, signer=deps().signer, now=deps().now())
        events = [calendars.event_of(booking) for booking in found]
    return calendar_response(events, "lianyi", name=NAME)


@bp.get("/calendars/booking/<code>/<signature>.ics")
@bp.output(FileSchema(), content_type="text/calendar")
def read_booking(code: str, signature: str) -> Response:
    """One booking, by the signed link in it: a calendar app has no token of ours."""
    with deps().read() as session:
        booking = calendars.signed_booking(session, code, signature, signer=deps().signer)
    return calendar_response([calendars.event_of(booking)], booking.code)


def _feed(token: str) -> FeedOut:
    return FeedOut(url=f"{deps().options.base_url}/api/v1/calendars/{token}.ics")


def calendar_response(events: list[CalendarEvent], filename: str, *, name: str | None = None) -> Response:
    """The file, never kept by anything in between."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}.ics"', "Cache-Control": "private, no-store"}
    return Response(calendar_file(events, name=name, now=deps().now()), mimetype="text/calendar", headers=headers)
