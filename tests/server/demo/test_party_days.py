"""The demo's party day is always there, and what is used is never moved (decision 38)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.attendance import OPENS_BEFORE
from models.activity import Activity
from models.organisation import PartyBranch
from server.demo.party_days import keep_party_days
from services.activities import list_activities
from tests.factories import create_branch, create_person
from tests.factories_activity import create_activity, secretary_of


@pytest.fixture
def branch(session: Session) -> PartyBranch:
    return create_branch(session, code="YARD_BRANCH")


def party_days(session: Session) -> list[Activity]:
    return list(session.scalars(select(Activity).where(Activity.type == "theme_day").order_by(Activity.id)))


@pytest.mark.rule("C38")
def test_check_in_is_open_at_any_minute_of_a_day(session: Session, branch: PartyBranch, now: datetime) -> None:
    secretary = secretary_of(create_person(session, now=now), branch)
    for minutes in range(0, 9 * 60, 5):
        moment = now + timedelta(minutes=minutes)
        keep_party_days(session, now=moment)
        for later in (0, 4):  # also just before the next run of the job
            at = moment + timedelta(minutes=later)
            [first, *_] = list_activities(session, state="ongoing", actor=secretary, now=at, hosted_by_me=True).items
            assert first.activity.starts - OPENS_BEFORE <= at
            assert first.activity.ends - at > timedelta(minutes=25)
            assert first.activity.capacity is None or first.activity.capacity >= 250
            assert first.activity.audience == "open"


@pytest.mark.rule("C38")
def test_second_run_makes_nothing_and_moves_nothing(session: Session, branch: PartyBranch, now: datetime) -> None:
    assert keep_party_days(session, now=now) == 4
    before = [(row.id, row.starts, row.ends) for row in party_days(session)]
    assert keep_party_days(session, now=now + timedelta(minutes=5)) == 0
    assert [(row.id, row.starts, row.ends) for row in party_days(session)] == before


@pytest.mark.rule("C38")
def test_successor_is_there_before_the_old_one_ends(session: Session, branch: PartyBranch, now: datetime) -> None:
    keep_party_days(session, now=now)
    [old] = party_days(session)
    keep_party_days(session, now=old.ends - timedelta(minutes=31))
    assert len(party_days(session)) == 1
    keep_party_days(session, now=old.ends - timedelta(minutes=30))
    [_, new] = party_days(session)
    assert new.starts - OPENS_BEFORE <= old.ends
    assert new.ends > old.ends


@pytest.mark.rule("C38")
def test_another_branch_or_an_early_end_does_not_count(session: Session, branch: PartyBranch, now: datetime) -> None:
    create_activity(session, now=now)
    create_activity(session, now=now, branch=branch, lasts=timedelta(minutes=20))
    create_activity(session, now=now, branch=branch, checkin_mode="none")
    create_activity(session, now=now, branch=branch, is_published=False)
    before = len(party_days(session))
    keep_party_days(session, now=now)
    assert len(party_days(session)) == before + 1


def test_without_the_demo_branch_nothing_is_made(session: Session, now: datetime) -> None:
    assert keep_party_days(session, now=now) == 0
