"""The client of WeChat's HTTP API against its fixtures, and what it may never do: loop, send twice, tell a secret."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from domain.errors import Busy, Conflict, NotAllowed, Refusal
from models.wechat import WeChatToken
from server.db import Database
from server.gateways.wechat import HttpWeChat
from services.ports import WeChatSend
from tests.conftest import Clock
from tests.server.gateways.conftest import Api, MakeGateway
from tests.wechat_vectors import load, section

NOW = Clock().now
STABLE = "/cgi-bin/stable_token"
SEND = "/cgi-bin/message/subscribe/send"


def login(gateway: HttpWeChat) -> Any:
    return gateway.code_to_session("a-code")


def phone(gateway: HttpWeChat) -> Any:
    return gateway.phone_number("a-code")


def subscribe(gateway: HttpWeChat) -> Any:
    return gateway.send_subscribe("oUser", "TPL", {"thing1": "冲凉"}, "/pages/bookings/list", now=NOW)


def qr(gateway: HttpWeChat) -> Any:
    return gateway.mini_program_code("activity:A1", "/pages/activities/detail")


def check(gateway: HttpWeChat) -> Any:
    return gateway.judge_text("oUser", "一句话")


def identity(openid: str, unionid: str | None = None) -> Callable[[Any], bool]:
    return lambda got: (got.openid, got.unionid) == (openid, unionid)


OPENID = load()["api_fixtures"][5]["response"]["json"]["openid"]
# id → the call, what must come of it, and how often the path of the fixture may be asked
EXPECTED: dict[str, tuple[Callable[[HttpWeChat], Any], object, int]] = {
    "token.bad_secret": (subscribe, WeChatSend("failed", "40125"), 1),
    "token.ip_not_whitelisted": (subscribe, WeChatSend("failed", "40164"), 1),
    "stable.ok": (subscribe, WeChatSend("sent"), 1),
    "stable.rate": (subscribe, WeChatSend("retry", "45011"), 1),
    "login.ok": (login, identity(OPENID), 1),
    "login.unionid": (login, lambda got: got.unionid == "oUNION", 1),
    "login.err_40029": (login, Conflict("sign_in_failed"), 1),
    "login.err_45011": (login, Busy("wechat_unavailable"), 1),
    "login.err_40226": (login, NotAllowed("sign_in_blocked"), 1),
    "login.err_-1": (login, Busy("wechat_unavailable"), 2),
    "login.content_type_text": (login, lambda got: got.openid.startswith("o"), 1),
    "phone.ok": (phone, lambda got: got == "13800000000", 1),
    "phone.country_number": (phone, lambda got: got == "+85290000000", 1),
    "phone.reused": (phone, Conflict("phone_code_invalid"), 1),
    "send.ok": (subscribe, WeChatSend("sent"), 1),
    "send.43101": (subscribe, WeChatSend("refused", "43101"), 1),
    "send.47003": (subscribe, WeChatSend("failed", "47003"), 1),
    "send.43108": (subscribe, WeChatSend("retry", "43108"), 1),
    "any.40001_once": (subscribe, WeChatSend("sent"), 2),
    "any.42001_forever": (subscribe, WeChatSend("retry", "42001"), 2),
    "any.45009": (subscribe, WeChatSend("retry", "45009"), 1),
    "any.http_502": (subscribe, WeChatSend("unknown", "no_answer"), 1),
    "any.slow_30s": (subscribe, WeChatSend("unknown", "no_answer"), 1),
    "any.empty_200": (subscribe, WeChatSend("unknown", "no_answer"), 1),
    "qr.png": (qr, lambda got: got.startswith(b"\xff\xd8"), 1),
    "qr.41030": (qr, Busy("wechat_unavailable"), 1),
    "check.risky": (check, lambda got: got == "risky", 1),
    "check.review": (check, lambda got: got == "review", 1),
    "check.61010": (check, lambda got: got == "not_seen", 1),
}


def path_of(fixture: dict[str, Any]) -> str:
    path: str = fixture["request"]["path"]
    # We use the stable token; the plain one's fixtures hold for it alike.
    return STABLE if path == "/cgi-bin/token" else path


@pytest.mark.rule("W19", "W20")
@pytest.mark.parametrize(
    "fixture", [f for f in section("api_fixtures") if f["id"] != "token.ok"], ids=lambda f: f["id"]
)
def test_fixture(fixture: dict[str, Any], gateway: HttpWeChat, api: Api, caplog: pytest.LogCaptureFixture) -> None:
    call, expected, times = EXPECTED[fixture["id"]]
    path = path_of(fixture)
    api.answers[path] = list(fixture.get("response_sequence") or [fixture["response"]])
    started = time.monotonic()
    with caplog.at_level(logging.DEBUG, logger="server"):
        try:
            got = call(gateway)
        except Refusal as refusal:
            got = refusal
    assert time.monotonic() - started < 5
    if isinstance(expected, Refusal):
        assert isinstance(got, type(expected))
        assert got.code == expected.code
    elif callable(expected):
        assert expected(got)
    else:
        assert got == expected
    asked = [c for c in api.calls if c.path == path or (path == "*" and c.path != STABLE)]
    assert len(asked) == times
    assert len(api.of(STABLE)) <= 2
    for name in fixture["request"].get("query_must_not_have", []):
        assert all(name not in c.query for c in asked)
    for name, value in fixture["request"].get("json", {}).items():
        assert asked[0].body[name] == value or value == "*"
    secret = load()["accounts"]["mp"]["secret"]
    for words in (caplog.text, str(got), repr(getattr(got, "__cause__", ""))):
        for hidden in (secret, "TOKEN-", "oUser", "session-key", "c2Vzc2lvbi1rZXktMTYhIQ"):
            assert hidden not in words


def test_every_fixture_is_tried() -> None:
    assert {f["id"] for f in section("api_fixtures")} == set(EXPECTED) | {"token.ok"}


@pytest.mark.rule("W20")
def test_ten_callers_fetch_one_token_and_keep_it(gateway: HttpWeChat, api: Api, clock: Clock) -> None:
    api.answers[STABLE] = [{"status": 200, "json": {"access_token": "TOKEN-1", "expires_in": 7200}}]
    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(lambda _: subscribe(gateway), range(10)))
    assert results == [WeChatSend("sent")] * 10
    assert len(api.of(STABLE)) == 1
    assert {call.query["access_token"] for call in api.of(SEND)} == {"TOKEN-1"}
    clock.forward(seconds=7200 - 61)
    subscribe(gateway)
    assert len(api.of(STABLE)) == 1
    clock.forward(seconds=2)
    subscribe(gateway)
    assert len(api.of(STABLE)) == 2


@pytest.mark.rule("W20")
def test_processes_share_the_token_and_it_is_not_stored_in_clear(
    make_gateway: MakeGateway, api: Api, token_database: Any
) -> None:
    subscribe(make_gateway())
    subscribe(make_gateway())
    assert len(api.of(STABLE)) == 1
    with token_database.read() as session:
        row = session.query(WeChatToken).one()
    assert b"TOKEN" not in row.token_cipher


@pytest.mark.rule("W20")
def test_two_processes_refresh_once_between_them(make_gateway: MakeGateway, api: Api, clock: Clock) -> None:
    first, second = make_gateway(), make_gateway()
    subscribe(first)
    subscribe(second)
    api.answers[SEND] = [{"status": 200, "json": {"errcode": 40001}}, {"status": 200, "json": {"errcode": 0}}]
    assert subscribe(first).state == "sent"
    api.answers[SEND] = [{"status": 200, "json": {"errcode": 40001}}, {"status": 200, "json": {"errcode": 0}}]
    assert subscribe(second).state == "sent"
    assert len(api.of(STABLE)) == 2


@pytest.mark.rule("W20")
def test_a_living_token_serves_while_no_new_one_is_to_be_had(gateway: HttpWeChat, api: Api, clock: Clock) -> None:
    subscribe(gateway)
    clock.forward(seconds=7200 - 30)
    api.answers[STABLE] = [{"status": 200, "json": {"errcode": 45011, "errmsg": "quota"}}]
    assert subscribe(gateway).state == "sent"
    assert subscribe(gateway).state == "sent"
    assert len(api.of(STABLE)) == 2
    clock.forward(seconds=31)
    assert subscribe(gateway) == WeChatSend("retry", "45011")


@pytest.mark.rule("W20")
def test_force_refresh_only_after_thirty_seconds(gateway: HttpWeChat, api: Api, clock: Clock) -> None:
    invalid = [{"status": 200, "json": {"errcode": 42001}}]
    api.answers[SEND] = list(invalid)
    subscribe(gateway)
    clock.forward(seconds=31)
    subscribe(gateway)
    assert [call.body["force_refresh"] for call in api.of(STABLE)] == [False, False, True]


@pytest.mark.rule("W19")
def test_what_never_left_is_tried_again_later(make_gateway: MakeGateway) -> None:
    unreachable = make_gateway(url="http://127.0.0.1:9")
    assert subscribe(unreachable) == WeChatSend("retry", "not_sent")
    with pytest.raises(Busy):
        login(unreachable)


@pytest.mark.rule("W19")
def test_a_used_up_day_stops_the_calls(gateway: HttpWeChat, api: Api, clock: Clock) -> None:
    api.answers[SEND] = [{"status": 200, "json": {"errcode": 45009}}]
    for _ in range(3):
        assert subscribe(gateway) == WeChatSend("retry", "45009")
    assert len(api.of(SEND)) == 1
    clock.forward(hours=1, seconds=1)
    subscribe(gateway)
    assert len(api.of(SEND)) == 2


@pytest.mark.rule("W19")
def test_chinese_is_sent_as_it_is(gateway: HttpWeChat, api: Api) -> None:
    subscribe(gateway)
    body = api.of(SEND)[0].body
    assert body["data"] == {"thing1": {"value": "冲凉"}}
    assert body["page"] == "pages/bookings/list"
    assert body["touser"] == "oUser"


@pytest.mark.rule("W19")
@pytest.mark.parametrize(
    "answer",
    [
        {"openid": "", "session_key": "k"},
        {"openid": 5},
        {},
        {"errcode": "40029x"},
    ],
)
def test_a_strange_answer_signs_nobody_in(gateway: HttpWeChat, api: Api, answer: dict[str, Any]) -> None:
    api.answers["/sns/jscode2session"] = [{"status": 200, "json": answer}]
    with pytest.raises(Busy):
        login(gateway)


@pytest.mark.rule("W19")
def test_a_preview_user_is_nobody(gateway: HttpWeChat, api: Api) -> None:
    api.answers["/sns/oauth2/access_token"] = [{"status": 200, "json": {"openid": "oX", "is_snapshotuser": 1}}]
    with pytest.raises(Conflict, match="sign_in_preview"):
        gateway.web_oauth("a-code")


@pytest.mark.rule("W19")
def test_a_phone_of_another_app_is_refused(gateway: HttpWeChat, api: Api) -> None:
    info = {"purePhoneNumber": "13800000000", "countryCode": "86", "watermark": {"appid": "wxother"}}
    api.answers["/wxa/business/getuserphonenumber"] = [{"status": 200, "json": {"errcode": 0, "phone_info": info}}]
    with pytest.raises(Conflict, match="phone_code_invalid"):
        phone(gateway)


@pytest.mark.rule("W9")
def test_a_wrong_scene_is_our_mistake(gateway: HttpWeChat, api: Api) -> None:
    with pytest.raises(ValueError, match="scene"):
        gateway.mini_program_code("活动", "pages/index")
    assert api.calls == []


@pytest.mark.rule("W19")
@pytest.mark.parametrize("code", ["", "x" * 600])
def test_an_absurd_code_is_not_even_sent(gateway: HttpWeChat, api: Api, code: str) -> None:
    with pytest.raises(Conflict):
        gateway.code_to_session(code)
    assert api.calls == []


@pytest.mark.rule("W19", "W20")
def test_a_busy_database_means_not_sent(gateway: HttpWeChat, api: Api, token_database: Database) -> None:
    with token_database.unit_of_work() as writer:
        writer.add(WeChatToken(appid=load()["accounts"]["mp"]["appid"]))
        writer.flush()
        assert subscribe(gateway) == WeChatSend("retry", "not_sent")
    assert api.calls == []
    assert subscribe(gateway) == WeChatSend("sent")
