"""Everything a centre does at once: nobody waits for one another in a ring, and what comes of it fits together."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from bench.load import Call
from models.centre import Centre
from services.centre.occupancy import check_occupancy
from tests.factories_booking import create_service
from tests.live import Live
from tests.race.scene import Scene, at_once, said, scene
from tests.web_process import ROOT

pytestmark = pytest.mark.race
THREE = tuple((f"U{place}", None) for place in range(3))
REFUSALS = {"slot_full", "closed_now", "proposal_changed", "booking_state", "offer_over", "place_free", "unit_taken"}


def two_services(served: Live) -> tuple[Scene, str]:
    """A second service in the same centre; units of the first are taken, and people wait for them."""
    here = scene(served, drivers=24, units=THREE)
    with served.deps.unit_of_work() as session:
        centre = session.scalars(select(Centre).where(Centre.code == here.centre)).one()
        made = create_service(
            session,
            centre,
            now=datetime.now(UTC),
            units=THREE,
            step_minutes=5,
            cell_minutes=5,
            cleaning_minutes=0,
        )
        other = made.code
    for place, booked in enumerate(here.ask(*(here.booking(token) for token in here.drivers[:3]))):
        here.made[f"holder-{place}"] = str(booked["code"])
    for place, entry in enumerate(here.ask(*(here.waiting(token) for token in here.drivers[3:6]))):
        here.made[f"wait-{place}"] = str(entry["id"])
    return here, other


def closure(here: Scene, **what: Any) -> Call:
    path = f"/desk/{here.centre}/closures"
    wish = {
        "start": here.later(120),
        "until": here.later(240),
        "kind": "closed",
        "reason": "停电",
        "client_uuid": str(uuid4()),
        **what,
    }
    [proposal] = here.ask(here.post(here.desk, path, **wish, apply=False))
    return here.post(here.desk, path, **wish, apply=True, seen=proposal["proposal"]["seen"])


def notice(here: Scene, kind: str) -> Call:
    now = datetime.now(UTC)
    return here.post(
        here.desk,
        "/notices",
        centre=here.centre,
        kind=kind,
        text="东门拥堵",
        **{"from": now.isoformat(), "until": (now + timedelta(hours=3)).isoformat()},
        grace_minutes=30 if kind == "congestion" else 0,
    )


@pytest.mark.rule("B159")
def test_closing_announcing_booking_waiting_and_the_clock_at_once_end_without_an_error(served: Live) -> None:
    for _ in range(2):
        here, other = two_services(served)
        calls = [
            closure(here),
            closure(here, service=here.service),
            closure(here, service=other, unit="U0"),
            notice(here, "congestion"),
            notice(here, "hours"),
            *(here.of(here.drivers[place], here.made[f"holder-{place}"], "cancel") for place in range(3)),
            *(here.booking(token, here.later(120)) for token in here.drivers[6:12]),
            *(here.booking(token, here.later(120), service=other) for token in here.drivers[12:18]),
            *(here.waiting(token) for token in here.drivers[18:24]),
        ]
        clock = [
            subprocess.Popen(
                [sys.executable, "-m", "server", "run-job", job],
                cwd=ROOT,
                env={**os.environ, **here.served.environ},
                stdout=subprocess.DEVNULL,
            )
            for job in ("serve-waitlists", "release-no-shows")
        ]
        answers = at_once(served.address, calls)
        assert [process.wait(60) for process in clock] == [0, 0]
        assert set(said(answers)) <= {200, 201, *REFUSALS}, said(answers)
        with served.deps.read() as session:
            assert check_occupancy(session) == []
        assert here.taken_twice() == 0
        offered = here.rows(
            "SELECT state FROM waitlist_entries WHERE service_id = :service ORDER BY joined_at, id LIMIT 3"
        )
        assert [row[0] for row in offered] == ["offered"] * 3
