"""The desk of a centre 服务台: answer requests, let guests in, close stays."""

from collections.abc import Callable

from apiflask import APIBlueprint

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.bookings import BookingOut, RefuseIn
from services import booking_desk
from services.booking_views import BookingView

bp = APIBlueprint("desk", __name__, url_prefix="/api/v1", tag="服务台 Desk")


@bp.post("/bookings/<code>/confirm")
@bp.output(BookingOut)
def confirm(code: str) -> BookingOut:
    """Say yes to a request for a room."""
    return _answer(booking_desk.confirm, code)


@bp.post("/bookings/<code>/refuse")
@bp.input(RefuseIn)
@bp.output(BookingOut)
def refuse(code: str, json_data: RefuseIn) -> BookingOut:
    """Say no to a request; the owner hears the next free time."""
    return _answer(booking_desk.refuse, code, reason=json_data.reason)


@bp.post("/bookings/<code>/check-in")
@bp.output(BookingOut)
def check_in(code: str) -> BookingOut:
    """Let a guest in."""
    return _answer(booking_desk.check_in, code)


@bp.post("/bookings/<code>/complete")
@bp.output(BookingOut)
def complete(code: str) -> BookingOut:
    """Close a stay; the rest of an early leaver's time is free again."""
    return _answer(booking_desk.complete, code)


def _answer(act: Callable[..., BookingView], code: str, **values: str | None) -> BookingOut:
    actor, now = current_actor(), deps().now()
    with deps().unit_of_work() as session:
        booking = act(session, code, actor=actor, now=now, **values)
    return BookingOut.of(booking, actor=actor, deps=deps(), now=now)
