"""Registering 报名, cancelling, asking leave 请假: one row per person and activity, its state with its events."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from domain.attendance import (
    PLACE_STATES,
    PRESENT_STATES,
    Credit,
    MembershipFacts,
    check_audience,
    check_leave_in_time,
    check_registration_window,
    check_takes_place,
    credit_on,
)
from domain.errors import Conflict, NotFound
from domain.permissions import Actor
from models.activity import Activity, Leave, LeaveEvent, Registration, RegistrationEvent
from models.organisation import Membership
from services.activities import facts_of, find_activity
from services.first_wins import insert_if_first
from services.idempotency import check_same_request
from services.notifications import enqueue, take_back

REMIND_BEFORE = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Register:
    """Who wants a place where, and how they asked."""

    activity: str
    client_uuid: str
    request_digest: str
    source: str = "app"


@dataclass(frozen=True, slots=True)
class AskLeave:
    """Who cannot come, and why."""

    activity: str
    reason_kind: str
    reason: str | None
    client_uuid: str
    request_digest: str


# -- registering -----------------------------------------------------------------------------------


def register(
    session: Session, command: Register, *, actor: Actor, now: datetime
) -> tuple[Registration, Activity, bool]:
    """Take a place before the day; True where it is new. Someone registered already keeps what they have.

    Raises:
        NotFound: `unknown_activity`. NotAllowed: `not_in_audience`.
        Conflict: `registration_not_needed`, `registration_not_open`, `registration_closed`, `activity_full`,
            `activity_cancelled`, `activity_postponed`, `client_uuid_reused`.
    """
    activity = find_activity(session, command.activity, lock=True)
    _check_key_is_new(session, command, actor, activity)
    mine = _registration_of(session, activity.id, actor.person_id)
    if mine is not None and (mine.state != "cancelled" or mine.client_uuid == command.client_uuid):
        return mine, activity, False
    facts = facts_of(activity)
    check_takes_place(facts)
    check_registration_window(
        facts,
        needed=activity.has_registration,
        opens=activity.registration_opens,
        closes=activity.registration_closes,
        now=now,
    )
    credit = credit_of(session, actor.person_id, activity)
    check_audience(
        activity.audience, credit=credit, has_member_role=actor.has_role("member"), is_listed=mine is not None
    )
    _check_free_place(session, activity)
    mine = _take_place(session, activity, mine, command, actor, credit, now=now)
    _tell(session, activity, mine, now=now)
    return mine, activity, True


def cancel_registration(session: Session, code: str, *, actor: Actor, now: datetime) -> tuple[Registration, Activity]:
    """Give the place back; twice changes nothing.

    Raises NotFound `unknown_activity`, `not_registered`; Conflict `already_checked_in`.
    """
    activity = find_activity(session, code)
    mine = _registration_of(session, activity.id, actor.person_id, lock=True)
    if mine is None:
        raise NotFound("not_registered")
    if mine.state in PRESENT_STATES:
        raise Conflict("already_checked_in")
    if mine.state != "cancelled":
        move_registration(
            session.connection(), mine.id, mine.state, "cancelled", reason="by_person", by=actor.person_id, now=now
        )
        session.refresh(mine)
        take_back(session, person_id=actor.person_id, template="activity_reminder", page=_page(activity), now=now)
    return mine, activity


def credit_of(session: Session, person_id: int, activity: Activity) -> Credit:
    """Whose credit a person's attendance is, by the membership of that date."""
    rows = session.execute(
        select(Membership.branch_id, Membership.kind, Membership.from_on, Membership.to_on).where(
            Membership.person_id == person_id
        )
    )
    return credit_on([MembershipFacts(*row) for row in rows], activity.held_on)


def _check_key_is_new(session: Session, command: Register, actor: Actor, activity: Activity) -> None:
    known = session.scalar(
        select(Registration).where(
            Registration.person_id == actor.person_id, Registration.client_uuid == command.client_uuid
        )
    )
    if known is None:
        return
    if known.activity_id != activity.id:
        raise Conflict("client_uuid_reused")
    check_same_request(known, command.request_digest)


