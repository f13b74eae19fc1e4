"""Demands in draft and submitted."""

from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.codes import ALPHABET
from domain.demand import MOVES, may_move, title_from
from domain.errors import Conflict, Invalid, NotAllowed, NotFound
from domain.permissions import Actor, GrantFacts
from models.demand import Demand, DemandEvent
from services.demands import CreateDemand, create_demand, find_own, own_demands, submit_demand
from tests.factories import LONG_AGO, create_org, create_person

WISH = CreateDemand("energy", "电费太高", "上月电费涨了两成", client_uuid="k1", request_digest="d1")


@pytest.fixture
def actor(session: Session, now: datetime) -> Actor:
    return Actor(create_person(session, now=now).id)


@pytest.mark.rule("D1")
def test_a_draft_is_kept_with_its_first_event(session: Session, actor: Actor, now: datetime) -> None:
    demand, is_new = create_demand(session, WISH, actor=actor, now=now)
    assert (demand.state, demand.submitted_at, is_new) == ("draft", None, True)
    assert len(demand.code) == 8
    assert set(demand.code) <= set(ALPHABET)
    event = session.scalars(select(DemandEvent)).one()
    assert (event.seq, event.from_state, event.to_state, event.person_id) == (1, None, "draft", actor.person_id)


@pytest.mark.rule("D2")
def test_the_same_key_is_one_draft(session: Session, actor: Actor, now: datetime) -> None:
    first, _ = create_demand(session, WISH, actor=actor, now=now)
    again, is_new = create_demand(session, WISH, actor=actor, now=now)
    assert (again.id, is_new) == (first.id, False)
    assert session.scalar(select(func.count()).select_from(DemandEvent)) == 1
    with pytest.raises(Conflict, match="client_uuid_reused"):
        create_demand(
            session, CreateDemand("energy", "别的", "别的", client_uuid="k1", request_digest="d2"), actor=actor, now=now
        )
    other = Actor(create_person(session, now=now).id)
    assert create_demand(session, WISH, actor=other, now=now)[1]


@pytest.mark.rule("D3")
def test_submitting_moves_once_with_an_event(session: Session, actor: Actor, now: datetime) -> None:
    demand, _ = create_demand(session, WISH, actor=actor, now=now)
    for _ in range(2):
        sent = submit_demand(session, demand.code.lower(), actor=actor, now=now)
        assert (sent.state, sent.submitted_at) == ("submitted", now)
    assert [e.to_state for e in sent.events] == ["draft", "submitted"]
    assert [e.seq for e in sent.events] == [1, 2]


@pytest.mark.rule("D3")
def test_no_state_without_its_time(session: Session, actor: Actor, now: datetime) -> None:
    demand, _ = create_demand(session, WISH, actor=actor, now=now)
    demand.state = "submitted"
    with pytest.raises(IntegrityError), session.begin_nested():
        session.flush()


@pytest.mark.rule("D4")
def test_others_do_not_know_of_it(session: Session, actor: Actor, now: datetime) -> None:
    demand, _ = create_demand(session, WISH, actor=actor, now=now)
    stranger = Actor(create_person(session, now=now).id, (GrantFacts("district_admin", "district", None, LONG_AGO),))
    for act in (find_own, lambda s, c, actor: submit_demand(s, c, actor=actor, now=now)):
        with pytest.raises(NotFound, match="unknown_demand"):
            act(session, demand.code, actor=stranger)
    assert own_demands(session, actor=stranger, offset=0, limit=9) == ([], 0)
    assert own_demands(session, actor=actor, offset=0, limit=9)[1] == 1


@pytest.mark.rule("D4")
def test_a_firms_contacts_see_the_firms_demands(session: Session, actor: Actor, now: datetime) -> None:
    org = create_org(session, now=now)
    grant = GrantFacts("enterprise_contact", "org", org.id, LONG_AGO)
    first, second = (Actor(create_person(session, now=now).id, (grant,)) for _ in range(2))
    wish = CreateDemand("energy", "电费", "电费", org=org.code.upper())
    demand, _ = create_demand(session, wish, actor=first, now=now)
    assert find_own(session, demand.code, actor=second).org_id == org.id
    with pytest.raises(NotAllowed, match="not_your_org"):
        create_demand(session, wish, actor=actor, now=now)
    with pytest.raises(NotFound, match="unknown_org"):
        create_demand(session, CreateDemand("energy", "电费", "电费", org="org_zzzzzz"), actor=first, now=now)


@pytest.mark.rule("D5")
def test_an_unknown_category_is_refused_with_the_known_ones(session: Session, actor: Actor, now: datetime) -> None:
    with pytest.raises(Invalid, match="unknown_demand_category") as refusal:
        create_demand(session, CreateDemand("weather", "雨", "雨"), actor=actor, now=now)
    assert "energy" in refusal.value.details["categories"]
    assert session.scalars(select(Demand)).all() == []


@pytest.mark.rule("D3")
def test_only_known_moves() -> None:
    assert may_move("draft", "submitted")
    assert not any(may_move("submitted", state) for state in MOVES)


def test_a_title_is_the_first_sentence() -> None:
    assert title_from("路灯坏了，晚上看不见。请修一下") == "路灯坏了"
    assert len(title_from("很" * 100)) == 40
