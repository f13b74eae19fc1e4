"""Engine, sessions, and the two driver hooks that make SQLite behave.

SQLite: the driver's own transactions are off; a writing session says BEGIN IMMEDIATE, a reading
one plain BEGIN; WAL with synchronous=FULL and a busy timeout. PostgreSQL: synchronous_commit on.
Without the hooks savepoints keep their rows after a rollback and a second writer fails at once.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session, sessionmaker

BUSY_SECONDS = 15
# Every query of ours finds its rows by key, so one plan serves all values; planning anew for each
# cost more than the queries themselves (check-in 2.3 → 0.8 ms of the database's processor time).
POSTGRES_OPTIONS = "-c synchronous_commit=on -c timezone=UTC -c lock_timeout=10s -c plan_cache_mode=force_generic_plan"
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
        pool_pre_ping=True,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _postgresql_begin)
    return engine


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


class Database:
    """Sessions of one engine: `unit_of_work()` writes and commits, `read()` never locks.

    `hurried(seconds)` is a unit of work that rather fails than waits longer for a lock.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._write = sessionmaker(engine.execution_options(**{WRITES: True}), expire_on_commit=False)
        self._read = sessionmaker(
            engine.execution_options(postgresql_readonly=True), expire_on_commit=False, autoflush=False
        )

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
