"""Checking in by code, against both databases."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import Conflict, NotFound, Refusal
from models.activity import Activity, CheckIn, Registration, RegistrationEvent
from models.people import Person
from server.gateways.cipher import KeySigner
from services.attendance import check_in
from services.scan_tickets import TICKET_PURPOSE, issue_scan_ticket, read_ticket
from tests.factories import LONG_AGO, create_branch, create_person, join_branch
from tests.factories_activity import (
    actor_of,
    count_scans,
    create_activity,
    register_person,
    registration_of,
    scan_command,
    scan_in,
    scans_of,
    screen,
    take_ticket,
)

SIGNER = KeySigner("a secret for tests only, long enough")
MINUTE = timedelta(minutes=1)
BOUND = {"grade": "rejected", "binds_ticket": True, "ticket_nonce": "n"}
CLAIMED = {"grade": "rejected", "claims_device": True, "device_hash": "d"}


@pytest.fixture
def person(session: Session, now: datetime) -> Person:
    return create_person(session, now=now)


@pytest.fixture
def activity(session: Session, now: datetime) -> Activity:
    return create_activity(session, now=now)


def events_of(session: Session, registration: Registration) -> list[tuple[int, str | None, str]]:
    rows = session.execute(
        select(RegistrationEvent.seq, RegistrationEvent.from_state, RegistrationEvent.to_state)
        .where(RegistrationEvent.registration_id == registration.id)
        .order_by(RegistrationEvent.seq)
    )
    return [(row.seq, row.from_state, row.to_state) for row in rows]


# -- the ticket


@pytest.mark.rule("C2", "C10")
def test_scan_gives_a_ticket_of_five_minutes_and_writes_nothing(
    session: Session, activity: Activity, now: datetime
) -> None:
    issued = issue_scan_ticket(session, activity.code.lower(), screen(activity, SIGNER, at=now), signer=SIGNER, now=now)
    assert issued.expires_at == now + 5 * MINUTE
    assert read_ticket(issued.text, SIGNER).activity_id == activity.id
    assert scans_of(session, activity) == []


@pytest.mark.rule("C2")
def test_screenshot_sent_on_after_41_seconds_is_refused(session: Session, activity: Activity, now: datetime) -> None:
    shown = screen(activity, SIGNER, at=now)
    with pytest.raises(Conflict, match="code_expired"):
        issue_scan_ticket(session, activity.code, shown, signer=SIGNER, now=now + timedelta(seconds=41))


@pytest.mark.rule("C12")
def test_code_of_another_activity_is_refused_by_name(session: Session, activity: Activity, now: datetime) -> None:
    other = create_activity(session, now=now)
    with pytest.raises(Conflict, match="code_wrong_activity"):
        issue_scan_ticket(session, activity.code, screen(other, SIGNER, at=now), signer=SIGNER, now=now)


@pytest.mark.rule("C4")
def test_too_early_does_not_spoil_a_later_try(session: Session, person: Person, now: datetime) -> None:
    activity = create_activity(session, now=now, starts_in=45 * MINUTE)
    with pytest.raises(Conflict, match="check_in_not_open"):
        take_ticket(session, activity, SIGNER, now=now)
    outcome = scan_in(session, activity, person, SIGNER, now=now + 15 * MINUTE)
    assert (outcome.grade, outcome.state, outcome.is_first) == ("accepted", "attended", True)


@pytest.mark.rule("C7")
def test_draft_is_unknown_to_scanners(session: Session, now: datetime) -> None:
    draft = create_activity(session, now=now, is_published=False)
    with pytest.raises(NotFound, match="unknown_activity"):
        take_ticket(session, draft, SIGNER, now=now)


@pytest.mark.rule("C10")
@pytest.mark.parametrize("change", ["cut", "flip", "other key", "empty", "no prefix", "not base64"])
def test_ticket_that_was_touched_is_refused_and_kept(
    session: Session, activity: Activity, person: Person, now: datetime, change: str
) -> None:
    ticket = take_ticket(session, activity, SIGNER, now=now)
    touched = {
        "cut": ticket[:-3],
        "flip": ticket[:10] + ("A" if ticket[10] != "A" else "B") + ticket[11:],
        "other key": take_ticket_with(KeySigner("another secret, also long enough"), ticket),
        "empty": "ST1.",
        "no prefix": ticket[4:],
        "not base64": "ST1.Ａ" + ticket[5:],
    }[change]
    outcome = scan_in(session, activity, person, SIGNER, now=now, ticket=touched)
    assert outcome.refusal is not None
    assert outcome.refusal.code == "ticket_invalid"
    assert [(scan.grade, scan.reasons) for scan in scans_of(session, activity)] == [("rejected", ["ticket_invalid"])]
    assert session.scalar(select(Registration)) is None


def take_ticket_with(signer: KeySigner, ticket: str) -> str:
    """The same body under another key."""
    import base64

    body = base64.urlsafe_b64decode(ticket[4:] + "=" * (-len(ticket[4:]) % 4))[:-16]
    return "ST1." + base64.urlsafe_b64encode(body + signer.mac(TICKET_PURPOSE, body)[:16]).decode().rstrip("=")


# -- the first scan


@pytest.mark.rule("C18")
def test_registered_person_is_in(session: Session, activity: Activity, person: Person, now: datetime) -> None:
    registered = register_person(session, activity, person, now=now)
    outcome = scan_in(session, activity, person, SIGNER, now=now)
    assert (outcome.grade, outcome.state, outcome.is_first, outcome.refusal) == ("accepted", "attended", True, None)
    row = registration_of(session, activity, person)
    assert (row.id, row.state, row.source) == (registered.id, "attended", "app")
    assert events_of(session, row) == [(1, None, "registered"), (2, "registered", "attended")]


@pytest.mark.rule("C19")
def test_somebody_unregistered_is_registered_at_the_door(
    session: Session, activity: Activity, person: Person, now: datetime
) -> None:
    scan_in(session, activity, person, SIGNER, now=now)
    row = registration_of(session, activity, person)
    assert (row.state, row.source, row.is_over_capacity, row.counted_as) == ("attended", "door", False, "guest")
    assert events_of(session, row) == [(1, None, "attended")]


@pytest.mark.rule("C20")
def test_over_capacity_at_the_door_is_let_in_and_flagged(session: Session, now: datetime) -> None:
    activity = create_activity(session, now=now, capacity=2)
    people = [create_person(session, now=now) for _ in range(3)]
    grades = [scan_in(session, activity, person, SIGNER, now=now).grade for person in people]
    assert grades == ["accepted"] * 3
    assert [registration_of(session, activity, p).is_over_capacity for p in people] == [False, False, True]


@pytest.mark.rule("C9")
def test_slow_sign_in_makes_nobody_late(session: Session, activity: Activity, person: Person, now: datetime) -> None:
    ticket = take_ticket(session, activity, SIGNER, now=now + 9 * MINUTE)
    outcome = scan_in(session, activity, person, SIGNER, now=now + 13 * MINUTE, ticket=ticket)
    assert outcome.state == "attended"
    late = scan_in(session, activity, create_person(session, now=now), SIGNER, now=now + 11 * MINUTE)
    assert (late.grade, late.state) == ("accepted", "late")


@pytest.mark.rule("C5", "C10")
def test_ticket_from_before_the_end_counts_for_its_five_minutes(
    session: Session, person: Person, now: datetime
) -> None:
    activity = create_activity(session, now=now, lasts=30 * MINUTE)
    ticket = take_ticket(session, activity, SIGNER, now=now + 29 * MINUTE)
    assert scan_in(session, activity, person, SIGNER, now=now + 33 * MINUTE, ticket=ticket).grade == "accepted"
    other = create_person(session, now=now)
    ticket = take_ticket(session, activity, SIGNER, now=now + 29 * MINUTE)
    outcome = scan_in(session, activity, other, SIGNER, now=now + 34 * MINUTE, ticket=ticket)
    assert outcome.refusal is not None
    assert outcome.refusal.code == "ticket_expired"


@pytest.mark.rule("C13")
def test_credit_is_the_home_branch_and_the_host_is_the_host(session: Session, person: Person, now: datetime) -> None:
    host, home, later = (create_branch(session) for _ in range(3))
    today = now.date()
    join_branch(session, person, home, from_on=LONG_AGO, to_on=today + timedelta(days=1))
    join_branch(session, person, later, from_on=today + timedelta(days=1))
    activity = create_activity(session, now=now, branch=host, audience="members")
    outcome = scan_in(session, activity, person, SIGNER, now=now)
    row = registration_of(session, activity, person)
    assert (row.credited_branch_id, row.counted_as) == (home.id, "member")
    assert outcome.host_branch == host.name


@pytest.mark.rule("C14")
def test_outsider_is_refused_and_the_scan_is_kept(session: Session, person: Person, now: datetime) -> None:
    activity = create_activity(session, now=now, audience="members")
    outcome = scan_in(session, activity, person, SIGNER, now=now)
    assert outcome.refusal is not None
    assert outcome.refusal.code == "not_in_audience"
    assert [scan.reasons for scan in scans_of(session, activity, person)] == [["not_in_audience"]]
    assert session.scalar(select(Registration)) is None
    with_role = scan_in(session, activity, person, SIGNER, now=now, grants=[("member", "district", None)])
    assert with_role.grade == "accepted"


@pytest.mark.rule("C21")
def test_attended_wins_over_leave_and_over_a_cancelled_registration(session: Session, now: datetime) -> None:
    activity = create_activity(session, now=now)
    for state in ("on_leave", "cancelled", "excused"):
        person = create_person(session, now=now)
        row = register_person(session, activity, person, now=now)
        row.state = state
        session.flush()
        assert scan_in(session, activity, person, SIGNER, now=now).state == "attended"
        assert registration_of(session, activity, person).state == "attended"


@pytest.mark.rule("C7")
@pytest.mark.parametrize("state", ["cancelled", "postponed"])
def test_cancelled_or_postponed_after_the_scan_keeps_the_scan(
    session: Session, activity: Activity, person: Person, now: datetime, state: str
) -> None:
    ticket = take_ticket(session, activity, SIGNER, now=now)
    activity.state = state
    session.flush()
    outcome = scan_in(session, activity, person, SIGNER, now=now, ticket=ticket)
    assert outcome.refusal is not None
    assert outcome.refusal.code == f"activity_{state}"
    assert count_scans(session, activity, grade="rejected") == 1


# -- again


@pytest.mark.rule("C22")
def test_second_scan_answers_as_the_first_and_is_kept(
    session: Session, activity: Activity, person: Person, now: datetime
) -> None:
    first = scan_in(session, activity, person, SIGNER, now=now)
    again = scan_in(session, activity, person, SIGNER, now=now + 40 * MINUTE)
    assert (again.grade, again.state, again.at, again.is_first) == (first.grade, "attended", first.at, False)
    kept = scans_of(session, activity)
    assert [scan.repeat_of_id for scan in kept] == [None, kept[0].id]
    assert events_of(session, registration_of(session, activity, person)) == [(1, None, "attended")]


@pytest.mark.rule("C23")
def test_same_key_gives_the_first_result_and_no_new_row(
    session: Session, activity: Activity, person: Person, now: datetime
) -> None:
    command = scan_command(activity, take_ticket(session, activity, SIGNER, now=now))
    actor = actor_of(person)
    first = check_in(session, command, actor=actor, signer=SIGNER, now=now)
    again = check_in(session, command, actor=actor, signer=SIGNER, now=now + 60 * MINUTE)
    assert (again.grade, again.state, again.at, again.is_first) == (first.grade, first.state, first.at, False)
    assert len(scans_of(session, activity)) == 1


@pytest.mark.rule("C23")
def test_key_of_a_repeat_is_remembered_as_well(
    session: Session, activity: Activity, person: Person, now: datetime
) -> None:
    first = scan_in(session, activity, person, SIGNER, now=now)
    command = scan_command(activity, take_ticket(session, activity, SIGNER, now=now + MINUTE))
    for _ in range(3):
        again = check_in(session, command, actor=actor_of(person), signer=SIGNER, now=now + MINUTE)
        assert (again.at, again.is_first) == (first.at, False)
    assert len(scans_of(session, activity)) == 2


@pytest.mark.rule("C23")
def test_key_used_for_something_else_is_refused(
    session: Session, activity: Activity, person: Person, now: datetime
) -> None:
    key = str(uuid4())
    scan_in(session, activity, person, SIGNER, now=now, key=key)
    with pytest.raises(Conflict, match="client_uuid_reused"):
        scan_in(session, activity, person, SIGNER, now=now, key=key)
    other = create_activity(session, now=now)
    with pytest.raises(Conflict, match="client_uuid_reused"):
        scan_in(session, other, person, SIGNER, now=now, key=key)
    assert scan_in(session, activity, create_person(session, now=now), SIGNER, now=now, key=key).is_first


@pytest.mark.rule("C23")
def test_refused_key_may_be_tried_again(session: Session, activity: Activity, person: Person, now: datetime) -> None:
    key = str(uuid4())
    assert scan_in(session, activity, person, SIGNER, now=now, ticket="ST1.bad", key=key).refusal is not None
    assert scan_in(session, activity, person, SIGNER, now=now, key=key).is_first
    assert [scan.grade for scan in scans_of(session, activity)] == ["rejected", "accepted"]


@pytest.mark.rule("C11")
def test_ticket_belongs_to_the_first_account(
    session: Session, activity: Activity, person: Person, now: datetime
) -> None:
    ticket = take_ticket(session, activity, SIGNER, now=now)
    friend = create_person(session, now=now)
    assert scan_in(session, activity, person, SIGNER, now=now, ticket=ticket).is_first
    outcome = scan_in(session, activity, friend, SIGNER, now=now, ticket=ticket)
    assert outcome.refusal is not None
    assert outcome.refusal.code == "ticket_used"
    assert [(s.person_id, s.grade) for s in scans_of(session, activity)] == [
        (person.id, "accepted"),
        (friend.id, "rejected"),
    ]
    assert scan_in(session, activity, friend, SIGNER, now=now).is_first  # a scan of one's own is welcome


@pytest.mark.rule("C22")
def test_somebody_in_with_an_old_ticket_is_still_in(
    session: Session, activity: Activity, person: Person, now: datetime
) -> None:
    ticket = take_ticket(session, activity, SIGNER, now=now)
    scan_in(session, activity, person, SIGNER, now=now, ticket=ticket)
    again = scan_in(session, activity, person, SIGNER, now=now + 30 * MINUTE, ticket=ticket)
    assert (again.grade, again.refusal) == ("accepted", None)


# -- one device, one person


@pytest.mark.rule("C24")
def test_second_person_on_one_device_goes_to_review(
    session: Session, activity: Activity, person: Person, now: datetime
) -> None:
    partner = create_person(session, now=now)
    assert scan_in(session, activity, person, SIGNER, now=now, device="phone").grade == "accepted"
    outcome = scan_in(session, activity, partner, SIGNER, now=now, device="phone")
    assert (outcome.grade, outcome.reasons, outcome.state, outcome.is_first) == (
        "review",
        ("shared_device",),
        "registered",
        True,
    )
    assert registration_of(session, activity, partner).state == "registered"
    again = scan_in(session, activity, partner, SIGNER, now=now, device="phone")
    assert (again.grade, again.is_first) == ("review", False)


@pytest.mark.rule("C24")
def test_own_device_lifts_a_review(session: Session, activity: Activity, person: Person, now: datetime) -> None:
    partner = create_person(session, now=now)
    scan_in(session, activity, person, SIGNER, now=now, device="phone")
    scan_in(session, activity, partner, SIGNER, now=now, device="phone")
    own = scan_in(session, activity, partner, SIGNER, now=now, device="other phone")
    assert (own.grade, own.state, own.is_first) == ("accepted", "attended", True)
    assert [scan.grade for scan in scans_of(session, activity, partner)] == ["review", "accepted"]


@pytest.mark.rule("C24")
def test_without_a_device_the_rule_does_not_apply(session: Session, activity: Activity, now: datetime) -> None:
    people = [create_person(session, now=now) for _ in range(3)]
    assert {scan_in(session, activity, person, SIGNER, now=now).grade for person in people} == {"accepted"}


@pytest.mark.rule("C24")
def test_device_is_free_again_at_another_activity_and_after_a_refusal(
    session: Session, activity: Activity, person: Person, now: datetime
) -> None:
    partner = create_person(session, now=now)
    scan_in(session, activity, person, SIGNER, now=now, device="phone", ticket="ST1.bad")
    assert scan_in(session, activity, partner, SIGNER, now=now, device="phone").grade == "accepted"
    other = create_activity(session, now=now)
    assert scan_in(session, other, person, SIGNER, now=now, device="phone").grade == "accepted"


# -- guards of the database


@pytest.mark.rule("C25")
@pytest.mark.parametrize(
    "rows",
    [
        ({"grade": "accepted"}, {"grade": "provisional"}),
        ({"grade": "review"}, {"grade": "review"}),
        (BOUND, BOUND),
        (CLAIMED, CLAIMED),
        ({"grade": "review", "client_uuid": "k"}, {"grade": "accepted", "client_uuid": "k"}),
    ],
    ids=["counted", "in review", "ticket", "device", "key"],
)
def test_database_itself_refuses_a_second_one(
    session: Session,
    activity: Activity,
    person: Person,
    now: datetime,
    rows: tuple[dict[str, object], dict[str, object]],
) -> None:
    base = {
        "activity_id": activity.id,
        "person_id": person.id,
        "at": now,
        "created_at": now,
        "method": "code",
        "reasons": [],
    }
    session.execute(insert(CheckIn).values(**base, **rows[0]))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(insert(CheckIn).values(**base, **rows[1]))


# -- few statements


@pytest.mark.rule("C26")
@pytest.mark.parametrize("registered", [True, False])
def test_a_check_in_takes_four_statements_and_a_repeat_two(
    session: Session, person: Person, now: datetime, registered: bool
) -> None:
    activity = create_activity(session, now=now, capacity=10)
    if registered:
        register_person(session, activity, person, now=now)
    ticket = take_ticket(session, activity, SIGNER, now=now)
    session.flush()
    seen: list[str] = []
    engine = session.connection().engine

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        scan_in(session, activity, person, SIGNER, now=now, ticket=ticket, device="phone")
        assert len(seen) == 4, seen
        seen.clear()
        scan_in(session, activity, person, SIGNER, now=now, ticket=ticket, device="phone")
        assert len(seen) == 2, seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_unknown_activity_is_not_found(session: Session, activity: Activity, person: Person, now: datetime) -> None:
    command = scan_command(activity, "ST1.x")
    gone = type(command)("NOSUCH", "ST1.x", command.client_uuid, command.request_digest)
    with pytest.raises(Refusal, match="unknown_activity"):
        check_in(session, gone, actor=actor_of(person), signer=SIGNER, now=now)
