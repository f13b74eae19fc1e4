"""Activities 活动: make and publish them, list and show them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.activity_types import ACTIVITY_TYPES
from domain.attendance import (
    COUNTED_GRADES,
    LATE_AFTER_MINUTES,
    OPENS_BEFORE,
    PLACE_STATES,
    PRESENT_STATES,
    ActivityFacts,
)
from domain.codes import new_code
from domain.errors import Conflict, Invalid, NotAllowed, NotFound
from domain.permissions import Actor, Scope, may
from models.activity import Activity, ActivityEvent, ActivityHost, CheckIn, Leave, Registration
from models.organisation import Chain, Org, PartyBranch
from services.idempotency import check_same_request

SECRET_BYTES = 32
HOST_ACTION = "activity.host"
HOST_IDS = {"branch": select(PartyBranch.id), "chain": select(Chain.id), "org": select(Org.id)}
HOST_CODES = {"branch": PartyBranch.code, "chain": Chain.code, "org": Org.code}
TimeFilter = Literal["ongoing", "upcoming", "past"]


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


@dataclass(frozen=True, slots=True)
class HostRef:
    """A host as people read it; the id stays inside."""

    kind: str
    name: str
    id: int


@dataclass(frozen=True, slots=True)
class Mine:
    """What the person asking has to do with the activity."""

    registration: str | None = None
    checked_in_at: datetime | None = None
    grade: str | None = None
    leave: str | None = None


@dataclass(frozen=True, slots=True)
class ActivityView:
    """One activity with all that a list or a page shows."""

    activity: Activity
    hosts: tuple[HostRef, ...]
    registered: int
    checked_in: int
    mine: Mine
    i_host: bool


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """One page of a list, with the total."""

    items: tuple[ActivityView, ...]
    total: int


# -- make ------------------------------------------------------------------------------------------


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


def find_activity(session: Session, code: str, *, lock: bool = False) -> Activity:
    """By its code, whatever the case. Raises NotFound `unknown_activity`.

    `lock` where its state is changed or a place is given: one after the other, and scans do not wait for it.
    """
    query = select(Activity).where(Activity.code == code.upper())
    activity = session.scalar(query.with_for_update(key_share=True) if lock else query)
    if activity is None:
        raise NotFound("unknown_activity")
    return activity


def facts_of(activity: Activity) -> ActivityFacts:
    """What the rules need to know of it."""
    return ActivityFacts(
        state=activity.state,
        audience=activity.audience,
        starts=activity.starts,
        ends=activity.ends,
        checkin_mode=activity.checkin_mode,
        late_after_minutes=activity.late_after_minutes,
        timezone=activity.timezone,
    )


def check_host(session: Session, activity: Activity, actor: Actor) -> None:
    """Only a host, or the district, may. Raises NotAllowed `not_host`; for a stranger's draft NotFound."""
    if not _hosts_it(actor, hosts_of(session, [activity.id]).get(activity.id, ())):
        if activity.state == "draft":
            raise NotFound("unknown_activity")
        raise NotAllowed("not_host")


def _hosts_it(actor: Actor | None, hosts: Sequence[HostRef]) -> bool:
    return actor is not None and may(actor, HOST_ACTION, [Scope(host.kind, host.id) for host in hosts])


def hosts_of(session: Session, activity_ids: Sequence[int]) -> dict[int, tuple[HostRef, ...]]:
    """The hosts of several activities, first named first: two queries at most."""
    rows = session.execute(
        select(ActivityHost, PartyBranch.name, Chain.name)
        .outerjoin(PartyBranch, PartyBranch.id == ActivityHost.branch_id)
        .outerjoin(Chain, Chain.id == ActivityHost.chain_id)
        .where(ActivityHost.activity_id.in_(activity_ids))
        .order_by(ActivityHost.id)
    ).all()
    orgs = _org_names(session, {host.org_id for host, _, _ in rows if host.org_id is not None})
    found: dict[int, tuple[HostRef, ...]] = {}
    for host, branch, chain in rows:
        ref = host.branch_id or host.chain_id or host.org_id or 0
        name = branch or chain or orgs.get(ref, "")
        found[host.activity_id] = (*found.get(host.activity_id, ()), HostRef(host.kind, name, ref))
    return found


def _org_names(session: Session, org_ids: set[int]) -> dict[int, str]:
    """The latest name of each."""
    if not org_ids:
        return {}
    return {org.id: org.names[-1].name for org in session.scalars(select(Org).where(Org.id.in_(org_ids))) if org.names}


