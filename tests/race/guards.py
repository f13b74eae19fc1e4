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


def drop_booking_guards(engine: Engine) -> None:
    """Nothing in the database keeps a place from being given twice, or a key from being used twice, from now on.

    The seats of a pool on SQLite are a CHECK, which only the connections of `unguarded.unlocked` leave out.
    """
    drop_occupancy_guard(engine)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE occupancy DROP CONSTRAINT ck_occupancy_capacity"))
            connection.execute(text("ALTER TABLE bookings DROP CONSTRAINT ex_bookings_person_time"))
        else:
            _drop_triggers(connection, "ex_bookings_person_time")
        for name in ("uq_bookings_made_by_id_client_uuid", "uq_holds_entry_open", "uq_bookings_moved_to_id"):
            connection.execute(text(f"DROP INDEX {name}"))


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
