"""New opening hours 开放时间调整: a timetable from a day on, or other hours on single days, with a proposal first.

Bookings that lie outside the new hours are listed before they take effect; nobody is put at another time unasked.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from domain.errors import Invalid, NotFound
from domain.file_rows import Unreadable
from domain.hours_file import CLOSED, CLOSED_WORDS, Hours, read_hours, write_hours
from domain.local_time import at_minute, check_day, local_day
from domain.opening import Opening, OpeningException, OpeningRule, is_open
from domain.permissions import Actor
from domain.service_types import ServiceFacts
from models.centre import OpeningException as ExceptionRow
from services import audit
from services.centre.catalogue import CentreFacts
from services.centre.closures import settle
from services.centre.displacing import Change, Proposal, carry_out, check_seen, propose
from services.centre.opening_rows import free_days, write_days, write_rules
from services.centre.work_calendar import work_calendar
from services.desk.scope import desk_centre
from services.ports import Cipher

ONE_DAY = timedelta(days=1)
Changed = Callable[[Opening], Opening]


@dataclass(frozen=True, slots=True)
class NewHours:
    """A timetable to begin; no `service`: of the centre."""

    actor: Actor
    centre: str
    effective_from: date
    hours: Any
    service: str | None = None


@dataclass(frozen=True, slots=True)
class NewException:
    """Single days, the last one included; no `hours`: closed."""

    actor: Actor
    centre: str
    first: date
    last: date
    hours: Any = None
    reason: str = ""
    service: str | None = None


def change_hours(
    session: Session, command: NewHours, *, apply: bool, seen: str | None = None, cipher: Cipher, now: datetime
) -> Proposal:
    """Who is outside a new timetable (开放时间调整); with `apply` it is written and they are told to choose.

    A timetable of the same first day is replaced. Raises as `desk_centre`; NotFound `unknown_service`;
    Invalid `hours_unreadable`, `hours_in_past`, `date_out_of_range`; Conflict `proposal_changed`.
    """
    centre = desk_centre(session, command.centre, command.actor, lock=apply)
    first, hours = check_day(command.effective_from), _read(command.hours)
    if first < local_day(now, centre.tz):
        raise Invalid("hours_in_past")
    service = centre.service_named(command.service) if command.service else None
    rules = tuple(OpeningRule(r.weekday, r.opens, r.closes, first, r.day_kind, r.is_closed) for r in hours)
    calendar = work_calendar(session) if any(rule.day_kind for rule in rules) else None

    def with_rules(opening: Opening) -> Opening:
        opening = replace(opening, calendar=calendar or opening.calendar)
        old = opening.service_rules if service else opening.centre_rules
        all_rules = (*(rule for rule in old if rule.effective_from != first), *rules)
        return replace(opening, service_rules=all_rules) if service else replace(opening, centre_rules=all_rules)

    scope = f"hours {service.id if service else '-'} {first} {write_hours(hours)}"
    change = _change(scope, centre, service, first, None, with_rules, now)
    proposal = propose(session, change, cipher=cipher, now=now)
    if apply:
        check_seen(proposal, seen)
        write_rules(session, centre, service, first, hours)
        _carry_out(session, change, proposal, centre, command.actor, now)
    return proposal


def change_days(
    session: Session, command: NewException, *, apply: bool, seen: str | None = None, cipher: Cipher, now: datetime
) -> Proposal:
    """Who is outside other hours on single days (特别安排); with `apply` they are written, in place of earlier ones.

    Raises as `change_hours`.
    """
    centre = desk_centre(session, command.centre, command.actor, lock=apply)
    first, after = check_day(command.first), check_day(command.last) + ONE_DAY
    if first < local_day(now, centre.tz) or after <= first:
        raise Invalid("hours_in_past")
    service = centre.service_named(command.service) if command.service else None
    spans = _spans(command.hours)
    new = tuple(OpeningException(first, after, span, command.reason) for span in spans)
    scope = f"days {service.id if service else '-'} {first} {after} {spans}"
    change = _change(scope, centre, service, first, after, _with_days(service, first, after, new), now)
    proposal = propose(session, change, cipher=cipher, now=now)
    if apply:
        check_seen(proposal, seen)
        free_days(session, centre, service, first, after)
        write_days(session, centre, service, new)
        _carry_out(session, change, proposal, centre, command.actor, now)
    return proposal


def drop_days(
    session: Session,
    code: str,
    exception_id: int,
    *,
    actor: Actor,
    apply: bool,
    seen: str | None = None,
    cipher: Cipher,
    now: datetime,
) -> Proposal:
    """Take a special arrangement back: the weekly hours count again. Raises NotFound `unknown_exception`."""
    centre = desk_centre(session, code, actor, lock=apply)
    row = session.get(ExceptionRow, exception_id, populate_existing=True)
    if row is None or row.centre_id != centre.id:
        raise NotFound("unknown_exception")
    service = centre.service(row.service_id) if row.service_id else None
    first, after = row.from_on, row.to_on
    scope = f"days {service.id if service else '-'} {row.id} dropped"
    change = _change(scope, centre, service, first, after, _with_days(service, first, after, ()), now)
    proposal = propose(session, change, cipher=cipher, now=now)
    if apply:
        check_seen(proposal, seen)
        free_days(session, centre, service, first, after)
        _carry_out(session, change, proposal, centre, actor, now)
    return proposal


def _change(
    scope: str,
    centre: CentreFacts,
    service: ServiceFacts | None,
    first: date,
    after: date | None,
    changed: Changed,
    now: datetime,
) -> Change:
    """Affected is who was inside the old hours and is outside the new ones: what staff allowed before stays allowed."""
    before = (service,) if service else centre.services
    old = {s.id: s.opening for s in before}
    services = tuple(replace(s, opening=changed(s.opening)) for s in before)

    def stands(new: ServiceFacts, _: int | None, start: datetime, end: datetime) -> bool:
        return is_open(new.opening, start, end) or not is_open(old[new.id], start, end)

    since = max(now, at_minute(first, 0, centre.tz))
    until = at_minute(after + ONE_DAY, 0, centre.tz) if after else None
    return Change(scope, services, since, until, stands, other_units_help=False)


def _with_days(service: ServiceFacts | None, first: date, after: date, new: tuple[OpeningException, ...]) -> Any:
    def changed(opening: Opening) -> Opening:
        old = opening.service_exceptions if service else opening.centre_exceptions
        days = (*(part for exception in old for part in exception.outside(first, after)), *new)
        return replace(opening, service_exceptions=days) if service else replace(opening, centre_exceptions=days)

    return changed


def _carry_out(
    session: Session, change: Change, proposal: Proposal, centre: CentreFacts, actor: Actor, now: datetime
) -> None:
    carry_out(session, change, proposal, reason="hours", actor_id=actor.person_id, now=now)
    settle(session, centre.code, [service.id for service in change.services], now)
    audit.record(
        session,
        person_id=actor.person_id,
        action="hours.changed",
        subject_kind="centre",
        subject_id=centre.id,
        details={"scope": change.scope.split(" ")[0], "moved": len(proposal.moves)},
        now=now,
    )


def _read(value: Any) -> Hours:
    """Raises Invalid `hours_unreadable`."""
    try:
        return CLOSED if _says_closed(value) else read_hours(value)
    except Unreadable as error:
        raise Invalid("hours_unreadable", fields={"hours": [str(error)]}) from None


def _spans(value: Any) -> list[tuple[int, int] | None]:
    """The hours of a single day; [None] is closed. Raises Invalid `hours_unreadable`."""
    hours = _read(value)
    if any(rule.weekday is not None or rule.day_kind for rule in hours if hours != CLOSED):
        raise Invalid("hours_unreadable", fields={"hours": ["hours of a day, not of a week"]})
    return [None] if hours == CLOSED else [*sorted((rule.opens, rule.closes) for rule in hours)]


def _says_closed(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and value.strip().lower() in CLOSED_WORDS)
