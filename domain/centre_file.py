"""Reading the import form of centres: services, units, who is on duty, as plain values ready for the tables.

Hours are read by `domain.hours_file`: under the key `default` for the centre, under a service's code for
that service; a service may also say `window`.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from domain.codes import code_key
from domain.errors import Invalid
from domain.file_rows import (
    Unreadable,
    is_blank,
    read_day,
    read_decimal,
    read_flag,
    read_list,
    read_number,
    read_text,
)
from domain.hours_file import SINCE, HourRule, read_hours
from domain.local_time import zone_named
from domain.permissions import ROLES
from domain.service_types import (
    SERVICE_KINDS,
    UNIT_STATES,
    UNIT_ZONES,
    counting_cell,
    default_longest,
    default_step,
)

LONGEST = 1440
ZONE_WORDS = {"男": "male", "女": "female", "家庭": "family", "不限": "any"}


def read_centre(row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a centre. Raises Unreadable."""
    code = read_text(row, "code", 40)
    if code_key(code) is None or "." in code:
        raise Unreadable(f"code {code!r} may hold letters, digits, _ and - only")
    tz = read_text(row, "tz", 40, needed=False) or "Asia/Shanghai"
    try:
        zone_named(tz)
    except Invalid:
        raise Unreadable(f"time zone {tz!r} is unknown") from None
    return {
        "code": code,
        "code_key": code_key(code),
        "name": read_text(row, "name", 100),
        "place": read_text(row, "place", 100),
        "tz": tz,
        "lat": read_decimal(row, "lat", -90, 90),
        "lon": read_decimal(row, "lon", -180, 180),
        "contact": read_text(row, "contact", 40, needed=False),
        "way_in": read_text(row, "way_in", 300, needed=False),
        "is_free": read_flag(row, "free_of_charge", True),
    }


def read_service(row: Mapping[str, Any], centre_code: str, hours: Iterable[HourRule], position: int) -> dict[str, Any]:
    """The columns of a service; what the file does not say gets its default (decision 20). Raises Unreadable."""
    own = read_text(row, "code", 40)
    code = f"{centre_code}.{own}"
    if code_key(code) is None or "." in own:
        raise Unreadable(f"code {own!r} may hold letters, digits, _ and - only")
    kind = read_kind(row)
    share = read_decimal(row, "walkin_share", 0, 1)
    crosses_midnight = read_flag(row, "crosses_midnight", False)
    slot = _minutes(row, "slot_minutes")
    step = _minutes(row, "start_step_minutes", default_step(slot))
    shortest = _minutes(row, "min_minutes", slot)
    longest = _minutes(row, "max_minutes", default_longest(kind, slot))
    if not shortest <= longest <= LONGEST:
        raise Unreadable(f"lengths {shortest}–{longest} min make no sense (at most {LONGEST})")
    return {
        "code": code,
        "code_key": code_key(code),
        "name": read_text(row, "name", 100),
        "kind": kind,
        "slot_minutes": slot,
        "step_minutes": step,
        "cell_minutes": counting_cell(step, sorted({rule.opens for rule in hours})),
        "min_minutes": shortest,
        "max_minutes": longest,
        "cleaning_minutes": _minutes(row, "cleaning_minutes", 0, least=0),
        "grace_minutes": _minutes(row, "grace_minutes", 0, least=0),
        "capacity": read_number(row, "capacity", 1, 100_000) if kind == "pool" else None,
        "walkin_permille": round((share or 0) * 1000),
        "booking_required": read_flag(row, "booking_required", False),
        "is_bookable": read_flag(row, "bookable", True),
        "who_may_book": _roles(row.get("who")),
        "max_future_per_person": _number_or_none(row, "max_future", 1000),
        "max_party": _number_or_none(row, "max_party", 100_000),
        "is_overnight": read_flag(row, "overnight", crosses_midnight),
        "window_days": _number_or_none(row, "window_days", 366) or 14,
        "position": position,
    }


