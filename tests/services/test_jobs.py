"""The clockwork's lease: two schedulers never run at once."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from services.jobs import LEASE, heartbeat_age, hold_lease, release_lease
from tests.conftest import Clock


@pytest.mark.rule("O13")
def test_only_one_holds_the_lease(session: Session, clock: Clock) -> None:
    assert hold_lease(session, "a", now=clock.now)
    assert not hold_lease(session, "b", now=clock.now)
    assert hold_lease(session, "a", now=clock.now + timedelta(seconds=20))
    assert not hold_lease(session, "b", now=clock.now + LEASE)


@pytest.mark.rule("O13")
def test_a_lease_that_ran_out_is_taken_over(session: Session, clock: Clock) -> None:
    hold_lease(session, "a", now=clock.now)
    later = clock.now + LEASE + timedelta(seconds=1)
    assert hold_lease(session, "b", now=later)
    assert not hold_lease(session, "a", now=later)


@pytest.mark.rule("O13")
def test_a_lease_given_back_is_free_at_once(session: Session, clock: Clock) -> None:
    hold_lease(session, "a", now=clock.now)
    release_lease(session, "a", now=clock.now)
    assert hold_lease(session, "b", now=clock.now + timedelta(seconds=1))


def test_the_heartbeat_has_an_age(session: Session, clock: Clock) -> None:
    assert heartbeat_age(session, now=clock.now) is None
    hold_lease(session, "a", now=clock.now)
    assert heartbeat_age(session, now=clock.now + timedelta(seconds=7)) == 7.0
