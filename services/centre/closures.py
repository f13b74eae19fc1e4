"""Closing 停用与停业: a unit, a service or the whole centre, with an end or until reopened. See also `reopening`.

A closure is a row of the catalogue, which availability asks, and holds in the database (`closure_holds`).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from domain.booking import UNDO_FOR
from domain.closures import ClosureFacts
from domain.errors import Invalid
from domain.local_time import to_utc
from domain.permissions import Actor
from domain.service_types import ServiceFacts
from models.centre import CentreNotice, Closure, Hold
from services import audit
from services.centre.catalogue import CentreFacts, all_centres, centre_by_code, lock_centre
from services.centre.closure_holds import FOREVER, settle_holds
from services.centre.displacing import Change, Proposal, carry_out, check_seen, propose
from services.desk.scope import desk_centre
from services.idempotency import check_same_request, digest
from services.ports import Cipher
from services.waitlist.offers import offer_freed

PAST_AFTER = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Close:
    """What to close: no unit, the service; no service, the centre. No `start`: now; no `until`: until reopened."""

    actor: Actor
    centre: str
    kind: str
    reason: str = ""
    service: str | None = None
    unit: str | None = None
    start: datetime | None = None
    until: datetime | None = None
    client_uuid: UUID | None = None


@dataclass(frozen=True, slots=True)
class ClosureView:
    """A closure as the desk sees it."""

    id: int
    centre: CentreFacts
    service: ServiceFacts | None
    unit: str | None
    kind: str
    reason: str
    start: datetime
    end: datetime | None
    ended_at: datetime | None
    undo_until: datetime
    proposal: Proposal | None = None
    repeated: bool = False


def list_closures(session: Session, code: str, *, actor: Actor, now: datetime) -> list[ClosureView]:
    """What is closed or will be, the one made last first. Raises as `desk_centre`."""
    return closures_of(session, desk_centre(session, code, actor), now=now)


def closures_of(session: Session, centre: CentreFacts, *, now: datetime) -> list[ClosureView]:
    """What is closed or will be at a centre, the one made last first."""
    rows = session.scalars(
        select(Closure)
        .where(
            Closure.centre_id == centre.id,
            Closure.is_past.is_(False),
            or_(Closure.ends_at.is_(None), Closure.ends_at > now),
        )
        .order_by(Closure.id.desc())
    )
    return [view_of(row, centre) for row in rows]


def propose_closure(session: Session, command: Close, *, cipher: Cipher, now: datetime) -> Proposal:
    """What closing would do, and nothing done yet.

    Raises as `desk_centre`; NotFound `unknown_service`, `unknown_unit`; Invalid `closure_times`, `closure_scope`.
    """
    centre = desk_centre(session, command.centre, command.actor)
    return propose(session, _change(_planned(command, centre, now)), cipher=cipher, now=now)


def close(session: Session, command: Close, *, seen: str | None, cipher: Cipher, now: datetime) -> ClosureView:
    """Close (停用), as proposed: move or displace who was to come, take back offers, hold the place once it is empty.

    A repeated `client_uuid` answers with the first closure. Raises as `propose_closure`; Conflict
    `proposal_changed` with the new proposal where something changed since it was seen, `client_uuid_reused`.
    """
    centre = desk_centre(session, command.centre, command.actor, lock=True)
    asked = _digest(command)
    row = _repeat_of(session, command, asked)
    if row is not None:
        return replace(view_of(row, centre), repeated=True)
    plan = _planned(command, centre, now)
    change = _change(plan)
    proposal = propose(session, change, cipher=cipher, now=now)
    check_seen(proposal, seen)
    row = _write(session, command, plan, asked, now)
    reason = f"{row.kind}:{row.id}"
    carry_out(session, change, proposal, reason=reason, actor_id=command.actor.person_id, now=now)
    settle(session, centre.code, [service.id for service in plan.services], now)
    trace(session, row, "closure.made", command.actor, now, moved=len(proposal.moves))
    return replace(view_of(row, centre), proposal=proposal)


def view_of(row: Closure, centre: CentreFacts) -> ClosureView:
    """A closure's row as the desk sees it."""
    service = centre.service(row.service_id) if row.service_id else None
    return ClosureView(
        id=row.id,
        centre=centre,
        service=service,
        unit=service.unit_no(row.unit_id) if service else None,
        kind=row.kind,
        reason=row.reason,
        start=row.starts_at,
        end=row.ends_at,
        ended_at=row.ended_at,
        undo_until=row.created_at + UNDO_FOR,
    )


def centres_with_closures(session: Session) -> list[str]:
    """The centres where something is closed or was lately."""
    return [c.code for c in all_centres(session) if any(service.closures for service in c.services)]


