"""The callback over HTTP: every vector as a request, with nothing done for a refused one."""

import dataclasses
import time
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from flask.testing import FlaskClient
from sqlalchemy import func, select

from domain.errors import Busy
from models.wechat import WeChatClaim
from server.container import Container
from server.settings import Settings
from server.wechat.callback import accounts_of
from server.wechat.envelope import unseal
from server.wechat.refusal import Misconfigured
from tests.conftest import Clock
from tests.factories import create_person, create_wechat_account
from tests.fakes import FakeWeChat
from tests.server.wechat.conftest import Bot, MakeClient, Sender, at
from tests.wechat_vectors import account, body_of, load, section

CASES = section("cases")


def configured(live: Container, name: str, mode: str) -> tuple[Container, str]:
    """The container with one of the vectors' accounts, and the address it is called at."""
    raw = load()["accounts"][name]
    mode = "safe" if mode == "any" else mode
    if raw["kind"] == "official_account":
        changes = {"oa_appid": raw["appid"], "oa_token": raw["token"], "oa_aes_key": raw["encoding_aes_key"]}
        settings = dataclasses.replace(live.settings, **changes, oa_mode=mode)
        return dataclasses.replace(live, settings=settings), "/wechat/oa"
    changes = {"mp_appid": raw["appid"], "mp_token": raw["token"], "mp_aes_key": raw["encoding_aes_key"]}
    settings = dataclasses.replace(live.settings, **changes, mp_mode=mode)
    return dataclasses.replace(live, settings=settings), "/wechat/mp"


def send(client: FlaskClient, path: str, request: dict[str, Any]) -> Any:
    if request["method"] == "GET":
        return client.get(path, query_string=request["query"])
    return client.post(path, query_string=request["query"], data=body_of(request), headers=request.get("headers", {}))


def claims(live: Container) -> int:
    with live.read() as session:
        return session.scalar(select(func.count()).select_from(WeChatClaim)) or 0


@pytest.mark.rule("W1", "W2", "W3", "W4", "W5", "W11")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case: dict[str, Any], live: Container, make_client: MakeClient, bot: Bot, clock: Clock) -> None:
    clock.now = at(case["now"])
    container, path = configured(live, case["account"], case["mode"])
    client, expect = make_client(bot, container=container), case["expect"]
    started = time.perf_counter()
    response = send(client, path, case["request"])
    assert time.perf_counter() - started < expect["max_seconds"]
    assert response.status_code < 500
    assert response.content_type.startswith(("text/plain", "text/xml"))
    for leak in expect.get("no_leak", []):
        assert leak.encode() not in response.data
    if expect["accept"] is True:
        assert response.status_code == 200
        if "body_exact" in expect:
            assert response.text == expect["body_exact"]
    if expect["accept"] is False:
        assert response.status_code in (400, 413)
        assert response.data == b""
        assert claims(live) == 0
        assert bot.asked == []


@pytest.mark.rule("W12")
@pytest.mark.parametrize("case", section("sequences"), ids=lambda case: case["id"])
def test_sequence(case: dict[str, Any], live: Container, make_client: MakeClient, clock: Clock) -> None:
    container, path = configured(live, case["account"], case["mode"])
    crashes = [step.get("inject") == "handler_exception" for step in case["steps"]]
    handled: list[str] = []

    def ask(session: object, asker: object, text: str, now: object) -> str:
        if crashes.pop(0):
            raise RuntimeError("injected")
        handled.append(text)
        return f"回答 {len(handled)}"

    client = make_client(ask, container=container)
    base = int(case["steps"][0]["request"]["query"]["timestamp"])
    answers = []
    if case.get("parallel"):
        from concurrent.futures import ThreadPoolExecutor

        clock.now = at(base)
        with ThreadPoolExecutor(5) as pool:
            clients = [client.application.test_client() for _ in case["steps"]]
            answers = list(
                pool.map(lambda pair: send(pair[0], path, pair[1]["request"]), zip(clients, case["steps"], strict=True))
            )
    else:
        for step in case["steps"]:
            clock.now = at(base + step["at"])
            answers.append(send(client, path, step["request"]))
    assert answers[-1].status_code == 200
    assert all(answer.status_code == 200 or (answer.status_code, answer.data) == (503, b"") for answer in answers)
    with live.read() as session:
        done = session.scalar(select(func.count()).where(WeChatClaim.state == "done"))
    assert done == case["expect"]["handled"]
    if "text" in case["steps"][0]["request"]["body"]:
        assert len(handled) <= case["expect"]["handled"]
    replies = {fromstring(a.data).findtext("Content") for a in answers if a.data.startswith(b"<xml>")}
    assert len(replies) <= case["expect"]["handled"]


