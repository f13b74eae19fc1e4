"""What goes out comes back unchanged, in each form; a spreadsheet runs nothing of it."""

import csv
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.centre import Centre, OpeningRule, Service
from models.people import Person
from models.platform import AuditEntry
from server.cli import exports, imports
from server.container import Container
from services.booking.bookings import Book, book
from tests.conftest import Clock
from tests.factories import create_person
from tests.factories_booking import actor_for

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "docs" / "install"
DEMO = ROOT / "server" / "demo" / "sample_chains_centres.json"
FORMULA = '=HYPERLINK("http://bad.example","点我")'


@pytest.fixture(autouse=True)
def same_database(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (exports, imports):
        monkeypatch.setattr(module, "container", lambda: container)


def load(kind: str, file: Path) -> Result:
    return CliRunner().invoke(getattr(imports, f"import_{kind}"), [str(file)], catch_exceptions=False)


def out(kind: str, file: Path, *options: str) -> Result:
    found = CliRunner().invoke(exports.export, [kind, "--out", str(file), *options], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found


@pytest.fixture
def district(session: Session) -> None:
    assert load("centres", DEMO).exit_code == 0
    for kind in ("calendar", "centres", "people"):
        assert load(kind, SAMPLES / f"{kind}.csv").exit_code == 0


@pytest.mark.rule("B110", "B101", "B104")
@pytest.mark.parametrize("ending", ["json", "csv", "xlsx"])
@pytest.mark.parametrize("kind", ["centres", "people", "calendar"])
def test_what_goes_out_comes_back_unchanged(
    session: Session, district: None, tmp_path: Path, kind: str, ending: str
) -> None:
    centre = session.scalars(select(Centre).where(Centre.code == "NORTH_GATE")).one()
    session.add(
        OpeningRule(
            centre_id=centre.id, opens_minutes=600, closes_minutes=0, effective_from=centre.created_at.date(), weekday=6
        )
    )
    session.commit()
    file = tmp_path / f"{kind}.{ending}"
    out(kind, file)
    again = load(kind, file)
    assert " 0 changed" in again.output
    assert again.output.startswith("0 added"), again.output
    assert again.output.endswith(" 0 refused\n"), again.output
    assert int(again.output.split(", ")[2].split()[0]) >= 5
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.rule("B110")
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_no_text_becomes_a_formula_and_none_is_lost(
    session: Session, district: None, tmp_path: Path, ending: str
) -> None:
    row = session.scalars(select(Service).where(Service.code == "NORTH_GATE.meal")).one()
    row.name = FORMULA
    session.commit()
    file = tmp_path / f"centres.{ending}"
    out("centres", file)
    cells = _cells(file)
    assert f"'{FORMULA}" in cells
    assert not any(isinstance(cell, str) and cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert "0 added, 0 changed" in load("centres", file).output
    session.refresh(row)
    assert row.name == FORMULA


def _cells(file: Path) -> list[Any]:
    if file.suffix == ".csv":
        return [cell for row in csv.reader(file.read_text("utf-8-sig").splitlines()) for cell in row]
    book = load_workbook(file)
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    return [cell for sheet in book for row in sheet.values for cell in row]


@pytest.mark.rule("B110", "B29")
def test_bookings_of_the_days_asked_for(
    session: Session, district: None, container: Container, clock: Clock, tmp_path: Path
) -> None:
    service = session.scalars(select(Service).where(Service.code == "NORTH_GATE.shower")).one()
    person = create_person(session, now=clock.now, name="@张三", zone="male")
    first = clock.now.replace(hour=8)
    created = [
        book(
            session,
            Book(actor_for(person), service.code, first.replace(day=day), client_uuid=uuid4(), plate="粤B12345"),
            cipher=container.cipher,
            now=clock.now,
        ).booking
        for day in (25, 26, 27)
    ]
    session.commit()
    file = tmp_path / "bookings.csv"
    found = out("bookings", file, "--centre", "north_gate", "--from", "2026-11-26", "--to", "2026-11-26")
    assert found.output == f"1 rows in {file}\n"
    [row] = csv.DictReader(file.read_text("utf-8-sig").splitlines())
    assert row["code"] == created[1].code
    assert (row["name"], row["plate"], row["start"]) == ("'@张三", "粤B·**45", "2026-11-26T16:00:00+08:00")
    assert "粤B12345" not in file.read_text("utf-8-sig")
    everything = tmp_path / "bookings.json"
    out("bookings", everything)
    assert len(json.loads(everything.read_text("utf-8"))["bookings"]) == 3
    assert session.scalars(select(AuditEntry.action)).all().count("export.bookings") == 2


@pytest.mark.rule("B110")
@pytest.mark.parametrize(
    "arguments", [["bookings", "--centre", "NOWHERE", "--out", "b.csv"], ["centres", "--out", "c.pdf"]]
)
def test_an_export_that_cannot_be_is_said(tmp_path: Path, arguments: list[str]) -> None:
    found = CliRunner().invoke(exports.export, [*arguments[:-1], str(tmp_path / arguments[-1])])
    assert found.exit_code == 1
    assert "Error: " in found.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.rule("O20", "O5")
def test_the_people_of_an_export_are_those_with_a_branch_or_role(
    session: Session, district: None, clock: Clock, tmp_path: Path
) -> None:
    create_person(session, now=clock.now, name="路人")
    session.commit()
    file = tmp_path / "people.json"
    out("people", file)
    content = json.loads(file.read_text("utf-8"))
    assert {row["name"] for row in content["people"]} == {"陈站长", "刘书记", "赵师傅", "孙师傅"}
    assert session.scalars(select(Person.id).where(Person.name == "路人")).one()
    assert session.scalars(select(AuditEntry.action)).all() == ["export.people"]
