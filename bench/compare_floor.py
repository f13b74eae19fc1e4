"""`python -m bench.compare_floor`: our floor beside the reference floor of the shared evaluation data.

Both run in turn on the same engine; the figures must lie within a tenth of each other, else the ratios of
`bench.requests` would measure something of our own making. Needs the `shared` folder beside the checkout.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from statistics import median

import click

from bench.floor import calls
from bench.floor.app import prepare
from bench.load import Call, measure
from bench.servers import ENGINES, databases, serve
from tests.web_process import ROOT

REFERENCE = ROOT / "../shared/tools"
ROUNDS = 3
CALLS = 1500
ALLOWED = 0.10
KINDS: dict[str, Callable[[int], list[Call]]] = {
    "book": calls.bookings,
    "redeem": calls.redemptions,
    "rw": calls.reads_and_writes,
}


def figures(engine: str, kind: str) -> tuple[float, float]:
    """Median processor ms per request of our floor and of the reference."""
    wanted = KINDS[kind](CALLS)
    ours: list[float] = []
    theirs: list[float] = []
    with databases(engine) as made:
        for turn in range(ROUNDS):
            url = made.new(f"ours{turn}")
            prepare(url)
            with serve("bench.floor.app:create_app()", {"FLOOR_DATABASE_URL": url}, path="/hello") as served:
                ours.append(_one(served.address, wanted, served.pid, made.pid))
            reference = {"FLOOR_DB": made.new(f"reference{turn}"), "FLOOR_SYNC": "FULL"}
            _fill_reference(reference)
            with serve("floor_app:app", reference, path="/hello", folder=REFERENCE) as served:
                theirs.append(_one(served.address, wanted, served.pid, made.pid))
    return median(ours), median(theirs)


def _one(address: str, wanted: Sequence[Call], web_pid: int, database_pid: int | None) -> float:
    figure, _ = measure(address, wanted, web_pid=web_pid, database_pid=database_pid)
    assert set(figure.statuses) == {201}, figure.statuses
    return figure.cpu_ms


def _fill_reference(environ: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, str(REFERENCE / "floor_app.py")],
        env={**os.environ, **environ},
        check=True,
        capture_output=True,
    )


@click.command()
@click.option("--engine", type=click.Choice(ENGINES), multiple=True, default=ENGINES, show_default=True)
def main(engine: tuple[str, ...]) -> None:
    """Our floor beside the reference, CPU ms per request."""
    if not (REFERENCE / "floor_app.py").is_file():
        raise click.ClickException("the reference floor is not there: it lies in the shared folder beside the checkout")
    apart = False
    for name in engine:
        for kind in KINDS:
            ours, theirs = figures(name, kind)
            apart |= abs(ours / theirs - 1) > ALLOWED
            click.echo(f"{name:<11} {kind:<7} ours {ours:.3f} ms  reference {theirs:.3f} ms  ratio {ours / theirs:.3f}")
    sys.exit(1 if apart else 0)


if __name__ == "__main__":
    main()