@pytest.fixture
def sender(live: Container, make_client: MakeClient, bot: Bot, clock: Clock) -> Sender:
    return Sender(make_client(bot), accounts_of(live.settings)["oa"], clock)


def opened(sender: Sender, data: bytes) -> str:
    """What the follower reads: unsealed, addressed to them."""
    envelope = fromstring(data)
    inner = fromstring(unseal(sender.account, envelope.findtext("Encrypt") or "").decode())
    assert inner.findtext("ToUserName") == sender.openid
    assert inner.findtext("FromUserName") == "gh_ours"
    return inner.findtext("Content") or ""


@pytest.mark.rule("W6", "W11")
def test_a_sealed_question_gets_a_sealed_answer(sender: Sender, bot: Bot) -> None:
    bot.reply = "可以申报：工业企业扩产奖励 ]]> 🚚"
    response = sender.push(Content="我们公司能申请什么补贴", MsgId=1)
    assert response.status_code == 200
    assert opened(sender, response.data) == bot.reply
    assert "可以申报".encode() not in response.data
    assert bot.asked == ["我们公司能申请什么补贴"]


@pytest.mark.rule("W12")
def test_a_repeat_gets_the_stored_reply(sender: Sender, bot: Bot, clock: Clock) -> None:
    first = sender.push(Content="你好", MsgId=7)
    bot.reply = "另一句"
    clock.forward(seconds=5)
    again = sender.push(Content="你好", MsgId=7)
    assert opened(sender, again.data) == opened(sender, first.data) == "收到"
    assert bot.asked == ["你好"]


@pytest.mark.rule("W11")
@pytest.mark.parametrize("kind", ["hologram", "event"])
def test_the_unknown_is_answered_with_success(sender: Sender, kind: str) -> None:
    response = sender.push(MsgType=kind, Event="some_future_event", MsgId=3)
    assert (response.status_code, response.data) == (200, b"success")


@pytest.mark.rule("W1")
def test_an_account_without_token_has_no_address(live: Container, make_client: MakeClient, bot: Bot) -> None:
    settings = dataclasses.replace(live.settings, mp_token="")
    client = make_client(bot, container=dataclasses.replace(live, settings=settings))
    assert client.get("/wechat/mp").status_code == 404


@pytest.mark.rule("W1")
def test_a_wrong_key_ends_the_start(live: Container, make_client: MakeClient, bot: Bot) -> None:
    settings = dataclasses.replace(live.settings, oa_aes_key="short")
    with pytest.raises(Misconfigured):
        make_client(bot, container=dataclasses.replace(live, settings=settings))


@pytest.mark.rule("W13")
def test_the_mini_program_is_answered_by_customer_service(
    live: Container, make_client: MakeClient, bot: Bot, clock: Clock, wechat: FakeWeChat
) -> None:
    mini = account("mp")
    container, path = configured(live, "mp", "safe")
    sender = Sender(make_client(bot, container=container), mini, clock)
    response = sender.push(path, Content="预约失败了", MsgId=9)
    assert response.data == b"success"
    deadline = time.monotonic() + 3
    while not wechat.texts and time.monotonic() < deadline:
        time.sleep(0.01)
    assert wechat.texts == [(sender.openid, "收到")]


def test_demo_settings_make_both_accounts(settings: Settings) -> None:
    assert set(accounts_of(settings)) == {"oa", "mp"}


@pytest.mark.rule("W15")
def test_a_follower_is_linked_by_unionid_and_asked_for_once(
    live: Container, sender: Sender, bot: Bot, clock: Clock, wechat: FakeWeChat
) -> None:
    wechat.unionids[sender.openid] = "uSame"
    sender.push(Content="一", MsgId=21)
    with live.unit_of_work() as session:
        person = create_person(session, now=clock.now)
        create_wechat_account(session, person, now=clock.now, appid="wxmp", openid="oMini", unionid="uSame")
    wechat.unionids.clear()
    sender.push(Content="二", MsgId=22)
    sender.push(Content="三", MsgId=23)
    assert [asker.person_id for asker in bot.askers] == [None, person.id, person.id]


@pytest.mark.rule("W15")
def test_without_wechats_help_the_follower_is_a_guest(
    live: Container, sender: Sender, bot: Bot, wechat: FakeWeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(openid: str) -> str | None:
        raise Busy("wechat_unavailable")

    monkeypatch.setattr(wechat, "follower_unionid", busy)
    assert opened(sender, sender.push(Content="一", MsgId=31).data) == "收到"
    assert bot.askers[0].person_id is None
