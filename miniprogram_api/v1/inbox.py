"""The in-app inbox 消息: every piece of news exactly once."""

from apiflask import APIBlueprint

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.http.paging import PageQuery
from miniprogram_api.schemas.inbox import InboxItemOut, InboxPage
from services import notifications

bp = APIBlueprint("inbox", __name__, url_prefix="/api/v1", tag="消息 Inbox")


@bp.get("/inbox")
@bp.input(PageQuery, location="query")
@bp.output(InboxPage)
def list_inbox(query_data: PageQuery) -> InboxPage:
    """Own news, newest first, with the number not yet opened."""
    now, person_id = deps().now(), current_actor().person_id
    tz = deps().options.zone
    with deps().read() as session:
        rows, total = notifications.inbox(
            session, person_id, page=query_data.page, per_page=query_data.per_page, now=now
        )
        return InboxPage(
            items=[InboxItemOut.of(row, tz) for row in rows],
            total=total,
            page=query_data.page,
            per_page=query_data.per_page,
            unread=notifications.unread_count(session, person_id, now=now),
        )


@bp.post("/inbox/<int:item_id>/read")
@bp.output(InboxItemOut)
def read_item(item_id: int) -> InboxItemOut:
    """Open one piece of news; opening it again changes nothing."""
    with deps().unit_of_work() as session:
        row = notifications.mark_read(session, item_id, person_id=current_actor().person_id, now=deps().now())
        return InboxItemOut.of(row, deps().options.zone)
