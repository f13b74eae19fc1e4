"""The stand-in answers as WeChat does, to the product's own client; a follower's text goes there and back sealed."""

import dataclasses
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import HTTPServer
from typing import Any

import pytest
import requests
from sqlalchemy import Engine, delete
from werkzeug.serving import make_server as make_wsgi_server

from domain.errors import Conflict
from models.wechat import WeChatClaim, WeChatToken
from server.container import Container, build
from server.db import Database
from server.demo_identities import ALL, demo_openid, demo_phone, demo_unionid
from server.gateways.wechat import HttpWeChat
from server.settings import Settings
from server.wechat import callback
from server.wechat_standin.chat import OUT_OF_ORDER, Push, deliver
from server.wechat_standin.state import FREE_CONSENTS, KEPT, State
from server.wechat_standin.web import StandIn, make_server
from services.ports import WeChatSend
from tests.conftest import Clock, EmptyIndex
from tests.fakes import FakeWeChat

BOOKED = {
    "thing1": "冲凉",
    "time2": "2026年11月25日 21:00",
    "thing3": "港区司机之家",
    "character_string4": "K7M2QX4P",
}


@contextmanager
def running(server: HTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def standin(settings: Settings, clock: Clock) -> StandIn:
    return StandIn(settings, app_url="http://127.0.0.1:9", clock=clock)


@pytest.fixture
def url(standin: StandIn) -> Iterator[str]:
    with running(make_server(standin, "127.0.0.1", 0)) as address:
        yield address


@pytest.fixture
def token_database(engine: Engine) -> Iterator[Database]:
    made = Database(engine)
    yield made
    with made.unit_of_work() as session:
        session.execute(delete(WeChatToken))
        session.execute(delete(WeChatClaim))


@pytest.fixture
def gateway(url: str, settings: Settings, token_database: Database, clock: Clock) -> HttpWeChat:
    return HttpWeChat(dataclasses.replace(settings, wechat_api_base=url), token_database, clock=clock)


@pytest.mark.rule("W21")
@pytest.mark.parametrize("name", ["driver", "secretary", "driver-2", "driver-200", "member-137"])
def test_demo_people_sign_in(gateway: HttpWeChat, settings: Settings, name: str) -> None:
    mini, official = gateway.code_to_session(f"demo:{name}"), gateway.web_oauth(f"demo:{name}")
    assert mini.openid == demo_openid(settings.mp_appid, name)
    assert official.openid == demo_openid(settings.oa_appid, name) != mini.openid
    assert mini.unionid == official.unionid == demo_unionid(name)


@pytest.mark.rule("W21")
@pytest.mark.parametrize("code", ["demo:nobody", "driver", "demo:driver-201", "demo:", "0a1b", "demo:driver\x00"])
def test_others_do_not(gateway: HttpWeChat, code: str) -> None:
    with pytest.raises(Conflict, match="sign_in_failed"):
        gateway.code_to_session(code)


@pytest.mark.rule("W21")
def test_two_hundred_sign_in_at_once(gateway: HttpWeChat) -> None:
    names = [name for name in ALL if name.startswith(("driver-", "member-"))][:200]
    started = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda name: gateway.code_to_session(f"demo:{name}").openid, names))
    assert len(set(found)) == 200
    assert time.monotonic() - started < 5


@pytest.mark.rule("W21")
def test_a_message_is_shown_with_its_fields(gateway: HttpWeChat, url: str, settings: Settings, clock: Clock) -> None:
    openid, template = demo_openid(settings.mp_appid, "driver"), settings.subscribe_templates["booking_confirmed"]
    fields = {**BOOKED, "thing1": "<b>冲凉"}
    assert gateway.send_subscribe(openid, template, fields, "/pages/a", now=clock.now) == WeChatSend("sent")
    assert gateway.send_service_text(openid, "查到了", appid=settings.oa_appid, now=clock.now) == WeChatSend("sent")
    page = requests.get(url, timeout=5)
    assert page.encoding == "utf-8"
    assert "服务：&lt;b&gt;冲凉" in page.text
    assert "<b>冲凉" not in page.text
    assert page.text.index("查到了") < page.text.index("预约成功")
    items = requests.get(url + "/messages.json", timeout=5).json()["items"]
    assert [item["kind"] for item in items] == ["客服消息", "订阅消息"]


@pytest.mark.rule("W21")
def test_refusals_carry_wechats_numbers(
    gateway: HttpWeChat, standin: StandIn, settings: Settings, clock: Clock
) -> None:
    openid, template = demo_openid(settings.mp_appid, "driver"), settings.subscribe_templates["booking_confirmed"]

    def send(to: str = openid, by: str = template, **fields: str) -> str | None:
        return gateway.send_subscribe(to, by, {**BOOKED, **fields}, None, now=clock.now).error_code

    assert send(to="oStranger") == "40003"
    assert send(by="unknown") == "40037"
    assert send(thing1="字" * 21) == "47003"
    assert send(time2="明天") == "47003"
    for _ in range(FREE_CONSENTS):
        assert send() is None
    assert gateway.send_subscribe(openid, template, BOOKED, None, now=clock.now) == WeChatSend("refused", "43101")
    standin.state.set_consents("driver", 1)
    assert [send(), send()] == [None, "43101"]


