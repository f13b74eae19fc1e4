"""The scheduled jobs: which there are, how one runs, and what is deleted when its time is over."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.conversing import Asked, converse
from models.conversation import Conversation, ConversationTurn, UnansweredQuestion
from models.platform import JobRun
from server.container import Container
from server.jobs.registry import JOBS, Job, jobs_for
from server.jobs.running import run_job
from tests.conftest import Clock

BY_ID = {job.id: job for job in JOBS}


def test_ids_are_unique_and_the_demo_is_kept_alive_in_the_demo_alone(container: Container) -> None:
    assert len(BY_ID) == len(JOBS)
    in_production = replace(container, settings=replace(container.settings, env="production"))
    assert {job.id for job in jobs_for(container)} - {job.id for job in jobs_for(in_production)} == {"keep-demo-alive"}


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.id)
def test_every_job_runs_on_an_empty_district(container: Container, job: Job) -> None:
    if not job.demo_only:
        assert job.run(container)


def test_a_job_that_fails_is_noted_and_stops_nothing(container: Container, session: Session) -> None:
    def fail(_: Container) -> str:
        raise ValueError("a name that must not be kept")

    assert not run_job(container, Job("fails", 60, fail))
    noted = session.get_one(JobRun, "fails")
    assert (noted.outcome, noted.note) == ("failed", "ValueError")


@pytest.mark.rule("T39")
def test_talks_end_with_their_time(container: Container, session: Session, clock: Clock) -> None:
    def left() -> tuple[int, ...]:
        kinds = (ConversationTurn, Conversation, UnansweredQuestion)
        return tuple(session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds)

    converse(session, Asked("弄一下那个东西", None, guest_key="phone"), deps=container, now=clock.now)
    session.commit()
    clock.forward(days=30)
    BY_ID["drop-old-records"].run(container)
    assert left() == (1, 1, 1)
    clock.forward(minutes=1)
    BY_ID["drop-old-records"].run(container)
    assert left() == (0, 0, 1)
    clock.forward(days=336)
    assert BY_ID["drop-old-records"].run(container).startswith("0 turns, 0 guests, 1 questions")


@pytest.mark.rule("T39")
def test_a_talk_taken_up_again_is_kept(container: Container, session: Session, clock: Clock) -> None:
    converse(session, Asked("你好", None, guest_key="phone"), deps=container, now=clock.now)
    session.commit()
    clock.forward(days=29)
    converse(session, Asked("你好", None, guest_key="phone"), deps=container, now=clock.now)
    session.commit()
    clock.forward(days=2)
    assert BY_ID["drop-old-records"].run(container).startswith("1 turns, 0 guests")
