"""Changing a booking 改时间、晚到、延长, by its owner or the desk of its centre."""

from apiflask import APIBlueprint

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.booking_changes import ExtendIn, LateIn, MoveIn
from miniprogram_api.schemas.bookings import BookingOut
from services.booking import changes as booking_changes
from services.booking import extension as booking_extension
from services.booking import lateness as booking_lateness

bp = APIBlueprint("booking_changes", __name__, url_prefix="/api/v1", tag="预约 Bookings")


@bp.post("/bookings/<code>/move")
@bp.input(MoveIn)
@bp.output(BookingOut)
def move(code: str, json_data: MoveIn) -> BookingOut:
    """Another time: answers with the new booking, again where it is said again; refused, the old one stands."""
    actor, now = current_actor(), deps().now()
    with deps().unit_of_work() as session:
        moved = booking_changes.move(session, json_data.to_command(code, actor=actor), cipher=deps().cipher, now=now)
    return BookingOut.of(moved.booking, actor=actor, deps=deps(), now=now)


@bp.post("/bookings/<code>/late")
@bp.input(LateIn)
@bp.output(BookingOut)
def be_late(code: str, json_data: LateIn) -> BookingOut:
    """Say that one comes later, once; 409 `late_conflict` has choices, and what remains of the stay is kept."""
    actor, now = current_actor(), deps().now()
    with deps().unit_of_work() as session:
        outcome = booking_lateness.late(session, json_data.to_command(code, actor=actor), now=now)
    if outcome.conflict is not None:
        raise outcome.conflict
    return BookingOut.of(outcome.booking, actor=actor, deps=deps(), now=now)


@bp.post("/bookings/<code>/extend")
@bp.input(ExtendIn)
@bp.output(BookingOut)
def extend(code: str, json_data: ExtendIn) -> BookingOut:
    """Stay longer; 409 `extend_conflict` says how long is possible."""
    actor, now = current_actor(), deps().now()
    with deps().unit_of_work() as session:
        booking = booking_extension.extend(session, json_data.to_command(code, actor=actor), now=now)
    return BookingOut.of(booking, actor=actor, deps=deps(), now=now)
