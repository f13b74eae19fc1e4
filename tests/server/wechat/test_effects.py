"""What each event does, and that nothing is left of a follower who went."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.conversation import Conversation, ConversationTurn
from models.people import Person, WeChatAccount
from models.wechat import SubscribeAllowance, WeChatClaim
from server.wechat import phrasing
from server.wechat.effects import Circumstances, perform
from server.wechat.push import Push
from services import conversations, subscriptions, wechat_claims, wechat_followers
from services.conversations import Speaker, Turn
from services.wechat_claims import Claimed
from tests.conftest import Clock
from tests.factories import create_person, create_wechat_account
from tests.server.wechat.conftest import Bot

APPID, OPENID = "wxoa", "oFollower"


class Follower:
    """Pushes of one follower, performed in the test's session."""

    def __init__(self, session: Session, bot: Bot, clock: Clock) -> None:
        self.session, self.bot, self.clock = session, bot, clock

    def push(self, kind: str = "text", **fields: Any) -> str:
        head = {"ToUserName": "gh", "FromUserName": OPENID, "MsgType": kind, "CreateTime": "1"}
        return perform(
            Circumstances(
                session=self.session,
                appid=APPID,
                push=Push({**head, **fields}, "xml"),
                now=self.clock.now,
                base_url="https://example.org",
                answer_text=self.bot,
            )
        )

    def event(self, name: str, **fields: Any) -> str:
        return self.push("event", Event=name, **fields)


@pytest.fixture
def follower(session: Session, bot: Bot, clock: Clock) -> Follower:
    return Follower(session, bot, clock)


@pytest.mark.rule("W15")
def test_a_text_is_asked_as_a_guest_until_linked(follower: Follower, session: Session, clock: Clock) -> None:
    follower.push(Content=" 冲凉 ")
    assert follower.bot.askers[-1].person_id is None
    assert OPENID not in follower.bot.askers[-1].guest_key
    person = create_person(session, now=clock.now)
    create_wechat_account(session, person, now=clock.now, appid=APPID, openid=OPENID)
    follower.push(Content="冲凉")
    assert follower.bot.askers[-1].person_id == person.id
    assert follower.bot.asked == ["冲凉", "冲凉"]


@pytest.mark.rule("W15")
@pytest.mark.parametrize(
    ("kind", "fields", "answer"),
    [
        ("voice", {"Recognition": "怎么预约"}, "收到"),
        ("voice", {}, phrasing.NOT_HEARD),
        ("image", {}, phrasing.WORDS_ONLY),
        ("location", {}, phrasing.WORDS_ONLY),
        ("text", {"Content": ""}, phrasing.WORDS_ONLY),
        ("text", {"Content": "【收到不支持的消息类型，暂无法显示】"}, phrasing.WORDS_ONLY),
        ("event", {"Event": "subscribe"}, phrasing.GREETING),
        ("event", {"Event": "CLICK", "EventKey": "MENU_POLICY"}, "收到"),
        ("event", {"Event": "CLICK", "EventKey": "SOMETHING"}, ""),
        ("event", {"Event": "LOCATION", "Latitude": "1"}, ""),
        ("event", {"Event": "VIEW", "EventKey": "https://example.org"}, ""),
        ("event", {"Event": "TEMPLATESENDJOBFINISH", "Status": "failed: system failed"}, ""),
    ],
)
def test_each_kind_has_its_answer(follower: Follower, kind: str, fields: dict[str, str], answer: str) -> None:
    assert follower.push(kind, **fields) == answer


@pytest.mark.rule("W16")
@pytest.mark.parametrize(
    ("event", "key", "link"),
    [
        ("subscribe", "qrscene_activity:PARTY-1", "https://example.org/q/activity/PARTY-1"),
        ("SCAN", "centre:DRIVER_HOME", "https://example.org/q/centre/DRIVER_HOME"),
        ("SCAN", "qrscene_qrscene_9", None),
        ("SCAN", "activity:../../x", None),
        ("SCAN", "javascript:1", None),
        ("subscribe", "qrscene_site-17", None),
    ],
)
def test_a_scanned_code_opens_its_page(follower: Follower, event: str, key: str, link: str | None) -> None:
    answer = follower.event(event, EventKey=key)
    assert (link in answer) if link else answer == phrasing.GREETING


def allowance(session: Session, template_id: str) -> int:
    return subscriptions.remaining(session, appid=APPID, openid=OPENID, template_id=template_id)


