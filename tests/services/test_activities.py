"""Making, publishing, listing activities; who sees which."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import Conflict, Invalid, NotAllowed, NotFound
from domain.permissions import Actor
from models.activity import Activity, ActivityEvent, ActivityHost
from models.organisation import PartyBranch
from server.gateways.cipher import KeySigner
from services.activities import hosts_of, list_activities, show_activity
from services.activity_making import CreateActivity, HostWish, create_activity, publish_activity
from services.scan_tickets import display_code
from tests.factories import create_branch, create_chain, create_org, create_person
from tests.factories_activity import actor_of, register_person, scan_in, secretary_of
from tests.factories_activity import create_activity as build

SIGNER = KeySigner("a secret for tests only, long enough")
HOUR = timedelta(hours=1)


@pytest.fixture
def branch(session: Session) -> PartyBranch:
    return create_branch(session)


@pytest.fixture
def secretary(session: Session, branch: PartyBranch, now: datetime) -> Actor:
    return secretary_of(create_person(session, now=now), branch)


def wish(now: datetime, **changes: Any) -> CreateActivity:
    values = {"type": "theme_day", "title": "主题党日", "place": "活动室", "timezone": "Asia/Shanghai"}
    return CreateActivity(**{**values, "starts": now + HOUR, "ends": now + 2 * HOUR, **changes})


def codes(session: Session, **filters: Any) -> list[str]:
    return [view.activity.title for view in list_activities(session, **filters).items]


# -- making


@pytest.mark.rule("C30")
def test_secretary_makes_and_publishes(session: Session, secretary: Actor, branch: PartyBranch, now: datetime) -> None:
    made, is_new = create_activity(session, wish(now), actor=secretary, now=now)
    assert (made.state, made.audience, is_new) == ("draft", "members", True)
    assert [host.name for host in hosts_of(session, [made.id])[made.id]] == [branch.name]
    for _ in range(2):
        assert publish_activity(session, made.code, actor=secretary, now=now).state == "published"
    events = session.execute(
        select(ActivityEvent.seq, ActivityEvent.from_state, ActivityEvent.to_state).order_by(ActivityEvent.seq)
    ).all()
    assert [tuple(row) for row in events] == [(1, None, "draft"), (2, "draft", "published")]


@pytest.mark.rule("C30")
def test_the_local_date_is_kept_for_credit(session: Session, secretary: Actor, now: datetime) -> None:
    late = now.replace(hour=17)  # one in the morning of the next day in Shanghai
    made, _ = create_activity(session, wish(now, starts=late, ends=late + HOUR), actor=secretary, now=now)
    assert made.held_on == late.date() + timedelta(days=1)


@pytest.mark.rule("C30")
def test_several_hosts_one_of_them_mine(session: Session, secretary: Actor, branch: PartyBranch, now: datetime) -> None:
    chain, org = create_chain(session), create_org(session, now=now, name="云港示范")
    hosts = (HostWish("branch", branch.code), HostWish("chain", chain.code), HostWish("org", org.code))
    made, _ = create_activity(session, wish(now, hosts=hosts), actor=secretary, now=now)
    assert [host.name for host in hosts_of(session, [made.id])[made.id]] == [branch.name, chain.name, "云港示范"]
    with pytest.raises(NotAllowed, match="not_host"):
        create_activity(session, wish(now, hosts=(HostWish("chain", chain.code),)), actor=secretary, now=now)
    with pytest.raises(Invalid, match="unknown_host"):
        create_activity(session, wish(now, hosts=(HostWish("branch", "NO"),)), actor=secretary, now=now)


@pytest.mark.rule("C30")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"type": "party"}, "unknown_activity_type"),
        ({"ends": datetime.fromisoformat("2026-11-25T02:30:00+00:00")}, "times_out_of_order"),
        (
            {
                "starts": datetime.fromisoformat("2026-11-24T00:00:00+00:00"),
                "ends": datetime.fromisoformat("2026-11-24T02:00:00+00:00"),
            },
            "activity_in_past",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    session: Session, secretary: Actor, now: datetime, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Invalid, match=code):
        create_activity(session, wish(now, **changes), actor=secretary, now=now)


@pytest.mark.rule("C30")
def test_sent_twice_is_made_once(session: Session, secretary: Actor, now: datetime) -> None:
    command = wish(now, client_uuid="k", request_digest="d")
    first, _ = create_activity(session, command, actor=secretary, now=now)
    again, is_new = create_activity(session, command, actor=secretary, now=now)
    assert (again.id, is_new) == (first.id, False)
    with pytest.raises(Conflict, match="client_uuid_reused"):
        create_activity(session, replace(command, request_digest="e"), actor=secretary, now=now)


@pytest.mark.rule("C31")
def test_only_hosts_publish_and_show_the_code(session: Session, branch: PartyBranch, now: datetime) -> None:
    draft = build(session, now=now, branch=branch, is_published=False)
    running = build(session, now=now, branch=branch)
    stranger = secretary_of(create_person(session, now=now), create_branch(session))
    member = actor_of(create_person(session, now=now), ("member", "branch", branch.id))
    admin = actor_of(create_person(session, now=now), ("district_admin", "district", None))
    for actor in (stranger, member):
        with pytest.raises(NotFound, match="unknown_activity"):
            publish_activity(session, draft.code, actor=actor, now=now)
        with pytest.raises(NotAllowed, match="not_host"):
            display_code(session, running.code, actor=actor, signer=SIGNER, base_url="", now=now)
    assert publish_activity(session, draft.code, actor=admin, now=now).state == "published"


@pytest.mark.rule("C31")
def test_host_row_names_exactly_one_host(session: Session, branch: PartyBranch, now: datetime) -> None:
    activity = build(session, now=now)
    chain = create_chain(session)
    for wrong in ({"kind": "branch"}, {"kind": "chain", "branch_id": branch.id, "chain_id": chain.id}):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(insert(ActivityHost).values(activity_id=activity.id, **wrong))


# -- the screen


@pytest.mark.rule("C1", "C32")
def test_screen_gets_this_step_and_the_next_fifteen(
    session: Session, secretary: Actor, branch: PartyBranch, now: datetime
) -> None:
    activity = build(session, now=now, branch=branch)
    shown = display_code(session, activity.code, actor=secretary, signer=SIGNER, base_url="http://x", now=now)
    steps = [shown.now, *shown.coming]
    assert len(shown.coming) == 15
    assert len({step.qr for step in steps}) == 16
    assert all(step.qr.startswith(f"http://x/q/checkin/{activity.code}.") for step in steps)
    assert all(a.valid_until == b.valid_from for a, b in pairwise(steps))
    assert shown.now.valid_from <= now < shown.now.valid_until
    person = create_person(session, now=now)
    register_person(session, activity, person, now=now)
    scan_in(session, activity, create_person(session, now=now), SIGNER, now=now)
    shown = display_code(session, activity.code, actor=secretary, signer=SIGNER, base_url="", now=now)
    assert (shown.registered, shown.checked_in) == (2, 1)


# -- listing


@pytest.mark.rule("C8")
def test_lists_by_the_clock(session: Session, now: datetime) -> None:
    def at(title: str, minutes: int, lasts: int = 120) -> None:
        build(session, now=now, title=title, starts_in=timedelta(minutes=minutes), lasts=timedelta(minutes=lasts))

    at("soon", 31)
    at("opening", 30)
    at("running", -60)
    at("running longer", -60, 300)
    at("over", -120)
    at("next week", 7 * 24 * 60)
    build(session, now=now, title="draft", is_published=False)
    assert codes(session, state="ongoing", actor=None, now=now) == ["running longer", "opening", "running"]
    assert codes(session, state="upcoming", actor=None, now=now) == ["soon", "next week"]
    assert codes(session, state="past", actor=None, now=now) == ["over"]
    assert len(codes(session, actor=None, now=now)) == 6
    page = list_activities(session, actor=None, now=now, page=2, per_page=4)
    assert (len(page.items), page.total) == (2, 6)


@pytest.mark.rule("C33")
def test_who_may_know_of_what(session: Session, secretary: Actor, branch: PartyBranch, now: datetime) -> None:
    rows = {
        title: build(session, now=now, branch=branch, title=title, audience=audience, is_published=title != "draft")
        for title, audience in (("open", "open"), ("members", "members"), ("invited", "invited"), ("draft", "open"))
    }
    person, guest_of = actor_of(create_person(session, now=now)), create_person(session, now=now)
    rows["invited"].audience = "open"
    register_person(session, rows["invited"], guest_of, now=now)
    rows["invited"].audience = "invited"
    session.flush()
    sights: dict[str, tuple[Actor | None, set[str]]] = {
        "guest": (None, {"open"}),
        "signed in": (person, {"open", "members"}),
        "invited": (actor_of(guest_of), {"open", "members", "invited"}),
        "host": (secretary, {"open", "members", "invited"}),
    }
    for who, (actor, seen) in sights.items():
        assert set(codes(session, actor=actor, now=now)) == seen, who
        for title, row in rows.items():
            if title in seen or (who == "host" and title == "draft"):
                assert show_activity(session, row.code, actor=actor, now=now).activity.id == row.id
            else:
                with pytest.raises(NotFound, match="unknown_activity"):
                    show_activity(session, row.code, actor=actor, now=now)


@pytest.mark.rule("C33")
def test_host_me_lists_own_ones_with_drafts(session: Session, branch: PartyBranch, now: datetime) -> None:
    build(session, now=now, branch=branch, title="mine")
    build(session, now=now, branch=branch, title="my draft", is_published=False)
    build(session, now=now, title="theirs")
    person = create_person(session, now=now)
    views = list_activities(session, actor=secretary_of(person, branch), now=now, hosted_by_me=True).items
    assert {view.activity.title for view in views} == {"mine", "my draft"}
    assert all(view.i_host for view in views)
    admin = actor_of(person, ("district_admin", "district", None))
    assert len(codes(session, actor=admin, now=now, hosted_by_me=True)) == 3
    member = actor_of(person, ("member", "branch", branch.id))
    assert codes(session, actor=member, now=now, hosted_by_me=True) == []
    assert codes(session, actor=None, now=now, hosted_by_me=True) == []


@pytest.mark.rule("C33")
def test_mine_shows_what_i_did(session: Session, now: datetime) -> None:
    person = create_person(session, now=now)
    registered = build(session, now=now, title="registered", starts_in=HOUR)
    attended = build(session, now=now, title="attended")
    build(session, now=now, title="other")
    register_person(session, registered, person, now=now)
    scan_in(session, attended, person, SIGNER, now=now)
    found = {
        v.activity.title: v.mine for v in list_activities(session, actor=actor_of(person), now=now, mine=True).items
    }
    assert set(found) == {"registered", "attended"}
    assert (found["attended"].registration, found["attended"].grade) == ("attended", "accepted")
    assert found["attended"].checked_in_at == now
    assert (found["registered"].registration, found["registered"].checked_in_at) == ("registered", None)


@pytest.mark.rule("C24", "C33")
def test_a_scan_in_review_is_not_called_checked_in(session: Session, now: datetime) -> None:
    activity, partner = build(session, now=now), create_person(session, now=now)
    scan_in(session, activity, create_person(session, now=now), SIGNER, now=now, device="phone")
    scan_in(session, activity, partner, SIGNER, now=now, device="phone")
    mine = show_activity(session, activity.code, actor=actor_of(partner), now=now).mine
    assert (mine.registration, mine.grade, mine.checked_in_at) == ("registered", "review", None)
    scan_in(session, activity, partner, SIGNER, now=now, device="own phone")
    mine = show_activity(session, activity.code, actor=actor_of(partner), now=now).mine
    assert (mine.registration, mine.grade, mine.checked_in_at) == ("attended", "accepted", now)


@pytest.mark.rule("C26")
def test_a_page_takes_few_queries_however_many_rows(session: Session, now: datetime) -> None:
    actor = actor_of(create_person(session, now=now))
    for _ in range(12):
        build(session, now=now)
    seen: list[str] = []

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engine = session.connection().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert len(list_activities(session, state="ongoing", actor=actor, now=now).items) == 12
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(seen) <= 5, seen


def test_times_are_guarded_by_the_database(session: Session, now: datetime) -> None:
    activity = build(session, now=now)
    backwards = update(Activity).where(Activity.id == activity.id).values(ends=activity.starts)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(backwards)
