"""The stand-in over HTTP: the standard library alone, a thread per connection, up at once."""

import json
import logging
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from server.demo_identities import ALL
from server.settings import Settings
from server.wechat_standin import pages
from server.wechat_standin.api import Request, Response, answer
from server.wechat_standin.state import FREE_CONSENTS, State

log = logging.getLogger(__name__)

BODY_BYTES = 1024 * 1024
HTML = "text/html; charset=utf-8"
_MESSAGES_JSON = "/messages.json"


class StandIn:
    """Answers requests; knows nothing of sockets."""

    def __init__(
        self, settings: Settings, *, app_url: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.state = State(settings, clock)
        self._settings = settings
        self._app_url = app_url
        self._clock = clock

    def respond(self, method: str, target: str, body: bytes, *, site: str = "none") -> Response:
        """One request, one response; what makes no sense is a 4xx, never an exception.

        `site` is the browser's Sec-Fetch-Site: from where a form was sent.
        """
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query))
        if method == "GET" and parts.path == "/":
            return Response(pages.home(self.state.sent(), person=query.get("person", "")).encode(), HTML)
        if method == "GET" and parts.path == _MESSAGES_JSON:
            return self._messages()
        if method == "POST" and parts.path == "/chat":
            return self._chat(body, site)
        called = answer(self.state, parts.path, Request(query, _json_object(body)))
        return called or Response(b"not found", "text/plain", HTTPStatus.NOT_FOUND)

    def _messages(self) -> Response:
        items = [
            {
                "at": m.at.isoformat(),
                "kind": m.kind,
                "person": m.person,
                "title": m.title,
                "lines": m.lines,
                "page": m.page,
            }
            for m in self.state.sent()
        ]
        return Response(json.dumps({"items": items}, ensure_ascii=False).encode())

    def _chat(self, body: bytes, site: str) -> Response:
        """The form of the page. Another site's form is refused: it would speak for the person at this machine."""
        if site not in ("same-origin", "none"):
            return Response(b"refused", "text/plain", HTTPStatus.FORBIDDEN)
        form = {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}
        person, what = form.get("person", ""), form.get("do", "text")
        if person not in ALL:
            return Response(b"unknown person", "text/plain", HTTPStatus.BAD_REQUEST)
        if what in ("refuse", "accept"):
            self.state.set_consents(person, 0 if what == "refuse" else FREE_CONSENTS)
            self.state.keep("设置", person, "拒收提醒" if what == "refuse" else "恢复提醒", ())
        else:
            self._write(person, what, form.get("text", "").strip())
        location = "/?" + urlencode({"person": person})
        return Response(b"", HTML, HTTPStatus.SEE_OTHER, location)

    def _write(self, person: str, what: str, text: str) -> None:
        # Imported here: WeChat's cryptography takes longer to load than everything else together.
        from server.wechat_standin.chat import Push, deliver

        event = what if what in ("subscribe", "unsubscribe") else ""
        if not event and not text:
            return
        shown = {"subscribe": "关注了公众号", "unsubscribe": "取消了关注"}.get(event, text)
        self.state.keep("发给公众号", person, "", (shown,))
        push = Push(person, event=event) if event else Push(person, text)
        reply = deliver(self._settings, self._app_url, push, now=self._clock())
        self.state.keep("公众号回复", person, "", tuple(reply.splitlines()) or ("（没有马上回复）",))


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], standin: StandIn) -> None:
        self.standin = standin
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without looking the host name up: that can take seconds without a network."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "standin", ""
    timeout = 60
    wbufsize = -1  # head and body in one packet: two would wait for each other's acknowledgement
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._respond(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > BODY_BYTES:
            self.close_connection = True
            self._write(Response(b"too large", "text/plain", HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
            return
        self._respond(self.rfile.read(int(length)))

    def _respond(self, body: bytes) -> None:
        site = self.headers.get("Sec-Fetch-Site", "none")
        self._write(self.server.standin.respond(self.command, self.path, body, site=site))

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        if response.location:
            self.send_header("Location", response.location)
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the addresses carry secrets and tokens."""


def make_server(standin: StandIn, host: str, port: int) -> ThreadingHTTPServer:
    """Bound and listening; `serve_forever()` answers."""
    return _Server((host, port), standin)


def serve(settings: Settings, *, host: str, port: int, app_url: str) -> None:
    """Run until the process ends."""
    server = make_server(StandIn(settings, app_url=app_url), host, port)
    log.info("stand-in WeChat listens port=%d", port)
    try:
        server.serve_forever(poll_interval=0.5)
    except KeyboardInterrupt:
        log.info("stand-in WeChat stops")
    finally:
        server.server_close()
