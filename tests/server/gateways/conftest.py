"""A server that answers as api.weixin.qq.com would, by the fixtures of the vectors."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import Engine, delete

from models.wechat import WeChatToken
from server.db import Database
from server.gateways.wechat import HttpWeChat
from server.gateways.wechat_http import WeChatHttp
from server.settings import Settings
from tests.conftest import Clock
from tests.wechat_vectors import load

TOKEN_PATHS = ("/cgi-bin/stable_token", "/cgi-bin/token")


@dataclass
class Call:
    """One request as WeChat saw it."""

    method: str
    path: str
    query: dict[str, str]
    body: Any


@dataclass
class Api:
    """`answers[path]` is a list of responses, the last one repeated; `*` is any path but the token's."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]

    def next_answer(self, path: str) -> dict[str, Any]:
        with self.lock:
            queue = self.answers.get(path) or ([] if path in TOKEN_PATHS else self.answers.get("*", []))
            if not queue:
                return {"status": 200, "json": {"access_token": f"TOKEN-{len(self.of(path))}", "expires_in": 7200}}
            return queue.pop(0) if len(queue) > 1 else queue[0]


def _handler(api: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            pass

        def answer(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = Call(self.command, parts.path, dict(parse_qsl(parts.query)), json.loads(raw) if raw else None)
            with api.lock:
                api.calls.append(call)
            response = api.next_answer(parts.path)
            if response.get("delay_seconds"):
                api.released.wait(5)
            body = base64.b64decode(response["body_b64"]) if "body_b64" in response else b""
            body = (
                body
                or response.get("text", "").encode()
                or (json.dumps(response["json"]).encode() if "json" in response else b"")
            )
            self.send_response(response["status"])
            for name, value in response.get("headers", {"Content-Type": "application/json"}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except ConnectionError:
                self.close_connection = True

        do_GET = do_POST = answer

    return Handler


class _Server(ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True


@pytest.fixture
def api() -> Iterator[Api]:
    made = Api()
    server = _Server(("127.0.0.1", 0), _handler(made))
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def token_database(engine: Engine) -> Iterator[Database]:
    made = Database(engine)
    yield made
    with made.unit_of_work() as session:
        session.execute(delete(WeChatToken))


MakeGateway = Callable[..., HttpWeChat]


@pytest.fixture
def make_gateway(api: Api, token_database: Database, settings: Settings, clock: Clock) -> MakeGateway:
    """The gateway as the vectors' mini-program, pointed at the answering server."""
    import dataclasses

    account = load()["accounts"]["mp"]
    ours = dataclasses.replace(settings, mp_appid=account["appid"], mp_secret=account["secret"])

    def make(**changes: Any) -> HttpWeChat:
        http = WeChatHttp(changes.pop("url", api.url), timeout=(3, 1.5))  # a busy machine is not a silent one
        return HttpWeChat(ours, token_database, http=http, clock=clock, sleep=lambda seconds: None, **changes)

    return make


@pytest.fixture
def gateway(make_gateway: MakeGateway) -> HttpWeChat:
    return make_gateway()
