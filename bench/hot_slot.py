"""`python -m bench.hot_slot`: 32 clients want one slot at once.

Must: nothing but 201, `slot_full` or 503 with `Retry-After`; exactly as many bookings as places; 99 of 100 answers
within a second.
"""

import http.client
import json
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import click
from sqlalchemy import func, select

from bench import district
from bench.servers import ENGINES, databases
from models.centre import Booking, Service
from tests.live import Live, live

CLIENTS = 32
EACH = 10
P99_MS = 1000


@dataclass(frozen=True, slots=True)
class Timed:
    """One answer: its status, its code, whether it says when to come again, and how long it took."""

    status: int
    code: str | None
    retry_after: str | None
    ms: float

    @property
    def is_fine(self) -> bool:
        return (
            self.status == 201
            or (self.status == 409 and self.code == "slot_full")
            or (self.status == 503 and self.retry_after is not None)
        )


def press(product: Live, phones: list[dict[str, str]], start: str) -> list[Timed]:
    """Each client keeps one connection and tries again and again, each time as somebody else."""

    def client(own: list[dict[str, str]]) -> list[Timed]:
        connection = http.client.HTTPConnection(urlsplit(product.address).netloc, timeout=60)
        found = []
        for phone in own:
            wish = {"service": district.SERVICE, "start": start, "minutes": 240, "client_uuid": str(uuid4())}
            begun = time.monotonic()
            connection.request(
                "POST", "/api/v1/bookings", json.dumps(wish), {"Content-Type": "application/json", **phone}
            )
            answer = connection.getresponse()
            body = json.loads(answer.read())
            found.append(
                Timed(
                    answer.status,
                    body.get("code") if answer.status >= 400 else None,
                    answer.getheader("Retry-After"),
                    (time.monotonic() - begun) * 1000,
                )
            )
        connection.close()
        return found

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [one for many in pool.map(client, [phones[n::CLIENTS] for n in range(CLIENTS)]) for one in many]


def run(engine: str) -> tuple[list[Timed], int, int]:
    """The answers, how many bookings there are, and how many places there were."""
    with ExitStack() as running:
        made = running.enter_context(databases(engine))
        product = running.enter_context(live(made.new("hot"), made.folder))
        phones = district.crowd(product, CLIENTS * EACH)
        slot = district.free_slot(product)
        answers = press(product, phones, slot["start"])
        with product.deps.read() as session:
            taken = session.scalar(
                select(func.count())
                .select_from(Booking)
                .join(Service, Service.id == Booking.service_id)
                .where(Service.code == district.SERVICE, Booking.starts_at == datetime.fromisoformat(slot["start"]))
            )
        return answers, taken or 0, slot["free"]


@click.command()
@click.option("--engine", type=click.Choice(ENGINES), multiple=True, default=ENGINES, show_default=True)
def main(engine: tuple[str, ...]) -> None:
    """One hot slot, 32 clients; fails on any other answer, one booking too many or too few, or a slow p99."""
    failed = []
    for name in engine:
        answers, taken, places = run(name)
        times = sorted(answer.ms for answer in answers)
        p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
        wrong = [answer for answer in answers if not answer.is_fine]
        said: Any = Counter(f"{answer.status} {answer.code or ''}".strip() for answer in answers)
        click.echo(f"{name}: {dict(said)}, {taken} of {places} places, p50 {p50:.0f} ms, p99 {p99:.0f} ms")
        if wrong or taken != places or p99 >= P99_MS:
            failed.append(name)
    if failed:
        click.echo("missed: " + ", ".join(failed), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