def _registration_of(session: Session, activity_id: int, person_id: int, *, lock: bool = False) -> Registration | None:
    query = select(Registration).where(Registration.activity_id == activity_id, Registration.person_id == person_id)
    return session.scalar(query.with_for_update() if lock else query)


def _check_free_place(session: Session, activity: Activity) -> None:
    """Chooses the better message; the trigger on the table is what guards the capacity."""
    if activity.capacity is None:
        return
    taken = session.scalar(
        select(func.count()).where(Registration.activity_id == activity.id, Registration.state.in_(PLACE_STATES))
    )
    if (taken or 0) >= activity.capacity:
        raise Conflict("activity_full", capacity=activity.capacity)


def _take_place(
    session: Session,
    activity: Activity,
    mine: Registration | None,
    command: Register,
    actor: Actor,
    credit: Credit,
    *,
    now: datetime,
) -> Registration:
    connection = session.connection()
    asked = {"client_uuid": command.client_uuid, "request_digest": command.request_digest, "source": command.source}
    if mine is not None:
        connection.execute(update(_REGISTRATIONS).where(_REGISTRATIONS.c.id == mine.id).values(asked))
        move_registration(connection, mine.id, mine.state, "registered", reason="again", by=actor.person_id, now=now)
        session.refresh(mine)
        return mine
    new_registration(
        connection,
        activity_id=activity.id,
        person_id=actor.person_id,
        credit=credit,
        source=command.source,
        reason="registered",
        client_uuid=command.client_uuid,
        request_digest=command.request_digest,
        now=now,
    )
    found = _registration_of(session, activity.id, actor.person_id)
    if found is None:  # the key was used for another activity in this very moment
        raise Conflict("client_uuid_reused")
    return found


def _tell(session: Session, activity: Activity, mine: Registration, *, now: datetime) -> None:
    """The news of the place, and the reminder whose consent was asked for in the tap, due an hour before."""
    times = session.scalar(select(func.max(RegistrationEvent.seq)).where(RegistrationEvent.registration_id == mine.id))
    local = facts_of(activity).local(activity.starts)
    news = {"activity_registered": now}
    if activity.starts - REMIND_BEFORE > now:
        news["activity_reminder"] = activity.starts - REMIND_BEFORE
    for template, due_at in news.items():
        enqueue(
            session,
            person_id=mine.person_id,
            template=template,
            data={"activity": activity.title, "time": f"{local:%Y-%m-%d %H:%M}", "place": activity.place},
            page=_page(activity),
            dedupe_key=f"{template}:{mine.id}:{times}",
            due_at=due_at,
            now=now,
        )


def _page(activity: Activity) -> str:
    return f"/pages/activities/detail?code={activity.code}"


# -- the only places where a registration's state is written ---------------------------------------

_REGISTRATIONS: Table = Registration.metadata.tables["registrations"]
_EVENTS: Table = RegistrationEvent.metadata.tables["registration_events"]
_IS_FULL = (
    select(func.count() >= bindparam("capacity"))
    .select_from(_REGISTRATIONS)
    .where(_REGISTRATIONS.c.activity_id == bindparam("in_activity"), _REGISTRATIONS.c.state.in_(PLACE_STATES))
    .scalar_subquery()
)
_ADD_EVENT = insert(_EVENTS)
_MOVE = (
    update(_REGISTRATIONS)
    .where(_REGISTRATIONS.c.id == bindparam("registration"), _REGISTRATIONS.c.state == bindparam("was"))
    .values(state=bindparam("becomes"))
)
_ADD_NEXT_EVENT = insert(_EVENTS).values(
    seq=select(func.coalesce(func.max(_EVENTS.c.seq), 0) + 1)
    .where(_EVENTS.c.registration_id == bindparam("of_registration"))
    .scalar_subquery()
)