def places_of(session: Session, activity_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """(places taken, people present) of several activities: counted when read, in one query."""
    rows = session.execute(
        select(
            Registration.activity_id,
            func.count().filter(Registration.state.in_(PLACE_STATES)),
            func.count().filter(Registration.state.in_(PRESENT_STATES)),
        )
        .where(Registration.activity_id.in_(activity_ids))
        .group_by(Registration.activity_id)
    )
    return {activity_id: (taken, present) for activity_id, taken, present in rows}


# -- list and show ---------------------------------------------------------------------------------


def list_activities(
    session: Session,
    *,
    state: TimeFilter | None = None,
    actor: Actor | None,
    now: datetime,
    hosted_by_me: bool = False,
    mine: bool = False,
    page: int = 1,
    per_page: int = 20,
) -> ActivityPage:
    """Activities somebody may know of: ongoing ones by their latest end, coming ones soonest first.

    Guests see published open activities; signed-in people members' ones too; the invited theirs; hosts all
    of theirs, drafts included, with `hosted_by_me`.
    """
    wanted = and_(_may_know(actor, drafts=hosted_by_me), *_when(state, now))
    if hosted_by_me:
        wanted = and_(wanted, _hosted_by(actor))
    if mine:
        wanted = and_(wanted, _registered(actor))
    order = {
        "ongoing": (Activity.ends.desc(), Activity.id.desc()),
        "upcoming": (Activity.starts, Activity.id),
    }.get(state or "", (Activity.starts.desc(), Activity.id.desc()))
    total = session.scalar(select(func.count()).select_from(Activity).where(wanted)) or 0
    rows = session.scalars(
        select(Activity).where(wanted).order_by(*order).offset((page - 1) * per_page).limit(per_page)
    ).all()
    return ActivityPage(view_activities(session, rows, actor=actor), total)


def show_activity(session: Session, code: str, *, actor: Actor | None, now: datetime) -> ActivityView:
    """One activity that this person may know of. Raises NotFound `unknown_activity`."""
    activity = session.scalar(
        select(Activity).where(Activity.code == code.upper(), or_(_may_know(actor, drafts=False), _hosted_by(actor)))
    )
    if activity is None:
        raise NotFound("unknown_activity")
    return view_activities(session, [activity], actor=actor)[0]


def view_activities(session: Session, rows: Sequence[Activity], *, actor: Actor | None) -> tuple[ActivityView, ...]:
    """Rows with hosts, counts and what they are to this person: five queries at most, however many rows."""
    ids = [row.id for row in rows]
    if not ids:
        return ()
    hosts, places = hosts_of(session, ids), places_of(session, ids)
    mine = _mine(session, ids, actor.person_id) if actor else {}
    return tuple(
        ActivityView(
            activity=row,
            hosts=hosts.get(row.id, ()),
            registered=places.get(row.id, (0, 0))[0],
            checked_in=places.get(row.id, (0, 0))[1],
            mine=mine.get(row.id, Mine()),
            i_host=_hosts_it(actor, hosts.get(row.id, ())),
        )
        for row in rows
    )


def _mine(session: Session, activity_ids: Sequence[int], person_id: int) -> dict[int, Mine]:
    scan = (
        select(CheckIn.activity_id, CheckIn.at, CheckIn.grade)
        .where(
            CheckIn.person_id == person_id,
            CheckIn.repeat_of_id.is_(None),
            CheckIn.grade.in_((*COUNTED_GRADES, "review")),
        )
        .subquery()
    )
    leave = select(Leave).where(Leave.person_id == person_id, Leave.state.in_(("asked", "approved"))).subquery()
    rows = session.execute(
        select(Activity.id, Registration.state, scan.c.at, scan.c.grade, leave.c.state)
        .outerjoin(Registration, and_(Registration.activity_id == Activity.id, Registration.person_id == person_id))
        .outerjoin(scan, scan.c.activity_id == Activity.id)
        .outerjoin(leave, leave.c.activity_id == Activity.id)
        .where(Activity.id.in_(activity_ids))
        .order_by(scan.c.grade.desc())  # review first, so that a counted scan has the last word
    )
    return {
        activity_id: Mine(registration, at if grade in COUNTED_GRADES else None, grade, asked)
        for activity_id, registration, at, grade, asked in rows
    }


def _when(state: TimeFilter | None, now: datetime) -> list[ColumnElement[bool]]:
    open_by = now + OPENS_BEFORE
    if state == "ongoing":
        return [Activity.state == "published", Activity.starts <= open_by, Activity.ends > now]
    if state == "upcoming":
        return [Activity.starts > open_by, Activity.state != "archived"]
    if state == "past":
        return [Activity.ends <= now]
    return []


def _may_know(actor: Actor | None, *, drafts: bool) -> ColumnElement[bool]:
    public = Activity.audience == "open"
    if actor is not None:
        public = or_(Activity.audience != "invited", _registered(actor), _hosted_by(actor))
    return public if drafts else and_(Activity.state != "draft", public)


def _registered(actor: Actor | None) -> ColumnElement[bool]:
    if actor is None:
        return false()
    mine = select(Registration.activity_id).where(
        Registration.person_id == actor.person_id, Registration.state != "cancelled"
    )
    return Activity.id.in_(mine)


def _hosted_by(actor: Actor | None) -> ColumnElement[bool]:
    """In SQL what `may(actor, "activity.host", …)` says of one activity."""
    if actor is None:
        return false()
    if may(actor, HOST_ACTION, []):
        return Activity.id.is_not(None)
    reach = {
        kind: [
            g.scope_id
            for g in actor.grants
            if g.scope_kind == kind and may(actor, HOST_ACTION, [Scope(kind, g.scope_id)])
        ]
        for kind in ("branch", "chain", "org")
    }
    hosted = select(ActivityHost.activity_id).where(
        or_(
            ActivityHost.branch_id.in_(reach["branch"]),
            ActivityHost.chain_id.in_(reach["chain"]),
            ActivityHost.org_id.in_(reach["org"]),
        )
    )
    return Activity.id.in_(hosted)
