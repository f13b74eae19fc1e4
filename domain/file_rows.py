"""Rows of files that people keep: JSON, CSV and Excel say numbers, dates and yes in their own ways.

One place for them all. A cell that cannot be read raises Unreadable; the text says why and never
repeats a phone or another personal value.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_SEPARATORS = re.compile(r"[;；、|]")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_YES = frozenset({"yes", "y", "true", "1", "是", "有", "√"})
_NO = frozenset({"no", "n", "false", "0", "否", "无", "没有", "×"})
FIRST_YEAR, LAST_YEAR = 1900, 2200


class Unreadable(ValueError):
    """A row of a file that cannot be read; the text says why."""


class FileRow(dict[str, Any]):
    """One row or object of a file, with the line it begins on."""

    __slots__ = ("line",)

    def __init__(self, values: Mapping[str, Any], line: str) -> None:
        super().__init__(values)
        self.line = line


def place_of(row: Any, name: str) -> str:
    """Where a row stands, for the report: its line where the file has lines, and what it is."""
    return f"{row.line}, {name}" if isinstance(row, FileRow) else name


def is_blank(value: Any) -> bool:
    """Whether a cell says nothing: a table has no null."""
    return value is None or (isinstance(value, str) and not value.strip())


def read_text(row: Mapping[str, Any], name: str, longest: int, *, needed: bool = True) -> Any:
    """Text of one line; None where it is missing and may be. Raises Unreadable."""
    value = row.get(name)
    if is_blank(value) and not needed:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(int(value)) if float(value).is_integer() else str(value)  # a table's number 1 is the unit "1"
    if not isinstance(value, str) or is_blank(value):
        raise Unreadable(f"{name} is missing or no text of at most {longest} characters")
    value = without_guard(value.strip())
    if len(value) > longest or not value.isprintable():
        raise Unreadable(f"{name} is missing or no text of at most {longest} characters")
    return value


def read_number(row: Mapping[str, Any], name: str, least: int, most: int) -> int:
    """A whole number. Raises Unreadable."""
    value = row.get(name)
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,9}\s*", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Unreadable(f"{name} is no whole number from {least} to {most}")
    return value


def read_decimal(row: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    """A number with decimals, or None where there is none. Raises Unreadable."""
    value = row.get(name)
    if is_blank(value):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = None
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise Unreadable(f"{name} is no number from {least} to {most}")
    return float(value)


def read_flag(row: Mapping[str, Any], name: str, default: bool) -> bool:
    """Yes or no, 是 or 否. Raises Unreadable."""
    value = row.get(name)
    if is_blank(value):
        return default
    text = str(value).strip().lower()
    if text not in _YES | _NO:
        raise Unreadable(f"{name} is neither yes nor no")
    return text in _YES


def read_list(value: Any) -> list[Any] | None:
    """Several values: a list, or one cell with ; or 、 between them. None where there are none."""
    if is_blank(value):
        return None
    if isinstance(value, str):
        return [part.strip() for part in _SEPARATORS.split(value) if part.strip()]
    return value if isinstance(value, list) else [value]


def read_day(row: Mapping[str, Any], name: str) -> date | None:
    """A day: 2027-02-05, 2027/2/5, 2027年2月5日, or a spreadsheet's own date. None where none. Raises Unreadable."""
    value = row.get(name)
    if is_blank(value):
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    found = _DAY.fullmatch(unicodedata.normalize("NFKC", value).strip()) if isinstance(value, str) else None
    try:
        if found and FIRST_YEAR <= int(found[1]) < LAST_YEAR:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise Unreadable(f"{name} is no day like 2027-02-05")


def guarded(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula, with an apostrophe before it."""
    if isinstance(value, str) and value.startswith((*_FORMULA_STARTS, "'")):
        return f"'{value}"
    return value


def without_guard(text: str) -> str:
    """The text before `guarded` had it."""
    return text[1:] if text.startswith("'") and text[1:].startswith((*_FORMULA_STARTS, "'")) else text
