"""The imports as commands: what is said, what is not, and how they end."""

import logging
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from openpyxl import Workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.calendar import CalendarDay
from models.people import Person
from server.cli import imports
from server.container import Container


@pytest.fixture(autouse=True)
def same_database(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "container", lambda: container)


def run(kind: str, path: Path) -> Result:
    return CliRunner().invoke(getattr(imports, f"import_{kind}"), [str(path)])


def file(folder: Path, content: str, name: str = "f.csv") -> Path:
    path = folder / name
    path.write_text(content, "utf-8")
    return path


@pytest.mark.rule("B102", "O20", "O18")
def test_a_bad_line_is_said_the_others_go_in_and_no_phone_is_told(
    session: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    rows = "part,code,name,phone,branch\nbranches,N,北支部,,\npeople,,张三,13800000001,N\npeople,,李四,1380000,N\n"
    found = run("people", file(tmp_path, rows))
    assert found.exit_code == 1
    assert found.output == (
        "2 added, 0 changed, 0 unchanged, 1 refused\n"
        "line 4, people[2]: phone is no mobile number of eleven digits, or + with country\n"
    )
    assert session.scalars(select(Person.name)).all() == ["张三"]
    assert not any(secret in caplog.text for secret in ("1380000", "张三", "李四"))


@pytest.mark.rule("B102", "B107")
def test_the_calendar_says_lines_of_an_excel_sheet(session: Session, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    days: list[list[Any]] = [
        ["开始", "结束", "类型", "名称"], ["2027年1月1日", "2027-01-03", "休", "元旦"],
        ["2027-01-31", None, "班", "调休"],
        ["2027-02-01", None, "sometimes", None], ["2027-02-01", "2027-01-01", "休", None], [None, None, "休", "x"],
        ["2027-02-01", "2027-12-01", "休", None], ["1990-01-01", None, "休", None],
    ]  # fmt: skip
    for row in days:
        sheet.append(row)
    book.save(tmp_path / "days.xlsx")
    found = run("calendar", tmp_path / "days.xlsx")
    assert found.exit_code == 1
    assert [line.split(",")[0] for line in found.output.splitlines()[1:]] == [f"Sheet line {n}" for n in range(4, 9)]
    assert found.output.startswith("2 added, 0 changed, 0 unchanged, 5 refused")
    entered = session.scalars(select(CalendarDay).order_by(CalendarDay.day)).all()
    assert [(f"{day.day:%m-%d}", day.kind) for day in entered] == [
        ("01-01", "holiday"), ("01-02", "holiday"), ("01-03", "holiday"), ("01-31", "workday"),
    ]  # fmt: skip


@pytest.mark.rule("B102")
@pytest.mark.parametrize("kind", ["centres", "people", "calendar"])
@pytest.mark.parametrize(
    ("name", "content"), [("f.json", "{"), ("f.csv", "nonsense\n1\n"), ("f.txt", "x"), ("f.xlsx", "x")]
)
def test_a_file_that_is_none_of_ours_ends_the_command_in_one_line(
    session: Session, tmp_path: Path, kind: str, name: str, content: str
) -> None:
    found = run(kind, file(tmp_path, content, name))
    assert found.exit_code == 1
    assert found.output.startswith("Error: the file cannot be read: ")
    assert len(found.output.splitlines()) == 1


@pytest.mark.rule("B102")
@pytest.mark.parametrize("kind", ["centres", "people", "calendar"])
@pytest.mark.parametrize("content", ["[]", "7", "null", '{"people": 7, "centres": 7, "days": 7}', '{"menu": []}'])
def test_json_of_another_shape_is_refused(session: Session, tmp_path: Path, kind: str, content: str) -> None:
    found = run(kind, file(tmp_path, content, "f.json"))
    assert found.exit_code == 1
    assert " refused\n" in found.output


@pytest.mark.rule("B102")
def test_lines_of_a_table_of_centres(session: Session, tmp_path: Path) -> None:
    rows = (
        "part,centre,service,code,name,place,kind,slot_minutes,no,hours\n"
        "centres,,,C1,一号,路,,,,\nhours,C1,,,,,,,,09:00-21:00\nservices,C1,,wash,洗衣,,unit,30,,\n"
        "units,C1,wash,,,,,,W1,\nservices,C1,,dry,烘干,,unit,7,,\nunits,C9,wash,,,,,,W1,\ncentres,,,C2,二号,,,,,\n"
    )
    found = run("centres", file(tmp_path, rows))
    assert found.exit_code == 1
    assert found.output.splitlines() == [
        "2 added, 0 changed, 0 unchanged, 3 refused",
        "line 6, C1.services[2]: slot_minutes is no multiple of 5",
        "line 8, centres[2]: place is missing or no text of at most 100 characters",
        "line 7, units: centre 'C9' is not in this file",
    ]
