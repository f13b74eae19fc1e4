"""Reading sessions keep nothing, and do not cost PostgreSQL its prepared statements."""

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from models.organisation import PartyBranch
from server.db import Database, make_engine
from server.migrate import migrate
from tests.postgres import Postgres


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    engine = make_engine(postgres.create_database(), pool_size=1)
    migrate(engine)
    yield Database(engine)
    engine.dispose()


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
