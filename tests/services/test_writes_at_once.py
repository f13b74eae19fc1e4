"""The same write twice in one moment, each in a transaction of its own, on both databases: done once, said twice."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import func, select

from domain.facts import FieldFacts
from domain.permissions import Actor
from models.activity import Activity, ActivityEvent
from models.people import Person, WeChatAccount
from models.policy import QuestionPause
from server.db import Database
from services import org_facts
from services.activity_making import CreateActivity, create_activity, publish_activity
from services.org_facts import Answer, record_facts
from services.people import sign_in_wechat
from services.policy_catalogue import Fields
from services.ports import WeChatIdentity
from tests.factories import create_branch, create_org, create_person
from tests.factories_activity import secretary_of
from tests.services.test_check_in_race import at_once, migrated

TIMES = 32
NOW = datetime.fromisoformat("2026-11-25T02:00:00+00:00")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database of its own: these tests really commit."""
    if request.param == "sqlite":
        yield from migrated(f"sqlite:///{tmp_path_factory.mktemp('once')}/once.db")
    else:
        yield from migrated(request.getfixturevalue("postgres").create_database())


def secretary_in(database: Database) -> Actor:
    with database.unit_of_work() as session:
        return secretary_of(create_person(session, now=NOW), create_branch(session))


def making(database: Database, actor: Actor, key: str) -> Callable[[], str]:
    hour = timedelta(hours=1)
    wish = CreateActivity(
        type="theme_day",
        title="主题党日",
        place="活动室",
        timezone="Asia/Shanghai",
        starts=NOW + hour,
        ends=NOW + 2 * hour,
        client_uuid=key,
        request_digest="d",
    )

    def call() -> str:
        with database.unit_of_work() as session:
            row, is_new = create_activity(session, wish, actor=actor, now=NOW)
            return f"{row.code} {'new' if is_new else 'known'}"

    return call


@pytest.mark.rule("C30")
def test_an_activity_sent_32_times_is_made_once(database: Database) -> None:
    actor = secretary_in(database)
    for key in ("connections open here", "second", "third"):
        tally = at_once([making(database, actor, key)] * TIMES)
        assert sorted(tally.values()) == [1, TIMES - 1]
        assert len({word.split()[0] for word in tally}) == 1


@pytest.mark.rule("C30")
def test_a_draft_published_32_times_has_one_event(database: Database) -> None:
    actor = secretary_in(database)
    code = making(database, actor, "draft")().split()[0]

    def call() -> str:
        with database.unit_of_work() as session:
            return publish_activity(session, code, actor=actor, now=NOW).state

    assert at_once([call] * TIMES) == {"published": TIMES}
    with database.read() as session:
        of_this = select(ActivityEvent.to_state).join(Activity).where(Activity.code == code).order_by(ActivityEvent.seq)
        assert list(session.scalars(of_this)) == ["draft", "published"]


@pytest.mark.rule("O1")
def test_a_first_sign_in_sent_32_times_makes_one_person(database: Database) -> None:
    identity = WeChatIdentity("wxtest", "o-first-sign-in", None)

    def call() -> str:
        with database.unit_of_work() as session:
            return str(sign_in_wechat(session, identity, device_id=None, now=NOW).person.id)

    with database.read() as session:
        before = session.scalar(select(func.count()).select_from(Person)) or 0
    assert list(at_once([call] * TIMES).values()) == [TIMES]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == before + 1
        accounts = session.scalars(select(WeChatAccount).where(WeChatAccount.openid == identity.openid))
        assert len(accounts.all()) == 1


@pytest.mark.rule("P18")
def test_answers_in_any_order_do_not_block_each_other(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.unit_of_work() as session:
        org_id = create_org(session, now=NOW).id
    asked = [f"field{n}" for n in range(8)]
    known = Fields("", dict.fromkeys(asked, cast(FieldFacts, object())))
    monkeypatch.setattr(org_facts, "fields_in_force", lambda _: known)

    def saying(fields: list[str]) -> Callable[[], str]:
        def call() -> str:
            with database.unit_of_work() as session:
                answers = [Answer(field, unanswered=True) for field in fields]
                record_facts(session, org_id, answers, person_id=None, source="self", today=NOW.date(), now=NOW)
                return "kept"

        return call

    assert at_once([saying(asked), saying(asked[::-1])] * (TIMES // 2)) == {"kept": TIMES}
    with database.read() as session:
        paused = select(func.count()).select_from(QuestionPause).where(QuestionPause.org_id == org_id)
        assert session.scalar(paused) == len(asked)
