"""Marks 爽约记录: one's own to see and contest, and the desk's answers."""

from apiflask import APIBlueprint

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.marks import (
    ContestIn,
    DecideIn,
    DeskMarkOut,
    DeskMarksOut,
    MarkOut,
    MarksQuery,
    OwnMarksOut,
)
from services.booking import marks
from services.desk import marks as mark_desk

bp = APIBlueprint("marks", __name__, url_prefix="/api/v1", tag="预约 Bookings")


@bp.get("/me/marks")
@bp.output(OwnMarksOut)
def list_mine() -> OwnMarksOut:
    """One's own marks, what they come to, and when each expires."""
    with deps().read() as session:
        return OwnMarksOut.of(marks.list_mine(session, current_actor().person_id, now=deps().now()))


@bp.post("/me/marks/<int:mark_id>/contest")
@bp.input(ContestIn)
@bp.output(MarkOut)
def contest(mark_id: int, json_data: ContestIn) -> MarkOut:
    """Say what happened; the centre answers."""
    with deps().unit_of_work() as session:
        return MarkOut.of(marks.contest(session, mark_id, actor=current_actor(), text=json_data.text, now=deps().now()))


@bp.get("/desk/<centre>/marks")
@bp.input(MarksQuery, location="query")
@bp.output(DeskMarksOut)
def list_contested(centre: str, query_data: MarksQuery) -> DeskMarksOut:
    """What people contested at this centre."""
    with deps().read() as session:
        found = mark_desk.list_contested(
            session, centre, actor=current_actor(), waiting_only=query_data.contested, now=deps().now()
        )
    return DeskMarksOut(items=[DeskMarkOut.of(mark) for mark in found])


@bp.post("/desk/<centre>/marks/<int:mark_id>/waive")
@bp.input(DecideIn)
@bp.output(DeskMarkOut)
def waive(centre: str, mark_id: int, json_data: DecideIn) -> DeskMarkOut:
    """It does not count."""
    return _decide(centre, mark_id, json_data.reason, waive=True)


@bp.post("/desk/<centre>/marks/<int:mark_id>/keep")
@bp.input(DecideIn)
@bp.output(DeskMarkOut)
def keep(centre: str, mark_id: int, json_data: DecideIn) -> DeskMarkOut:
    """It counts, and its owner hears why."""
    return _decide(centre, mark_id, json_data.reason, waive=False)


def _decide(centre: str, mark_id: int, reason: str, *, waive: bool) -> DeskMarkOut:
    actor, now = current_actor(), deps().now()
    with deps().unit_of_work() as session:
        return DeskMarkOut.of(
            mark_desk.decide(session, centre, mark_id, waive=waive, reason=reason, actor=actor, now=now)
        )
