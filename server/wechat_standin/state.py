"""What the stand-in remembers: tokens, consents, and the last few hundred messages."""

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from server.demo_identities import ALL, demo_openid
from server.settings import Settings

KEPT = 300
TOKEN_SECONDS = 7200
RENEW_SECONDS = 300  # within these a stable token is replaced
FREE_CONSENTS = 20


@dataclass(frozen=True, slots=True)
class Sent:
    """One message as the person would see it. `kind`: 订阅消息, 客服消息, 发给公众号, 公众号回复."""

    at: datetime
    kind: str
    person: str
    title: str
    lines: tuple[str, ...]
    page: str = ""


@dataclass
class State:
    """Shared by the threads of one stand-in; every method is safe to call from any of them."""

    settings: Settings
    clock: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _sent: deque[Sent] = field(default_factory=lambda: deque(maxlen=KEPT))
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    _consents: dict[tuple[str, str], int] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for appid in (self.settings.mp_appid, self.settings.oa_appid):
            self._names.update({demo_openid(appid, name): name for name in ALL})

    def secret_of(self, appid: str) -> str | None:
        """The secret that goes with an appid of ours."""
        return {
            self.settings.mp_appid: self.settings.mp_secret,
            self.settings.oa_appid: self.settings.oa_secret,
        }.get(appid)

    def name_of(self, openid: str) -> str | None:
        """The demo person behind an openid."""
        return self._names.get(openid)

    def token(self, appid: str, *, force: bool) -> tuple[str, int]:
        """A stable token: the same one until five minutes before its end, or until forced."""
        with self._lock:
            now = self.monotonic()
            text, until = self._tokens.get(appid, ("", 0.0))
            if force or until - now <= RENEW_SECONDS:
                text, until = f"standin-{secrets.token_urlsafe(24)}", now + TOKEN_SECONDS
                self._tokens[appid] = (text, until)
            return text, int(until - now)

    def owner_of(self, token: str) -> str | None:
        """The appid a token belongs to, while it lives."""
        with self._lock:
            for appid, (text, until) in self._tokens.items():
                if secrets.compare_digest(text.encode(), token.encode()) and until > self.monotonic():
                    return appid
        return None

    def use_consent(self, openid: str, template_id: str) -> bool:
        """One consent less; False where none is left, which WeChat answers with 43101."""
        with self._lock:
            left = self._consents.get((openid, template_id), FREE_CONSENTS)
            if left <= 0:
                return False
            self._consents[openid, template_id] = left - 1
            return True

    def set_consents(self, name: str, count: int) -> None:
        """Let a demo person accept so many more messages of every template (0: 拒收)."""
        openid = demo_openid(self.settings.mp_appid, name)
        with self._lock:
            for template_id in self.settings.subscribe_templates.values():
                self._consents[openid, template_id] = count

    def keep(self, kind: str, person: str, title: str, lines: tuple[str, ...], page: str = "") -> None:
        """Remember one message; the oldest goes when there are too many."""
        with self._lock:
            self._sent.append(Sent(self.clock(), kind, person, title, lines, page))

    def sent(self) -> list[Sent]:
        """What was sent, newest first."""
        with self._lock:
            return list(reversed(self._sent))


def template_name(templates: Mapping[str, str], template_id: str) -> str | None:
    """Our name for a template id; None for one that is not set up."""
    return next((name for name, wechat_id in templates.items() if wechat_id == template_id), None)