def read_kind(row: Mapping[str, Any]) -> str:
    """The kind of a service. Numbered units that each have seats are rooms, whatever the file calls them:
    a hall for a hundred is given by its owner, not by the first tap. Raises Unreadable.
    """
    kind = row.get("kind")
    if not isinstance(kind, str) or kind not in SERVICE_KINDS:
        raise Unreadable(f"kind {kind!r} is none of {', '.join(SERVICE_KINDS)}")
    units = row.get("units") or []
    if kind == "unit" and units and all(isinstance(unit, Mapping) and unit.get("capacity") for unit in units):
        return "room"
    return str(kind)


def read_unit(row: Any, position: int) -> dict[str, Any]:
    """The columns of a unit. Raises Unreadable."""
    if not isinstance(row, Mapping):
        raise Unreadable("a unit is not an object")
    zone = read_text(row, "zone", 10, needed=False)
    zone = ZONE_WORDS.get(zone, zone)
    state = read_text(row, "state", 10, needed=False) or "ok"
    if zone is not None and zone not in UNIT_ZONES:
        raise Unreadable(f"zone {zone!r} is none of {', '.join(UNIT_ZONES)}")
    if state not in UNIT_STATES:
        raise Unreadable(f"state {state!r} is none of {', '.join(UNIT_STATES)}")
    return {
        "no": read_text(row, "no", 40),
        "zone": zone,
        "is_accessible": read_flag(row, "accessible", False),
        "state": state,
        "seats": _number_or_none(row, "capacity", 100_000),
        "position": position,
    }


class RosterRow(NamedTuple):
    """Who is on duty at which unit, when; `to_on` is the first day without."""

    unit: str
    who: str
    shifts: frozenset[tuple[int | None, int, int]]
    from_on: date
    to_on: date | None


def read_roster(row: Any, units: Iterable[str]) -> RosterRow:
    """One person's duty at one desk: weekly hours from a day on, or one `date`. Raises Unreadable."""
    if not isinstance(row, Mapping):
        raise Unreadable("a roster row is not an object")
    known = list(units)
    unit = read_text(row, "unit", 40) if len(known) != 1 or not is_blank(row.get("unit")) else known[0]
    if unit not in known:
        raise Unreadable(f"roster: no unit {unit!r} in this service")
    day = read_day(row, "date")
    from_on = day or read_day(row, "from") or SINCE
    to_on = date.fromordinal(day.toordinal() + 1) if day else read_day(row, "to")
    if to_on is not None and to_on <= from_on:
        raise Unreadable("roster: to is not after from")
    rules = read_hours(row.get("hours"))
    if any(rule.day_kind or rule.is_closed for rule in rules):
        raise Unreadable("roster: hours are by weekday; days off follow from the opening hours")
    shifts = frozenset((rule.weekday, rule.opens, rule.closes) for rule in rules)
    return RosterRow(unit, read_text(row, "who", 50), shifts, from_on, to_on)


def _minutes(row: Mapping[str, Any], name: str, default: int | None = None, *, least: int = 5) -> int:
    if default is not None and is_blank(row.get(name)):
        return default
    value = read_number(row, name, least, LONGEST)
    if value % 5:
        raise Unreadable(f"{name} is no multiple of 5")
    return value


def _number_or_none(row: Mapping[str, Any], name: str, most: int) -> int | None:
    return None if is_blank(row.get(name)) else read_number(row, name, 1, most)


def _roles(value: Any) -> list[str] | None:
    roles = read_list(value)
    if roles is None:
        return None
    by_label = {label: role for role, label in ROLES.items()}
    named = [by_label.get(role, role) for role in roles if isinstance(role, str)]
    if not named or len(named) < len(roles) or any(role not in ROLES for role in named):
        raise Unreadable(f"who is no list of roles ({', '.join(ROLES)})")
    return named
