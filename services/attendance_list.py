"""Who was there: the host's list 到场名单, the heads counted 现场清点, one's own record 我的参加记录."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    SQLColumnExpression,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.orm import Session, aliased

from domain.attendance import ABSENT_AFTER_END, COUNTED_GRADES, PLACE_STATES, absent_from
from domain.errors import Conflict
from domain.permissions import Actor
from models.activity import Activity, ActivityHost, CheckIn, HeadCount, Registration
from models.organisation import Membership, PartyBranch
from models.people import Person
from services.activities import HostRef, check_host, find_activity, hosts_of, places_of
from services.first_wins import insert_if_first
from services.idempotency import check_same_request


@dataclass(frozen=True, slots=True)
class AttendanceRow:
    """One person of the list, as the host sees them."""

    name: str
    branch: str | None
    state: str
    source: str | None
    counted_as: str | None
    is_over_capacity: bool
    grade: str | None
    reasons: tuple[str, ...]
    at: datetime | None
    method: str | None
    repeat_scans: int


@dataclass(frozen=True, slots=True)
class AttendanceCounts:
    """Counted when read; `absent` stays 0 until 24 h after the end."""

    expected: int
    registered: int
    attended: int
    late: int
    on_leave: int
    review: int
    over_capacity: int
    absent: int
    heads: int | None


@dataclass(frozen=True, slots=True)
class AttendanceList:
    """One page of the list and the counts of all of it."""

    activity: Activity
    items: tuple[AttendanceRow, ...]
    total: int
    counts: AttendanceCounts


@dataclass(frozen=True, slots=True)
class AttendanceRecord:
    """One activity in one's own record: state, whose credit, who held it."""

    code: str
    title: str
    type: str
    held_on: date
    starts: datetime
    timezone: str
    place: str
    state: str
    grade: str | None
    at: datetime | None
    credited_branch: str | None
    hosts: tuple[HostRef, ...]


# -- the host's list -------------------------------------------------------------------------------


def attendance(
    session: Session, code: str, *, actor: Actor, now: datetime, page: int = 1, per_page: int = 100
) -> AttendanceList:
    """Everyone expected or registered, by name, with what is known of each: five queries, however many people.

    Expected are the members of the host branches on that date. The caller writes the audit row.
    Raises NotFound `unknown_activity`, NotAllowed `not_host`.
    """
    activity = find_activity(session, code)
    check_host(session, activity, actor)
    people = _people(activity)
    counts = _counts(session, activity, people, now=now)
    rows = session.execute(_rows(activity, people).offset((page - 1) * per_page).limit(per_page))
    is_over = now >= absent_from(activity.ends)
    items = tuple(
        AttendanceRow(
            name=row.name,
            branch=row.branch,
            state=_shown(row.state, is_over=is_over),
            source=row.source,
            counted_as=row.counted_as,
            is_over_capacity=bool(row.is_over_capacity),
            grade=row.grade or row.review_grade,
            reasons=tuple(row.review_reasons or ()) if row.grade is None else (),
            at=row.at or row.review_at,
            method=row.method or row.review_method,
            repeat_scans=row.repeats,
        )
        for row in rows
    )
    return AttendanceList(activity, items, counts.expected, counts)


def _shown(state: str | None, *, is_over: bool) -> str:
    if state in (None, "registered", "waitlisted"):
        return "absent" if is_over else state or "expected"
    return state or "expected"


def _people(activity: Activity) -> FromClause:
    """Ids of all the list shows."""
    hosts = select(ActivityHost.branch_id).where(ActivityHost.activity_id == activity.id, ActivityHost.kind == "branch")
    return union(
        select(Registration.person_id).where(
            Registration.activity_id == activity.id, Registration.state != "cancelled"
        ),
        select(Membership.person_id).where(
            Membership.branch_id.in_(hosts),
            Membership.kind != "activist",
            Membership.from_on <= activity.held_on,
            or_(Membership.to_on.is_(None), Membership.to_on > activity.held_on),
        ),
    ).subquery("listed")


