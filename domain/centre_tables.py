"""Centres as tables: the parts centres, services, units, hours and roster, put together into the nested form, and back.

A row names what it belongs to (`centre`, `service`); a unit row may name many: B01-B40.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from domain.codes import code_key
from domain.file_rows import FileRow, Unreadable, is_blank, place_of, read_text
from domain.hours_file import CLOSED_WORDS, EVERY_DAY

PARTS = ("centres", "services", "units", "hours", "roster")
MOST_UNITS = 500
NAMES: dict[str, str] = {
    **{name: name for name in (
        "part", "centre", "service", "code", "name", "place", "tz", "lat", "lon", "contact", "way_in", "free_of_charge",
        "kind", "slot_minutes", "start_step_minutes", "min_minutes", "max_minutes", "cleaning_minutes",
        "grace_minutes", "capacity", "walkin_share", "booking_required", "bookable", "who", "max_future", "max_party",
        "crosses_midnight", "overnight", "window_days", "no", "zone", "accessible", "state", "unit", "day", "hours",
        "from", "to", "date",
    )},
    "类别": "part", "中心": "centre", "服务": "service", "编码": "code", "名称": "name", "地点": "place",
    "电话": "contact", "怎么进": "way_in", "免费": "free_of_charge", "类型": "kind", "时段分钟": "slot_minutes",
    "最短分钟": "min_minutes",
    "最长分钟": "max_minutes", "清洁分钟": "cleaning_minutes", "保留分钟": "grace_minutes", "名额": "capacity",
    "现场比例": "walkin_share", "谁能约": "who", "最多预约": "max_future", "最多人数": "max_party",
    "过夜": "overnight", "编号": "no", "分区": "zone", "无障碍": "accessible", "设施": "unit", "值班人": "who",
    "星期": "day", "时间": "hours", "开始": "from", "结束": "to", "日期": "date",
}  # fmt: skip
PART_NAMES: dict[str, str] = {
    **{part: part for part in PARTS},
    "centre": "centres", "service": "services", "unit": "units", "rosters": "roster",
    "中心": "centres", "服务": "services", "设施": "units", "开放时间": "hours", "时间": "hours", "值班": "roster",
    "值班表": "roster",
}  # fmt: skip
_RANGE = re.compile(r"(.*?)(\d+)\s*[-–~]\s*(.*?)(\d+)")
Refused = list[tuple[str, str]]


def nested(parts: Mapping[str, Sequence[FileRow]]) -> tuple[dict[str, Any], Refused]:
    """The form `{"centres": […]}` with what could not be put in its place, as (where, reason)."""
    refused: Refused = [
        (place_of(row, part), f"part {part!r} is none of {', '.join(PARTS)}")
        for part, rows in parts.items()
        if part not in PARTS
        for row in rows
    ]
    centres: dict[str, FileRow] = {}
    for row in parts.get("centres", ()):
        key = code_key(str(row.get("code", "")))
        centres[key or f"?{len(centres)}"] = FileRow(row | {"hours": {}, "services": []}, row.line)
    services: dict[tuple[str, str], FileRow] = {}
    for part in PARTS[1:]:
        for row in parts.get(part, ()):
            try:
                _put(part, row, centres, services)
            except Unreadable as error:
                refused.append((place_of(row, part), str(error)))
    return {"centres": list(centres.values())}, refused


def _put(part: str, row: FileRow, centres: Mapping[str, FileRow], services: dict[tuple[str, str], FileRow]) -> None:
    centre_code = read_text(row, "centre", 40)
    key = code_key(centre_code) or ""
    centre = centres.get(key)
    if centre is None:
        raise Unreadable(f"centre {centre_code!r} is not in this file")
    values = FileRow({name: cell for name, cell in row.items() if name != "centre"}, row.line)
    if part == "services":
        service = FileRow(values | {"units": [], "roster": []}, row.line)
        services.setdefault((key, code_key(str(row.get("code"))) or ""), service)
        centre["services"].append(service)
        return
    wanted = read_text(values, "service", 40, needed=part != "hours")
    found = services.get((key, code_key(wanted) or "")) if wanted else None
    if wanted and found is None:
        raise Unreadable(f"service {wanted!r} is not in this file")
    values.pop("service", None)
    if part == "hours":
        _add_hours(centre["hours"].setdefault(found["code"] if found else EVERY_DAY, []), values)
    elif found is not None and part == "units":
        found["units"] += [FileRow(values | {"no": no}, row.line) for no in unit_numbers(read_text(values, "no", 60))]
    elif found is not None:
        day = values.pop("day", None) or EVERY_DAY
        found["roster"].append(FileRow(values | {"hours": {day: values.get("hours")}}, row.line))


def _add_hours(timetables: list[dict[str, Any]], row: FileRow) -> None:
    """Rows of one `from` are one timetable; a cell saying closed or 休息 leaves its day without hours."""
    first = row.get("from")
    timetable = next((t for t in timetables if t.get("from") == first), None)
    if timetable is None:
        timetable = {} if is_blank(first) else {"from": first}
        timetables.append(timetable)
    hours = row.get("hours")
    if is_blank(hours):
        raise Unreadable("hours is missing (closed, where it is)")
    spans = timetable.setdefault(str(row.get("day") or EVERY_DAY).strip(), [])
    if str(hours).strip().lower() not in CLOSED_WORDS:
        spans.append(hours)


def unit_numbers(text: str) -> list[str]:
    """B01-B40 is forty units, anything else is one. Raises Unreadable for more than 500."""
    found = _RANGE.fullmatch(text)
    if found is None or found[3] not in ("", found[1]) or int(found[4]) <= int(found[2]):
        return [text]
    first, last = int(found[2]), int(found[4])
    if last - first >= MOST_UNITS:
        raise Unreadable(f"no: more than {MOST_UNITS} units in one row")
    return [f"{found[1]}{number:0{len(found[2])}d}" for number in range(first, last + 1)]


def flat(centres: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The nested form as tables that `nested` reads back."""
    parts: dict[str, list[dict[str, Any]]] = {part: [] for part in PARTS}
    for centre in centres:
        own = {"centre": centre["code"]}
        parts["centres"].append({k: v for k, v in centre.items() if k not in ("hours", "services")})
        for service in centre["services"]:
            of = own | {"service": service["code"]}
            parts["services"].append(own | {k: v for k, v in service.items() if k not in ("units", "roster")})
            parts["units"] += [of | unit for unit in service.get("units", ())]
            for duty in service.get("roster", ()):
                parts["roster"] += [
                    of | duty | {"day": day, "hours": ";".join(spans)} for day, spans in duty["hours"].items()
                ]
        for name, timetables in centre["hours"].items():
            of = own if name == EVERY_DAY else own | {"service": name}
            parts["hours"] += [
                of | {"day": day, "hours": ";".join(spans) if spans else "closed", "from": timetable.get("from")}
                for timetable in timetables
                for day, spans in timetable.items()
                if day != "from"
            ]
    return parts
