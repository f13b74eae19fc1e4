"""Activities 活动: find, list and show them, and who hosts them. Making them is in `activity_making`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from domain.attendance import (
    COUNTED_GRADES,
    OPENS_BEFORE,
    PLACE_STATES,
    PRESENT_STATES,
    ActivityFacts,
)
from domain.errors import NotAllowed, NotFound
from domain.permissions import Actor, Scope, may
from models.activity import Activity, ActivityHost, CheckIn, Leave, Registration
from models.organisation import Chain, Org, PartyBranch

HOST_ACTION = "activity.host"
TimeFilter = Literal["ongoing", "upcoming", "past"]


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