@pytest.mark.rule("W17")
def test_an_accepted_popup_is_one_message_and_accepts_add_up(
    follower: Follower, session: Session, clock: Clock
) -> None:
    entries = [
        {"TemplateId": "A", "SubscribeStatusString": "accept"},
        {"TemplateId": "B", "SubscribeStatusString": "reject"},
    ]
    follower.event("subscribe_msg_popup_event", SubscribeMsgPopupEvent={"List": entries})
    clock.forward(minutes=10)
    follower.event("subscribe_msg_popup_event", List=entries[0])
    assert (allowance(session, "A"), allowance(session, "B")) == (2, 0)


@pytest.mark.rule("W17")
def test_phone_and_event_of_one_tap_count_once(follower: Follower, session: Session, clock: Clock) -> None:
    def by_phone() -> int:
        return subscriptions.record_answer(
            session, appid=APPID, openid=OPENID, template_id="A", answer="accept", source="phone", now=clock.now
        )

    entry = {"TemplateId": "A", "SubscribeStatusString": "accept"}
    assert by_phone() == 1
    clock.forward(seconds=3)
    follower.event("subscribe_msg_popup_event", List=entry)
    assert allowance(session, "A") == 1
    clock.forward(seconds=30)
    follower.event("subscribe_msg_popup_event", List=entry)
    assert allowance(session, "A") == 2
    assert by_phone() == 2
    clock.forward(minutes=3)
    assert by_phone() == 3


@pytest.mark.rule("W17")
def test_turning_it_off_ends_every_consent(follower: Follower, session: Session) -> None:
    follower.event("subscribe_msg_popup_event", List={"TemplateId": "A", "SubscribeStatusString": "accept"})
    follower.event("subscribe_msg_change_event", List={"TemplateId": "A", "SubscribeStatusString": "reject"})
    assert allowance(session, "A") == 0
    follower.event("subscribe_msg_popup_event", List={"TemplateId": "A", "SubscribeStatusString": "accept"})
    follower.event("subscribe_msg_sent_event", List={"TemplateId": "A", "ErrorCode": "0"})
    assert allowance(session, "A") == 1
    follower.event("subscribe_msg_sent_event", List={"TemplateId": "A", "ErrorCode": "43101"})
    assert allowance(session, "A") == 0


@pytest.mark.rule("W17")
@pytest.mark.parametrize("found", [None, "text", [], [1, None], {"TemplateId": 5}, {"TemplateId": "x" * 65}])
def test_a_broken_list_changes_nothing(follower: Follower, session: Session, found: object) -> None:
    for name in ("popup", "change", "sent"):
        assert follower.event(f"subscribe_msg_{name}_event", List=found) == ""
    assert session.scalar(select(func.count()).select_from(SubscribeAllowance)) == 0


@pytest.mark.rule("W18")
@pytest.mark.parametrize("event", ["unsubscribe", "user_authorization_revoke"])
def test_nothing_is_left_of_an_unfollowed_account(
    follower: Follower, session: Session, clock: Clock, event: str
) -> None:
    person = create_person(session, now=clock.now)
    create_wechat_account(session, person, now=clock.now, appid=APPID, openid=OPENID)
    other = create_wechat_account(session, person, now=clock.now, appid="wxmp", openid="oOther")
    follower.event("subscribe_msg_popup_event", List={"TemplateId": "A", "SubscribeStatusString": "accept"})
    for speaker in (Speaker(person.id), Speaker(None, wechat_followers.guest_key(APPID, OPENID))):
        talk = conversations.open_conversation(session, speaker, now=clock.now)
        for channel in ("oa", "app"):
            turn = Turn("问", channel, "greeting", {"replies": []})
            conversations.keep_turn(session, talk, turn, context={"topic": "x"}, now=clock.now)
    claimed = wechat_claims.take(session, appid=APPID, message_key="k", now=clock.now)
    assert isinstance(claimed, Claimed)
    wechat_claims.complete(session, claimed, reply="等着发的话", now=clock.now, late_for=OPENID)
    assert follower.event(event, OpenID=OPENID) == ""
    session.expire_all()
    assert wechat_followers.person_of(session, appid=APPID, openid=OPENID) is None
    assert session.scalars(select(WeChatAccount.id)).all() == [other.id]
    assert allowance(session, "A") == 0
    row = session.scalars(select(WeChatClaim)).one()
    assert (row.openid, row.reply, row.reply_state) == (None, None, None)
    assert session.get(Person, person.id) is not None
    talk = session.scalars(select(Conversation)).one()
    assert (talk.person_id, talk.context) == (person.id, {})
    assert session.scalars(select(ConversationTurn.channel)).all() == ["app"]
