"""Answers that missed their response: sent as a customer-service message (客服消息), else put into the inbox."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from services import notifications, wechat_claims, wechat_followers
from services.ports import WeChatGateway
from services.wechat_claims import LateReply


class Sender(Protocol):
    """What sending needs of `Deps`."""

    @property
    def wechat(self) -> WeChatGateway: ...

    def unit_of_work(self) -> AbstractContextManager[Session]: ...

    def now(self) -> datetime: ...


def send_late_replies(deps: Sender, *, claim_id: int | None = None) -> int:
    """Send what waits: claimed in one short commit, sent outside any, recorded in another. Returns how many."""
    with deps.unit_of_work() as session:
        waiting = wechat_claims.take_late_replies(session, now=deps.now(), claim_id=claim_id)
    for reply in waiting:
        outcome = deps.wechat.send_service_text(reply.openid, reply.text, appid=reply.appid, now=deps.now())
        with deps.unit_of_work() as session:
            if outcome.state not in ("sent", "retry"):
                _into_inbox(session, reply, now=deps.now())
            wechat_claims.record_late_reply(
                session, reply.claim_id, state=outcome.state, error_code=outcome.error_code, now=deps.now()
            )
    return len(waiting)


def _into_inbox(session: Session, reply: LateReply, *, now: datetime) -> None:
    person_id = wechat_followers.person_of(session, appid=reply.appid, openid=reply.openid)
    if person_id is None:
        return
    notifications.enqueue(
        session,
        person_id=person_id,
        template="late_answer",
        data={"text": reply.text},
        dedupe_key=f"late_answer:{reply.claim_id}",
        now=now,
    )
