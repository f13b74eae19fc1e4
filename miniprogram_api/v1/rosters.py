"""The roster of desks 值班表: who is there when, and what happens to bookings when somebody is not."""

from apiflask import APIBlueprint

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.http.proposals import look_or_apply
from miniprogram_api.schemas.closures import ChangeAnswer, Look
from miniprogram_api.schemas.rosters import RosterIn, RosterList, RosterOut
from services.centre import rosters

bp = APIBlueprint("rosters", __name__, url_prefix="/api/v1", tag="值班 Rosters")


@bp.get("/desk/<centre>/rosters")
@bp.output(RosterList)
def list_rosters(centre: str) -> RosterList:
    """Who is on duty at which desk, today and later."""
    with deps().read() as session:
        found = rosters.list_rosters(session, centre, actor=current_actor(), now=deps().now())
        return RosterList.model_construct(items=[RosterOut.of(duty) for duty in found])


@bp.post("/desk/<centre>/rosters")
@bp.input(RosterIn)
@bp.output(RosterOut, status_code=201)
def add_duty(centre: str, json_data: RosterIn) -> tuple[RosterOut, int]:
    """Put somebody on duty; the same again answers 200."""
    command, now = json_data.to_command(actor=current_actor(), centre=centre), deps().now()
    with deps().unit_of_work() as session:
        duty = rosters.add_duty(session, command, now=now)
        return RosterOut.of(duty), 201 if duty.is_new else 200


@bp.delete("/desk/<centre>/rosters/<int:roster_id>")
@bp.input(Look)
@bp.output(ChangeAnswer)
def end_duty(centre: str, roster_id: int, json_data: Look) -> ChangeAnswer:
    """Take somebody off. Without `apply`: who is booked then and where they would go."""
    return look_or_apply(rosters.end_duty, centre, roster_id, look=json_data, actor=current_actor())
