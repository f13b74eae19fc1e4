"""Activities 活动: list, show, make, publish; register, cancel, ask leave."""

from apiflask import APIBlueprint

from miniprogram_api.http.auth import current_actor, optional_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.activities import (
    ActivityIn,
    ActivityOut,
    ActivityPageOut,
    ActivityQuery,
    LeaveIn,
    LeaveOut,
    RegistrationIn,
    RegistrationOut,
)
from miniprogram_api.schemas.base import Empty
from services import activities, activity_making, registrations

bp = APIBlueprint("activities", __name__, url_prefix="/api/v1", tag="活动 Activities")


@bp.get("/activities")
@bp.input(ActivityQuery, location="query")
@bp.output(ActivityPageOut)
def list_activities(query_data: ActivityQuery) -> ActivityPageOut:
    """Activities one may know of; `state=ongoing` means that check-in is open or it runs."""
    now = deps().now()
    with deps().read() as session:
        found = activities.list_activities(
            session,
            state=query_data.state,
            actor=optional_actor(),
            now=now,
            hosted_by_me=query_data.host == "me",
            mine=query_data.mine,
            page=query_data.page,
            per_page=query_data.per_page,
        )
        items = [ActivityOut.of(view, now=now) for view in found.items]
        return ActivityPageOut.of_items(items, found.total, query_data)


@bp.get("/activities/<code>")
@bp.output(ActivityOut)
def show_activity(code: str) -> ActivityOut:
    """One activity."""
    now = deps().now()
    with deps().read() as session:
        return ActivityOut.of(activities.show_activity(session, code, actor=optional_actor(), now=now), now=now)


@bp.post("/activities")
@bp.input(ActivityIn)
@bp.output(ActivityOut, status_code=201)
def create_activity(json_data: ActivityIn) -> tuple[ActivityOut, int]:
    """A draft of one's own branch or chain; without `hosts` one's own branch holds it."""
    now, actor = deps().now(), current_actor()
    command = json_data.to_command(deps().options.timezone)
    with deps().unit_of_work() as session:
        row, is_new = activity_making.create_activity(session, command, actor=actor, now=now)
        view = activities.view_activities(session, [row], actor=actor)[0]
        return ActivityOut.of(view, now=now), 201 if is_new else 200


@bp.post("/activities/<code>/publish")
@bp.input(Empty)
@bp.output(ActivityOut)
def publish_activity(code: str, json_data: Empty) -> ActivityOut:
    """Show a draft to its audience."""
    now, actor = deps().now(), current_actor()
    with deps().unit_of_work() as session:
        row = activity_making.publish_activity(session, code, actor=actor, now=now)
        return ActivityOut.of(activities.view_activities(session, [row], actor=actor)[0], now=now)


@bp.post("/activities/<code>/registrations")
@bp.input(RegistrationIn)
@bp.output(RegistrationOut, status_code=201)
def register(code: str, json_data: RegistrationIn) -> tuple[RegistrationOut, int]:
    """Take a place before the day."""
    with deps().unit_of_work() as session:
        row, activity, is_new = registrations.register(
            session, json_data.to_command(code), actor=current_actor(), now=deps().now()
        )
        return RegistrationOut.of(row, activity), 201 if is_new else 200


@bp.post("/activities/<code>/registrations/cancel")
@bp.input(Empty)
@bp.output(RegistrationOut)
def cancel_registration(code: str, json_data: Empty) -> RegistrationOut:
    """Give the place back."""
    with deps().unit_of_work() as session:
        row, activity = registrations.cancel_registration(session, code, actor=current_actor(), now=deps().now())
        return RegistrationOut.of(row, activity)


@bp.post("/activities/<code>/leave")
@bp.input(LeaveIn)
@bp.output(LeaveOut, status_code=201)
def ask_leave(code: str, json_data: LeaveIn) -> tuple[LeaveOut, int]:
    """Ask the home secretary for leave."""
    with deps().unit_of_work() as session:
        row, activity, is_new = registrations.ask_leave(
            session, json_data.to_command(code), actor=current_actor(), now=deps().now()
        )
        return LeaveOut.of(row, activity), 201 if is_new else 200