@pytest.mark.rule("W20", "W21")
def test_a_restarted_standin_knows_no_old_token(
    gateway: HttpWeChat, standin: StandIn, settings: Settings, clock: Clock
) -> None:
    openid = demo_openid(settings.oa_appid, "driver")
    assert gateway.send_service_text(openid, "一", appid=settings.oa_appid, now=clock.now).state == "sent"
    standin.state = State(settings, clock)
    clock.forward(minutes=1)
    assert gateway.send_service_text(openid, "二", appid=settings.oa_appid, now=clock.now).state == "sent"


@pytest.mark.rule("W21")
def test_phone_and_code_picture(gateway: HttpWeChat) -> None:
    assert gateway.phone_number("demo:driver") == demo_phone("driver")
    with pytest.raises(Conflict, match="phone_code_invalid"):
        gateway.phone_number("used")
    assert gateway.mini_program_code("activity:A1", "pages/index").startswith(b"\x89PNG")
    assert gateway.judge_text("o", "违规示例") == "risky"
    assert gateway.judge_text("o", "你好") == "pass"


@pytest.mark.rule("W21")
def test_it_keeps_only_the_last_messages(standin: StandIn) -> None:
    for number in range(KEPT + 5):
        standin.state.keep("客服消息", "driver", str(number), ())
    assert len(standin.state.sent()) == KEPT
    assert standin.state.sent()[0].title == str(KEPT + 4)


@pytest.mark.rule("W21")
@pytest.mark.parametrize(
    ("method", "path", "kwargs", "status"),
    [
        ("GET", "/nothing", {}, 404),
        ("POST", "/cgi-bin/stable_token", {"data": b"not json"}, 200),
        ("POST", "/cgi-bin/stable_token", {"data": b"[" * 5000}, 200),
        ("POST", "/cgi-bin/stable_token", {"data": b"x" * (1024 * 1024 + 1)}, 413),
        ("POST", "/chat", {"data": {"person": "nobody", "text": "x"}}, 400),
        ("POST", "/chat", {"data": {"person": "driver"}, "headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
    ],
)
def test_nonsense_breaks_nothing(url: str, method: str, path: str, kwargs: dict[str, Any], status: int) -> None:
    response = requests.request(method, url + path, timeout=5, allow_redirects=False, **kwargs)
    assert response.status_code == status
    assert requests.get(url, timeout=5).status_code == 200


@contextmanager
def app_at(container: Container, reply: str) -> Iterator[str]:
    """The callback of the product, listening."""
    from flask import Flask

    app = Flask("callback")
    app.register_blueprint(callback.install(container, ask=lambda session, asker, text, now: f"{reply}：{text}"))
    with running(make_wsgi_server("127.0.0.1", 0, app, threaded=True)) as address:
        yield address


@pytest.fixture
def live(token_database: Database, settings: Settings, clock: Clock) -> Container:
    return build(settings, database=token_database, clock=clock, wechat=FakeWeChat(), text_index=EmptyIndex())


@pytest.mark.rule("W6", "W21")
def test_a_text_goes_there_and_back_sealed(live: Container, settings: Settings, clock: Clock) -> None:
    with app_at(live, "答") as app_url:
        assert deliver(settings, app_url, Push("driver", "能洗澡吗"), now=clock.now) == "答：能洗澡吗"
        assert "链驿" in deliver(settings, app_url, Push("driver", event="subscribe"), now=clock.now)
        assert deliver(settings, app_url, Push("driver", event="unsubscribe"), now=clock.now) == ""


@pytest.mark.rule("W21")
def test_the_form_shows_question_and_answer(live: Container, settings: Settings, clock: Clock) -> None:
    with app_at(live, "答") as app_url:
        standin = StandIn(settings, app_url=app_url, clock=clock)
        with running(make_server(standin, "127.0.0.1", 0)) as url:
            page = requests.post(url + "/chat", data={"person": "member", "text": "怎么签到"}, timeout=10)
    assert page.status_code == 200
    assert page.text.index("答：怎么签到") < page.text.index("发给公众号")
    assert '<option value="member" selected>' in page.text


@pytest.mark.rule("W21")
def test_without_the_app_the_follower_is_told_as_wechat_does(settings: Settings, clock: Clock) -> None:
    assert deliver(settings, "http://127.0.0.1:9", Push("driver", "在吗"), now=clock.now) == OUT_OF_ORDER


@pytest.mark.rule("W3", "W21")
def test_an_answer_sealed_with_another_key_is_no_answer(live: Container, settings: Settings, clock: Clock) -> None:
    other = dataclasses.replace(settings, oa_aes_key="z" * 43)
    with app_at(dataclasses.replace(live, settings=other), "答") as app_url:
        assert deliver(settings, app_url, Push("driver", "在吗"), now=clock.now) == OUT_OF_ORDER
