"""Insert where the database decides who was first: the loser is told, nothing is raised."""

from functools import cache

from sqlalchemy import FromClause, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert


@cache
def insert_if_first(dialect: str, table: FromClause) -> Insert:
    """INSERT … ON CONFLICT DO NOTHING: row count 0 where a unique index already holds such a row.

    On PostgreSQL it waits for a rival's transaction to end before it knows; so what it then reads is final.
    """
    assert isinstance(table, Table)
    if dialect == "postgresql":
        statement: Insert = postgresql.insert(table).on_conflict_do_nothing()
    else:
        statement = sqlite.insert(table).on_conflict_do_nothing()
    return statement.inline().execution_options(preserve_rowcount=True)
