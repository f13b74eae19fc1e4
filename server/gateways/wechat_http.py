"""Calls to api.weixin.qq.com: timeouts, the errcode in every answer, and nothing secret in any message."""

import json
import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import requests

log = logging.getLogger(__name__)

CONNECT_SECONDS = 1.5
READ_SECONDS = 3.0  # a callback that waits for us has five seconds in all
_RID = re.compile(r"rid: ?([\w-]{1,64})")

Kind = Literal["not_sent", "no_answer", "refused"]


class WeChatFailure(Exception):
    """A call that brought no result.

    `not_sent`: no connection was made, so WeChat knows nothing of it. `no_answer`: it may or may not have been done.
    `refused`: WeChat answered with `errcode`. The text holds no URL: those carry secrets and tokens.
    """

    def __init__(self, kind: Kind, path: str, errcode: int | None = None, rid: str = "") -> None:
        super().__init__(f"{path} {kind} errcode={errcode} rid={rid}")
        self.kind: Kind = kind
        self.errcode = errcode

    @property
    def code(self) -> str:
        """For records: the errcode, else the kind."""
        return str(self.errcode) if self.errcode is not None else self.kind


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: JSON fields, or raw bytes of a picture."""

    fields: Mapping[str, Any]
    content: bytes = b""


class WeChatHttp:
    """One base address. Keeps a connection per thread."""

    def __init__(self, base_url: str, *, timeout: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS)) -> None:
        self._base = base_url.rstrip("/")
        self._timeout = timeout
        self._threads = threading.local()
        # A stand-in on this machine must not be looked for behind a proxy.
        self._trust_env = urlsplit(self._base).hostname not in ("127.0.0.1", "localhost", "::1")

    def get(self, path: str, query: Mapping[str, str]) -> Answer:
        """GET; safe to repeat, so a connection that died while idle is tried once more."""
        try:
            return self._call("GET", path, query, None)
        except WeChatFailure as failure:
            if failure.kind != "not_sent":
                raise
            return self._call("GET", path, query, None)

    def post(self, path: str, query: Mapping[str, str], body: Mapping[str, Any]) -> Answer:
        """POST with a JSON body in UTF-8, never repeated here."""
        return self._call("POST", path, query, body)

    def _call(self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None) -> Answer:
        # requests escapes Chinese as \\uXXXX by default, which WeChat shows literally in messages.
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"Content-Type": "application/json; charset=utf-8"} if data is not None else {}
        try:
            response = self._session().request(
                method,
                self._base + path,
                params=dict(query),
                data=data,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL):
            raise WeChatFailure("not_sent", path) from None
        except requests.exceptions.ConnectionError as error:
            kind: Kind = "not_sent" if "NewConnectionError" in repr(error) else "no_answer"
            raise WeChatFailure(kind, path) from None
        except requests.exceptions.RequestException:
            raise WeChatFailure("no_answer", path) from None
        return _read(path, response)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = self._trust_env
            self._threads.session = session
        return session


def _read(path: str, response: requests.Response) -> Answer:
    """Look at errcode, not at Content-Type: WeChat sends JSON as text/plain, and errors with status 200."""
    if response.status_code != 200 or not response.content:
        log.warning("wechat gave no answer path=%s status=%d", path, response.status_code)
        raise WeChatFailure("no_answer", path)
    if response.headers.get("Content-Type", "").startswith("image/"):
        return Answer({}, response.content)
    try:
        fields = json.loads(response.content.decode("utf-8"))
    except ValueError:
        raise WeChatFailure("no_answer", path) from None
    if not isinstance(fields, dict):
        raise WeChatFailure("no_answer", path)
    errcode = _errcode(fields)
    if errcode:
        found = _RID.search(str(fields.get("errmsg", "")))
        rid = found[1] if found else ""
        log.warning("wechat refused path=%s errcode=%d rid=%s", path, errcode, rid)
        raise WeChatFailure("refused", path, errcode, rid)
    return Answer(fields)


def _errcode(fields: Mapping[str, Any]) -> int:
    """0 where it is absent, as on some successes; sometimes it comes as text."""
    value = fields.get("errcode", 0)
    try:
        return int(value)
    except (TypeError, ValueError):
        return -1
