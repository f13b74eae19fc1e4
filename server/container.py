"""Builds engine, gateways, clock and index once; used by app, scheduler and commands."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from domain.local_time import zone_named
from retrieval.port import TextIndex
from server.db import Database
from server.demo_identities import MAIN
from server.gateways.cipher import AesCipher, KeySigner
from server.settings import Settings
from services.ports import Options, WeChatGateway


def system_clock() -> datetime:
    """The real time, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Container:
    """Implements `services.ports.Deps`."""

    settings: Settings
    options: Options
    database: Database
    cipher: AesCipher
    signer: KeySigner
    wechat: WeChatGateway
    text_index: TextIndex
    clock: Callable[[], datetime] = system_clock

    def unit_of_work(self) -> AbstractContextManager[Session]:
        return self.database.unit_of_work()

    def read(self) -> AbstractContextManager[Session]:
        return self.database.read()

    def now(self) -> datetime:
        return self.clock()


def build(
    settings: Settings,
    *,
    database: Database | None = None,
    clock: Callable[[], datetime] = system_clock,
    wechat: WeChatGateway | None = None,
    text_index: TextIndex | None = None,
) -> Container:
    """Everything a process needs. Opens no connection: the first session does."""
    database = database or Database.at(settings.database_url)
    options = Options(
        env=settings.env,
        base_url=settings.base_url,
        timezone=settings.timezone,
        mp_appid=settings.mp_appid,
        oa_appid=settings.oa_appid,
        subscribe_templates=dict(settings.subscribe_templates),
        demo_people=tuple((f"demo:{p.name}", f"{p.label} · {p.shown_as}") for p in MAIN) if settings.is_demo else (),
    )
    return Container(
        settings=settings,
        options=options,
        database=database,
        cipher=AesCipher(settings.secret_key),
        signer=KeySigner(settings.secret_key),
        wechat=wechat or _http_wechat(settings, database),
        text_index=text_index or _policy_index(settings, database, clock),
        clock=clock,
    )


def _http_wechat(settings: Settings, database: Database) -> WeChatGateway:
    from server.gateways.wechat import HttpWeChat  # late: brings in an HTTP client that commands rarely need

    return HttpWeChat(settings, database)


def _policy_index(settings: Settings, database: Database, clock: Callable[[], datetime]) -> TextIndex:
    from server.gateways.text_index import PolicyTextIndex

    return PolicyTextIndex(database, settings.index_dir, clock, timezone=zone_named(settings.timezone))