def extend_closures(session: Session, code: str, *, now: datetime) -> None:
    """Keep the holds of a centre's closures true: as far as anyone may book, from when the guest inside left."""
    centre = lock_centre(session, code)
    settle(session, code, [service.id for service in centre.services], now, offer=False)


def retire(session: Session, *, now: datetime) -> int:
    """Closures and notices that ended two days ago leave the catalogue; what they held is over. Returns how many."""
    ended = now - PAST_AFTER
    past = session.scalars(
        update(Closure)
        .where(Closure.is_past.is_(False), Closure.ends_at < ended)
        .values(is_past=True)
        .returning(Closure.id)
    ).all()
    notices = session.scalars(
        update(CentreNotice)
        .where(CentreNotice.is_past.is_(False), CentreNotice.ends_at < ended)
        .values(is_past=True)
        .returning(CentreNotice.id)
    ).all()
    session.execute(
        update(Hold).where(Hold.closure_id.in_(past), Hold.is_open).values(is_open=False, ended_at=now, outcome="ended")
    )
    return len(past) + len(notices)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A checked command: the closure as it will be, and the services it touches as they are now."""

    facts: ClosureFacts
    services: tuple[ServiceFacts, ...]
    service_id: int | None
    centre_id: int
    scope: str


def _planned(command: Close, centre: CentreFacts, now: datetime) -> _Plan:
    start = max(to_utc(command.start), now) if command.start else now
    until = to_utc(command.until) if command.until else None
    if until is not None and not start < until <= start + FOREVER:
        raise Invalid("closure_times")
    if start > now + FOREVER:
        raise Invalid("closure_times")
    if command.unit and not command.service:
        raise Invalid("closure_scope")
    service = centre.service_named(command.service) if command.service else None
    unit_id = service.unit_named(command.unit).id if service and command.unit else None
    scope = f"close {service.id if service else '-'} {unit_id or '-'} {until.isoformat() if until else '-'}"
    facts = ClosureFacts(0, unit_id, start, until, command.kind, command.reason)
    services = (service,) if service else centre.services
    return _Plan(facts, services, service.id if service else None, centre.id, scope)


def _change(plan: _Plan) -> Change:
    facts = plan.facts

    def stands(_: ServiceFacts, unit_id: int | None, start: datetime, end: datetime) -> bool:
        return facts.unit_id not in (None, unit_id) or not facts.touches(start, end)

    services = tuple(replace(service, closures=(*service.closures, facts)) for service in plan.services)
    return Change(plan.scope, services, facts.start, facts.end, stands, other_units_help=facts.unit_id is not None)


def _digest(command: Close) -> str:
    return digest(
        {
            "service": command.service,
            "unit": command.unit,
            "start": command.start.isoformat() if command.start else None,
            "until": command.until.isoformat() if command.until else None,
            "kind": command.kind,
            "reason": command.reason,
        }
    )


def _repeat_of(session: Session, command: Close, asked: str) -> Closure | None:
    if command.client_uuid is None:
        return None
    row = session.scalar(
        select(Closure).where(
            Closure.made_by_id == command.actor.person_id, Closure.client_uuid == str(command.client_uuid)
        )
    )
    if row is not None:
        check_same_request(row, asked)
    return row


def _write(session: Session, command: Close, plan: _Plan, asked: str, now: datetime) -> Closure:
    row = Closure(
        centre_id=plan.centre_id,
        service_id=plan.service_id,
        unit_id=plan.facts.unit_id,
        kind=plan.facts.kind,
        reason=plan.facts.reason,
        starts_at=plan.facts.start,
        ends_at=plan.facts.end,
        made_by_id=command.actor.person_id,
        created_at=now,
        is_past=False,
        client_uuid=str(command.client_uuid) if command.client_uuid else None,
        request_digest=asked,
    )
    session.add(row)
    session.flush()
    return row


def settle(session: Session, code: str, service_ids: list[int], now: datetime, *, offer: bool = True) -> None:
    """Holds first, then offers, on the catalogue as it is after the change."""
    centre = centre_by_code(session, code)
    for service_id in service_ids:
        settle_holds(session, centre.service(service_id), now=now)
    for service_id in service_ids if offer else ():
        offer_freed(session, service_id, now=now)


def trace(session: Session, row: Closure, action: str, actor: Actor, now: datetime, **details: int) -> None:
    audit.record(
        session,
        person_id=actor.person_id,
        action=action,
        subject_kind="closure",
        subject_id=row.id,
        details={"kind": row.kind, "service": row.service_id, "unit": row.unit_id, **details},
        now=now,
    )
