"""`python -m bench.requests`: processor time per request of the product, beside the floor, in one run.

Server and database together. Both run on the same engine with full durability, 2 workers of 8 threads, and are
asked in turns, so that a busy machine falls on both. The floor of a booking is /book, of a check-in /redeem, of an
availability /day (a SELECT of the rows its answer needs and the same JSON), of what has no floor of its own /rw.
Must: booking and check-in within three times their floor, availability within twice.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

import click

from bench import district
from bench.floor import calls as floor_calls
from bench.floor.app import prepare
from bench.load import Call, Figure, measure
from bench.servers import ENGINES, Databases, Served, databases, serve
from tests.live import Live, live

WARM = 48
MUST = {"booking": 3.0, "check-in": 3.0, "availability": 2.0}
FLOOR_OF = {"booking": "book", "check-in": "redeem", "availability": "day", "bot message": "rw"}
ALLOWED = {"booking": {201}, "check-in": {201}, "availability": {200}, "bot message": {200}}


@dataclass(slots=True)
class Series:
    """The rounds of one kind of request."""

    rounds: list[Figure] = field(default_factory=list)

    @property
    def cpu_ms(self) -> float:
        return median(figure.cpu_ms for figure in self.rounds)

    def __str__(self) -> str:
        web = median(figure.web_ms for figure in self.rounds)
        database = median(figure.database_ms for figure in self.rounds)
        rate = median(figure.calls / figure.seconds for figure in self.rounds)
        return f"{self.cpu_ms:6.2f} ms (web {web:.2f}, database {database:.2f}; {rate:.0f}/s)"


def parts(calls: Sequence[Call], rounds: int) -> list[list[Call]]:
    """A warm-up, then as many equal parts as there are rounds."""
    rest = calls[WARM:]
    size = len(rest) // rounds
    return [list(calls[:WARM]), *(list(rest[turn * size : (turn + 1) * size]) for turn in range(rounds))]


def floor_parts(count: int, rounds: int, service_id: int) -> dict[str, list[list[Call]]]:
    return {
        "book": parts(floor_calls.bookings(count), rounds),
        "redeem": parts(floor_calls.redemptions(count), rounds),
        "day": parts(floor_calls.days(service_id, count), rounds),
        "rw": parts(floor_calls.reads_and_writes(count), rounds),
    }


def run(engine: str, kinds: Sequence[str], count: int, rounds: int) -> tuple[dict[str, Series], dict[str, Series]]:
    """The figures of the product's kinds of request and of the floor, on one engine."""
    total = WARM + count * rounds
    with ExitStack() as running:
        made: Databases = running.enter_context(databases(engine))
        floor_url, product_url = made.new("floor"), made.new("product")
        prepare(floor_url)
        product: Live = running.enter_context(live(product_url, made.folder, extra={"LIANYI_LOG_FORMAT": "json"}))
        floor_environ = {
            "FLOOR_DATABASE_URL": floor_url,
            "FLOOR_PRODUCT_URL": product_url,
            "FLOOR_DAY_JSON": str(district.keep_a_day(product, made.folder)),
        }
        floor: Served = running.enter_context(serve("bench.floor.app:create_app()", floor_environ, path="/hello"))
        phones = district.crowd(product, total)
        code = district.party_day(product)
        own: dict[str, Callable[[], list[Call]]] = {
            "booking": lambda: district.bookings(product, phones),
            "availability": lambda: district.availabilities(total),
            "bot message": lambda: district.questions(phones),
        }
        asked = {kind: parts(make(), rounds) for kind, make in own.items() if kind in kinds}
        arriving = [phones[:WARM], *(phones[WARM + t * count : WARM + (t + 1) * count] for t in range(rounds))]
        beside = floor_parts(total, rounds, district.service_id(product))
        figures = {kind: Series() for kind in kinds}
        floors = {kind: Series() for kind in beside}
        for turn in range(rounds + 1):
            now = {kind: calls[turn] for kind, calls in asked.items()}
            if "check-in" in kinds:
                now["check-in"] = district.check_ins(product, code, arriving[turn])
            for kind, calls in beside.items():
                figure, _ = measure(floor.address, calls[turn], web_pid=floor.pid, database_pid=made.pid)
                keep(floors[kind], figure, {200, 201}, kind, is_warm_up=turn == 0)
            for kind, calls_now in now.items():
                figure, answers = measure(product.address, calls_now, web_pid=product.pid, database_pid=made.pid)
                wrong = [answer for answer in answers if answer.status not in ALLOWED[kind]]
                assert not wrong, f"{kind}: {wrong[0]}"
                keep(figures[kind], figure, ALLOWED[kind], kind, is_warm_up=turn == 0)
        return figures, floors


def keep(series: Series, figure: Figure, allowed: set[int], kind: str, *, is_warm_up: bool) -> None:
    assert set(figure.statuses) <= allowed, f"{kind}: {dict(figure.statuses)}"
    if not is_warm_up:
        series.rounds.append(figure)


@click.command()
@click.option("--engine", type=click.Choice(ENGINES), multiple=True, default=ENGINES, show_default=True)
@click.option("--kind", type=click.Choice(list(FLOOR_OF)), multiple=True, default=list(FLOOR_OF), help="Default: all.")
@click.option("--calls", type=click.IntRange(50, 500), default=300, show_default=True, help="Requests of a round.")
@click.option("--rounds", type=click.IntRange(1, 3), default=3, show_default=True, help="The median counts.")
def main(engine: tuple[str, ...], kind: tuple[str, ...], calls: int, rounds: int) -> None:
    """Processor ms per request, product and floor; fails where a must is missed."""
    missed = []
    for name in engine:
        figures, floors = run(name, kind, calls, rounds)
        click.echo(f"\n{name}: processor time per request, median of {rounds} rounds of {calls}")
        for asked, series in figures.items():
            floor = floors[FLOOR_OF[asked]]
            ratio = series.cpu_ms / floor.cpu_ms
            must = MUST.get(asked)
            click.echo(f"  {asked:<13}{series}")
            click.echo(
                f"    floor /{FLOOR_OF[asked]:<7}{floor}  ratio {ratio:.2f}" + (f" (must ≤ {must:g})" if must else "")
            )
            if must and ratio > must:
                missed.append(f"{name} {asked} {ratio:.2f}")
    if missed:
        click.echo("missed: " + ", ".join(missed), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
