"""`kill -9` in the middle of a hundred bookings: what was confirmed is there."""

import http.client
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psutil
import pytest
from sqlalchemy import text

from bench.load import Call, Client, send_all
from tests.live import Live
from tests.race.conftest import Start

SERVICE = "DRIVER_HOME.bay"
PEOPLE = [f"driver-{number}" for number in range(2, 102)]
KILL_AFTER = 30

pytestmark = pytest.mark.race


def starts_of_days(served: Live) -> list[str]:
    """A hundred places: the emptiest start of each of the coming days, as often as it has places."""
    found: list[str] = []
    for ahead in range(2, 9):
        day = (datetime.now(UTC) + timedelta(days=ahead)).date().isoformat()
        [answer] = send_all(served.address, [Call("GET", f"/api/v1/services/{SERVICE}/availability?date={day}")])
        slots: Any = answer.json()["slots"]
        best = max(slots, key=lambda slot: slot["free"])
        found += [best["start"]] * best["free"]
    assert len(found) >= len(PEOPLE)
    return found[: len(PEOPLE)]


def kill_all(leader: int) -> None:
    """Workers and master at once, without a word of warning."""
    master = psutil.Process(leader)
    for process in [master, *master.children(recursive=True)]:
        os.kill(process.pid, signal.SIGKILL)


def book_and_kill(served: Live, calls: Sequence[Call]) -> list[str]:
    """The codes whose 201 arrived; the server is killed as soon as KILL_AFTER of them did."""
    confirmed: list[str] = []

    def one(call: Call) -> None:
        client = Client(served.address)
        try:
            answer = client.send(call)
        except (http.client.HTTPException, OSError):
            return  # killed while it was asked: nothing was promised
        finally:
            client.close()
        assert answer.status == 201, answer
        confirmed.append(str(answer.json()["code"]))
        if len(confirmed) == KILL_AFTER:
            kill_all(served.pid)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, calls))
    return confirmed


@pytest.mark.rule("B91")
def test_kill_9_loses_no_confirmed_booking_and_leaves_none_half_done(start: Start) -> None:
    served = start()
    calls = [
        Call(
            "POST",
            "/api/v1/bookings",
            {"service": SERVICE, "start": at, "minutes": 240, "client_uuid": str(uuid4())},
            {"Authorization": f"Bearer {token}"},
        )
        for at, token in zip(starts_of_days(served), served.tokens(PEOPLE), strict=True)
    ]
    confirmed = book_and_kill(served, calls)
    assert KILL_AFTER <= len(confirmed) < len(PEOPLE), "the kill came too early or too late to show anything"
    with served.deps.read() as session:
        kept = set(session.scalars(text("SELECT code FROM bookings WHERE state = 'confirmed'")))
        assert set(confirmed) <= kept
        bookings = session.scalar(text("SELECT count(*) FROM bookings"))
        assert session.scalar(text("SELECT count(*) FROM occupancy")) == bookings
        assert session.scalar(text("SELECT count(DISTINCT booking_id) FROM booking_events")) == bookings
