"""The bot over HTTP: the contract's shape, guests, repeats, hostile bodies."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.conversation import Conversation, ConversationTurn
from tests.conftest import Caller, SignIn
from tests.factories import create_org


def ask(caller: Caller, text: str, **more: Any) -> Any:
    return caller.post("/bot/messages", {"text": text, **more})


@pytest.mark.rule("T50")
def test_the_shape_of_the_contract(guest: Caller) -> None:
    answer = ask(guest, "你好")
    assert answer.status_code == 200
    assert set(answer.json) == {"intent", "confidence", "replies", "policies", "why"}
    assert answer.json["intent"] == "greeting"
    assert answer.json["replies"][0]["kind"] == "choices"
    emergency = ask(guest, "有人晕倒了").json
    assert (emergency["intent"], emergency["replies"][0]["numbers"][0]["number"]) == ("out_of_scope", "120")


@pytest.mark.rule("T38")
def test_a_repeat_is_answered_as_the_first_time(sign_in: SignIn, session: Session) -> None:
    caller, key = sign_in(role="driver"), str(uuid4())
    first = ask(caller, "我要反映电费太高", client_uuid=key)
    again = ask(caller, "我要反映电费太高", client_uuid=key)
    assert (again.status_code, again.json) == (200, first.json)
    assert len(session.scalars(select(ConversationTurn)).all()) == 1
    assert ask(caller, "别的", client_uuid=key).json["code"] == "client_uuid_reused"


@pytest.mark.rule("T37")
def test_devices_of_guests_are_kept_apart(guest: Caller, session: Session) -> None:
    ask(guest, "门口路灯坏了没人修")
    other = Caller(guest.http, device="device-other")
    ask(other, "你好")
    contexts = [row.context for row in session.scalars(select(Conversation).order_by(Conversation.id))]
    assert ["draft" in context for context in contexts] == [True, False]
    nobody = Caller(guest.http, device="")
    assert ask(nobody, "你好").status_code == 200
    assert len(session.scalars(select(Conversation)).all()) == 2


@pytest.mark.rule("T15")
def test_a_firm_that_is_not_ones_own_is_refused(sign_in: SignIn, session: Session, clock: Any) -> None:
    org = create_org(session, now=clock.now)
    session.commit()
    caller = sign_in(role="driver")
    assert ask(caller, "高企认定需要什么条件", org=org.code).status_code == 403
    assert ask(caller, "高企认定需要什么条件", org="org_none00").status_code == 404


@pytest.mark.rule("T36")
@pytest.mark.parametrize("text", ["", "\x00\x01]]>&<xml>", "🚚🚿❓", "政策" * 50_000, "<b>"])
def test_any_text_is_survived(guest: Caller, text: str) -> None:
    answer = ask(guest, text)
    assert answer.status_code == 200
    assert answer.json["replies"]


@pytest.mark.rule("T36")
@pytest.mark.parametrize("body", [{"text": 7}, {"text": None}, {"text": ["a"]}, [], {"text": "a", "client_uuid": "x"}])
def test_wrong_types_are_refused(guest: Caller, body: Any) -> None:
    assert guest.call("POST", "/bot/messages", body).status_code in (400, 422)


@pytest.mark.rule("T36")
@pytest.mark.parametrize("body", [r'{"text": "\ud800 \u0000"}', rf'{{"text": "\ud800", "client_uuid": "{uuid4()}"}}'])
def test_half_characters_are_refused(guest: Caller, body: str) -> None:
    headers = {"X-Device-Id": "device-0"}
    answer = guest.http.post("/api/v1/bot/messages", data=body, content_type="application/json", headers=headers)
    assert answer.status_code == 422
