"""Reading the import form of centres: hours, units, services, as plain values ready for the tables.

Hours are one of: `"09:00-21:00"`, a list of such, or `{"wed": "14:00-17:00"}`; under the key
`default` for the centre, under a service's code for that service; a service may also say `window`.
"""

import re
from collections.abc import Mapping
from typing import Any

from domain.codes import code_key
from domain.errors import Invalid
from domain.local_time import DAY_MINUTES, zone_named
from domain.permissions import ROLES
from domain.service_types import (
    SERVICE_KINDS,
    UNIT_STATES,
    UNIT_ZONES,
    counting_cell,
    default_longest,
    default_step,
)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST = 1440
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-–~]\s*(\d{1,2}):(\d{2})")
Hours = frozenset[tuple[int | None, int, int]]
"""(weekday or None for every day, opens, closes) in minutes of the day."""


class Unreadable(ValueError):
    """A row of the file that cannot be read; the text says why."""


def read_hours(value: Any) -> Hours:
    """One timetable. Raises Unreadable."""
    if isinstance(value, Mapping):
        return frozenset((_weekday(day), *span) for day, spans in value.items() for span in _spans(spans))
    return frozenset((None, *span) for span in _spans(value))


def _spans(value: Any) -> list[tuple[int, int]]:
    return [_span(text) for text in (value if isinstance(value, list) else [value])]


def _span(text: Any) -> tuple[int, int]:
    found = _SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise Unreadable(f"hours {text!r} are not HH:MM-HH:MM")
    opens, closes = (int(h) * 60 + int(m) for h, m in (found.group(1, 2), found.group(3, 4)))
    if opens >= DAY_MINUTES or closes > DAY_MINUTES or int(found[2]) > 59 or int(found[4]) > 59:
        raise Unreadable(f"hours {text!r} are out of range")
    return opens, closes


def _weekday(day: str) -> int:
    if day not in WEEKDAYS:
        raise Unreadable(f"weekday {day!r} is none of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(day)


def read_centre(row: Mapping[str, Any], position: int) -> dict[str, Any]:
    """The columns of a centre. Raises Unreadable."""
    code = _text(row, "code", 40)
    if code_key(code) is None or "." in code:
        raise Unreadable(f"code {code!r} may hold letters, digits, _ and - only")
    tz = row.get("tz") or "Asia/Shanghai"
    try:
        zone_named(tz)
    except Invalid:
        raise Unreadable(f"time zone {tz!r} is unknown") from None
    return {
        "code": code,
        "code_key": code_key(code),
        "name": _text(row, "name", 100),
        "place": _text(row, "place", 100),
        "tz": tz,
        "lat": _degrees(row, "lat", 90),
        "lon": _degrees(row, "lon", 180),
        "contact": _text(row, "contact", 40, needed=False),
        "way_in": _text(row, "way_in", 300, needed=False),
        "is_free": bool(row.get("free_of_charge", True)),
        "position": position,
    }


def read_service(row: Mapping[str, Any], centre_code: str, hours: Hours, position: int) -> dict[str, Any]:
    """The columns of a service; what the file does not say gets its default (decision 20). Raises Unreadable."""
    own = _text(row, "code", 40)
    code = f"{centre_code}.{own}"
    if code_key(code) is None or "." in own:
        raise Unreadable(f"code {own!r} may hold letters, digits, _ and - only")
    kind = read_kind(row)
    slot = _minutes(row, "slot_minutes")
    step = _minutes(row, "start_step_minutes", default_step(slot))
    shortest = _minutes(row, "min_minutes", slot)
    longest = _minutes(row, "max_minutes", default_longest(kind, slot))
    if not shortest <= longest <= LONGEST:
        raise Unreadable(f"lengths {shortest}–{longest} min make no sense (at most {LONGEST})")
    return {
        "code": code,
        "code_key": code_key(code),
        "name": _text(row, "name", 100),
        "kind": kind,
        "slot_minutes": slot,
        "step_minutes": step,
        "cell_minutes": counting_cell(step, sorted({opens for _, opens, _ in hours})),
        "min_minutes": shortest,
        "max_minutes": longest,
        "cleaning_minutes": _minutes(row, "cleaning_minutes", 0, least=0),
        "grace_minutes": _minutes(row, "grace_minutes", 0, least=0),
        "capacity": _number(row, "capacity", 1, 100_000) if kind == "pool" else None,
        "walkin_permille": _share(row.get("walkin_share", 0)),
        "booking_required": bool(row.get("booking_required", False)),
        "is_bookable": bool(row.get("bookable", True)),
        "who_may_book": _roles(row.get("who")),
        "max_future_per_person": _number(row, "max_future", 1, 1000) if row.get("max_future") is not None else None,
        "window_days": _number({"window_days": row.get("window_days", 14)}, "window_days", 1, 366),
        "position": position,
    }


def read_kind(row: Mapping[str, Any]) -> str:
    """The kind of a service. Numbered units that each have seats are rooms, whatever the file calls them:
    a hall for a hundred is given by its owner, not by the first tap. Raises Unreadable.
    """
    kind = row.get("kind")
    if kind not in SERVICE_KINDS:
        raise Unreadable(f"kind {kind!r} is none of {', '.join(SERVICE_KINDS)}")
    units = row.get("units") or []
    if kind == "unit" and units and all(isinstance(unit, Mapping) and unit.get("capacity") for unit in units):
        return "room"
    return str(kind)


def read_unit(row: Any, position: int) -> dict[str, Any]:
    """The columns of a unit. Raises Unreadable."""
    if not isinstance(row, Mapping):
        raise Unreadable("a unit is not an object")
    zone, state = row.get("zone"), row.get("state", "ok")
    if zone is not None and zone not in UNIT_ZONES:
        raise Unreadable(f"zone {zone!r} is none of {', '.join(UNIT_ZONES)}")
    if state not in UNIT_STATES:
        raise Unreadable(f"state {state!r} is none of {', '.join(UNIT_STATES)}")
    return {
        "no": _text(row, "no", 40),
        "zone": zone,
        "is_accessible": bool(row.get("accessible", False)),
        "state": state,
        "seats": _number(row, "capacity", 1, 100_000) if row.get("capacity") is not None else None,
        "position": position,
    }


def _text(row: Mapping[str, Any], name: str, longest: int, *, needed: bool = True) -> Any:
    value = row.get(name)
    if value is None and not needed:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > longest or not value.isprintable():
        raise Unreadable(f"{name} is missing or no text of at most {longest} characters")
    return value.strip()


def _number(row: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = row.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Unreadable(f"{name} is no whole number from {least} to {most}")
    return value


def _minutes(row: Mapping[str, Any], name: str, default: int | None = None, *, least: int = 5) -> int:
    if default is not None and row.get(name) is None:
        return default
    value = _number(row, name, least, LONGEST)
    if value % 5:
        raise Unreadable(f"{name} is no multiple of 5")
    return value


def _share(value: Any) -> int:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 1:
        raise Unreadable("walkin_share is no number from 0 to 1")
    return round(value * 1000)


def _roles(value: Any) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value or any(role not in ROLES for role in value):
        raise Unreadable(f"who is no list of roles ({', '.join(ROLES)})")
    return list(value)


def _degrees(row: Mapping[str, Any], name: str, most: int) -> float | None:
    value = row.get(name)
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not -most <= value <= most:
        raise Unreadable(f"{name} is no number of degrees")
    return float(value)
