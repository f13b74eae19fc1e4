"""The migrated schema is the models' schema, on both databases, up and down."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from models import Base
from server.db import make_engine
from server.migrate import alembic_config, current_revision, head_revision, migrate
from tests.postgres import Postgres


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1


def test_migrations_make_exactly_the_models(connection: Connection) -> None:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_down_to_nothing_and_up_again(kind: str, postgres: Postgres, tmp_path: object) -> None:
    url = postgres.create_database() if kind == "postgresql" else f"sqlite:///{tmp_path}/x.db"
    engine = make_engine(url)
    migrate(engine)
    assert current_revision(engine) == head_revision()
    migrate(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    migrate(engine)
    assert current_revision(engine) == head_revision()
    engine.dispose()


@pytest.mark.rule("O2")
def test_what_is_confirmed_is_on_disk(engine: Engine) -> None:
    """WAL with FULL on SQLite, synchronous_commit on PostgreSQL (decision 13)."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
            assert connection.scalar(text("PRAGMA synchronous")) == 2
            assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        else:
            assert connection.scalar(text("SHOW synchronous_commit")) == "on"
