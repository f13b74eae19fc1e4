"""Notices 公告 of a centre: anyone reads them; its staff post, change and end them."""

from apiflask import APIBlueprint

from domain.local_time import to_utc
from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.notices import NoticeChangeIn, NoticeIn, NoticeOut, NoticePage, NoticesQuery
from services.centre import notices

bp = APIBlueprint("notices", __name__, url_prefix="/api/v1", tag="公告 Notices")


@bp.get("/notices")
@bp.input(NoticesQuery, location="query")
@bp.output(NoticePage)
def list_notices(query_data: NoticesQuery) -> NoticePage:
    """Notices of a centre that stand or are announced, the newest first."""
    now = deps().now()
    with deps().read() as session:
        found = notices.list_notices(session, query_data.centre, now=now)
        items = [NoticeOut.of(notice, now=now) for notice in query_data.cut(found)]
    return NoticePage.of_items(items, len(found), query_data)


@bp.post("/notices")
@bp.input(NoticeIn)
@bp.output(NoticeOut, status_code=201)
def post_notice(json_data: NoticeIn) -> NoticeOut:
    """Post a notice at one's own centre; the same again while it stands changes nothing."""
    now = deps().now()
    with deps().unit_of_work() as session:
        return NoticeOut.of(notices.post(session, json_data.to_command(), actor=current_actor(), now=now), now=now)


@bp.patch("/notices/<int:notice_id>")
@bp.input(NoticeChangeIn)
@bp.output(NoticeOut)
def change_notice(notice_id: int, json_data: NoticeChangeIn) -> NoticeOut:
    """Change a notice, or end it now."""
    now = deps().now()
    with deps().unit_of_work() as session:
        posted = notices.change(
            session,
            notice_id,
            actor=current_actor(),
            text=json_data.text,
            until=to_utc(json_data.until) if json_data.until else None,
            grace_minutes=json_data.grace_minutes,
            end=json_data.end,
            now=now,
        )
        return NoticeOut.of(posted, now=now)
