"""Several processes as one: started together, ended together, a dead one said and restarted."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

log = logging.getLogger(__name__)

TICK_SECONDS = 0.1
STOP_SECONDS = 12.0  # longer than gunicorn's graceful time
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 15.0
HEALTHY_SECONDS = 60.0
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running. One that `waits` starts when the others are ready, so that these answer sooner."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    waits: bool = False


class _Running:
    """A program, its present process and when it may start again."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.start_at = time.monotonic() + (LONGEST_WAIT_SECONDS if program.waits else 0.0)
        self.pause = FIRST_PAUSE_SECONDS

    def start(self) -> None:
        # An own session: Ctrl-C reaches the supervisor alone, which then ends all in good order.
        self.process = subprocess.Popen(
            self.program.command,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **self.program.environ},
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        self.started_at = time.monotonic()
        log.info("started name=%s pid=%d", self.program.name, self.process.pid)

    def wait_no_longer(self) -> None:
        """The others are ready: what has not started yet may."""
        if not self.started_at:
            self.start_at = 0.0

    def check(self) -> None:
        """Note a death, and start again when its pause is over."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            if now - self.started_at > HEALTHY_SECONDS:
                self.pause = FIRST_PAUSE_SECONDS
            log.error("died name=%s exit=%d restart_in=%gs", self.program.name, self.process.returncode, self.pause)
            kill_group(self.process.pid)
            self.process, self.start_at = None, now + self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE_SECONDS)
        if self.process is None and now >= self.start_at:
            self.start()


class Supervisor:
    """Runs programs until SIGINT, SIGTERM or `stop()`.

    `ready` is asked until it says yes; then `announce` is called once (the line with the address).
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        ready: Callable[[], bool] | None = None,
        announce: Callable[[], None] | None = None,
    ) -> None:
        self._running = [_Running(program) for program in programs]
        self._ready = ready
        self._announce = announce
        self._stopping = False

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        self._stopping = True

    def run(self) -> int:
        """Block until told to stop; 0 when every program ended, 1 when one had to be killed."""
        previous = {number: signal.signal(number, self.stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while not self._stopping:
                for one in self._running:
                    one.check()
                self._say_when_ready()
                time.sleep(TICK_SECONDS)
        finally:
            clean = self._end_all()
            for number, handler in previous.items():
                signal.signal(number, handler)
        return 0 if clean else 1

    def _say_when_ready(self) -> None:
        if self._ready is not None and self._ready():
            self._ready = None
            for one in self._running:
                one.wait_no_longer()
            if self._announce is not None:
                self._announce()

    def _end_all(self) -> bool:
        alive = [one for one in self._running if one.process is not None and one.process.poll() is None]
        for one in alive:
            assert one.process is not None
            one.process.terminate()  # the leader alone: gunicorn ends its own workers in good order
        until = time.monotonic() + STOP_SECONDS
        clean = True
        for one in alive:
            assert one.process is not None
            try:
                one.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                clean = False
                log.error("killed name=%s: it did not end in %gs", one.program.name, STOP_SECONDS)
                kill_group(one.process.pid)
                one.process.wait()
        log.info("stopped")
        return clean


def kill_group(pid: int) -> None:
    """End what a dead program left behind: workers without their master would hold its port."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _end_with_parent() -> None:
    """A killed supervisor leaves nothing running (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
