"""Who is on duty at a desk 值班表: adding, ending, and who has to be moved when somebody is not there."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import Conflict, Invalid, NotFound
from domain.file_rows import Unreadable
from domain.hours_file import read_hours
from domain.local_time import check_day, local_day
from domain.permissions import Actor
from domain.rosters import RosterFacts, is_on_duty
from domain.service_types import ServiceFacts
from models.centre import RosterRule
from services import audit
from services.centre.catalogue import CentreFacts
from services.centre.closures import settle
from services.centre.displacing import Change, Proposal, carry_out, check_seen, propose
from services.desk.scope import desk_centre
from services.ports import Cipher

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody's hours at a desk: on one `day`, or weekly (no weekday: daily) from `first` on, before `after`."""

    actor: Actor
    centre: str
    service: str
    unit: str
    who: str
    opens: str
    closes: str
    weekday: int | None = None
    day: date | None = None
    first: date | None = None
    after: date | None = None


@dataclass(frozen=True, slots=True)
class RosterView:
    """One rule of a centre's roster."""

    row: RosterRule
    service: ServiceFacts
    unit: str
    is_new: bool = False


def list_rosters(session: Session, code: str, *, actor: Actor, now: datetime) -> list[RosterView]:
    """Who is on duty at which desk, today and later. Raises as `desk_centre`."""
    centre = desk_centre(session, code, actor)
    today = local_day(now, centre.tz)
    rows = session.scalars(select(RosterRule).where(RosterRule.centre_id == centre.id))
    ahead = [_view(row, centre) for row in rows if row.to_on is None or row.to_on > today]
    return sorted(ahead, key=lambda v: (v.service.id, v.unit, v.row.from_on, v.row.weekday or 0, v.row.opens_minutes))


def add_duty(session: Session, command: Duty, *, now: datetime) -> RosterView:
    """Put somebody on duty (排班); the same again changes nothing. What can be booked by it is offered to who waits.

    Raises as `desk_centre`; NotFound `unknown_service`, `unknown_unit`; Conflict `roster_not_needed`;
    Invalid `hours_unreadable`, `hours_in_past`, `date_out_of_range`.
    """
    centre = desk_centre(session, command.centre, command.actor, lock=True)
    service = centre.service_named(command.service)
    if not service.rules.needs_roster:
        raise Conflict("roster_not_needed")
    opens, closes = _hours(command)
    values = {
        "centre_id": centre.id,
        "service_id": service.id,
        "unit_id": service.unit_named(command.unit).id,
        "who": command.who,
        "weekday": None if command.day else command.weekday,
        "opens_minutes": opens,
        "closes_minutes": closes,
        **_days(command, local_day(now, centre.tz)),
    }
    row = session.scalar(select(RosterRule).filter_by(**values).limit(1))
    if row is not None:
        return _view(row, centre)
    row = RosterRule(**values, created_at=now)
    session.add(row)
    session.flush()
    settle(session, centre.code, [service.id], now)
    _trace(session, row, "roster.added", command.actor, now)
    return replace(_view(row, centre), is_new=True)


def end_duty(
    session: Session,
    code: str,
    roster_id: int,
    *,
    actor: Actor,
    apply: bool,
    seen: str | None = None,
    cipher: Cipher,
    now: datetime,
) -> Proposal:
    """Take somebody off the roster from now on: who is booked without anybody there moves to another desk, or chooses.

    What was on duty before today stays in the records. Raises as `desk_centre`; NotFound `unknown_roster`;
    Conflict `proposal_changed`.
    """
    centre = desk_centre(session, code, actor, lock=apply)
    row = session.get(RosterRule, roster_id, populate_existing=True)
    today = local_day(now, centre.tz)
    if row is None or row.centre_id != centre.id or (row.to_on is not None and row.to_on <= today):
        raise NotFound("unknown_roster")
    change = _change(centre.service(row.service_id), row.id, today, now)
    proposal = propose(session, change, cipher=cipher, now=now)
    if apply:
        check_seen(proposal, seen)
        if row.from_on < today:
            row.to_on = today
        else:
            session.delete(row)
        session.flush()
        carry_out(session, change, proposal, reason="roster", actor_id=actor.person_id, now=now)
        settle(session, centre.code, [row.service_id], now)
        _trace(session, row, "roster.ended", actor, now, moved=len(proposal.moves))
    return proposal


def _change(service: ServiceFacts, roster_id: int, today: date, now: datetime) -> Change:
    before = service.rosters
    kept: tuple[RosterFacts, ...] = tuple(
        replace(rule, to_on=max(rule.from_on, today)) if rule.id == roster_id else rule for rule in before
    )
    tz = service.opening.tz

    def stands(_: ServiceFacts, unit_id: int | None, start: datetime, end: datetime) -> bool:
        if unit_id is None:
            return True
        return is_on_duty(kept, unit_id, start, end, tz) or not is_on_duty(before, unit_id, start, end, tz)

    return Change(f"roster {roster_id}", (replace(service, rosters=kept),), now, None, stands)


def _days(command: Duty, today: date) -> dict[str, date | None]:
    """The days of a rule. Raises Invalid `hours_in_past`, `date_out_of_range`."""
    first = check_day(command.day or command.first or today)
    after = first + ONE_DAY if command.day else command.after
    if after is not None and check_day(after) <= max(first, today):
        raise Invalid("hours_in_past")
    return {"from_on": first, "to_on": after}


def _hours(command: Duty) -> tuple[int, int]:
    """From when to when. Raises Invalid `hours_unreadable`."""
    try:
        (hours,) = read_hours(f"{command.opens}-{command.closes}")
    except (Unreadable, ValueError) as error:
        raise Invalid("hours_unreadable", fields={"opens": [str(error)]}) from None
    return hours.opens, hours.closes


def _view(row: RosterRule, centre: CentreFacts) -> RosterView:
    service = centre.service(row.service_id)
    return RosterView(row, service, service.unit_no(row.unit_id) or "")


def _trace(session: Session, row: RosterRule, action: str, actor: Actor, now: datetime, **details: int) -> None:
    audit.record(
        session,
        person_id=actor.person_id,
        action=action,
        subject_kind="roster",
        subject_id=row.id,
        details={"service": row.service_id, "unit": row.unit_id, **details},
        now=now,
    )
