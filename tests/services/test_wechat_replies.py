"""Replies that missed their response: one sender, one send, else the inbox."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.notification import Notification
from models.wechat import WeChatClaim
from server.container import Container
from server.jobs import wechat_jobs
from services import wechat_claims
from services.ports import WeChatSend
from services.wechat_claims import Claimed
from services.wechat_replies import send_late_replies
from tests.conftest import Clock
from tests.factories import create_person, create_wechat_account
from tests.fakes import FakeWeChat

APPID, OPENID = "wxoa", "oFollower"


def wait(session: Session, now: datetime, key: str = "k") -> int:
    """A reply that waits to be sent."""
    claimed = wechat_claims.take(session, appid=APPID, message_key=key, now=now)
    assert isinstance(claimed, Claimed)
    wechat_claims.complete(session, claimed, reply="查到了", now=now, late_for=OPENID)
    session.commit()
    return claimed.id


def row(session: Session, claim_id: int) -> tuple[str | None, str | None, str | None]:
    session.expire_all()
    found = session.get_one(WeChatClaim, claim_id)
    return found.reply_state, found.openid, found.error_code


def inbox(session: Session) -> list[dict[str, str]]:
    return [dict(data) for data in session.scalars(select(Notification.data))]


@pytest.mark.rule("W14")
def test_it_is_sent_once_and_the_openid_forgotten(
    container: Container, session: Session, now: datetime, wechat: FakeWeChat
) -> None:
    claim_id = wait(session, now)
    assert [send_late_replies(container, claim_id=claim_id), send_late_replies(container)] == [1, 0]
    assert wechat.texts == [(OPENID, "查到了")]
    assert row(session, claim_id) == ("sent", None, None)
    assert inbox(session) == []


@pytest.mark.rule("W14")
@pytest.mark.parametrize("state", ["refused", "failed", "unknown"])
@pytest.mark.parametrize("linked", [True, False])
def test_what_wechat_did_not_take_goes_into_the_inbox(
    container: Container, session: Session, now: datetime, wechat: FakeWeChat, state: str, linked: bool
) -> None:
    wechat.answer = WeChatSend(state, "45015")  # type: ignore[arg-type]
    if linked:
        person = create_person(session, now=now)
        create_wechat_account(session, person, now=now, appid=APPID, openid=OPENID)
    claim_id = wait(session, now)
    send_late_replies(container)
    assert row(session, claim_id) == (state, None, "45015")
    assert inbox(session) == ([{"text": "查到了"}] if linked else [])


@pytest.mark.rule("W14")
def test_what_was_put_off_is_tried_again_by_the_job(
    container: Container, session: Session, clock: Clock, wechat: FakeWeChat
) -> None:
    claim_id = wait(session, clock.now)
    wechat.answer = WeChatSend("retry", "45011")
    assert wechat_jobs.send_late(container) == "1 handled"
    assert row(session, claim_id) == ("due", OPENID, "45011")
    wechat.answer = WeChatSend("sent")
    assert wechat_jobs.send_late(container) == "0 handled"
    clock.forward(minutes=1)
    assert wechat_jobs.send_late(container) == "1 handled"
    assert row(session, claim_id)[0] == "sent"


@pytest.mark.rule("W14")
def test_a_send_that_died_is_unknown_and_not_repeated(
    container: Container, session: Session, clock: Clock, wechat: FakeWeChat
) -> None:
    claim_id = wait(session, clock.now)
    wechat_claims.take_late_replies(session, now=clock.now)
    session.commit()
    assert send_late_replies(container) == 0
    clock.forward(minutes=2)
    assert send_late_replies(container) == 0
    assert row(session, claim_id) == ("unknown", None, None)
    assert wechat.texts == []


@pytest.mark.rule("W14")
def test_old_claims_are_pruned_by_the_job(container: Container, session: Session, clock: Clock) -> None:
    wait(session, clock.now)
    clock.forward(days=4)
    assert wechat_jobs.prune(container) == "1 deleted"
