"""Engine, sessions, and the two driver hooks that make SQLite behave.

SQLite: the driver's own transactions are off; a writing session says BEGIN IMMEDIATE, a reading
one plain BEGIN; WAL with synchronous=FULL and a busy timeout. PostgreSQL: synchronous_commit on.
Without the hooks savepoints keep their rows after a rollback and a second writer fails at once.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, sessionmaker

BUSY_SECONDS = 15
# Every query of ours finds its rows by key, so one plan serves all values; planning anew for each
# cost more than the queries themselves (check-in 2.3 → 0.8 ms of the database's processor time).
POSTGRES_OPTIONS = "-c synchronous_commit=on -c timezone=UTC -c lock_timeout=10s -c plan_cache_mode=force_generic_plan"
REST_SECONDS = 5
WRITES = "lianyi_writes"
LOCK_SECONDS = "lianyi_lock_seconds"


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def make_engine(url: str, *, pool_size: int = 10) -> Engine:
    """An engine for either database, with the hooks on."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            url,
            connect_args={"timeout": BUSY_SECONDS},
            json_serializer=_to_json,
            pool_size=pool_size,
            max_overflow=10,
            hide_parameters=True,  # logged errors hold ids only
        )
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    engine = create_engine(
        url,
        connect_args={"options": POSTGRES_OPTIONS},
        json_serializer=_to_json,
        pool_size=pool_size,
        max_overflow=10,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _postgresql_begin)
    _ping_after_rest(engine)
    return engine


def make_read_engine(url: str, *, pool_size: int = 10) -> Engine:
    """Connections to PostgreSQL that may not write, and where each statement stands alone.

    Under READ COMMITTED every statement sees its own snapshot anyway, so BEGIN and COMMIT around a read would
    only cost two more trips to the server.
    """
    engine = create_engine(
        url,
        connect_args={"options": f"{POSTGRES_OPTIONS} -c default_transaction_read_only=on"},
        json_serializer=_to_json,
        pool_size=pool_size,
        max_overflow=10,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
    )
    _ping_after_rest(engine)
    return engine


def _ping_after_rest(engine: Engine) -> None:
    """Ask a connection whether it still lives when it has rested: asking at every use cost a trip to the server."""

    def rest(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    def wake(connection: Any, record: Any, _proxy: Any) -> None:
        since = record.info.get("rests_since")
        if since is None or time.monotonic() - since < REST_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except Exception as error:  # whatever it says, a new connection is made in its place
            raise DisconnectionError from error

    event.listen(engine, "checkin", rest)
    event.listen(engine, "checkout", wake)


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    begin = "BEGIN IMMEDIATE" if options.get(WRITES, False) else "BEGIN"
    seconds = options.get(LOCK_SECONDS)
    if seconds is None:
        connection.exec_driver_sql(begin)
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(seconds * 1000)}")
    try:
        connection.exec_driver_sql(begin)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def _postgresql_begin(connection: Connection) -> None:
    seconds = connection.get_execution_options().get(LOCK_SECONDS)
    if seconds is not None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{int(seconds * 1000)}ms'")


def read_only(engine: Engine) -> Engine:
    """The same engine, where PostgreSQL refuses whatever would write."""
    return engine.execution_options(postgresql_readonly=True)


class Database:
    """Sessions of one engine: `unit_of_work()` writes and commits, `read()` never locks.

    `hurried(seconds)` is a unit of work that rather fails than waits longer for a lock.
    """

    def __init__(self, engine: Engine, *, reads: Engine | None = None) -> None:
        """`reads` is the engine of `make_read_engine`; without it reading sessions use the same connections."""
        self.engine = engine
        self._reading = read_only(engine) if reads is None else reads
        self._write = sessionmaker(engine.execution_options(**{WRITES: True}), expire_on_commit=False)
        self._read = sessionmaker(self._reading, expire_on_commit=False, autoflush=False)

    @classmethod
    def at(cls, url: str) -> "Database":
        """The database behind an address. Opens no connection: the first session does."""
        engine = make_engine(url)
        return cls(engine, reads=None if engine.dialect.name == "sqlite" else make_read_engine(url))

    def dispose(self) -> None:
        """Close every connection that rests."""
        self.engine.dispose()
        self._reading.dispose()

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        with self._write.begin() as session:
            yield session

    @contextmanager
    def hurried(self, lock_seconds: float) -> Iterator[Session]:
        engine = self.engine.execution_options(**{WRITES: True, LOCK_SECONDS: lock_seconds})
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self._read() as session:
            yield session
            session.expunge_all()  # what somebody changed in passing is not kept
            session.commit()  # not rolled back: psycopg forgets its prepared statements at every ROLLBACK
