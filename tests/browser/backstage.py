"""What other people do meanwhile, over HTTP, and what the database holds in the end."""

import json
import os
import subprocess
import sys
import urllib.request
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4
from zoneinfo import ZoneInfo

from tests.live import Live
from tests.web_process import ROOT

SHANGHAI = ZoneInfo("Asia/Shanghai")


def call(live: Live, method: str, path: str, body: object = None, *, who: str | None = None) -> Any:
    """One request as a demo person, or as a guest; raises HTTPError on a refusal."""
    headers = {"Content-Type": "application/json"}
    if who:
        headers["Authorization"] = f"Bearer {live.tokens([who])[0]}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{live.address}/api/v1{path}", data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def book(live: Live, who: str, service: str, start: str, minutes: int) -> dict[str, Any]:
    """A booking of somebody else."""
    wish = {"service": service, "start": start, "minutes": minutes, "client_uuid": str(uuid4())}
    return cast(dict[str, Any], call(live, "POST", "/bookings", wish, who=who))


def run_job(live: Live, job: str) -> None:
    """One scheduled job now, by its command."""
    command = [sys.executable, "-m", "server", "run-job", job]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **live.environ}, check=True, capture_output=True)


def free_at(live: Live, service: str, start: str) -> int:
    """How many places the listing shows at that start."""
    day = call(live, "GET", f"/services/{service}/availability?date={start[:10]}")
    return int(next(slot["free"] for slot in day["slots"] if slot["start"] == start))


def day_after(live: Live, days: int) -> str:
    """The local date so many days from today."""
    moment: datetime = live.deps.now().astimezone(SHANGHAI) + timedelta(days=days)
    return moment.date().isoformat()


def at(day: str, clock: str) -> str:
    """`2026-11-22`, `14:00` as the listing writes it."""
    return f"{day}T{clock}:00+08:00"
