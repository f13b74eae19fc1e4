"""A real gunicorn on a free port, for tests that need real HTTP."""

import os
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import end_with_parent

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 40.0
NOT_READY = 503


FIRST_PORT, LAST_PORT = 12000, 32000
"""Below the range from which the kernel gives ports to outgoing connections, so that none slips in between."""
STANDIN_ABOVE = 9
_handed_out: set[int] = set()


def free_port() -> int:
    """A port nobody listens on, given once in this run, with its neighbour for the stand-in WeChat server."""
    for port in random.SystemRandom().sample(range(FIRST_PORT, LAST_PORT, 10), 200):
        if port not in _handed_out and _is_free(port) and _is_free(port + STANDIN_ABOVE):
            _handed_out.add(port)
            return port
    raise RuntimeError("no free port")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def gunicorn(
    application: str, *, environ: Mapping[str, str] | None = None, workers: int = 2, threads: int = 8, path: str = "/"
) -> Iterator[str]:
    """Serve `application` ("module:app") with the product's own settings; give its address, end it after."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "--config", "python:server.gunicorn_conf"),
        *("--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--threads", str(threads), application),
    ]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(environ or {})},
        stdin=subprocess.DEVNULL,
        preexec_fn=end_with_parent,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_answers(address + path, process)
        yield address
    finally:
        end(process)


def wait_until_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when something other than 503 answers there; raises RuntimeError on death or when it takes too long."""
    until, said = time.monotonic() + START_SECONDS, ""
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with exit code {process.returncode} before it answered")
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError as error:
            if error.code != NOT_READY:
                return
            said = f"{NOT_READY} {error.read().decode()}"
            time.sleep(0.1)
        except OSError as error:
            said = str(error)
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{url} was not ready within {START_SECONDS:g} s: {said}")


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
