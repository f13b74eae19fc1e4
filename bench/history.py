"""`python -m bench.history`: what a booking and a day cost with a thousand past bookings, and with a million.

Two products on one engine, asked in turns in the same run. The past lies in the very service that is asked, and
belongs to the very people who ask. Must: within 1.2 times, for both.
"""

import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack

import click
from sqlalchemy import Connection, select, text

from bench import district
from bench.load import Call, measure
from bench.requests import ALLOWED, WARM, Series, keep, parts
from bench.servers import ENGINES, databases
from models.centre import Service, Unit
from models.people import Person
from tests.live import Live, live

MUST = 1.2
STAY_MINUTES, EVERY_MINUTES = 60, 70
FEW, MANY = 1_000, 1_000_000
COLUMNS = (
    "code, person_id, service_id, unit_id, starts_at, ends_at, occupied_until, grace_until, state, party_size,"
    " source, overlap_allowed, was_late_cancel, late_minutes, created_at"
)
VALUES = (
    "{code}, {person}, :service, :unit + n % :units, {start}, {end}, {until}, {end}, 'completed', 1, 'app', false,"
    " false, 0, {start}"
)
DIALECTS = {
    "sqlite": {
        "series": "WITH RECURSIVE past (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM past WHERE n + 1 < :count)",
        "code": "printf('%08X', n)",
        "moment": "strftime('%Y-%m-%d %H:%M:%S.000000', CAST(:end AS INTEGER) - (n / :units + 1) * :every + {},"
        " 'unixepoch')",
    },
    "postgresql": {
        "series": "WITH past (n) AS (SELECT generate_series(0, CAST(:count AS integer) - 1))",
        "code": "upper(lpad(to_hex(n), 8, '0'))",
        "moment": "to_timestamp(:end - (n / :units + 1) * :every + {})",
    },
}


def fill_past(served: Live, count: int) -> None:
    """So many completed bookings before yesterday, spread over the units of the service and the latest people."""
    with served.deps.read() as session:
        service = session.scalars(select(Service.id).where(Service.code == district.SERVICE)).one()
        units = session.scalars(select(Unit.id).where(Unit.service_id == service).order_by(Unit.id)).all()
        people = session.scalars(select(Person.id).order_by(Person.id.desc()).limit(500)).all()
    assert units[-1] - units[0] == len(units) - 1
    values = {
        "count": count,
        "service": service,
        "unit": units[0],
        "units": len(units),
        "person": people[-1],
        "people": len(people),
        "end": int(time.time()) - 2 * 86400,
        "every": EVERY_MINUTES * 60,
    }
    engine = served.deps.database.engine
    with engine.begin() as connection:
        _without_triggers(connection, values)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _without_triggers(connection: Connection, values: dict[str, int]) -> None:
    """Bookings, their first events and their occupancy side by side: a million triggers would take half an hour."""
    name = connection.dialect.name
    sql = DIALECTS[name]
    stay = STAY_MINUTES * 60
    fields = {
        "code": sql["code"],
        "person": ":person + n % :people",
        "start": sql["moment"].format(0),
        "end": sql["moment"].format(stay),
        "until": sql["moment"].format(stay + 300),
    }
    insert = f"{sql['series']} SELECT {VALUES.format(**fields)} FROM past"
    events = (
        "INSERT INTO booking_events (booking_id, seq, at, to_state)"
        " SELECT id, 1, created_at, 'completed' FROM bookings WHERE state = 'completed'"
    )
    occupied = (
        "INSERT INTO occupancy (service_id, unit_id, booking_id, starts_at, ends_at)"
        " SELECT service_id, unit_id, id, starts_at, occupied_until FROM bookings WHERE state = 'completed'"
    )
    guards = _take_guards_away(connection)
    connection.execute(text(f"INSERT INTO bookings ({COLUMNS}) {insert}"), values)
    connection.execute(text(events))
    connection.execute(text(occupied))
    for statement in guards:
        connection.exec_driver_sql(statement)


def _take_guards_away(connection: Connection) -> list[str]:
    """Statements that bring the guards back; PostgreSQL checks all rows again as it builds the constraint."""
    if connection.dialect.name == "postgresql":
        definition = connection.scalar(
            text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ex_occupancy_unit_time'")
        )
        connection.execute(text("ALTER TABLE bookings DISABLE TRIGGER USER"))
        connection.execute(text("ALTER TABLE occupancy DROP CONSTRAINT ex_occupancy_unit_time"))
        return [
            "ALTER TABLE bookings ENABLE TRIGGER USER",
            f"ALTER TABLE occupancy ADD CONSTRAINT ex_occupancy_unit_time {definition}",
        ]
    kept = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('bookings', 'occupancy')")
    ).all()
    for row in kept:
        connection.exec_driver_sql(f"DROP TRIGGER {row.name}")
    return [row.sql for row in kept]


def run(engine: str, past: Sequence[int], count: int, rounds: int) -> dict[int, dict[str, Series]]:
    """The figures of each product, by how much past it has."""
    total = WARM + count * rounds
    with ExitStack() as running:
        made = running.enter_context(databases(engine))
        products: dict[int, Live] = {}
        asked: dict[int, dict[str, list[list[Call]]]] = {}
        for size in past:
            product = running.enter_context(live(made.new(f"past-{size}"), made.folder))
            phones = district.crowd(product, total)
            fill_past(product, size)
            products[size] = product
            asked[size] = {
                "booking": parts(district.bookings(product, phones), rounds),
                "availability": parts(district.availabilities(total), rounds),
            }
        figures = {size: {kind: Series() for kind in asked[size]} for size in past}
        for turn in range(rounds + 1):
            for kind in ("booking", "availability"):
                for size, product in products.items():
                    figure, _ = measure(
                        product.address, asked[size][kind][turn], web_pid=product.pid, database_pid=made.pid
                    )
                    keep(figures[size][kind], figure, ALLOWED[kind], kind, is_warm_up=turn == 0)
        return figures


@click.command()
@click.option("--engine", type=click.Choice(ENGINES), multiple=True, default=ENGINES, show_default=True)
@click.option("--past", type=click.IntRange(FEW), default=MANY, show_default=True, help="Past bookings of the larger.")
@click.option("--calls", type=click.IntRange(50, 500), default=200, show_default=True, help="Requests of a round.")
@click.option("--rounds", type=click.IntRange(1, 5), default=4, show_default=True, help="The median counts.")
def main(engine: tuple[str, ...], past: int, calls: int, rounds: int) -> None:
    """A thousand past bookings beside a million; fails where the million costs more than 1.2 times."""
    missed = []
    for name in engine:
        figures = run(name, (FEW, past), calls, rounds)
        click.echo(f"\n{name}: processor time per request with {FEW:,} and with {past:,} past bookings")
        for kind in figures[FEW]:
            ratio = figures[past][kind].cpu_ms / figures[FEW][kind].cpu_ms
            click.echo(f"  {kind:<13}{figures[FEW][kind]}\n  {'':<13}{figures[past][kind]}")
            click.echo(f"    ratio {ratio:.2f} (must ≤ {MUST:g})")
            if ratio > MUST:
                missed.append(f"{name} {kind} {ratio:.2f}")
    if missed:
        click.echo("missed: " + ", ".join(missed), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
