"""Demands 诉求 in draft and submitted (decision 7): a requester writes one, reads it again, sends it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from domain.codes import new_code, read_code
from domain.demand import CATEGORIES, may_move
from domain.errors import Conflict, Invalid, NotAllowed, NotFound
from domain.permissions import Actor, Scope, may
from models.demand import Demand, DemandEvent
from services.first_wins import insert_if_first
from services.idempotency import check_same_request
from services.org_facts import find_org


@dataclass(frozen=True, slots=True)
class CreateDemand:
    """What a requester writes; `org` is the code of the firm they speak for, if any."""

    category: str
    title: str
    text: str
    channel: str = "app"
    org: str | None = None
    transcript: tuple[dict[str, Any], ...] = ()
    client_uuid: str | None = None
    request_digest: str | None = None


def create_demand(session: Session, command: CreateDemand, *, actor: Actor, now: datetime) -> tuple[Demand, bool]:
    """Write a draft (草稿); a repeat of the same key gives the first one and False.

    Raises:
        Invalid: `unknown_demand_category`. NotFound: `unknown_org`. NotAllowed: `not_your_org`.
        Conflict: `client_uuid_reused`.
    """
    if command.category not in CATEGORIES:
        raise Invalid("unknown_demand_category", categories=list(CATEGORIES))
    org_id = org_of(session, command.org, actor=actor)
    row = insert_if_first(session.get_bind().dialect.name, Demand.__table__).values(
        code=new_code(),
        person_id=actor.person_id,
        org_id=org_id,
        channel=command.channel,
        category=command.category,
        title=command.title,
        text=command.text,
        transcript=list(command.transcript),
        state="draft",
        created_at=now,
        client_uuid=command.client_uuid,
        request_digest=command.request_digest,
    )
    demand_id = session.scalar(row.returning(Demand.id))
    if demand_id is None:
        return _sent_before(session, command, actor), False
    demand = session.get_one(Demand, demand_id)
    _record(session, demand, "draft", by=actor.person_id, reason="created", now=now)
    return demand, True


def submit_demand(session: Session, code: str, *, actor: Actor, now: datetime) -> Demand:
    """Send a draft to the office (提交); the clock of its due time runs from here. Submitting twice changes nothing.

    Raises NotFound `unknown_demand`, Conflict `demand_state`.
    """
    demand = find_own(session, code, actor=actor, lock=True)
    if demand.state == "submitted":
        return demand
    if not may_move(demand.state, "submitted"):
        raise Conflict("demand_state", state=demand.state)
    _record(session, demand, "submitted", by=actor.person_id, reason="submitted", now=now)
    return demand


def find_own(session: Session, code: str, *, actor: Actor, lock: bool = False) -> Demand:
    """One's own demand by its code, or that of one's firm. Raises NotFound `unknown_demand` for every other."""
    query = select(Demand).where(Demand.code == read_code(code)).options(selectinload(Demand.events))
    demand = session.scalar(query.with_for_update() if lock else query)
    if demand is None or not _may_see(demand, actor):
        raise NotFound("unknown_demand")
    return demand


def own_demands(session: Session, *, actor: Actor, offset: int, limit: int) -> tuple[list[Demand], int]:
    """One's own demands, newest first, with their number."""
    mine = Demand.person_id == actor.person_id
    total = session.scalar(select(func.count()).select_from(Demand).where(mine)) or 0
    rows = session.scalars(
        select(Demand)
        .where(mine)
        .order_by(Demand.id.desc())
        .offset(offset)
        .limit(limit)
        .options(selectinload(Demand.events))
    )
    return list(rows), total


def org_of(session: Session, code: str | None, *, actor: Actor) -> int | None:
    """The firm a request names, where the person may act for it.

    Raises NotFound `unknown_org`, NotAllowed `not_your_org`.
    """
    if code is None:
        return None
    org_id = find_org(session, code).id
    if not may(actor, "org.act", [Scope("org", org_id)]):
        raise NotAllowed("not_your_org")
    return org_id


def _may_see(demand: Demand, actor: Actor) -> bool:
    if demand.person_id == actor.person_id:
        return True
    return demand.org_id is not None and may(actor, "org.act", [Scope("org", demand.org_id)])


def _sent_before(session: Session, command: CreateDemand, actor: Actor) -> Demand:
    demand = session.scalars(
        select(Demand)
        .where(Demand.person_id == actor.person_id, Demand.client_uuid == command.client_uuid)
        .options(selectinload(Demand.events))
    ).one()
    check_same_request(demand, command.request_digest or "")
    return demand


def _record(session: Session, demand: Demand, to: str, *, by: int, reason: str, now: datetime) -> None:
    """The one place where a demand's state changes: column and event together (decision 11)."""
    last = session.scalar(select(func.max(DemandEvent.seq)).where(DemandEvent.demand_id == demand.id)) or 0
    demand.events.append(
        DemandEvent(
            seq=last + 1,
            at=now,
            person_id=by,
            from_state=demand.state if last else None,
            to_state=to,
            reason=reason,
        )
    )
    demand.state = to
    if to == "submitted":
        demand.submitted_at = now
    session.flush()