def new_registration(
    connection: Connection,
    *,
    activity_id: int,
    person_id: int,
    credit: Credit,
    source: str,
    reason: str,
    now: datetime,
    state: str = "registered",
    capacity: int | None = None,
    client_uuid: str | None = None,
    request_digest: str | None = None,
) -> bool:
    """Write a registration with its first event, unless the person has one: then False, and nothing is done.

    With `capacity` it is flagged where it goes beyond it: at the door nobody is sent away.
    """
    statement = insert_if_first(connection.dialect.name, _REGISTRATIONS).returning(_REGISTRATIONS.c.id)
    values = {
        "activity_id": activity_id,
        "person_id": person_id,
        "state": state,
        "source": source,
        "credited_branch_id": credit.branch_id,
        "counted_as": credit.counted_as,
        "created_at": now,
        "client_uuid": client_uuid,
        "request_digest": request_digest,
    }
    if capacity is None:
        made = connection.scalar(statement, {**values, "is_over_capacity": False})
    else:
        made = connection.scalar(
            statement.values(is_over_capacity=_IS_FULL), {**values, "capacity": capacity, "in_activity": activity_id}
        )
    if made is None:
        return False
    event = {"registration_id": made, "seq": 1, "at": now, "from_state": None, "to_state": state, "reason": reason}
    connection.execute(_ADD_EVENT, {**event, "by_person_id": person_id})
    return True


def move_registration(
    connection: Connection, registration_id: int, was: str, becomes: str, *, reason: str, by: int | None, now: datetime
) -> bool:
    """Change a registration's state together with its event; False where it is no longer what it was."""
    moved = connection.execute(_MOVE, {"registration": registration_id, "was": was, "becomes": becomes}).rowcount
    if not moved:
        return False
    connection.execute(
        _ADD_NEXT_EVENT,
        {
            "of_registration": registration_id,
            "registration_id": registration_id,
            "at": now,
            "from_state": was,
            "to_state": becomes,
            "reason": reason,
            "by_person_id": by,
        },
    )
    return True


# -- leave -----------------------------------------------------------------------------------------


def ask_leave(session: Session, command: AskLeave, *, actor: Actor, now: datetime) -> tuple[Leave, Activity, bool]:
    """Ask the home secretary for leave; True where it is new. A leave that is open already is shown again.

    Raises:
        NotFound: `unknown_activity`. NotAllowed: `not_in_audience`. Invalid: `leave_reason_required`.
        Conflict: `leave_too_late`, `already_checked_in`, `no_home_branch`, `client_uuid_reused`,
            `activity_cancelled`, `activity_postponed`.
    """
    activity = find_activity(session, command.activity, lock=True)
    known = _leave_of(session, activity.id, actor.person_id, command.client_uuid)
    if known is not None:
        if known.client_uuid == command.client_uuid:
            check_same_request(known, command.request_digest)
        return known, activity, False
    facts = facts_of(activity)
    check_takes_place(facts)
    check_leave_in_time(activity.starts, now=now, has_reason=bool(command.reason))
    mine = _registration_of(session, activity.id, actor.person_id)
    if mine is not None and mine.state in PRESENT_STATES:
        raise Conflict("already_checked_in")
    credit = credit_of(session, actor.person_id, activity)
    check_audience(
        activity.audience, credit=credit, has_member_role=actor.has_role("member"), is_listed=mine is not None
    )
    if credit.branch_id is None:
        raise Conflict("no_home_branch")
    return _add_leave(session, activity, command, actor, credit.branch_id, now=now), activity, True


def _leave_of(session: Session, activity_id: int, person_id: int, client_uuid: str) -> Leave | None:
    """The leave this key made, else the one that is open."""
    open_here = and_(Leave.activity_id == activity_id, Leave.state.in_(("asked", "approved")))
    rows = session.scalars(
        select(Leave).where(Leave.person_id == person_id, or_(Leave.client_uuid == client_uuid, open_here))
    ).all()
    return next((row for row in rows if row.client_uuid == client_uuid), rows[0] if rows else None)


def _add_leave(
    session: Session, activity: Activity, command: AskLeave, actor: Actor, home_branch_id: int, *, now: datetime
) -> Leave:
    leave = Leave(
        activity_id=activity.id,
        person_id=actor.person_id,
        state="asked",
        reason_kind=command.reason_kind,
        reason=command.reason,
        home_branch_id=home_branch_id,
        created_at=now,
        client_uuid=command.client_uuid,
        request_digest=command.request_digest,
    )
    session.add(leave)
    session.flush()
    session.add(LeaveEvent(leave_id=leave.id, seq=1, at=now, to_state="asked", by_person_id=actor.person_id))
    session.flush()
    return leave
