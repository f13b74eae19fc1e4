"""Registering, cancelling, asking leave."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from models.activity import Activity, Leave, LeaveEvent, Registration, RegistrationEvent
from models.notification import Notification
from models.people import Person
from server.gateways.cipher import KeySigner
from services.idempotency import digest
from services.notifications import inbox
from services.registrations import AskLeave, Register, ask_leave, cancel_registration, register
from tests.factories import create_branch, create_person, join_branch
from tests.factories_activity import actor_of, create_activity, register_person, registration_of, scan_in

SIGNER = KeySigner("a secret for tests only, long enough")
HOUR = timedelta(hours=1)


@pytest.fixture
def person(session: Session, now: datetime) -> Person:
    return create_person(session, now=now)


def wish(activity: Activity, key: str | None = None) -> Register:
    return Register(activity.code, key or str(uuid4()), digest({"activity": activity.code}))


def excuse(activity: Activity, *, key: str | None = None, kind: str = "sick", reason: str | None = None) -> AskLeave:
    body = {"activity": activity.code, "kind": kind, "reason": reason}
    return AskLeave(activity.code, kind, reason, key or str(uuid4()), digest(body))


@pytest.mark.rule("C15", "C27")
def test_registering_takes_a_place_and_tells(session: Session, person: Person, now: datetime) -> None:
    activity = create_activity(session, now=now, starts_in=24 * HOUR)
    row, _, is_new = register(session, wish(activity), actor=actor_of(person), now=now)
    assert (row.state, row.source, is_new) == ("registered", "app", True)
    news, reminder = session.scalars(select(Notification).order_by(Notification.id)).all()
    assert (news.person_id, news.template, news.due_at) == (person.id, "activity_registered", now)
    assert news.data == {"activity": "主题党日", "time": "2026-11-26 10:00", "place": "党群活动室"}
    assert (reminder.template, reminder.due_at) == ("activity_reminder", now + 23 * HOUR)


@pytest.mark.rule("C27")
def test_a_reminder_goes_with_the_place_and_comes_back_with_it(session: Session, person: Person, now: datetime) -> None:
    def reminders() -> int:
        return len(session.scalars(select(Notification).where(Notification.template == "activity_reminder")).all())

    activity, other = (create_activity(session, now=now, starts_in=24 * HOUR) for _ in range(2))
    register(session, wish(activity), actor=actor_of(person), now=now)
    register(session, wish(other), actor=actor_of(person), now=now)
    cancel_registration(session, activity.code, actor=actor_of(person), now=now)
    assert reminders() == 1, "that of the other activity"
    register(session, wish(activity), actor=actor_of(person), now=now)
    assert reminders() == 2
    assert [row.template for row in inbox(session, person.id, page=1, per_page=9, now=now + 23 * HOUR)[0]][:2] == [
        "activity_reminder",
        "activity_reminder",
    ]


@pytest.mark.rule("C27")
def test_registering_twice_keeps_the_first(session: Session, person: Person, now: datetime) -> None:
    activity = create_activity(session, now=now, starts_in=HOUR)
    first, _, _ = register(session, wish(activity, "k1"), actor=actor_of(person), now=now)
    for key in ("k1", "k2"):
        row, _, is_new = register(session, wish(activity, key), actor=actor_of(person), now=now)
        assert (row.id, row.state, is_new) == (first.id, "registered", False)
    assert len(session.scalars(select(RegistrationEvent)).all()) == 1
    assert len(session.scalars(select(Notification)).all()) == 1


@pytest.mark.rule("C27")
def test_key_used_for_another_activity_is_refused(session: Session, person: Person, now: datetime) -> None:
    first, second = (create_activity(session, now=now, starts_in=HOUR) for _ in range(2))
    register(session, wish(first, "k"), actor=actor_of(person), now=now)
    with pytest.raises(Conflict, match="client_uuid_reused"):
        register(session, wish(second, "k"), actor=actor_of(person), now=now)


@pytest.mark.rule("C20")
def test_last_place_is_given_once(session: Session, now: datetime) -> None:
    activity = create_activity(session, now=now, starts_in=HOUR, capacity=1)
    first, second = (create_person(session, now=now) for _ in range(2))
    register(session, wish(activity), actor=actor_of(first), now=now)
    with pytest.raises(Conflict, match="activity_full"):
        register(session, wish(activity), actor=actor_of(second), now=now)
    cancel_registration(session, activity.code, actor=actor_of(first), now=now)
    register(session, wish(activity), actor=actor_of(second), now=now)
    with pytest.raises(Conflict, match="activity_full"):
        register(session, wish(activity), actor=actor_of(first), now=now)


@pytest.mark.rule("C20")
def test_database_itself_guards_the_capacity_and_the_door_stays_open(session: Session, now: datetime) -> None:
    activity = create_activity(session, now=now, capacity=1)
    people = [create_person(session, now=now) for _ in range(3)]
    register(session, wish(activity), actor=actor_of(people[0]), now=now)
    raw = {"activity_id": activity.id, "counted_as": "guest", "is_over_capacity": False, "created_at": now}
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(insert(Registration).values(**raw, person_id=people[1].id, state="registered", source="app"))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(insert(Registration).values(**raw, person_id=people[1].id, state="attended", source="roster"))
    session.execute(insert(Registration).values(**raw, person_id=people[1].id, state="cancelled", source="app"))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(Registration).where(Registration.person_id == people[1].id).values(state="registered"))
    session.execute(update(Registration).where(Registration.person_id == people[1].id).values(state="attended"))
    session.execute(insert(Registration).values(**raw, person_id=people[2].id, state="attended", source="door"))


@pytest.mark.rule("C28")
def test_database_itself_allows_one_registration_per_person(session: Session, person: Person, now: datetime) -> None:
    activity = create_activity(session, now=now)
    row = {"activity_id": activity.id, "person_id": person.id, "counted_as": "guest", "created_at": now}
    session.execute(insert(Registration).values(**row, state="registered", source="app", is_over_capacity=False))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(insert(Registration).values(**row, state="cancelled", source="door", is_over_capacity=False))


@pytest.mark.rule("C14", "C15", "C7")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"audience": "members"}, "not_in_audience"),
        ({"audience": "invited"}, "not_in_audience"),
        ({"has_registration": False}, "registration_not_needed"),
        ({"is_published": False}, "unknown_activity"),
        ({"starts_in": -3 * HOUR}, "registration_closed"),
    ],
)
def test_who_cannot_register(
    session: Session, person: Person, now: datetime, changes: dict[str, object], code: str
) -> None:
    activity = create_activity(session, now=now, **changes)  # type: ignore[arg-type]
    with pytest.raises(Refusal, match=code):
        register(session, wish(activity), actor=actor_of(person), now=now)


@pytest.mark.rule("C15")
def test_registration_opens_on_its_date(session: Session, person: Person, now: datetime) -> None:
    activity = create_activity(session, now=now, starts_in=48 * HOUR, registration_opens=now + HOUR)
    with pytest.raises(Conflict, match="registration_not_open"):
        register(session, wish(activity), actor=actor_of(person), now=now)
    assert register(session, wish(activity), actor=actor_of(person), now=now + HOUR)[2]


@pytest.mark.rule("C27")
def test_cancel_gives_the_place_back_and_again_takes_it(session: Session, person: Person, now: datetime) -> None:
    activity = create_activity(session, now=now, starts_in=HOUR)
    actor = actor_of(person)
    register_person(session, activity, person, now=now)
    for _ in range(2):
        row, _ = cancel_registration(session, activity.code, actor=actor, now=now)
        assert row.state == "cancelled"
    row, _, is_new = register(session, wish(activity), actor=actor, now=now)
    assert (row.state, is_new) == ("registered", True)
    events = session.execute(
        select(RegistrationEvent.seq, RegistrationEvent.to_state).order_by(RegistrationEvent.seq)
    ).all()
    assert [tuple(e) for e in events] == [(1, "registered"), (2, "cancelled"), (3, "registered")]


@pytest.mark.rule("C27")
def test_an_old_request_that_arrives_again_does_not_undo_a_cancel(
    session: Session, person: Person, now: datetime
) -> None:
    activity = create_activity(session, now=now, starts_in=HOUR)
    register(session, wish(activity, "k"), actor=actor_of(person), now=now)
    cancel_registration(session, activity.code, actor=actor_of(person), now=now)
    row, _, is_new = register(session, wish(activity, "k"), actor=actor_of(person), now=now)
    assert (row.state, is_new) == ("cancelled", False)


@pytest.mark.rule("C27")
def test_the_present_cannot_cancel_and_strangers_have_nothing_to(
    session: Session, person: Person, now: datetime
) -> None:
    activity = create_activity(session, now=now)
    with pytest.raises(NotFound, match="not_registered"):
        cancel_registration(session, activity.code, actor=actor_of(person), now=now)
    scan_in(session, activity, person, SIGNER, now=now)
    with pytest.raises(Conflict, match="already_checked_in"):
        cancel_registration(session, activity.code, actor=actor_of(person), now=now)
    assert registration_of(session, activity, person).state == "attended"


# -- leave


@pytest.mark.rule("C16", "C29")
def test_leave_goes_to_the_home_branch(session: Session, person: Person, now: datetime) -> None:
    home = create_branch(session)
    join_branch(session, person, home)
    activity = create_activity(session, now=now, starts_in=HOUR, audience="members")
    row, _, is_new = ask_leave(session, excuse(activity), actor=actor_of(person), now=now)
    assert (row.state, row.home_branch_id, is_new) == ("asked", home.id, True)
    event = session.scalars(select(LeaveEvent)).one()
    assert (event.leave_id, event.seq, event.from_state, event.to_state) == (row.id, 1, None, "asked")


@pytest.mark.rule("C29")
def test_leave_is_asked_once(session: Session, person: Person, now: datetime) -> None:
    join_branch(session, person, create_branch(session))
    activity = create_activity(session, now=now, starts_in=HOUR)
    first, _, _ = ask_leave(session, excuse(activity, key="k"), actor=actor_of(person), now=now)
    for key in ("k", "k2"):
        row, _, is_new = ask_leave(session, excuse(activity, key=key), actor=actor_of(person), now=now)
        assert (row.id, is_new) == (first.id, False)
    with pytest.raises(Conflict, match="client_uuid_reused"):
        ask_leave(session, excuse(activity, key="k", kind="work"), actor=actor_of(person), now=now)
    values = {"activity_id": activity.id, "person_id": person.id, "created_at": now}
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(insert(Leave).values(**values, state="approved", reason_kind="work"))


@pytest.mark.rule("C16", "C29")
def test_leave_after_the_start_needs_words_and_ends_after_a_day(
    session: Session, person: Person, now: datetime
) -> None:
    join_branch(session, person, create_branch(session))
    activity = create_activity(session, now=now)
    with pytest.raises(Invalid, match="leave_reason_required"):
        ask_leave(session, excuse(activity), actor=actor_of(person), now=now + HOUR)
    with pytest.raises(Conflict, match="leave_too_late"):
        ask_leave(session, excuse(activity, reason="孩子发烧"), actor=actor_of(person), now=now + 25 * HOUR)
    assert ask_leave(session, excuse(activity, reason="孩子发烧"), actor=actor_of(person), now=now + 23 * HOUR)[2]


@pytest.mark.rule("C29")
def test_who_cannot_ask_leave(session: Session, person: Person, now: datetime) -> None:
    activity = create_activity(session, now=now)
    with pytest.raises(Conflict, match="no_home_branch"):
        ask_leave(session, excuse(activity, reason="忙"), actor=actor_of(person), now=now)
    members = create_activity(session, now=now, starts_in=HOUR, audience="members")
    with pytest.raises(NotAllowed, match="not_in_audience"):
        ask_leave(session, excuse(members), actor=actor_of(person), now=now)
    scan_in(session, activity, person, SIGNER, now=now)
    with pytest.raises(Conflict, match="already_checked_in"):
        ask_leave(session, excuse(activity, reason="忙"), actor=actor_of(person), now=now)
