"""Making activities 活动发布: a draft, its hosts, published with its event."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.activity_types import ACTIVITY_TYPES
from domain.attendance import LATE_AFTER_MINUTES
from domain.codes import new_code
from domain.errors import Conflict, Invalid, NotAllowed
from domain.permissions import Actor, Scope, may
from models.activity import Activity, ActivityEvent, ActivityHost
from models.organisation import Chain, Org, PartyBranch
from services.activities import HOST_ACTION, check_host, find_activity
from services.idempotency import check_same_request

SECRET_BYTES = 32
HOST_IDS = {"branch": select(PartyBranch.id), "chain": select(Chain.id), "org": select(Org.id)}
HOST_CODES = {"branch": PartyBranch.code, "chain": Chain.code, "org": Org.code}


@dataclass(frozen=True, slots=True)
class HostWish:
    """A host as its code: branch, chain or org."""

    kind: Literal["branch", "chain", "org"]
    code: str


@dataclass(frozen=True, slots=True)
class CreateActivity:
    """A new activity as its host describes it."""

    type: str
    title: str
    place: str
    starts: datetime
    ends: datetime
    timezone: str
    hosts: tuple[HostWish, ...] = ()
    audience: str | None = None
    theme_tags: tuple[str, ...] = ()
    description: str = ""
    agenda: tuple[str, ...] = ()
    capacity: int | None = None
    has_registration: bool = True
    registration_opens: datetime | None = None
    registration_closes: datetime | None = None
    checkin_mode: str = "code"
    late_after_minutes: int = LATE_AFTER_MINUTES
    client_uuid: str | None = None
    request_digest: str | None = None


def create_activity(session: Session, command: CreateActivity, *, actor: Actor, now: datetime) -> tuple[Activity, bool]:
    """A draft of one's own branch or chain; True where it is new, False where the phone sent it again.

    Raises:
        NotAllowed: `not_host`. Conflict: `client_uuid_reused`.
        Invalid: `unknown_activity_type`, `unknown_host`, `times_out_of_order`, `activity_in_past`.
    """
    known = _sent_before(session, command, actor)
    if known is not None:
        return known, False
    _check_sense(command, now=now)
    hosts = _find_hosts(session, command.hosts) if command.hosts else _own_hosts(actor)
    if not hosts or not may(actor, HOST_ACTION, [Scope(kind, ref) for kind, ref in hosts]):
        raise NotAllowed("not_host")
    try:
        with session.begin_nested():
            return add_activity(session, command, hosts, created_by_id=actor.person_id, now=now), True
    except IntegrityError:  # the phone sent it twice in the same moment
        known = _sent_before(session, command, actor)
        if known is None:
            raise
        return known, False


def add_activity(
    session: Session,
    command: CreateActivity,
    hosts: Sequence[tuple[str, int]],
    *,
    created_by_id: int | None,
    now: datetime,
) -> Activity:
    """Write a draft with its hosts and first event; rights were looked at by the caller."""
    activity = Activity(
        code=new_code(),
        type=command.type,
        title=command.title,
        theme_tags=list(command.theme_tags),
        description=command.description,
        agenda=list(command.agenda),
        audience=command.audience or ACTIVITY_TYPES[command.type].audience,
        place=command.place,
        timezone=command.timezone,
        starts=command.starts,
        ends=command.ends,
        held_on=command.starts.astimezone(ZoneInfo(command.timezone)).date(),
        capacity=command.capacity,
        has_registration=command.has_registration,
        registration_opens=command.registration_opens,
        registration_closes=command.registration_closes,
        checkin_mode=command.checkin_mode,
        late_after_minutes=command.late_after_minutes,
        secret=secrets.token_bytes(SECRET_BYTES),
        created_by_id=created_by_id,
        created_at=now,
        client_uuid=command.client_uuid,
        request_digest=command.request_digest,
    )
    session.add(activity)
    session.flush()
    session.add_all(
        ActivityHost(activity_id=activity.id, kind=kind, **{f"{kind}_id": ref}) for kind, ref in dict.fromkeys(hosts)
    )
    _move(session, activity, "draft", reason="created", by=created_by_id, now=now)
    return activity


def publish_activity(session: Session, code: str, *, actor: Actor, now: datetime) -> Activity:
    """Show a draft to its audience; publishing twice changes nothing.

    Raises NotFound `unknown_activity`, NotAllowed `not_host`, Conflict `activity_state`, Invalid `activity_in_past`.
    """
    activity = find_activity(session, code, lock=True)
    check_host(session, activity, actor)
    if activity.state == "published":
        return activity
    if activity.state != "draft":
        raise Conflict("activity_state", state=activity.state)
    if activity.ends <= now:
        raise Invalid("activity_in_past")
    publish(session, activity, by=actor.person_id, now=now)
    return activity


def publish(session: Session, activity: Activity, *, by: int | None, now: datetime) -> None:
    """Draft → published, with its event."""
    _move(session, activity, "published", reason="published", by=by, now=now)


def _move(session: Session, activity: Activity, to: str, *, reason: str, by: int | None, now: datetime) -> None:
    """The one place where an activity's state changes, together with its event."""
    last = session.scalar(select(func.max(ActivityEvent.seq)).where(ActivityEvent.activity_id == activity.id)) or 0
    session.add(
        ActivityEvent(
            activity_id=activity.id,
            seq=last + 1,
            at=now,
            from_state=activity.state if last else None,
            to_state=to,
            reason=reason,
            by_person_id=by,
        )
    )
    activity.state = to
    session.flush()


def _sent_before(session: Session, command: CreateActivity, actor: Actor) -> Activity | None:
    if command.client_uuid is None:
        return None
    known = session.scalar(
        select(Activity).where(Activity.created_by_id == actor.person_id, Activity.client_uuid == command.client_uuid)
    )
    if known is not None and command.request_digest is not None:
        check_same_request(known, command.request_digest)
    return known


def _check_sense(command: CreateActivity, *, now: datetime) -> None:
    if command.type not in ACTIVITY_TYPES:
        raise Invalid("unknown_activity_type", types=list(ACTIVITY_TYPES))
    opens, closes = command.registration_opens, command.registration_closes
    if command.starts >= command.ends or (opens and closes and opens >= closes):
        raise Invalid("times_out_of_order")
    if command.ends <= now:
        raise Invalid("activity_in_past")


def _find_hosts(session: Session, wishes: Sequence[HostWish]) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for wish in wishes:
        ref = session.scalar(HOST_IDS[wish.kind].where(HOST_CODES[wish.kind] == wish.code))
        if ref is None:
            raise Invalid("unknown_host", host=wish.code)
        found.append((wish.kind, ref))
    return found


def _own_hosts(actor: Actor) -> list[tuple[str, int]]:
    """Without a word about hosts: the branch, else the chain, that the person runs."""
    branches = sorted(actor.scopes("branch_secretary", "branch"))
    chains = sorted(actor.scopes("chain_office", "chain") | actor.scopes("rotating_secretary", "chain"))
    return [("branch", b) for b in branches[:1]] or [("chain", c) for c in chains[:1]]


# -- find ------------------------------------------------------------------------------------------
