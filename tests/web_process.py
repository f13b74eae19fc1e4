"""A real gunicorn on a free port, for tests that need real HTTP."""

import os
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
