"""What the desk does with one booking 服务台: answer, let in, close, no-show, another unit, take back."""

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.http.guards import body_optional
from miniprogram_api.schemas.bookings import BookingOut, RefuseIn
from miniprogram_api.schemas.desk import LetInIn, UnitIn
from services.booking.views import BookingView
from services.desk import admitting as booking_desk
from services.desk import undo as desk_undo

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
@body_optional
@bp.input(LetInIn)
@bp.output(BookingOut)
def check_in(code: str, json_data: LetInIn) -> BookingOut:
    """Let a guest in; a pass that comes along has to be this booking's."""
    keys = {deps().signer.key_id: deps().signer.public_key()}
    return _answer(booking_desk.check_in, code, pass_text=json_data.signed_pass, keys=keys)


@bp.post("/bookings/<code>/complete")
@bp.output(BookingOut)
def complete(code: str) -> BookingOut:
    """Close a stay; the rest of an early leaver's time is free again."""
    return _answer(booking_desk.complete, code)


@bp.post("/bookings/<code>/no-show")
@bp.output(BookingOut)
def mark_no_show(code: str) -> BookingOut:
    """Say that nobody came, once the place is no longer kept."""
    return _answer(booking_desk.no_show, code)


@bp.post("/bookings/<code>/undo")
@bp.output(BookingOut)
def undo(code: str) -> BookingOut:
    """Take back the last step of the desk, for fifteen minutes."""
    return _answer(desk_undo.undo, code)


@bp.post("/bookings/<code>/unit")
@bp.input(UnitIn)
@bp.output(BookingOut)
def change_unit(code: str, json_data: UnitIn) -> BookingOut:
    """Place a guest in another unit."""
    return _answer(booking_desk.change_unit, code, no=json_data.unit)


def _answer(act: Callable[..., BookingView], code: str, **values: Any) -> BookingOut:
    actor, now = current_actor(), deps().now()
    with deps().unit_of_work() as session:
        booking = act(session, code, actor=actor, now=now, **values)
    return BookingOut.of(booking, actor=actor, deps=deps(), now=now)
