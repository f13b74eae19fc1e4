"""Reading and writing the files people keep: JSON, CSV and Excel, one shape for all.

A file is a set of named parts, each a list of rows that know their line. In Excel a part is a sheet; in
CSV the column `part` names it, and without that column all rows are of one part; in JSON it is a key.
CSV may be UTF-8 or what Excel in China saves (GB 18030), with commas, semicolons or tabs.
"""

import csv
import io
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from json import decoder, scanner
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from domain.file_rows import FileRow, guarded, is_blank

PART = "part"
LARGEST = 64 * 1024 * 1024
Parts = dict[str, list[FileRow]]


class FileUnreadable(ValueError):
    """The whole file cannot be read; the text says why."""


def read_json(path: Path) -> Any:
    """A JSON file whose objects know their line. Raises FileUnreadable."""
    text = _text(path)
    newlines = [found.start() for found in re.finditer("\n", text)]
    try:
        return _LineDecoder(newlines).decode(text)
    except json.JSONDecodeError as error:
        raise FileUnreadable(f"line {error.lineno}: no JSON ({error.msg})") from error
    except RecursionError as error:
        raise FileUnreadable("nested too deeply") from error


class _LineDecoder(json.JSONDecoder):
    """The standard decoder, with the line of each object's brace."""

    def __init__(self, newlines: Sequence[int]) -> None:
        super().__init__()
        self._newlines = newlines
        self.parse_object = self._object
        self.scan_once = scanner.py_make_scanner(self)  # type: ignore[attr-defined]  # typeshed leaves it out

    def _object(self, text_and_end: tuple[str, int], *rest: Any) -> tuple[FileRow, int]:
        values, end = decoder.JSONObject(text_and_end, *rest)  # type: ignore[attr-defined]  # typeshed leaves it out
        return FileRow(values, f"line {bisect_right(self._newlines, text_and_end[1] - 1) + 1}"), end


def read_table(path: Path, *, default_part: str, names: Mapping[str, str], part_names: Mapping[str, str]) -> Parts:
    """A CSV or Excel file as parts of rows; `names` gives each column its own name, in Chinese too.

    Blank rows and columns without a name are left out. Where there are several sheets each must be named
    for its part; one that is not comes back under its own name. Raises FileUnreadable.
    """
    parts: Parts = {}
    sheets = _csv_sheets(path) if path.suffix.lower() == ".csv" else _excel_sheets(path)
    for title, rows in sheets:
        part = part_names.get(title.lower(), default_part if len(sheets) == 1 else "")
        if not part:
            parts[title] = [FileRow({}, f"sheet {title}")]
            continue
        for row in _rows(rows, names):
            own = str(row.pop(PART, part)).strip()
            parts.setdefault(part_names.get(own, own), []).append(row)
    return parts


def _rows(rows: Iterable[tuple[str, Sequence[Any]]], names: Mapping[str, str]) -> Iterator[FileRow]:
    header: list[str] | None = None
    for where, cells in rows:
        if all(is_blank(cell) for cell in cells):
            continue
        if header is None:
            header = _header(cells, names, where)
            continue
        yield FileRow({n: c for n, c in zip(header, cells, strict=False) if n and not is_blank(c)}, where)


def is_json(path: Path) -> bool:
    """By the name's ending. Raises FileUnreadable for one that is none of ours."""
    if path.suffix.lower() not in (".json", ".csv", ".xlsx"):
        raise FileUnreadable(f"{path.suffix or 'a name without ending'} is none of .json, .csv, .xlsx")
    return path.suffix.lower() == ".json"


def _header(cells: Sequence[Any], names: Mapping[str, str], where: str) -> list[str]:
    header = [names.get(str(cell).strip().lstrip("\ufeff"), "") if not is_blank(cell) else "" for cell in cells]
    unknown = [str(cell) for cell, name in zip(cells, header, strict=True) if not is_blank(cell) and not name]
    if unknown:
        raise FileUnreadable(f"{where}: column {unknown[0][:40]!r} is unknown; known: {', '.join(_own_names(names))}")
    return header


def _own_names(names: Mapping[str, str]) -> list[str]:
    return sorted({name for name in names.values() if name.isascii()})


Sheets = list[tuple[str, list[tuple[str, Sequence[Any]]]]]


def _excel_sheets(path: Path) -> Sheets:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        found: Sheets = [
            (sheet.title.strip(), [(f"{sheet.title} line {n}", list(row)) for n, row in enumerate(sheet.values, 1)])
            for sheet in book.worksheets
        ]
        book.close()
    except (BadZipFile, InvalidFileException, KeyError, OSError) as error:
        raise FileUnreadable("no Excel file") from error
    return [(title, rows) for title, rows in found if any(not is_blank(cell) for _, cells in rows for cell in cells)]


def _csv_sheets(path: Path) -> Sheets:
    text = _text(path)
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    rows: list[tuple[str, Sequence[Any]]] = []
    line = 1
    try:
        for cells in reader:
            rows.append((f"line {line}", cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise FileUnreadable(f"line {line}: no CSV ({error})") from error
    return [("", rows)]


def _text(path: Path) -> str:
    if path.stat().st_size > LARGEST:
        raise FileUnreadable(f"larger than {LARGEST // 1024 // 1024} MB")
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileUnreadable("neither UTF-8 nor GB 18030 text")


def write_table(path: Path, parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """CSV or Excel, with what a spreadsheet would take for a formula made plain text.

    One part is a plain table; several get a column `part` in CSV and a sheet each in Excel.
    """
    if path.suffix.lower() == ".csv":
        _write_csv(path, parts)
        return
    book = Workbook(write_only=True)
    for part, rows in parts.items():
        sheet = book.create_sheet(part)
        columns = _columns(rows)
        sheet.append(columns)
        for row in rows:
            sheet.append([_cell(row.get(column)) for column in columns])
    book.save(path)


def _write_csv(path: Path, parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    named = len(parts) > 1
    columns = _columns([row for rows in parts.values() for row in rows])
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([PART, *columns] if named else columns)
        for part, rows in parts.items():
            for row in rows:
                cells = [_cell(row.get(column)) for column in columns]
                writer.writerow([part, *cells] if named else cells)


def _columns(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return guarded(";".join(str(item) for item in value))
    return guarded(value)
