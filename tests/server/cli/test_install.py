"""docs/install.md, walked: from an empty database to the first booking, without demo data."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from string import Template
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from sqlalchemy import select

from models.people import Person
from server.app import create_app
from server.cli import context, main
from server.container import Container, build
from server.settings import Settings
from services.centre.centres import availability
from tests.conftest import NOW, EmptyIndex
from tests.fakes import FakeWeChat

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "install.md"
ENDLESS = ("serve",)


@pytest.fixture(autouse=True)
def closed_commands(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A command's process would end with it; here its connections are closed."""
    made: list[Container] = []

    def building(settings: Settings) -> Container:
        made.append(build(settings))
        return made[-1]

    monkeypatch.setattr(context, "build", building)
    yield
    for container in made:
        container.database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Settings of production on an empty database of each kind."""
    if request.param == "sqlite":
        database = {"LIANYI_DATABASE_URL": f"sqlite:///{tmp_path / 'lianyi.db'}", "LIANYI_ALLOW_SQLITE": "1"}
    else:
        database = {"LIANYI_DATABASE_URL": request.getfixturevalue("postgres").create_database()}
    named = re.findall(r"^(LIANYI_\w+)=", PAGE.read_text("utf-8"), re.MULTILINE)
    secrets = dict.fromkeys(named, "a" * 43)  # the very names the page gives, and no others
    return {
        **secrets,
        "LIANYI_ENV": "production",
        "LIANYI_BASE_URL": "http://testserver",
        "LIANYI_INDEX_DIR": str(tmp_path / "index"),
        **database,
    }


@dataclass
class Walk:
    """Runs what the page says, line by line, and keeps what its placeholders stand for."""

    env: dict[str, str]
    http: FlaskClient | None = None
    said: dict[str, str] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)

    def command(self, line: str) -> Result:
        found = CliRunner(env=self.env).invoke(main, shlex.split(line)[3:], catch_exceptions=False)
        assert found.exit_code == 0, f"{line}\n{found.output}"
        made = re.search(r"signs in as \S+ with (\S+)", found.output)
        if made:
            self.said["PASSWORD"] = made[1]
        return found

    def curl(self, line: str) -> None:
        assert self.http is not None
        words = shlex.split(line)
        body = words[words.index("-d") + 1] if "-d" in words else None
        headers = [words[n + 1] for n, word in enumerate(words) if word == "-H"]
        url = next(word for word in words if word.startswith("$BASE"))
        answer = self.http.open(
            Template(url).substitute(self.said, BASE="/api/v1"),
            method=words[words.index("-X") + 1] if "-X" in words else "GET",
            data=Template(body).substitute(self.said) if body else None,
            headers=[tuple(Template(header).substitute(self.said).split(": ", 1)) for header in headers],
        )
        said: dict[str, Any] = answer.get_json()
        assert answer.status_code in (200, 201), said
        self.answers.append(said)
        if "token" in said:
            self.said["TOKEN"] = said["token"]
        if "slots" in said:
            self.said["START"] = next(slot["start"] for slot in said["slots"] if slot["free"])


def lines() -> Iterator[str]:
    """The commands of the page, in order; one may go over several lines."""
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        whole = re.sub(r"\\\n\s*|,\n\s*", lambda found: ", " if found[0][0] == "," else " ", block)
        yield from (line for line in whole.splitlines() if line.startswith(("python -m server", "curl")))


def web(env: dict[str, str]) -> Container:
    return build(Settings.from_env(env), clock=lambda: NOW, wechat=FakeWeChat(), text_index=EmptyIndex())


@pytest.mark.rule("B100", "B37")
def test_the_page_leads_from_nothing_to_a_booking(empty: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    walk = Walk(empty, said={"DAY": "2026-11-26"})
    with time_machine.travel(NOW, tick=True):
        for line in lines():
            if line.startswith("python") and shlex.split(line)[3] not in ENDLESS:
                walk.command(line)
        deps = web(empty)
        walk.http = create_app(deps.settings, deps).test_client()
        for line in lines():
            if line.startswith("curl"):
                walk.curl(line)
    booking = walk.answers[-1]
    assert (booking["state"], booking["service"]["code"]) == ("confirmed", "NORTH_GATE.shower")
    assert booking["start"] == "2026-11-26T08:00:00+08:00"
    with deps.read() as session:
        assert {person.name for person in session.scalars(select(Person))} == {
            "王主任", "前台", "陈站长", "刘书记", "赵师傅", "孙师傅",
        }  # fmt: skip
    deps.database.dispose()


@pytest.mark.rule("B101", "B37", "B107")
def test_every_form_of_the_samples_says_the_same(empty: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    walk = Walk(empty)
    walk.command("python -m server migrate")
    with time_machine.travel(NOW, tick=True):
        assert "calendar: of 2027 only the weekends are known\n" in walk.command("python -m server doctor").output
    assert "5 added" in walk.command("python -m server import-centres docs/install/centres.csv").output
    for file in ("centres.csv", "centres.json"):
        found = walk.command(f"python -m server import-centres docs/install/{file}").output
        assert found == "0 added, 0 changed, 5 unchanged, 0 refused\n"
    assert "5 added" in walk.command("python -m server import-people docs/install/people.csv").output
    for kind, file in (("people", "people.csv"), ("calendar", "calendar.csv"), ("calendar", "calendar.csv")):
        again = walk.command(f"python -m server import-{kind} docs/install/{file}").output
    assert again == "0 added, 0 changed, 13 unchanged, 0 refused\n"
    with time_machine.travel(NOW, tick=True):
        assert "calendar: ok\n" in walk.command("python -m server doctor").output
    deps = web(empty)
    with deps.read() as session:
        lawyer = availability(session, "NORTH_GATE.legal", date(2026, 11, 26), now=NOW)
        starts = {
            day: len(availability(session, "NORTH_GATE.shower", date.fromisoformat(day), now=NOW).slots)
            for day in ("2026-11-26", "2026-11-28", "2026-12-31", "2027-01-31", "2027-02-08")
        }
    assert sum(slot.free for slot in lawyer.slots) == 6  # on duty from 14:00 to 17:00, whatever else is open
    assert starts == {
        "2026-11-26": 26,  # a Thursday
        "2026-11-28": 16,  # a Saturday
        "2026-12-31": 16,  # a Thursday that the district takes off
        "2027-01-31": 26,  # a Sunday made up for
        "2027-02-08": 0,  # a Monday in Spring Festival
    }
    deps.database.dispose()
