"""A callback on a real database with real threads: claims are commits of their own, so nothing can be rolled back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models.conversation import Conversation, ConversationTurn, UnansweredQuestion
from models.notification import Notification
from models.people import Person, WeChatAccount
from models.platform import AuditEntry
from models.wechat import SubscribeAllowance, WeChatClaim, WeChatToken
from server.container import Container, build
from server.db import Database
from server.settings import Settings
from server.wechat import callback
from server.wechat.account import CallbackAccount
from server.wechat.effects import AnswerText, Asker
from server.wechat.envelope import seal
from server.wechat.once import Pace
from server.wechat.signature import sign
from tests.conftest import Clock, EmptyIndex
from tests.fakes import FakeWeChat

QUICK = Pace(lock=1.5, short_after=0.3, wait=1.0, commit=1.0, poll=0.02)
TABLES = (
    WeChatClaim,
    SubscribeAllowance,
    WeChatToken,
    Notification,
    UnansweredQuestion,
    ConversationTurn,
    Conversation,
    WeChatAccount,
    AuditEntry,
    Person,
)


@pytest.fixture
def database(engine: Engine) -> Iterator[Database]:
    """The shared database, committed to; what a test wrote is deleted afterwards."""
    made = Database(engine)
    yield made
    with made.unit_of_work() as session:
        for table in TABLES:
            session.execute(delete(table))


@dataclass
class Bot:
    """Stands where the bot stands; remembers what it was asked."""

    reply: str | Callable[[str], str] = "收到"
    asked: list[str] = field(default_factory=list)
    askers: list[Asker] = field(default_factory=list)

    def __call__(self, session: Session, asker: Asker, text: str, now: datetime) -> str:
        self.asked.append(text)
        self.askers.append(asker)
        return self.reply if isinstance(self.reply, str) else self.reply(text)


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.fixture
def live(database: Database, settings: Settings, clock: Clock, wechat: FakeWeChat) -> Container:
    """The dependencies on a real database."""
    return build(settings, database=database, clock=clock, wechat=wechat, text_index=EmptyIndex())


MakeClient = Callable[..., FlaskClient]


@pytest.fixture
def make_client(live: Container) -> MakeClient:
    """The callback alone in a small app: `make_client(bot)`."""

    def make(ask: AnswerText, *, pace: Pace = QUICK, container: Container | None = None) -> FlaskClient:
        app = Flask("callback")
        app.register_blueprint(callback.install(container or live, ask=ask, pace=pace))
        return app.test_client()

    return make


@dataclass
class Sender:
    """Speaks as WeChat would: signs with the account's keys and seals."""

    client: FlaskClient
    account: CallbackAccount
    clock: Clock
    openid: str = "oDemoFollower0000000000000000"

    def push(self, path: str = "/wechat/oa", **fields: str | int) -> TestResponse:
        """Send one sealed push; fields beyond the head are given by name."""
        return self.push_body(path, self.document(**fields))

    def document(self, **fields: str | int) -> str:
        head: dict[str, str | int] = {
            "ToUserName": "gh_ours",
            "FromUserName": self.openid,
            "CreateTime": int(self.clock.now.timestamp()),
            "MsgType": "text",
        }
        from server.wechat.xml_text import document

        return document({**head, **fields})

    def push_body(self, path: str, body: str) -> TestResponse:
        timestamp, nonce = str(int(self.clock.now.timestamp())), "123456"
        encrypted = seal(self.account, body)
        query = {
            "signature": sign(self.account.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "encrypt_type": "aes",
            "msg_signature": sign(self.account.token, timestamp, nonce, encrypted),
        }
        envelope = f"<xml><ToUserName>gh_ours</ToUserName><Encrypt>{encrypted}</Encrypt></xml>"
        return self.client.post(path, query_string=query, data=envelope.encode())


def at(seconds: int) -> datetime:
    """A Unix time as an aware instant."""
    return datetime.fromtimestamp(seconds, UTC)
