"""All processes end together, and one that dies is said and restarted."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from server.cli import supervise
from server.cli.supervise import Program, Supervisor

WRITES_ITS_PID = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WRITES_ITS_PID
LEAVES_A_CHILD = (
    "import os, subprocess, sys; child = subprocess.Popen(['sleep', '60']);"
    "open(sys.argv[1], 'a').write(f'{child.pid}\\n'); os._exit(3)"
)
DIES = "import os, sys; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); sys.exit(3)"


def program(name: str, code: str, folder: Path) -> Program:
    return Program(name, (sys.executable, "-c", code, str(folder / name)))


def pids(folder: Path, name: str) -> list[int]:
    file = folder / name
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pid: int) -> bool:
    """Ended, whether or not anybody has collected it yet."""
    stat = Path(f"/proc/{pid}/stat")
    return not alive(pid) or (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def run_until(supervisor: Supervisor, reached: Callable[[], bool]) -> int:
    """Run it here (signals want the main thread), stopped from a second thread once `reached`."""

    def watch() -> None:
        until = time.monotonic() + 20
        while not reached() and time.monotonic() < until:
            time.sleep(0.02)
        supervisor.stop()

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = supervisor.run()
    watcher.join()
    assert reached()
    return code


@pytest.fixture(autouse=True)
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(supervise, "TICK_SECONDS", 0.02)


@pytest.mark.rule("O91")
def test_all_end_together(tmp_path: Path) -> None:
    supervisor = Supervisor([program(name, WRITES_ITS_PID, tmp_path) for name in ("web", "scheduler")])
    assert run_until(supervisor, lambda: bool(pids(tmp_path, "web") and pids(tmp_path, "scheduler"))) == 0
    assert not any(alive(pid) for name in ("web", "scheduler") for pid in pids(tmp_path, name))


@pytest.mark.rule("O91")
def test_one_that_dies_is_said_and_restarted_while_the_other_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor = Supervisor([program("web", WRITES_ITS_PID, tmp_path), program("scheduler", DIES, tmp_path)])
    with caplog.at_level(logging.INFO):
        run_until(supervisor, lambda: len(pids(tmp_path, "scheduler")) >= 3 and bool(pids(tmp_path, "web")))
    assert len(pids(tmp_path, "web")) == 1
    assert "died name=scheduler exit=3" in caplog.text


@pytest.mark.rule("O91")
def test_what_a_dead_one_left_is_ended_before_it_starts_again(tmp_path: Path) -> None:
    """As with workers whose master was killed: they hold the port that the next master needs."""
    supervisor = Supervisor([program("web", LEAVES_A_CHILD, tmp_path)])
    run_until(supervisor, lambda: len(pids(tmp_path, "web")) >= 2)
    assert gone(pids(tmp_path, "web")[0])


@pytest.mark.rule("O91")
def test_one_that_will_not_end_is_killed_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervise, "STOP_SECONDS", 0.3)
    supervisor = Supervisor([program("deaf", DEAF, tmp_path)])
    assert run_until(supervisor, lambda: bool(pids(tmp_path, "deaf"))) == 1
    assert "killed name=deaf" in caplog.text
    assert not alive(pids(tmp_path, "deaf")[0])


def test_the_address_is_said_once_when_it_answers(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(
        [program("web", WRITES_ITS_PID, tmp_path)],
        ready=lambda: bool(pids(tmp_path, "web")),
        announce=lambda: said.append("ready"),
    )
    run_until(supervisor, lambda: bool(said))
    assert said == ["ready"]


def test_one_that_waits_starts_when_the_others_are_ready(tmp_path: Path) -> None:
    waiting = program("scheduler", WRITES_ITS_PID, tmp_path)
    seen: list[bool] = []

    def ready() -> bool:
        seen.append(bool(pids(tmp_path, "scheduler")))
        return bool(pids(tmp_path, "web"))

    supervisor = Supervisor([program("web", WRITES_ITS_PID, tmp_path), replace(waiting, waits=True)], ready=ready)
    run_until(supervisor, lambda: bool(pids(tmp_path, "scheduler")))
    assert not any(seen)


def test_one_that_waits_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "LONGEST_WAIT_SECONDS", 0.1)
    waiting = replace(program("scheduler", WRITES_ITS_PID, tmp_path), waits=True)
    supervisor = Supervisor([waiting], ready=lambda: False)
    run_until(supervisor, lambda: bool(pids(tmp_path, "scheduler")))


@pytest.mark.rule("O91")
def test_ctrl_c_ends_everything(tmp_path: Path) -> None:
    """As from a terminal: SIGINT to the supervisor, whose programs live in sessions of their own."""
    code = (
        "import sys; from server.cli.supervise import Program, Supervisor;"
        f"sys.exit(Supervisor([Program('web', (sys.executable, '-c', {WRITES_ITS_PID!r}, sys.argv[1]))]).run())"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "web")])
    until = time.monotonic() + 20
    while not pids(tmp_path, "web") and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert not alive(pids(tmp_path, "web")[0])
