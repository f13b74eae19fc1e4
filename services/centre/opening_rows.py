"""Opening hours 开放时间 as rows: every timetable and the single days ahead, read for the desk; written by
`opening_changes`, which looks first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from domain.hours_file import HourRule, Hours, write_hours
from domain.local_time import local_day
from domain.opening import OpeningException
from domain.permissions import Actor
from domain.service_types import ServiceFacts
from models.centre import OpeningException as ExceptionRow
from models.centre import OpeningRule as RuleRow
from services.centre.catalogue import CentreFacts
from services.desk.scope import desk_centre


@dataclass(frozen=True, slots=True)
class Timetable:
    """Weekly hours of a centre, or of one of its services, from a day on."""

    service: ServiceFacts | None
    effective_from: date
    hours: dict[str, list[str] | None]


@dataclass(frozen=True, slots=True)
class SpecialDays:
    """Other hours, or none, on the days from_on ≤ day < to_on."""

    id: int
    service: ServiceFacts | None
    from_on: date
    to_on: date
    hours: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class OpeningNow:
    """All hours of a centre: every timetable, the ones to come included, and the single days ahead."""

    centre: CentreFacts
    timetables: tuple[Timetable, ...]
    special: tuple[SpecialDays, ...]


def opening_of(session: Session, code: str, *, actor: Actor, now: datetime) -> OpeningNow:
    """The hours of a centre. Raises as `desk_centre`."""
    centre = desk_centre(session, code, actor)
    rules = session.scalars(select(RuleRow).where(RuleRow.centre_id == centre.id)).all()
    groups: dict[tuple[int, date], set[HourRule]] = {}
    for rule in rules:
        groups.setdefault((rule.service_id or 0, rule.effective_from), set()).add(
            HourRule(rule.weekday, rule.opens_minutes, rule.closes_minutes, rule.day_kind, rule.is_closed)
        )
    timetables = [
        Timetable(_service(centre, service_id), first, write_hours(frozenset(hours)))
        for (service_id, first), hours in sorted(groups.items(), key=lambda group: group[0])
    ]
    rows = session.scalars(
        select(ExceptionRow)
        .where(ExceptionRow.centre_id == centre.id, ExceptionRow.to_on > local_day(now, centre.tz))
        .order_by(ExceptionRow.from_on, ExceptionRow.id)
    )
    special = [
        SpecialDays(r.id, _service(centre, r.service_id or 0), r.from_on, r.to_on, _span_text(r), r.reason)
        for r in rows
    ]
    return OpeningNow(centre, tuple(timetables), tuple(special))


def write_rules(session: Session, centre: CentreFacts, service: ServiceFacts | None, first: date, hours: Hours) -> None:
    """A timetable from a day on, in place of one of the same first day."""
    session.execute(
        delete(RuleRow).where(
            RuleRow.centre_id == centre.id,
            RuleRow.service_id.is_not_distinct_from(service.id if service else None),
            RuleRow.effective_from == first,
        )
    )
    rows = [
        {
            "centre_id": centre.id,
            "service_id": service.id if service else None,
            "weekday": rule.weekday,
            "day_kind": rule.day_kind,
            "opens_minutes": rule.opens,
            "closes_minutes": rule.closes,
            "is_closed": rule.is_closed,
            "effective_from": first,
        }
        for rule in hours
    ]
    session.execute(insert(RuleRow), rows)


def free_days(session: Session, centre: CentreFacts, service: ServiceFacts | None, first: date, after: date) -> None:
    """Earlier arrangements of the same scope end where the new one begins, and go on after it."""
    rows = session.scalars(
        select(ExceptionRow).where(
            ExceptionRow.centre_id == centre.id,
            ExceptionRow.service_id.is_not_distinct_from(service.id if service else None),
            ExceptionRow.from_on < after,
            ExceptionRow.to_on > first,
        )
    ).all()
    for row in rows:
        hours = None if row.is_closed else (row.opens_minutes or 0, row.closes_minutes or 0)
        parts = tuple(OpeningException(row.from_on, row.to_on, hours, row.reason).outside(first, after))
        session.delete(row)
        session.flush()
        write_days(session, centre, service, parts)


def write_days(
    session: Session, centre: CentreFacts, service: ServiceFacts | None, exceptions: Iterable[OpeningException]
) -> None:
    """Other hours on single days, as they are given."""
    for exception in exceptions:
        session.add(
            ExceptionRow(
                centre_id=centre.id,
                service_id=service.id if service else None,
                from_on=exception.from_on,
                to_on=exception.to_on,
                is_closed=exception.hours is None,
                opens_minutes=exception.hours[0] if exception.hours else None,
                closes_minutes=exception.hours[1] if exception.hours else None,
                reason=exception.reason,
            )
        )
    session.flush()


def _span_text(row: ExceptionRow) -> str | None:
    if row.is_closed:
        return None
    opens, closes = row.opens_minutes or 0, row.closes_minutes or 0
    return f"{opens // 60:02d}:{opens % 60:02d}-{closes // 60:02d}:{closes % 60:02d}"


def _service(centre: CentreFacts, service_id: int) -> ServiceFacts | None:
    return centre.service(service_id) if service_id else None
