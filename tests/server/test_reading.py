"""Reading sessions keep nothing, and do not cost PostgreSQL its prepared statements."""

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from models.organisation import PartyBranch
from server.db import Database, make_engine, make_read_engine
from server.migrate import migrate
from tests.postgres import Postgres


@pytest.fixture(params=["own connections", "the same connections"])
def database(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[Database]:
    url = postgres.create_database()
    engine = make_engine(url, pool_size=1)
    migrate(engine)
    reads = make_read_engine(url, pool_size=1) if request.param == "own connections" else None
    made = Database(engine, reads=reads)
    yield made
    made.dispose()


def test_prepared_statements_outlive_a_reading_session(database: Database) -> None:
    query = select(PartyBranch.id).where(PartyBranch.code == "X")
    for _ in range(10):
        with database.read() as session:
            session.execute(query)
    with database.read() as session:
        prepared = session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    assert any("party_branches" in statement for statement in prepared)


def test_reading_session_keeps_nothing(database: Database) -> None:
    with database.read() as session:
        session.add(PartyBranch(code="X", name="x", kind="own"))
    with database.read() as session:
        assert session.scalar(select(PartyBranch.id)) is None
        with pytest.raises(DBAPIError, match="read-only transaction"):
            session.execute(insert(PartyBranch).values(code="X", name="x", kind="own"))
    with database.unit_of_work() as session:
        session.add(PartyBranch(code="Y", name="y", kind="own"))
    with database.read() as session:
        assert session.scalars(select(PartyBranch.code)).all() == ["Y"]


def test_a_connection_that_died_at_rest_is_not_used(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.db.REST_SECONDS", 0)
    with database.read() as session:
        mine = session.scalar(text("SELECT pg_backend_pid()"))
    with database.unit_of_work() as session:
        others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        session.execute(text(f"{others} AND datname = current_database()"))
        own = session.scalar(text("SELECT pg_backend_pid()"))
    with database.read() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != mine or mine == own
