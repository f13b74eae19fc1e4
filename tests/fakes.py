"""Fakes of the outside world; they implement the Protocols of `services.ports`."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.errors import Conflict
from server.demo_identities import demo_openid, demo_phone, demo_unionid
from server.settings import DEMO_MP_APPID, DEMO_OA_APPID
from services.ports import WeChatIdentity, WeChatSend


@dataclass
class FakeWeChat:
    """Knows every `demo:NAME`; keeps what it was asked to send; `answer` says how sends end."""

    answer: WeChatSend = field(default_factory=lambda: WeChatSend("sent"))
    sent: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    unionids: dict[str, str] = field(default_factory=dict)

    def code_to_session(self, code: str) -> WeChatIdentity:
        return self._identify(DEMO_MP_APPID, code)

    def web_oauth(self, code: str) -> WeChatIdentity:
        return self._identify(DEMO_OA_APPID, code)

    def _identify(self, appid: str, code: str) -> WeChatIdentity:
        if not code.startswith("demo:"):
            raise Conflict("sign_in_failed")
        name = code.removeprefix("demo:")
        return WeChatIdentity(appid, demo_openid(appid, name), demo_unionid(name))

    def phone_number(self, code: str) -> str:
        return demo_phone(code)

    def send_subscribe(
        self, openid: str, template_id: str, data: dict[str, str], page: str | None, *, now: datetime
    ) -> WeChatSend:
        self.sent.append((openid, template_id, data))
        return self.answer

    def follower_unionid(self, openid: str) -> str | None:
        return self.unionids.get(openid)

    def mini_program_code(self, scene: str, page: str) -> bytes:
        return b"png"

    def send_service_text(self, openid: str, text: str, *, appid: str, now: datetime) -> WeChatSend:
        self.texts.append((openid, text))
        return self.answer
