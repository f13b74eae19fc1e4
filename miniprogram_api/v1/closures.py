"""Closures 停用与停业 at the desk: look, close, reopen, take back."""

from apiflask import APIBlueprint

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.closures import ClosureAnswer, ClosureIn, ClosureList, ClosureOut
from services.centre import closures, reopening

bp = APIBlueprint("closures", __name__, url_prefix="/api/v1", tag="停用 Closures")


@bp.get("/desk/<centre>/closures")
@bp.output(ClosureList)
def list_closures(centre: str) -> ClosureList:
    """What is closed, or will be."""
    now = deps().now()
    with deps().read() as session:
        found = closures.list_closures(session, centre, actor=current_actor(), now=now)
    return ClosureList.model_construct(items=[ClosureOut.of(closure, now=now) for closure in found])


@bp.post("/desk/<centre>/closures")
@bp.input(ClosureIn)
@bp.output(ClosureAnswer, status_code=201)
def close(centre: str, json_data: ClosureIn) -> tuple[ClosureAnswer, int]:
    """Without `apply`: who would be affected and where they would go (200). With it: close, exactly as seen (201)."""
    now, command = deps().now(), json_data.to_command(actor=current_actor(), centre=centre)
    if not json_data.apply:
        with deps().read() as session:
            proposal = closures.propose_closure(session, command, cipher=deps().cipher, now=now)
        return ClosureAnswer.proposed(proposal), 200
    with deps().unit_of_work() as session:
        closure = closures.close(session, command, seen=json_data.seen, cipher=deps().cipher, now=now)
    return ClosureAnswer.done(closure, now=now), 200 if closure.repeated else 201


@bp.post("/desk/<centre>/closures/<int:closure_id>/end")
@bp.output(ClosureOut)
def reopen(centre: str, closure_id: int) -> ClosureOut:
    """In use again; whoever waits is offered what is free."""
    now = deps().now()
    with deps().unit_of_work() as session:
        closure = reopening.reopen(session, centre, closure_id, actor=current_actor(), now=now)
    return ClosureOut.of(closure, now=now)


@bp.post("/desk/<centre>/closures/<int:closure_id>/undo")
@bp.output(ClosureOut)
def undo(centre: str, closure_id: int) -> ClosureOut:
    """Take it back within a quarter of an hour: who lost a place has it again where it is still free."""
    now = deps().now()
    with deps().unit_of_work() as session:
        closure = reopening.undo(session, centre, closure_id, actor=current_actor(), now=now)
    return ClosureOut.of(closure, now=now)
