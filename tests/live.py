"""The whole product as real processes on a database of its own: for races, browsers and benchmarks."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO

from sqlalchemy import select

from models.people import Person, WeChatAccount
from server.container import Container, build
from server.demo.district import seed_demo, seed_reference
from server.demo_identities import demo_openid
from server.migrate import migrate
from server.settings import Settings
from services.people import issue_token
from tests.postgres import end_with_parent
from tests.web_process import ROOT, end, free_port, wait_until_answers

LOG_TAIL = 4000


@dataclass(frozen=True, slots=True)
class Live:
    """A running product. `deps` looks into its database from the test's side, `log` has what its processes said."""

    address: str
    pid: int
    environ: Mapping[str, str]
    deps: Container
    log: Path

    def tokens(self, names: Sequence[str]) -> list[str]:
        """A fresh token for each demo person (`driver`, `member-7`), without a sign-in each."""
        now, appid = datetime.now(UTC), self.deps.options.mp_appid
        openids = {demo_openid(appid, name): name for name in names}
        with self.deps.unit_of_work() as session:
            found = session.execute(
                select(WeChatAccount.openid, Person)
                .join(Person, Person.id == WeChatAccount.person_id)
                .where(WeChatAccount.openid.in_(openids))
            )
            people = {openids[row.openid]: row.Person for row in found}
            return [issue_token(session, people[name], device_id=None, now=now).token for name in names]


def settings_for(database_url: str, folder: Path) -> dict[str, str]:
    """The environment of one product instance; nothing of it is shared with another one."""
    port = free_port()
    return {
        "LIANYI_ENV": "demo",
        "LIANYI_DATABASE_URL": database_url,
        "LIANYI_FILES_DIR": str(folder / "files"),
        "LIANYI_INDEX_DIR": str(folder / "index"),
        "LIANYI_PORT": str(port),
        "LIANYI_STANDIN_PORT": str(free_port()),
        "LIANYI_H5_DIR": str(ROOT / "miniprogram/dist/build/h5"),
    }


def seeded(environ: Mapping[str, str]) -> Container:
    """The demo district in a migrated database."""
    deps = build(Settings.from_env(environ))
    migrate(deps.database.engine)
    with deps.unit_of_work() as session:
        seed_reference(session)
        seed_demo(session, deps, now=deps.now())
    return deps


@contextmanager
def live(
    database_url: str,
    folder: Path,
    *,
    application: str = "server.wsgi:app",
    standin: bool = False,
    scheduler: bool = False,
    extra: Mapping[str, str] | None = None,
) -> Iterator[Live]:
    """Seed the database and serve it: 2 workers of 8 threads, and what else is asked for, until the block ends."""
    environ = {**settings_for(database_url, folder), **(extra or {})}
    deps = seeded(environ)
    port, log = environ["LIANYI_PORT"], folder / "processes.log"
    address = f"http://127.0.0.1:{port}"
    with ExitStack() as running, log.open("ab") as out:
        start = partial(_start, running, out, environ)
        try:
            if standin:
                wechat = environ["LIANYI_STANDIN_PORT"]
                process = start(["-m", "server", "wechat-standin", "--port", wechat])
                wait_until_answers(f"http://127.0.0.1:{wechat}/", process)
            if scheduler:
                start(["-m", "server", "scheduler"])
            gunicorn = ["-m", "gunicorn", "--config", "python:server.gunicorn_conf", "--bind", f"127.0.0.1:{port}"]
            web = start([*gunicorn, application])
            wait_until_answers(f"{address}/readyz", web)
        except RuntimeError as error:
            error.add_note(log.read_text("utf-8", errors="replace")[-LOG_TAIL:])
            raise
        yield Live(address, web.pid, environ, deps, log)
    deps.database.dispose()


def _start(
    running: ExitStack, out: IO[bytes], environ: Mapping[str, str], arguments: Sequence[str]
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=out,
        preexec_fn=end_with_parent,
    )
    running.callback(end, process)
    return process
