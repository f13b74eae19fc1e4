"""Channels: WeChat only with a consent, counted; the inbox whatever happens."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from server.container import Container
from server.gateways.channels import CHANNELS, channels_for
from server.gateways.channels.in_app import InApp
from server.gateways.channels.wechat_subscribe import WeChatSubscribe
from services import subscriptions
from services.ports import Delivery, OutgoingNotification, WeChatSend
from tests.factories import create_person, create_wechat_account
from tests.fakes import FakeWeChat

OPENID = "oDriver"
BOOKED = {"service": "冲凉" * 12, "time": "2026-11-25 21:00", "place": "司机之家", "code": "K7M2QX4P"}


class Setting:
    """A person with a mini-program account and `accepts` consents for one template."""

    def __init__(self, container: Container, session: Session, now: datetime, *, accepts: int) -> None:
        self.container, self.session, self.now = container, session, now
        self.appid = container.options.mp_appid
        self.template_id = container.options.subscribe_templates["booking_confirmed"]
        self.person = create_person(session, now=now)
        create_wechat_account(session, self.person, now=now, appid=self.appid, openid=OPENID)
        row = {"appid": self.appid, "openid": OPENID, "template_id": self.template_id}
        for number in range(accepts):
            at = now.replace(minute=number)
            subscriptions.record_answer(session, **row, answer="accept", source="phone", now=at)
        session.commit()

    def send(self, template: str = "booking_confirmed", **changes: str) -> Delivery:
        message = OutgoingNotification(
            id=1, person_id=self.person.id, template=template, data={**BOOKED, **changes}, page="/pages/bookings/list"
        )
        return WeChatSubscribe(self.container).send(message, now=self.now)

    def left(self) -> int:
        self.session.expire_all()
        return subscriptions.remaining(self.session, appid=self.appid, openid=OPENID, template_id=self.template_id)


@pytest.mark.rule("W22")
def test_a_message_uses_one_consent_and_fits(
    container: Container, session: Session, now: datetime, wechat: FakeWeChat
) -> None:
    setting = Setting(container, session, now, accepts=2)
    assert setting.send() == Delivery("sent")
    assert setting.left() == 1
    openid, template_id, fields = wechat.sent[0]
    assert (openid, template_id) == (OPENID, setting.template_id)
    assert fields["thing1"] == "冲凉" * 9 + "冲…"
    assert fields["time2"] == BOOKED["time"]


@pytest.mark.rule("W22")
def test_without_consent_nothing_is_sent(
    container: Container, session: Session, now: datetime, wechat: FakeWeChat
) -> None:
    setting = Setting(container, session, now, accepts=0)
    assert setting.send() == Delivery("skipped")
    assert wechat.sent == []


@pytest.mark.rule("W22")
@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (WeChatSend("refused", "43101"), 0),
        (WeChatSend("retry", "45011"), 2),
        (WeChatSend("failed", "47003"), 2),
        (WeChatSend("unknown", "no_answer"), 1),
    ],
)
def test_the_counter_follows_the_outcome(
    container: Container, session: Session, now: datetime, wechat: FakeWeChat, answer: WeChatSend, left: int
) -> None:
    wechat.answer = answer
    setting = Setting(container, session, now, accepts=2)
    assert setting.send() == Delivery(answer.state, answer.error_code)
    assert setting.left() == left


@pytest.mark.rule("W8", "W22")
def test_a_value_wechat_would_refuse_is_not_sent(
    container: Container, session: Session, now: datetime, wechat: FakeWeChat
) -> None:
    setting = Setting(container, session, now, accepts=1)
    assert setting.send(time="明天晚上") == Delivery("failed", "value_does_not_fit")
    assert (wechat.sent, setting.left()) == ([], 1)


@pytest.mark.rule("W22")
def test_news_without_fields_is_for_the_inbox_alone(container: Container, session: Session, now: datetime) -> None:
    setting = Setting(container, session, now, accepts=1)
    assert setting.send(template="late_answer") == Delivery("skipped")
    assert setting.send(template="unheard_of") == Delivery("skipped")


@pytest.mark.rule("W22")
def test_the_inbox_comes_last(container: Container, now: datetime) -> None:
    channels = channels_for(container)
    assert [channel.name for channel in channels] == ["wechat_subscribe", "in_app"]
    assert len(CHANNELS) == 2
    message = OutgoingNotification(id=1, person_id=1, template="booking_confirmed", data={}, page=None)
    assert InApp().send(message, now=now) == Delivery("skipped", "inbox_only")
