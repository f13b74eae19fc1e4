"""What `make run` starts: everything at once, everything ended, the data kept."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import click
import psutil
import pytest
from sqlalchemy import create_engine, text

from server.cli.run import refuse_taken_port
from tests.live import settings_for
from tests.postgres import end_with_parent
from tests.web_process import ROOT

READY = "is ready"
SECONDS = 60.0
PARTS = ("gunicorn", "server scheduler", "server wechat-standin")


class Up:
    """`python -m server up` with its output in a file."""

    def __init__(self, environ: dict[str, str], log: Path) -> None:
        self.environ, self.log = environ, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server", "up", "--port", self.environ["LIANYI_PORT"]],
                cwd=ROOT,
                env={**os.environ, **self.environ},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                preexec_fn=end_with_parent,
            )
        until = time.monotonic() + SECONDS
        while READY not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.05)

    def said(self) -> str:
        return self.log.read_text("utf-8", errors="replace")

    def children(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def commands(self) -> list[str]:
        return [" ".join(process.cmdline()) for process in self.children()]

    def interrupt(self) -> int:
        """Ctrl-C, as the terminal sends it to the supervisor."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(SECONDS)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    environ = settings_for(f"sqlite:///{tmp_path / 'lianyi.db'}", tmp_path)
    one = Up(environ, tmp_path / "log")
    yield one
    if one.process is not None and one.process.poll() is None:
        one.process.kill()
        one.process.wait()


def people_in(up: Up) -> list[tuple[int, str]]:
    engine = create_engine(up.environ["LIANYI_DATABASE_URL"])
    with engine.connect() as connection:
        found = [(row.id, row.name) for row in connection.execute(text("SELECT id, name FROM people ORDER BY id"))]
    engine.dispose()
    return found


@pytest.mark.rule("O91")
def test_everything_starts_restarts_and_ends_together_and_the_data_stay(up: Up) -> None:
    up.start()
    with urllib.request.urlopen(f"http://127.0.0.1:{up.environ['LIANYI_PORT']}/readyz", timeout=10) as answer:
        assert answer.status == 200
    until = time.monotonic() + SECONDS
    while missing := [part for part in PARTS if not any(part in command for command in up.commands())]:
        assert time.monotonic() < until, missing
        time.sleep(0.05)
    before, running = people_in(up), up.children()
    assert up.interrupt() == 0
    assert not [process for process in running if process.is_running()]
    up.start()
    assert "filling" not in up.said()
    assert people_in(up) == before
    assert up.interrupt() == 0


def test_a_taken_port_is_said_at_once() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(click.ClickException, match="taken"):
            refuse_taken_port("127.0.0.1", other.getsockname()[1])
