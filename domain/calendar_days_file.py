"""Reading the import form of the working calendar: a day, or from its first to its last, what kind, and why."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from domain.file_rows import Unreadable, is_blank, read_day, read_text
from domain.work_calendar import DAY_KIND_LABELS, DayKind

NAMES: dict[str, str] = {
    **{name: name for name in ("part", "date", "from", "to", "kind", "name")},
    "日期": "date", "开始": "from", "结束": "to", "类型": "kind", "名称": "name", "节日": "name",
}  # fmt: skip
KINDS: dict[str, DayKind] = {
    "workday": "workday", "restday": "restday", "holiday": "holiday", "班": "workday", "上班": "workday",
    "调休上班": "workday", "休": "holiday", "放假": "holiday", "假": "holiday",
    **{label: kind for kind, label in DAY_KIND_LABELS.items()},
}  # fmt: skip
MOST_DAYS = 31


def read_days(row: Any) -> tuple[list[date], DayKind, str]:
    """The days of a row, their kind and name. Here `to` is the last day, as the notices say it. Raises Unreadable."""
    if not isinstance(row, Mapping):
        raise Unreadable("is not an object")
    first = read_day(row, "date") or read_day(row, "from")
    if first is None:
        raise Unreadable("neither date nor from")
    last = first if not is_blank(row.get("date")) else read_day(row, "to") or first
    if not 0 <= (last - first).days < MOST_DAYS:
        raise Unreadable(f"from … to is no stretch of at most {MOST_DAYS} days")
    kind = row.get("kind")
    found = KINDS.get(kind.strip()) if isinstance(kind, str) else None
    if found is None:
        raise Unreadable("kind is none of workday, restday, holiday (班, 休)")
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return days, found, read_text(row, "name", 50, needed=False) or ""
