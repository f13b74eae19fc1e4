"""The host's list, heads counted, one's own record."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from domain.errors import Conflict, NotAllowed
from domain.permissions import Actor
from models.organisation import Membership, PartyBranch
from models.people import Person
from server.gateways.cipher import KeySigner
from services.attendance_list import AttendanceCounts, CountHeads, attendance, count_heads, my_record
from services.idempotency import digest
from tests.factories import LONG_AGO, create_branch, create_person, join_branch
from tests.factories_activity import actor_of, create_activity, register_person, scan_in, secretary_of

SIGNER = KeySigner("a secret for tests only, long enough")
HOUR = timedelta(hours=1)


@pytest.fixture
def branch(session: Session) -> PartyBranch:
    return create_branch(session, name="车场支部")


@pytest.fixture
def secretary(session: Session, branch: PartyBranch, now: datetime) -> Actor:
    return secretary_of(create_person(session, now=now), branch)


def member(session: Session, name: str, branch: PartyBranch, now: datetime, **changes: Any) -> Person:
    person = create_person(session, now=now, name=name)
    join_branch(session, person, branch, **changes)
    return person


@pytest.mark.rule("C34")
def test_list_names_everyone_expected_or_there(
    session: Session, branch: PartyBranch, secretary: Actor, now: datetime
) -> None:
    activity = create_activity(session, now=now, branch=branch)
    elsewhere = create_branch(session, name="珠宝支部")
    there = member(session, "A在场", branch, now)
    late = member(session, "B迟到", branch, now)
    member(session, "C没报名", branch, now)
    visitor = member(session, "D外支部", elsewhere, now)
    member(session, "E积极分子没来", branch, now, kind="activist")
    member(session, "F已转走", branch, now, from_on=LONG_AGO, to_on=now.date())
    registered = create_person(session, now=now, name="G群众")
    scan_in(session, activity, there, SIGNER, now=now, device="a")
    scan_in(session, activity, there, SIGNER, now=now, device="a")
    scan_in(session, activity, late, SIGNER, now=now + HOUR)
    scan_in(session, activity, visitor, SIGNER, now=now, device="a")
    register_person(session, activity, registered, now=now)
    found = attendance(session, activity.code, actor=secretary, now=now)
    assert [(r.name, r.branch, r.state, r.grade, r.repeat_scans) for r in found.items] == [
        ("A在场", "车场支部", "attended", "accepted", 1),
        ("B迟到", "车场支部", "late", "accepted", 0),
        ("C没报名", "车场支部", "expected", None, 0),
        ("D外支部", "珠宝支部", "registered", "review", 0),
        ("G群众", None, "registered", None, 0),
    ]
    assert found.items[3].reasons == ("shared_device",)
    assert found.counts == AttendanceCounts(
        expected=5, registered=4, attended=1, late=1, on_leave=0, review=1, over_capacity=0, absent=0, heads=None
    )


@pytest.mark.rule("C35")
def test_nobody_is_absent_until_a_day_after_the_end(
    session: Session, branch: PartyBranch, secretary: Actor, now: datetime
) -> None:
    activity = create_activity(session, now=now, branch=branch)
    person = member(session, "甲", branch, now)
    register_person(session, activity, person, now=now)
    almost = activity.ends + 24 * HOUR - timedelta(seconds=1)
    for moment, state, absent in ((almost, "registered", 0), (activity.ends + 24 * HOUR, "absent", 1)):
        found = attendance(session, activity.code, actor=secretary, now=moment)
        assert (found.items[0].state, found.counts.absent) == (state, absent)
        assert my_record(session, person.id, now=moment)[0].state == state


@pytest.mark.rule("C31")
def test_only_the_host_sees_the_list(session: Session, branch: PartyBranch, now: datetime) -> None:
    activity = create_activity(session, now=now, branch=branch)
    other = secretary_of(create_person(session, now=now), create_branch(session))
    with pytest.raises(NotAllowed, match="not_host"):
        attendance(session, activity.code, actor=other, now=now)


@pytest.mark.rule("C26")
def test_two_thousand_people_in_five_queries(
    session: Session, branch: PartyBranch, secretary: Actor, now: datetime
) -> None:
    activity = create_activity(session, now=now, branch=branch)
    people = [{"name": f"党员{n}", "state": "active", "settings": {}, "created_at": now} for n in range(2000)]
    ids = session.scalars(insert(Person).returning(Person.id), people).all()
    session.execute(
        insert(Membership),
        [{"person_id": i, "branch_id": branch.id, "kind": "member", "from_on": LONG_AGO} for i in ids],
    )
    seen: list[str] = []

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engine = session.connection().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        found = attendance(session, activity.code, actor=secretary, now=now, per_page=500)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert (len(found.items), found.total) == (500, 2000)
    assert len(seen) <= 5, seen


@pytest.mark.rule("C36")
def test_heads_are_kept_beside_the_check_ins(
    session: Session, branch: PartyBranch, secretary: Actor, now: datetime
) -> None:
    activity = create_activity(session, now=now, branch=branch)
    scan_in(session, activity, create_person(session, now=now), SIGNER, now=now)

    def count(heads: int, key: str) -> CountHeads:
        return CountHeads(activity.code, heads, key, digest({"n": heads}))

    row, present, _, is_new = count_heads(session, count(5, "k"), actor=secretary, now=now)
    assert (row.heads, present, is_new) == (5, 1, True)
    assert not count_heads(session, count(5, "k"), actor=secretary, now=now)[3]
    with pytest.raises(Conflict, match="client_uuid_reused"):
        count_heads(session, count(6, "k"), actor=secretary, now=now)
    count_heads(session, count(7, str(uuid4())), actor=secretary, now=now)
    counts = attendance(session, activity.code, actor=secretary, now=now).counts
    assert (counts.heads, counts.attended) == (7, 1)
    with pytest.raises(NotAllowed, match="not_host"):
        count_heads(session, count(1, "x"), actor=actor_of(create_person(session, now=now)), now=now)


@pytest.mark.rule("C13", "C37")
def test_own_record_shows_home_and_host(session: Session, branch: PartyBranch, now: datetime) -> None:
    home = create_branch(session, name="老支部")
    person = member(session, "甲", home, now)
    first = create_activity(session, now=now, branch=branch, title="第一次")
    second = create_activity(session, now=now, branch=branch, title="第二次", starts_in=HOUR)
    scan_in(session, first, person, SIGNER, now=now)
    register_person(session, second, person, now=now)
    scan_in(session, first, create_person(session, now=now), SIGNER, now=now)
    records = my_record(session, person.id, now=now)
    assert [(r.title, r.state, r.credited_branch, r.hosts[0].name) for r in records] == [
        ("第二次", "registered", "老支部", "车场支部"),
        ("第一次", "attended", "老支部", "车场支部"),
    ]
    assert records[1].at == now
    assert my_record(session, person.id, now=now, limit=1)[0].title == "第二次"


@pytest.mark.rule("C37")
def test_cancelled_activity_keeps_scans_but_does_not_count(
    session: Session, branch: PartyBranch, now: datetime
) -> None:
    activity = create_activity(session, now=now, branch=branch)
    person = create_person(session, now=now)
    scan_in(session, activity, person, SIGNER, now=now)
    activity.state = "cancelled"
    session.flush()
    assert [record.state for record in my_record(session, person.id, now=now)] == ["cancelled"]
