"""The one reader of JSON, CSV and Excel: lines, encodings, headings, what is none of ours."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from domain import centre_tables
from domain.file_rows import (
    Unreadable,
    guarded,
    read_day,
    read_decimal,
    read_flag,
    read_number,
    read_text,
    without_guard,
)
from services.table_files import FileUnreadable, Parts, is_json, read_json, read_table, write_table

NAMES = {"part": "part", "name": "name", "姓名": "name", "phone": "phone", "手机": "phone"}
PARTS = {"people": "people", "人员": "people", "branches": "branches"}
CSV = "姓名,手机\n张三,13800000001\n\n李四,13800000002\n"


def table(path: Path) -> Parts:
    return read_table(path, default_part="people", names=NAMES, part_names=PARTS)


def file(folder: Path, content: str | bytes, name: str = "f.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def excel(folder: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / "f.xlsx")
    return folder / "f.xlsx"


@pytest.mark.rule("B101", "B102")
@pytest.mark.parametrize(
    "content",
    [
        CSV,
        "\ufeff" + CSV,
        CSV.encode("gb18030"),
        CSV.replace(",", ";"),
        CSV.replace(",", "\t"),
        CSV.replace("\n", "\r\n"),
        "part,姓名,手机\npeople,张三,13800000001\n,,\n人员,李四,13800000002\n",
    ],
)
def test_every_csv_that_spreadsheets_write(tmp_path: Path, content: str | bytes) -> None:
    rows = table(file(tmp_path, content))["people"]
    assert [(row["name"], row["phone"], row.line) for row in rows] == [
        ("张三", "13800000001", "line 2"),
        ("李四", "13800000002", "line 4"),
    ]


@pytest.mark.rule("B102")
def test_a_cell_of_several_lines_keeps_the_lines_right(tmp_path: Path) -> None:
    rows = table(file(tmp_path, 'name,phone\n"张\n三",1\n李四,2\n'))["people"]
    assert [row.line for row in rows] == ["line 2", "line 4"]


@pytest.mark.rule("B101", "B102")
def test_sheets_are_parts_and_a_stray_one_is_named(tmp_path: Path) -> None:
    found = table(
        excel(
            tmp_path,
            {"人员": [["姓名", "手机"], [None, None], ["张三", 13800000001]], "说明": [["先填人员"]], "空": []},
        )
    )
    [row] = found["people"]
    assert (row["phone"], row.line) == (13800000001, "人员 line 3")
    assert found["说明"][0].line == "sheet 说明"
    alone = table(excel(tmp_path, {"Sheet1": [["name"], ["张三"]]}))
    assert [row["name"] for row in alone["people"]] == ["张三"]


@pytest.mark.rule("B102")
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("f.csv", "name,telefone\n张三,1\n", "line 1: column 'telefone' is unknown"),
        ("f.csv", b"\xff\xfe\xff\xff", "neither UTF-8"),
        ("f.csv", 'name\n"' + "x" * 200_000 + '"\n', "no CSV"),
        ("f.xlsx", b"PK nonsense", "no Excel file"),
        ("f.xlsx", b"", "no Excel file"),
        ("f.json", '{"people": [\n{"name": }]}', "line 2: no JSON"),
        ("f.json", "[" * 200_000, "nested too deeply"),
        ("f.pdf", "x", ".pdf is none of"),
        ("f", "x", "a name without ending"),
    ],
)
def test_a_file_that_is_none_of_ours_is_said(tmp_path: Path, name: str, content: str | bytes, said: str) -> None:
    path = file(tmp_path, content, name)
    with pytest.raises(FileUnreadable) as failure:
        _ = read_json(path) if is_json(path) else table(path)
    assert said in str(failure.value)


@pytest.mark.rule("B102")
def test_json_objects_know_their_line_also_nested(tmp_path: Path) -> None:
    found = read_json(file(tmp_path, '{"a": [\n {"b": 1},\n {"b": {\n  "c": 2}}]}', "f.json"))
    assert (found.line, [row.line for row in found["a"]], found["a"][1]["b"].line) == (
        "line 1", ["line 2", "line 3"], "line 3",
    )  # fmt: skip


@pytest.mark.rule("B110")
@pytest.mark.parametrize("text", ["=1+1", "+852 5555", "-x", "@a", "'=x", "'x", "x", "", "\tx"])
def test_a_guarded_text_comes_back(text: str) -> None:
    assert without_guard(guarded(text)) == text
    assert not str(guarded(text)).startswith(("=", "+", "-", "@", "\t"))


@pytest.mark.rule("B110")
def test_cells_are_written_as_they_are_read(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"name": "=x", "phone": None},
        {"name": ["a", "b"], "phone": True},
        {"name": date(2027, 1, 2), "phone": 3},
    ]
    for ending in ("csv", "xlsx"):
        path = tmp_path / f"f.{ending}"
        write_table(path, {"people": rows})
        found = [(row["name"], str(row.get("phone"))) for row in table(path)["people"]]
        assert found == [("'=x", "None"), ("a;b", "yes"), ("2027-01-02", "3")]


@pytest.mark.rule("B102")
@pytest.mark.parametrize(
    "text",
    [
        "2027-02-05", "2027/2/5", "2027.2.5", "2027年2月5日", "２０２７年２月５日", date(2027, 2, 5),
        datetime(2027, 2, 5, tzinfo=UTC),
    ],
)  # fmt: skip
def test_a_day_however_written(text: Any) -> None:
    assert read_day({"d": text}, "d") == date(2027, 2, 5)


@pytest.mark.rule("B102")
def test_cells_that_cannot_be_read() -> None:
    for bad in ("2027-02-30", "5.2.2027", "0001-01-01", 45000, "tomorrow", True):
        with pytest.raises(Unreadable):
            read_day({"d": bad}, "d")
    for number in ("x", "1.5", 1.5, True, None, "", "99999999999", [1]):
        with pytest.raises(Unreadable):
            read_number({"n": number}, "n", 1, 1000)
    for share in ("x", "2", -1, True, float("nan"), [1]):
        with pytest.raises(Unreadable):
            read_decimal({"n": share}, "n", 0, 1)
    flags: tuple[Any, ...] = ("maybe", 2, [], "yes no")
    for flag in flags:
        with pytest.raises(Unreadable):
            read_flag({"f": flag}, "f", False)
    for text in ("", " ", None, "x\u0000", "x" * 11, ["x"], {"x": 1}, True):
        with pytest.raises(Unreadable):
            read_text({"t": text}, "t", 10)
    assert read_text({"t": 1.0}, "t", 10) == "1"
    assert [read_flag({"f": flag}, "f", False) for flag in ("是", "0", True, None, 1)] == [
        True,
        False,
        True,
        False,
        True,
    ]


@pytest.mark.rule("B101", "B102")
def test_tables_of_centres_say_what_has_no_place(tmp_path: Path) -> None:
    content = (
        "类别,中心,服务,编码,名称,类型,编号,分区,时间,设施,值班人\n"
        "中心,,,C1,一号,,,,,,\n"
        "服务,C1,,wash,洗衣,unit,,,,,\n"
        "设施,c1,WASH,,,,W1-W3,不限,,,\n"
        "设施,C2,wash,,,,W1,,,,\n"
        "设施,C1,dry,,,,W1,,,,\n"
        "设施,C1,wash,,,,A0001-A9999,,,,\n"
        "时间,C1,,,,,,,,,\n"
        "菜单,C1,,,,,,,,,\n"
        "值班,C1,,,,,,,09:00-10:00,W1,某人\n"
    )
    parts = read_table(
        file(tmp_path, content),
        default_part="centres",
        names=centre_tables.NAMES,
        part_names=centre_tables.PART_NAMES,
    )
    payload, refused = centre_tables.nested(parts)
    assert [unit["no"] for unit in payload["centres"][0]["services"][0]["units"]] == ["W1", "W2", "W3"]
    assert sorted((where.split(",")[0], reason.split(" ")[0]) for where, reason in refused) == [
        ("line 10", "service"), ("line 5", "centre"), ("line 6", "service"), ("line 7", "no:"), ("line 8", "hours"),
        ("line 9", "part"),
    ]  # fmt: skip
