"""Both databases, the clock, people and a client. Every test leaves the databases as it found them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from domain.permissions import Actor
from retrieval.port import Hit
from server.app import create_app
from server.container import Container, build
from server.db import WRITES, Database, make_engine
from server.migrate import migrate
from server.settings import Settings
from services.people import authenticate, issue_token
from tests.factories import create_person
from tests.fakes import FakeWeChat
from tests.postgres import Postgres, start_postgres

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)  # a Wednesday, 10:00 in Shanghai


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One real PostgreSQL server for the whole run."""
    with start_postgres() as server:
        yield server


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A migrated, empty database of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('db') / 'test.db'}"
    else:
        url = request.getfixturevalue("postgres").create_database()
    made = make_engine(url)
    migrate(made)
    yield made
    made.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """One connection in an outer transaction that is rolled back."""
    with engine.connect().execution_options(**{WRITES: True}) as made:
        outer = made.begin()
        yield made
        outer.rollback()


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    """A session inside the outer transaction; a commit of its own only releases a savepoint."""
    with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as made:
        yield made


@dataclass
class Clock:
    """The test's clock: `clock.now` is what the app sees; `clock.forward(minutes=5)` moves it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def now(clock: Clock) -> datetime:
    return clock.now


class OneConnectionDatabase(Database):
    """Units of work inside the test's outer transaction, each in a savepoint."""

    def __init__(self, connection: Connection) -> None:
        self.engine = connection.engine
        self._connection = connection

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        with (
            Session(self._connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def hurried(self, lock_seconds: float) -> Iterator[Session]:
        with self.unit_of_work() as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        with Session(
            self._connection, join_transaction_mode="create_savepoint", expire_on_commit=False, autoflush=False
        ) as session:
            yield session


class EmptyIndex:
    """A text index of nothing."""

    def search(self, query: str, *, limit: int = 10) -> list[Hit]:
        return []

    def is_ready(self) -> bool:
        return True


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Demo settings with every path in the test's own folder."""
    return Settings.from_env(
        {
            "LIANYI_DATABASE_URL": "sqlite:///unused.db",
            "LIANYI_FILES_DIR": str(tmp_path / "files"),
            "LIANYI_INDEX_DIR": str(tmp_path / "index"),
            "LIANYI_BASE_URL": "http://testserver",
        }
    )


@pytest.fixture
def wechat() -> FakeWeChat:
    return FakeWeChat()


@pytest.fixture
def container(settings: Settings, connection: Connection, clock: Clock, wechat: FakeWeChat) -> Container:
    """The dependencies, on the test's connection and clock."""
    return build(
        settings,
        database=OneConnectionDatabase(connection),
        clock=clock,
        wechat=wechat,
        text_index=EmptyIndex(),
    )


@pytest.fixture
def app(settings: Settings, container: Container) -> APIFlask:
    return create_app(settings, container)


@dataclass
class Caller:
    """A client that speaks for one person, or for a guest."""

    http: FlaskClient
    token: str | None = None
    actor: Actor | None = None
    device: str = "device-0"
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, **kwargs: Any) -> Any:
        """Send JSON; `/api/v1` is put in front of a path that does not start with it."""
        headers = {"X-Device-Id": self.device, **self.headers, **kwargs.pop("headers", {})}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if not path.startswith(("/api/", "/q/", "/wechat/", "/healthz", "/readyz", "/metrics", "/openapi")):
            path = "/api/v1" + path
        return self.http.open(path, method=method, json=body, headers=headers, **kwargs)

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.call("GET", path, **kwargs)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> Any:
        return self.call("POST", path, {} if body is None else body, **kwargs)

    def patch(self, path: str, body: Any, **kwargs: Any) -> Any:
        return self.call("PATCH", path, body, **kwargs)


@pytest.fixture
def guest(app: APIFlask) -> Caller:
    return Caller(app.test_client())


SignIn = Callable[..., Caller]


@pytest.fixture
def sign_in(app: APIFlask, session: Session, clock: Clock) -> SignIn:
    """`sign_in(role="driver", scope_kind=…, scope_id=…, **person)` → a caller with a token."""

    def make(
        *,
        role: str | None = None,
        scope_kind: str = "district",
        scope_id: int | None = None,
        device: str | None = None,
        **person: Any,
    ) -> Caller:
        made = create_person(session, role=role, scope_kind=scope_kind, scope_id=scope_id, now=clock.now, **person)
        token = issue_token(session, made, device_id=device, now=clock.now).token
        session.commit()
        actor = authenticate(session, token, device_id=device, now=clock.now, today=clock.now.date())
        return Caller(app.test_client(), token, actor, device or f"device-{made.id}")

    return make
