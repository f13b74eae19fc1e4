"""Requests from many connections at once, and the processor time a server's processes spent on them."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psutil

CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Call:
    """One request to send."""

    method: str
    path: str
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> dict[str, object]:
        parsed = json.loads(self.body)
        assert isinstance(parsed, dict)
        return parsed


@dataclass(frozen=True, slots=True)
class Figure:
    """What one run of calls cost."""

    calls: int
    web_ms: float
    database_ms: float
    seconds: float
    statuses: Counter[int]

    @property
    def cpu_ms(self) -> float:
        """Processor milliseconds per request, server and database together."""
        return self.web_ms + self.database_ms


class Client:
    """Keeps one connection; a thread of the load has one."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)

    def send(self, call: Call) -> Answer:
        headers = {"Accept": "application/json", **call.headers}
        data = None
        if call.body is not None:
            data, headers["Content-Type"] = json.dumps(call.body).encode(), "application/json"
        self._connection.request(call.method, call.path, data, headers)
        answer = self._connection.getresponse()
        return Answer(answer.status, answer.read())

    def close(self) -> None:
        self._connection.close()


def send_all(address: str, calls: Sequence[Call], *, connections: int = CONNECTIONS) -> list[Answer]:
    """Every call once, spread over the connections; answers in the order of the calls."""

    def share(start: int) -> list[Answer]:
        client = Client(address)
        try:
            return [client.send(call) for call in calls[start::connections]]
        finally:
            client.close()

    answers: list[Answer | None] = [None] * len(calls)
    with ThreadPoolExecutor(connections) as pool:
        for start, got in enumerate(pool.map(share, range(connections))):
            answers[start::connections] = got
    return [answer for answer in answers if answer is not None]


def measure(
    address: str, calls: Sequence[Call], *, web_pid: int, database_pid: int | None
) -> tuple[Figure, list[Answer]]:
    """Send them and read the processor time of the web processes and of PostgreSQL's before and after."""
    before = (_cpu_seconds(web_pid), _cpu_seconds(database_pid))
    begun = time.monotonic()
    answers = send_all(address, calls)
    seconds = time.monotonic() - begun
    after = (_cpu_seconds(web_pid), _cpu_seconds(database_pid))
    per_call = 1000 / len(calls)
    figure = Figure(
        calls=len(calls),
        web_ms=(after[0] - before[0]) * per_call,
        database_ms=(after[1] - before[1]) * per_call,
        seconds=seconds,
        statuses=Counter(answer.status for answer in answers),
    )
    return figure, answers


def _cpu_seconds(pid: int | None) -> float:
    """Processor time of a process and all its children, those included that ended and were waited for."""
    if pid is None:
        return 0.0
    leader = psutil.Process(pid)
    ended = leader.cpu_times()
    return _clock(pid) + sum(_clock(child.pid) for child in leader.children(recursive=True)) + _of_children(ended)


def _of_children(times: Any) -> float:
    return float(times.children_user + times.children_system)


def _clock(pid: int) -> float:
    """The process's own processor clock, in nanoseconds inside; /proc counts in steps of 10 ms only."""
    scheduler_clock_of_a_process = (~pid << 3) | 2  # clock_getcpuclockid(3), which Python does not offer
    try:
        return time.clock_gettime(scheduler_clock_of_a_process)
    except OSError:  # it ended a moment ago
        return 0.0
