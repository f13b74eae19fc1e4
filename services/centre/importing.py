"""Importing centres with their services, units, opening rules and rosters. The same file again changes nothing."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from domain.centre_file import RosterRow, read_centre, read_roster, read_service, read_unit
from domain.file_rows import Unreadable, place_of
from domain.hours_file import SINCE, HourRule, Hours, read_timetables
from domain.service_types import SERVICE_KINDS
from models.centre import Booking, Centre, OpeningRule, RosterRule, Service, Unit
from services.centre.catalogue import lock_centre
from services.import_report import ImportReport, Outcome

Timetables = dict[date, Hours]


def import_centres(session: Session, payload: Any, *, now: datetime) -> ImportReport:
    """Add or change centres (中心目录导入); what the file does not name stays as it is.

    A row that cannot be read is reported with its place and reason, the others go in. Raises nothing
    for bad rows.
    """
    report = ImportReport()
    rows = payload.get("centres") if isinstance(payload, Mapping) else None
    if not isinstance(rows, list):
        report.add("centres", "refused", "no list of centres")
        return report
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        where = place_of(row, f"centres[{number}]")
        try:
            if not isinstance(row, Mapping):
                raise Unreadable("a centre is not an object")
            _import_centre(session, row, seen, report, now)
        except Unreadable as error:
            report.add(where, "refused", str(error))
    session.flush()
    return report


def _import_centre(
    session: Session, row: Mapping[str, Any], seen: set[str], report: ImportReport, now: datetime
) -> None:
    columns = read_centre(row)
    _once(seen, columns["code_key"], "centre")
    hours = row.get("hours") or {}
    if not isinstance(hours, Mapping):
        raise Unreadable("hours is not an object")
    opening = read_timetables(hours["default"]) if "default" in hours else {}
    services = _objects(row, "services")
    codes = {str(service.get("code")) for service in services if isinstance(service, Mapping)}
    centre = session.scalar(select(Centre).where(Centre.code_key == columns["code_key"]))
    outcome: Outcome = "unchanged"
    if centre is None:
        last = session.scalar(select(func.max(Centre.position))) or 0
        centre, outcome = Centre(**columns, position=last + 1, created_at=now), "added"
        session.add(centre)
    else:
        lock_centre(session, centre.code)  # everyone locks in one order: the centre, then its services
        outcome = "changed" if _change(centre, columns) else "unchanged"
    session.flush()
    if _set_rules(session, centre.id, None, opening) and outcome == "unchanged":
        outcome = "changed"
    report.add(centre.code, outcome)
    for place, service in enumerate(services, 1):
        _import_service(session, centre, service, hours, opening, place, seen, report, now)
    for name in sorted(set(hours) - {"default"} - codes):
        report.add(f"{centre.code}.{name}", "refused", "hours for a service that is not in the file")


def _import_service(
    session: Session,
    centre: Centre,
    row: Any,
    hours: Mapping[str, Any],
    opening: Timetables,
    place: int,
    seen: set[str],
    report: ImportReport,
    now: datetime,
) -> None:
    where = place_of(row, f"{centre.code}.services[{place}]")
    try:
        if not isinstance(row, Mapping):
            raise Unreadable("a service is not an object")
        own = _own_hours(row, hours)
        columns = read_service(row, centre.code, _all_rules(own or opening), place)
        _once(seen, columns["code_key"], "service")
        units = [read_unit(unit, n) for n, unit in enumerate(_objects(row, "units"), 1)]
        if SERVICE_KINDS[columns["kind"]].shares == "units" and not units:
            raise Unreadable("no units")
        numbers: set[str] = set()
        for unit in units:
            _once(numbers, unit["no"], "unit")
        roster = [read_roster(duty, [unit["no"] for unit in units]) for duty in _objects(row, "roster")]
        outcome = _write_service(session, centre, columns, units, own, roster, now)
    except Unreadable as error:
        report.add(where, "refused", str(error))
    else:
        report.add(columns["code"], outcome)


def _once(seen: set[str], code: str, what: str) -> None:
    """Raises Unreadable for what the file has already said."""
    if code in seen:
        raise Unreadable(f"this {what} stands in the file twice")
    seen.add(code)


def _objects(row: Mapping[str, Any], name: str) -> list[Any]:
    """The list under that key; none where the key is missing. Raises Unreadable."""
    value = row.get(name)
    if value is not None and not isinstance(value, list):
        raise Unreadable(f"{name} is not a list")
    return value or []


def _own_hours(row: Mapping[str, Any], hours: Mapping[str, Any]) -> Timetables:
    if row.get("window") is not None:
        return read_timetables(row["window"])
    code = str(row.get("code"))
    return read_timetables(hours[code]) if code in hours and code != "default" else {}


def _all_rules(timetables: Timetables) -> list[HourRule]:
    return [rule for rules in timetables.values() for rule in rules if not rule.is_closed]


def _write_service(
    session: Session,
    centre: Centre,
    columns: dict[str, Any],
    units: list[dict[str, Any]],
    own: Timetables,
    roster: list[RosterRow],
    now: datetime,
) -> Outcome:
    service = session.scalar(select(Service).where(Service.code_key == columns["code_key"]))
    if service is None:
        service = Service(**columns, centre_id=centre.id, created_at=now)
        session.add(service)
        session.flush()
        changed, outcome = True, "added"
    else:
        _keep_counters(session, service, columns)
        changed, outcome = _change(service, columns), "changed"
    changed |= _set_units(session, service, units)
    session.flush()
    changed |= _set_rules(session, centre.id, service.id, own)
    changed |= _set_rosters(session, service, roster, now)
    if not changed:
        return "unchanged"
    return "added" if outcome == "added" else "changed"


def _keep_counters(session: Session, service: Service, columns: dict[str, Any]) -> None:
    """A service with bookings keeps its kind and the width of its counters (also guarded by the database)."""
    if session.scalar(select(Booking.id).where(Booking.service_id == service.id).limit(1)) is None:
        return
    if columns["kind"] != service.kind:
        raise Unreadable(f"a service with bookings stays {service.kind}")
    columns["cell_minutes"] = service.cell_minutes


def _set_units(session: Session, service: Service, wanted: Iterable[dict[str, Any]]) -> bool:
    kept = {unit.no: unit for unit in session.scalars(select(Unit).where(Unit.service_id == service.id))}
    changed = False
    for columns in wanted:
        unit = kept.get(columns["no"])
        if unit is None:
            session.add(Unit(**columns, service_id=service.id))
            changed = True
        else:
            # Whether a unit is broken today is the staff's word, not the file's.
            changed |= _change(unit, {name: value for name, value in columns.items() if name != "state"})
    return changed


def _set_rules(session: Session, centre_id: int, service_id: int | None, timetables: Timetables) -> bool:
    """Write each timetable of the file; one that staff set from another day on stays."""
    changed = False
    for first, hours in (timetables or {SINCE: frozenset()}).items():
        scope = (OpeningRule.centre_id == centre_id) & (OpeningRule.effective_from == first)
        scope &= OpeningRule.service_id.is_(None) if service_id is None else OpeningRule.service_id == service_id
        if {_rule(row) for row in session.scalars(select(OpeningRule).where(scope))} == hours:
            continue
        changed = True
        session.execute(delete(OpeningRule).where(scope))
        session.add_all(
            OpeningRule(
                centre_id=centre_id,
                service_id=service_id,
                weekday=rule.weekday,
                day_kind=rule.day_kind,
                opens_minutes=rule.opens,
                closes_minutes=rule.closes,
                is_closed=rule.is_closed,
                effective_from=first,
            )
            for rule in sorted(hours, key=lambda rule: (rule.day_kind or "", rule.weekday or 0, rule.opens))
        )
        session.flush()
    return changed


def _rule(row: OpeningRule) -> HourRule:
    return HourRule(row.weekday, row.opens_minutes, row.closes_minutes, row.day_kind, row.is_closed)


def _set_rosters(session: Session, service: Service, wanted: list[RosterRow], now: datetime) -> bool:
    """Write who is on duty 值班表: a row stands for that person at that desk from that day; all others stay."""
    units = {unit.no: unit.id for unit in session.scalars(select(Unit).where(Unit.service_id == service.id))}
    shifts: dict[tuple[int, str, date], set[tuple[int | None, int, int, date | None]]] = {}
    for row in wanted:
        kept = shifts.setdefault((units[row.unit], row.who, row.from_on), set())
        kept |= {(*shift, row.to_on) for shift in row.shifts}
    changed = False
    for (unit_id, who, from_on), rules in shifts.items():
        scope = (RosterRule.unit_id == unit_id) & (RosterRule.who == who) & (RosterRule.from_on == from_on)
        held = session.scalars(select(RosterRule).where(scope))
        if {(row.weekday, row.opens_minutes, row.closes_minutes, row.to_on) for row in held} == rules:
            continue
        changed = True
        session.execute(delete(RosterRule).where(scope))
        session.add_all(
            RosterRule(
                centre_id=service.centre_id,
                service_id=service.id,
                unit_id=unit_id,
                who=who,
                weekday=weekday,
                opens_minutes=opens,
                closes_minutes=closes,
                from_on=from_on,
                to_on=to_on,
                created_at=now,
            )
            for weekday, opens, closes, to_on in sorted(rules, key=lambda rule: (rule[0] or 0, rule[1]))
        )
        session.flush()
    return changed


def _change(row: Any, columns: Mapping[str, Any]) -> bool:
    """Set what differs; say whether anything did."""
    differing = {name: value for name, value in columns.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    return bool(differing)
