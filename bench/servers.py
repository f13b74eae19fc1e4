"""The servers of a benchmark: gunicorn with the product's settings, on SQLite or on a PostgreSQL that flushes."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import Postgres, end_with_parent, start_postgres
from tests.web_process import ROOT, end, free_port, wait_until_answers

ENGINES = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: where, and whose processor time counts."""

    address: str
    pid: int


@dataclass(frozen=True, slots=True)
class Databases:
    """Fresh databases of one engine; `pid` is the database server's, None for SQLite."""

    folder: Path
    postgres: Postgres | None

    @property
    def pid(self) -> int | None:
        return None if self.postgres is None else self.postgres.pid

    def new(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}.db" if self.postgres is None else self.postgres.create_database()


@contextmanager
def databases(engine: str) -> Iterator[Databases]:
    """Databases with full durability, removed at the end. The folder lies on the checkout's disk, not in memory."""
    base = ROOT / "var"
    base.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=base) as folder:
        if engine == "sqlite":
            yield Databases(Path(folder), None)
        else:
            with start_postgres(durable=True) as postgres:
                yield Databases(Path(folder), postgres)


@contextmanager
def serve(application: str, environ: Mapping[str, str], *, path: str, folder: Path = ROOT) -> Iterator[Served]:
    """One application under gunicorn, 2 workers of 8 threads, until the block ends."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "--config", "python:server.gunicorn_conf"),
        *("--bind", f"127.0.0.1:{port}", application),
    ]
    search = os.pathsep.join(filter(None, [str(folder), str(ROOT), os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": search, **environ},
        stdin=subprocess.DEVNULL,
        preexec_fn=end_with_parent,
    )
    try:
        wait_until_answers(f"http://127.0.0.1:{port}{path}", process)
        yield Served(f"http://127.0.0.1:{port}", process.pid)
    finally:
        end(process)
