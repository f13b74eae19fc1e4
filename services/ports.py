"""The outside world, as the use cases see it. Fakes in tests implement these Protocols."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from domain.local_time import local_day, zone_named
from retrieval.port import TextIndex


@dataclass(frozen=True, slots=True)
class OutgoingNotification:
    """What a channel needs to know of one outbox row."""

    id: int
    person_id: int
    template: str
    data: dict[str, Any]
    page: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of it. `retry`: known not to have been sent. `skipped`: not a matter for this channel."""

    state: Literal["sent", "refused", "failed", "retry", "unknown", "skipped"]
    error_code: str | None = None


class NotificationChannel(Protocol):
    """One way to reach a person. Opens its own short transactions; never raises for a failed send."""

    name: str

    def send(self, message: OutgoingNotification, *, now: datetime) -> Delivery: ...


@dataclass(frozen=True, slots=True)
class WeChatIdentity:
    """Whom code2Session or web OAuth found. The session key stays on the server and is not kept."""

    appid: str
    openid: str
    unionid: str | None = None


@dataclass(frozen=True, slots=True)
class WeChatSend:
    """Result of one send: `retry` only where it is known not to have been sent (decision 33)."""

    state: Literal["sent", "refused", "failed", "retry", "unknown"]
    error_code: str | None = None


class WeChatGateway(Protocol):
    """The HTTP API of WeChat, real or stand-in.

    Methods that identify raise `domain.errors.Conflict("sign_in_failed")` for a bad code,
    `NotAllowed("sign_in_blocked")` for a blocked user, `Busy("wechat_unavailable")` when WeChat does not answer.
    """

    def code_to_session(self, code: str) -> WeChatIdentity: ...

    def web_oauth(self, code: str) -> WeChatIdentity: ...

    def phone_number(self, code: str) -> str: ...

    def send_subscribe(
        self, openid: str, template_id: str, data: dict[str, str], page: str | None, *, now: datetime
    ) -> WeChatSend: ...

    def send_service_text(self, openid: str, text: str, *, appid: str, now: datetime) -> WeChatSend: ...

    def follower_unionid(self, openid: str) -> str | None: ...

    def mini_program_code(self, scene: str, page: str) -> bytes: ...


class Cipher(Protocol):
    """Personal values at rest: ciphertext to show again, keyed hash to find again (decision 9)."""

    def encrypt(self, text: str) -> bytes: ...

    def decrypt(self, blob: bytes) -> str: ...

    def keyed_hash(self, purpose: str, text: str) -> str: ...


def unsealed(cipher: Cipher, sealed: bytes | None) -> str | None:
    """The text of a column that may be empty."""
    return cipher.decrypt(sealed) if sealed else None


class Signer(Protocol):
    """Signatures. `mac` for our own tickets; Ed25519 for passes that devices verify offline (decision 28)."""

    key_id: str

    def mac(self, purpose: str, message: bytes) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...

    def public_key(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Options:
    """The few settings that use cases and endpoints may know."""

    env: str
    base_url: str
    timezone: str
    mp_appid: str
    oa_appid: str
    subscribe_templates: dict[str, str] = field(default_factory=dict)
    demo_people: tuple[tuple[str, str], ...] = ()

    @property
    def is_demo(self) -> bool:
        return self.env == "demo"

    @property
    def zone(self) -> ZoneInfo:
        """The clock of what belongs to no centre (decision 15)."""
        return zone_named(self.timezone)

    def today(self, now: datetime) -> date:
        """The district's calendar day: between midnight and eight it is not the day of UTC."""
        return local_day(now, self.zone)


class Deps(Protocol):
    """What the factory passes to endpoints, bot and jobs: no globals, no imports of `server`."""

    @property
    def options(self) -> Options: ...

    @property
    def cipher(self) -> Cipher: ...

    @property
    def signer(self) -> Signer: ...

    @property
    def wechat(self) -> WeChatGateway: ...

    @property
    def text_index(self) -> TextIndex: ...

    def unit_of_work(self) -> AbstractContextManager[Session]:
        """A writing transaction: commits at the end, rolls back on any exception."""
        ...

    def read(self) -> AbstractContextManager[Session]:
        """A reading session that never takes a write lock; nothing it does is kept."""
        ...

    def now(self) -> datetime:
        """The one clock: an aware instant in UTC."""
        ...
