"""The whole product as real processes on a database of its own: for races, browsers and benchmarks."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from models.people import Person, WeChatAccount
from server.container import Container, build
from server.demo.district import seed_demo, seed_reference
from server.demo_identities import demo_openid
from server.migrate import migrate
from server.settings import Settings
from services.people import issue_token
from tests.web_process import ROOT, end, free_port, wait_until_answers


@dataclass(frozen=True, slots=True)
class Live:
    """A running product. `deps` looks into its database from the test's side."""

    address: str
    pid: int
    environ: Mapping[str, str]
    deps: Container

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
    port = environ["LIANYI_PORT"]
    address = f"http://127.0.0.1:{port}"
    with ExitStack() as running:
        if standin:
            wechat = environ["LIANYI_STANDIN_PORT"]
            process = _start(running, ["-m", "server", "wechat-standin", "--port", wechat], environ)
            wait_until_answers(f"http://127.0.0.1:{wechat}/", process)
        if scheduler:
            _start(running, ["-m", "server", "scheduler"], environ)
        gunicorn = ["-m", "gunicorn", "--config", "python:server.gunicorn_conf", "--bind", f"127.0.0.1:{port}"]
        web = _start(running, [*gunicorn, application], environ)
        wait_until_answers(f"{address}/readyz", web)
        yield Live(address, web.pid, environ, deps)
    deps.database.engine.dispose()


def _start(running: ExitStack, arguments: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **environ}, stdin=subprocess.DEVNULL
    )
    running.callback(end, process)
    return process
