"""Opening hours 开放时间 at the desk: what holds, new timetables, single days; each looked at before it is done."""

from apiflask import APIBlueprint

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.http.proposals import look_or_apply
from miniprogram_api.schemas.closures import ChangeAnswer, Look
from miniprogram_api.schemas.opening_changes import ExceptionIn, HoursIn, OpeningOut
from services.centre import opening_changes, opening_rows

bp = APIBlueprint("opening_changes", __name__, url_prefix="/api/v1", tag="开放时间 Opening hours")


@bp.get("/desk/<centre>/hours")
@bp.output(OpeningOut)
def show_hours(centre: str) -> OpeningOut:
    """Every timetable, the ones to come included, and the single days ahead."""
    now = deps().now()
    with deps().read() as session:
        return OpeningOut.of(opening_rows.opening_of(session, centre, actor=current_actor(), now=now))


@bp.post("/desk/<centre>/hours")
@bp.input(HoursIn)
@bp.output(ChangeAnswer, status_code=201)
def change_hours(centre: str, json_data: HoursIn) -> tuple[ChangeAnswer, int]:
    """A new timetable from a day on. Without `apply`: the bookings outside it, with the nearest times (200)."""
    command = json_data.to_command(actor=current_actor(), centre=centre)
    return look_or_apply(opening_changes.change_hours, command, look=json_data), 201 if json_data.apply else 200


@bp.post("/desk/<centre>/exceptions")
@bp.input(ExceptionIn)
@bp.output(ChangeAnswer, status_code=201)
def change_days(centre: str, json_data: ExceptionIn) -> tuple[ChangeAnswer, int]:
    """Other hours, or none, on single days; looked at first like a new timetable."""
    command = json_data.to_command(actor=current_actor(), centre=centre)
    return look_or_apply(opening_changes.change_days, command, look=json_data), 201 if json_data.apply else 200


@bp.delete("/desk/<centre>/exceptions/<int:exception_id>")
@bp.input(Look)
@bp.output(ChangeAnswer)
def drop_days(centre: str, exception_id: int, json_data: Look) -> ChangeAnswer:
    """Take single days back: the timetable counts again."""
    return look_or_apply(opening_changes.drop_days, centre, exception_id, look=json_data, actor=current_actor())
