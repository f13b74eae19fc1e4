"""The driver hooks: rollback and savepoints keep nothing they should not."""

import pytest
from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import IntegrityError

from models.organisation import Department
from server.db import Database


def _count(database: Database, code: str) -> int | None:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Department).where(Department.code == code))


def test_rollback_leaves_nothing(engine: Engine) -> None:
    database = Database(engine)

    def write_and_fail() -> None:
        with database.unit_of_work() as session:
            session.add(Department(code="gone", name="x"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert _count(database, "gone") == 0


def test_a_rolled_back_savepoint_keeps_no_row(engine: Engine) -> None:
    database = Database(engine)
    with database.unit_of_work() as session:
        session.add(Department(code="kept", name="x"))
        session.flush()
        savepoint = session.begin_nested()
        session.execute(insert(Department).values(code="lost", name="x"))
        with pytest.raises(IntegrityError):
            session.execute(insert(Department).values(code="kept", name="x"))
        savepoint.rollback()
    assert (_count(database, "kept"), _count(database, "lost")) == (1, 0)
    with database.unit_of_work() as session:
        session.delete(session.scalars(select(Department).where(Department.code == "kept")).one())
