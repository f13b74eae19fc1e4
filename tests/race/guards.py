"""Taking the guards of the database away, for the controls."""

from sqlalchemy import Connection, Engine, inspect, text

UNIT_TIME = "ex_occupancy_unit_time"


def drop_occupancy_guard(engine: Engine) -> None:
    """Units may be occupied twice from now on."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"ALTER TABLE occupancy DROP CONSTRAINT {UNIT_TIME}"))
        else:
            _drop_triggers(connection, UNIT_TIME)


def drop_check_in_guards(engine: Engine) -> None:
    """A person may be counted twice from now on, a ticket may enter twice, a registration may be there twice."""
    with engine.begin() as connection:
        for index in inspect(connection).get_indexes("check_ins"):
            if index["unique"]:
                connection.execute(text(f'DROP INDEX "{index["name"]}"'))


def _drop_triggers(connection: Connection, raised: str) -> None:
    names = connection.scalars(
        text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE :raised"), {"raised": f"%{raised}%"}
    ).all()
    assert names, f"no trigger raises {raised}"
    for name in names:
        connection.execute(text(f'DROP TRIGGER "{name}"'))
