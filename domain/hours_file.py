"""Timetables as people write them: 09:00-21:00, for each weekday, for working days, from a day on.

`"09:00-21:00"` or a list of such is for every day. An object has the keys `default`, `mon` … `sun`,
`workday`, `restday`, `holiday`, each with such hours or null (closed); `default` is for the weekdays
not named. `from` is the first day of the timetable. A list of objects is one timetable after another.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from domain.file_rows import Unreadable, is_blank, read_day
from domain.local_time import DAY_MINUTES
from domain.work_calendar import DAY_KINDS

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = "default"
SINCE = date(2000, 1, 1)
CLOSED_WORDS = frozenset({"closed", "休息", "关闭", "不开放"})
DAY_WORDS = (
    {f"{week}{day}": name for week in ("周", "星期") for day, name in zip("一二三四五六日", WEEKDAYS, strict=True)}
    | {"每天": EVERY_DAY, "工作日": "workday", "休息日": "restday", "节假日": "holiday", "法定节假日": "holiday"}
)  # fmt: skip
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-–—~至]\s*(\d{1,2}):(\d{2})")


class HourRule(NamedTuple):
    """Hours for a weekday (None: every day) or a kind of day, in minutes of the day; or closed."""

    weekday: int | None
    opens: int
    closes: int
    day_kind: str | None = None
    is_closed: bool = False


Hours = frozenset[HourRule]
CLOSED: Hours = frozenset({HourRule(None, 0, 0, None, True)})
"""A timetable of no hours at all."""


def read_timetables(value: Any) -> dict[date, Hours]:
    """One or more timetables by their first day. Raises Unreadable."""
    parts = value if isinstance(value, list) and any(isinstance(part, Mapping) for part in value) else [value]
    found: dict[date, Hours] = {}
    for part in parts:
        first, hours = SINCE, part
        if isinstance(part, Mapping):
            first = read_day(part, "from") or SINCE
            hours = {name: spans for name, spans in part.items() if name != "from"}
        if first in found:
            raise Unreadable(f"two timetables begin on {first}")
        found[first] = read_hours(hours)
    return found


def read_hours(value: Any) -> Hours:
    """The rules of one timetable. Raises Unreadable."""
    if not isinstance(value, Mapping):
        return frozenset(HourRule(None, *span) for span in _spans(value))
    days = {name: spans for day, spans in value.items() for name in _day_names(day)}
    named = [day for day in days if day in WEEKDAYS]
    rules: set[HourRule] = set()
    for day, spans in days.items():
        if day in DAY_KINDS:
            rules |= {HourRule(None, *span, day) for span in _spans_or_closed(spans)} or {
                HourRule(None, 0, 0, day, True)
            }
        elif day == EVERY_DAY and named:
            rest = [number for number, name in enumerate(WEEKDAYS) if name not in named]
            rules |= {HourRule(number, *span) for number in rest for span in _spans_or_closed(spans)}
        else:
            weekday = None if day == EVERY_DAY else WEEKDAYS.index(day)
            rules |= {HourRule(weekday, *span) for span in _spans_or_closed(spans)}
    return frozenset(rules) or CLOSED


def write_hours(rules: Hours) -> dict[str, list[str] | None]:
    """The form that `read_hours` reads back to the same hours."""
    plain = {rule.weekday for rule in rules if rule.day_kind is None}
    days: dict[str, list[str]] = {}
    for rule in sorted(rules, key=lambda r: (r.day_kind or "", -1 if r.weekday is None else r.weekday, r.opens)):
        names = [rule.day_kind or (EVERY_DAY if rule.weekday is None else WEEKDAYS[rule.weekday])]
        if names == [EVERY_DAY] and len(plain) > 1:
            names = list(WEEKDAYS)
        for name in names:
            days.setdefault(name, []).extend([] if rule.is_closed else [f"{_clock(rule.opens)}-{_clock(rule.closes)}"])
    return {day: spans or None for day, spans in days.items()}


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _day_names(day: Any) -> list[str]:
    """mon, 周一, mon-fri, 周一至周五, mon;wed: the days a key is for."""
    text = unicodedata.normalize("NFKC", str(day)).strip()
    ends = re.split(r"\s*[-–~至到]\s*", text)
    if len(ends) == 2:
        first, last = (_day_name(end) for end in ends)
        if first in WEEKDAYS and last in WEEKDAYS and WEEKDAYS.index(first) < WEEKDAYS.index(last):
            return list(WEEKDAYS[WEEKDAYS.index(first) : WEEKDAYS.index(last) + 1])
        raise Unreadable(f"days {text!r} are no span within a week")
    return [_day_name(name) for name in re.split(r"[,;、\s]+", text)]


def _day_name(day: str) -> str:
    name = DAY_WORDS.get(day, day.lower())
    if name != EVERY_DAY and name not in WEEKDAYS and name not in DAY_KINDS:
        raise Unreadable(f"weekday {day!r} is none of {', '.join((EVERY_DAY, *WEEKDAYS, *DAY_KINDS))}")
    return name


def _spans_or_closed(value: Any) -> list[tuple[int, int]]:
    if value is None or (isinstance(value, str) and value.strip().lower() in CLOSED_WORDS):
        return []
    return _spans(value)


def _spans(value: Any) -> list[tuple[int, int]]:
    if isinstance(value, list):
        return [span for text in value for span in (_spans(text) if isinstance(text, str) else [_span(text)])]
    if isinstance(value, str) and not is_blank(value):
        return [_span(text) for text in re.split(r"[,;，；、]", value)]
    return [_span(value)]


def _span(text: Any) -> tuple[int, int]:
    found = _SPAN.fullmatch(unicodedata.normalize("NFKC", text).strip()) if isinstance(text, str) else None
    if found is None:
        raise Unreadable(f"hours {text!r} are not HH:MM-HH:MM")
    opens, closes = (int(h) * 60 + int(m) for h, m in (found.group(1, 2), found.group(3, 4)))
    if opens >= DAY_MINUTES or closes > DAY_MINUTES or int(found[2]) > 59 or int(found[4]) > 59:
        raise Unreadable(f"hours {text!r} are out of range")
    return opens, closes
