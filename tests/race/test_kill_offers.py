"""`kill -9` of a worker and of the scheduler in the middle of load: nothing is lost, and offers run out."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import pytest
from sqlalchemy import select, update

from bench.load import Answer, Call, Client
from models.centre import Hold
from tests.live import Live
from tests.postgres import end_with_parent
from tests.race.conftest import Start
from tests.race.scene import Scene, at_once, said, scene
from tests.race.test_waitlist_race import answer_to, cancel, entries, full
from tests.web_process import ROOT, end

THREE = tuple((f"U{place}", None) for place in range(3))
LOAD, KILL_AFTER = 60, 15
ANSWERED_WITHIN, PATIENCE = 60.0, 60.0  # the lease of the dead scheduler runs 30 s

pytestmark = pytest.mark.race


def offered(served: Live, waiting: int) -> Scene:
    """Three places that came free, each kept for one of those who wait."""
    here = full(served, units=THREE, waiting=waiting, load=0)
    here.ask(*(cancel(here, place) for place in range(3)))
    assert [entries(here)[f"wait-{place}"] for place in range(3)] == ["offered"] * 3
    return here


def holds(here: Scene) -> list[tuple[Any, ...]]:
    """Every offer there ever was, with its deadline and what became of it."""
    chosen = (Hold.id, Hold.entry_id, Hold.unit_id, Hold.starts_at, Hold.answer_until, Hold.outcome)
    with here.served.deps.read() as session:
        rows = session.execute(select(*chosen).where(Hold.service_id == here.service_id).order_by(Hold.id))
        return [tuple(row) for row in rows]


def book_all(here: Scene, kill: Callable[[], None]) -> list[Answer]:
    """Everybody books a place; who gets no answer sends the same again. `kill` is called in the middle."""
    answered: list[Answer] = []
    fell = threading.Event()
    lock = threading.Lock()

    def one(call: Call) -> Answer:
        until = time.monotonic() + ANSWERED_WITHIN
        while time.monotonic() < until:
            client = Client(here.served.address)
            try:
                answer = client.send(call)
            except (http.client.HTTPException, OSError):
                time.sleep(0.1)
                continue
            finally:
                client.close()
            if answer.status == 503:
                time.sleep(0.2)
                continue
            with lock:
                answered.append(answer)
                now_it_falls = len(answered) >= KILL_AFTER and not fell.is_set()
                if now_it_falls:
                    fell.set()
            if now_it_falls:
                kill()
            return answer
        raise AssertionError("not answered")

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(one, [here.booking(token) for token in here.drivers]))
    assert fell.is_set()
    return answers


def each_is_there_once(here: Scene, answers: Sequence[Answer]) -> None:
    assert {answer.status for answer in answers} <= {200, 201}, said(answers)
    codes = [str(answer.json()["code"]) for answer in answers]
    kept = [str(row[0]) for row in here.rows("SELECT code FROM bookings WHERE service_id = :service")]
    assert sorted(codes) == sorted(kept)
    assert len(set(kept)) == LOAD
    assert here.taken_twice() == 0


@pytest.mark.rule("B152")
def test_a_killed_worker_loses_no_booking_and_no_offer(start: Start) -> None:
    served = start()
    waits, books = offered(served, 4), scene(served, drivers=LOAD, units=[(f"U{n}", None) for n in range(LOAD)])
    before = holds(waits)
    workers = psutil.Process(served.pid).children()
    assert len(workers) == 2

    def kill() -> None:
        os.kill(workers[0].pid, signal.SIGKILL)

    answers = book_all(books, kill)
    each_is_there_once(books, answers)
    assert holds(waits) == before, "a deadline moved, or an offer went"
    [accepted, declined] = at_once(
        served.address, [answer_to(waits, 3, 0, "accept"), answer_to(waits, 3, 1, "decline")]
    )
    assert (accepted.status, declined.status) == (200, 200)
    assert entries(waits) == {"wait-0": "accepted", "wait-1": "declined", "wait-2": "offered", "wait-3": "offered"}
    assert workers[0].pid not in {process.pid for process in psutil.Process(served.pid).children()}


@pytest.mark.rule("B153", "B55", "B64")
def test_after_a_killed_scheduler_every_offer_runs_out_on_time_and_once(start: Start) -> None:
    """The first two answer dates are brought near; the third stays as it is. Restarted, the clockwork goes on."""
    served = start(scheduler=True)
    waits, books = offered(served, 5), scene(served, drivers=LOAD, units=[(f"U{n}", None) for n in range(LOAD)])
    first, second, third = holds(waits)
    due = datetime.now(UTC) + timedelta(seconds=20)
    with served.deps.unit_of_work() as session:
        session.execute(update(Hold).where(Hold.id.in_([first[0], second[0]])).values(answer_until=due))
    answers = book_all(books, lambda: os.kill(scheduler_of(served).pid, signal.SIGKILL))
    each_is_there_once(books, answers)
    sleep_until(due)
    [late] = at_once(served.address, [answer_to(waits, 3, 0, "accept")])
    assert (late.status, late.json()["code"]) == (409, "offer_over"), "over is over, scheduler or not"
    with another_scheduler(served):
        wait_for(lambda: [row[5] for row in holds(waits)[:2]] == ["lapsed", "lapsed"] and len(waits.offers()) == 3)
        ran_out = datetime.now(UTC)
    assert holds(waits)[2] == third
    again = holds(waits)[3:]
    assert [hold[1] for hold in again] == [first[1], second[1]], "who missed one keeps the place in line, once"
    assert all(due < hold[4] and hold[5] is None for hold in again)
    lapses = waits.rows("SELECT lapses FROM waitlist_entries WHERE service_id = :service ORDER BY id")
    assert [row[0] for row in lapses] == [1, 1, 0, 0, 0]
    assert ran_out - due < timedelta(seconds=PATIENCE)
    assert waits.taken_twice() == 0


def scheduler_of(served: Live) -> psutil.Process:
    """The scheduler that belongs to this product: the one with its port among what it was given."""
    port = served.environ["LIANYI_PORT"]
    [found] = [
        process
        for process in psutil.Process().children(recursive=True)
        if "scheduler" in process.cmdline() and process.environ().get("LIANYI_PORT") == port
    ]
    return found


@contextmanager
def another_scheduler(served: Live) -> Iterator[None]:
    with served.log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "scheduler"],
            cwd=ROOT,
            env={**os.environ, **served.environ},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            preexec_fn=end_with_parent,
        )
        try:
            yield
        finally:
            end(process)


def sleep_until(at: datetime) -> None:
    time.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()) + 0.1)


def wait_for(there: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.5)