def _mine(activity: Activity, person_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    return and_(
        Registration.activity_id == activity.id,
        Registration.person_id == person_id,
        Registration.state != "cancelled",
    )


def _rows(activity: Activity, people: FromClause) -> Select[*tuple[Any, ...]]:
    counted, review, repeat = aliased(CheckIn), aliased(CheckIn), aliased(CheckIn)
    here = [and_(scan.activity_id == activity.id, scan.person_id == Person.id) for scan in (counted, review, repeat)]
    repeats = (
        select(func.count()).select_from(repeat).where(here[2], repeat.repeat_of_id.is_not(None)).scalar_subquery()
    )
    return (
        select(
            Person.name,
            PartyBranch.name.label("branch"),
            Registration.state,
            Registration.source,
            Registration.counted_as,
            Registration.is_over_capacity,
            counted.grade,
            counted.at,
            counted.method,
            review.grade.label("review_grade"),
            review.at.label("review_at"),
            review.method.label("review_method"),
            review.reasons.label("review_reasons"),
            repeats.label("repeats"),
        )
        .select_from(people)
        .join(Person, Person.id == people.c.person_id)
        .outerjoin(Registration, _mine(activity, Person.id))
        .outerjoin(PartyBranch, PartyBranch.id == func.coalesce(Registration.credited_branch_id, _home(activity)))
        .outerjoin(counted, and_(here[0], counted.repeat_of_id.is_(None), counted.grade.in_(COUNTED_GRADES)))
        .outerjoin(review, and_(here[1], review.repeat_of_id.is_(None), review.grade == "review"))
        .order_by(Person.name, Person.id)
    )


def _home(activity: Activity) -> ColumnElement[int | None]:
    """The branch somebody belonged to on that date, for those who did not register."""
    return (
        select(func.max(Membership.branch_id))
        .where(
            Membership.person_id == Person.id,
            Membership.kind != "activist",
            Membership.from_on <= activity.held_on,
            or_(Membership.to_on.is_(None), Membership.to_on > activity.held_on),
        )
        .correlate(Person)
        .scalar_subquery()
    )


def _counts(session: Session, activity: Activity, people: FromClause, *, now: datetime) -> AttendanceCounts:
    state = Registration.state
    in_review = (
        select(func.count())
        .select_from(CheckIn)
        .where(CheckIn.activity_id == activity.id, CheckIn.grade == "review", CheckIn.repeat_of_id.is_(None))
        .scalar_subquery()
    )
    heads = (
        select(HeadCount.heads)
        .where(HeadCount.activity_id == activity.id)
        .order_by(HeadCount.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    row = session.execute(
        select(
            func.count(people.c.person_id),
            func.count().filter(state.in_(PLACE_STATES)),
            func.count().filter(state == "attended"),
            func.count().filter(state == "late"),
            func.count().filter(state.in_(("on_leave", "excused"))),
            in_review,
            func.count().filter(Registration.is_over_capacity),
            func.count().filter(or_(state.is_(None), state.in_(("registered", "waitlisted")))),
            heads,
        )
        .select_from(people)
        .outerjoin(Registration, _mine(activity, people.c.person_id))
    ).one()
    expected, registered, attended, late, on_leave, review, over, missing, heads_seen = row
    return AttendanceCounts(
        expected=expected,
        registered=registered,
        attended=attended,
        late=late,
        on_leave=on_leave,
        review=review,
        over_capacity=over,
        absent=missing if now >= absent_from(activity.ends) else 0,
        heads=heads_seen,
    )


# -- heads -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CountHeads:
    """How many people the host counted in the room."""

    activity: str
    heads: int
    client_uuid: str
    request_digest: str


def count_heads(
    session: Session, command: CountHeads, *, actor: Actor, now: datetime
) -> tuple[HeadCount, int, Activity, bool]:
    """Keep a head count beside the check-ins; True where it is new. A gap is shown and punishes nobody.

    Returns the count, how many are checked in, the activity, and whether it is new.
    Raises NotFound `unknown_activity`, NotAllowed `not_host`, Conflict `client_uuid_reused`.
    """
    activity = find_activity(session, command.activity)
    check_host(session, activity, actor)
    connection = session.connection()
    made = connection.execute(
        insert_if_first(connection.dialect.name, HeadCount.metadata.tables["head_counts"]),
        {
            "activity_id": activity.id,
            "by_person_id": actor.person_id,
            "heads": command.heads,
            "created_at": now,
            "client_uuid": command.client_uuid,
            "request_digest": command.request_digest,
        },
    )
    row = session.scalars(
        select(HeadCount).where(HeadCount.by_person_id == actor.person_id, HeadCount.client_uuid == command.client_uuid)
    ).one()
    check_same_request(row, command.request_digest)
    if row.activity_id != activity.id:
        raise Conflict("client_uuid_reused")
    present = places_of(session, [activity.id]).get(activity.id, (0, 0))[1]
    return row, present, activity, made.rowcount == 1


# -- one's own record ------------------------------------------------------------------------------


def my_record(
    session: Session, person_id: int, *, now: datetime, limit: int = 20, offset: int = 0
) -> list[AttendanceRecord]:
    """What a person registered for or came to, newest first: own record only, counted for the home branch."""
    absent_before = case(
        (and_(Registration.state == "registered", Activity.ends <= now - ABSENT_AFTER_END), literal("absent")),
        else_=Registration.state,
    )
    rows = session.execute(
        select(Activity, absent_before, CheckIn.grade, CheckIn.at, PartyBranch.name)
        .join(Registration, Registration.activity_id == Activity.id)
        .outerjoin(
            CheckIn,
            and_(
                CheckIn.activity_id == Activity.id,
                CheckIn.person_id == person_id,
                CheckIn.repeat_of_id.is_(None),
                CheckIn.grade.in_(COUNTED_GRADES),
            ),
        )
        .outerjoin(PartyBranch, PartyBranch.id == Registration.credited_branch_id)
        .where(Registration.person_id == person_id, Activity.state != "draft")
        .order_by(Activity.starts.desc(), Activity.id.desc())
        .offset(offset)
        .limit(limit)
    ).all()
    hosts = hosts_of(session, [activity.id for activity, *_ in rows]) if rows else {}
    return [
        AttendanceRecord(
            code=activity.code,
            title=activity.title,
            type=activity.type,
            held_on=activity.held_on,
            starts=activity.starts,
            timezone=activity.timezone,
            place=activity.place,
            state="cancelled" if activity.state == "cancelled" else state,
            grade=grade,
            at=at,
            credited_branch=branch,
            hosts=hosts.get(activity.id, ()),
        )
        for activity, state, grade, at, branch in rows
    ]
