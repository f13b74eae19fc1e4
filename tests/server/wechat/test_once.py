"""One effect per message and an answer in time, also when the work is slow, fails or is overtaken."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from models.platform import AuditEntry
from models.wechat import WeChatClaim
from server.db import Database
from server.wechat.once import Once, Pace
from server.wechat.phrasing import SORRY, STILL_LOOKING
from server.wechat.push import Push
from services import wechat_claims
from services.wechat_claims import Answered, Claimed, InHand, LeaseLost
from tests.conftest import Clock

APPID = "wxonce"
PUSH = Push({"ToUserName": "gh", "FromUserName": "oA", "MsgType": "text", "MsgId": "1", "CreateTime": "1"}, "xml")
PACE = Pace(lock=0.3, short_after=0.2, wait=0.6, commit=1.0, poll=0.02)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as made:
        yield made


@pytest.fixture
def late() -> list[int]:
    return []


@pytest.fixture
def once(database: Database, clock: Clock, pool: ThreadPoolExecutor, late: list[int]) -> Once:
    return Once(database, now=clock, send_late=late.append, pool=pool, pace=PACE)


def claim(database: Database) -> WeChatClaim:
    with database.read() as session:
        return session.scalars(select(WeChatClaim)).one()


def leave_trace(session: Session, clock: Clock) -> None:
    session.add(AuditEntry(at=clock.now, action="test.effect", subject_kind="test", details={}))


def traces(database: Database) -> int:
    with database.read() as session:
        return len(session.scalars(select(AuditEntry).where(AuditEntry.action == "test.effect")).all())


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.rule("W12")
def test_eight_deliveries_at_once_have_one_effect(
    database: Database, clock: Clock, pool: ThreadPoolExecutor, late: list[int]
) -> None:
    once = Once(database, now=clock, send_late=late.append, pool=pool)

    def work(session: Session) -> str:
        leave_trace(session, clock)
        time.sleep(0.05)
        return "一次"

    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(lambda _: once.answer(APPID, PUSH, work, passive=True), range(8)))
    assert traces(database) == 1
    assert set(answers) == {"一次"}


@pytest.mark.rule("W14")
def test_slow_work_is_answered_short_and_its_reply_goes_later(once: Once, database: Database, late: list[int]) -> None:
    go = threading.Event()

    def work(session: Session) -> str:
        go.wait(5)
        return "查到了"

    started = time.monotonic()
    assert once.answer(APPID, PUSH, work, passive=True) == STILL_LOOKING
    assert time.monotonic() - started < 0.5
    go.set()
    until(lambda: late != [])
    row = claim(database)
    assert (row.reply, row.reply_state, row.openid) == ("查到了", "due", "oA")
    assert late == [row.id]


@pytest.mark.rule("W14")
def test_a_repeat_waits_for_the_first_and_gets_its_reply(once: Once, clock: Clock) -> None:
    running, go = threading.Event(), threading.Event()

    def work(session: Session) -> str:
        running.set()
        go.wait(0.15)
        return "同一句"

    with ThreadPoolExecutor(1) as first:
        answer = first.submit(once.answer, APPID, PUSH, work, passive=True)
        running.wait(2)
        assert once.answer(APPID, PUSH, lambda session: "另一句", passive=True) == "同一句"
        assert answer.result() == "同一句"


@pytest.mark.rule("W14")
def test_a_repeat_of_a_hanging_message_answers_success_in_time(once: Once, database: Database, clock: Clock) -> None:
    with database.unit_of_work() as session:
        wechat_claims.take(session, appid=APPID, message_key=PUSH.claim_key, now=clock.now)
    started = time.monotonic()
    assert once.answer(APPID, PUSH, lambda session: "不该执行", passive=True) == ""
    assert 0.5 < time.monotonic() - started < 1.2
    assert claim(database).state == "claimed"


@pytest.mark.rule("W14")
def test_an_expired_lease_is_taken_over_and_the_first_loses(once: Once, database: Database, clock: Clock) -> None:
    with database.unit_of_work() as session:
        first = wechat_claims.take(session, appid=APPID, message_key=PUSH.claim_key, now=clock.now)
    assert isinstance(first, Claimed)
    clock.forward(seconds=4)
    assert once.answer(APPID, PUSH, lambda session: "接手", passive=True) == "接手"

    def late_commit() -> None:
        with database.unit_of_work() as session:
            leave_trace(session, clock)
            wechat_claims.complete(session, first, reply="迟到", now=clock.now)

    with pytest.raises(LeaseLost):
        late_commit()
    assert traces(database) == 0
    assert claim(database).reply == "接手"


@pytest.mark.rule("W14")
def test_a_crash_gives_the_message_back_at_once(once: Once, database: Database, clock: Clock) -> None:
    def crash(session: Session) -> str:
        leave_trace(session, clock)
        raise RuntimeError("no luck")

    with pytest.raises(RuntimeError):
        once.answer(APPID, PUSH, crash, passive=True)
    assert traces(database) == 0
    assert once.answer(APPID, PUSH, lambda session: "好了", passive=True) == "好了"
    assert claim(database).attempts == 2


@pytest.mark.rule("W14")
def test_the_third_crash_says_sorry(once: Once, database: Database) -> None:
    def crash(session: Session) -> str:
        raise RuntimeError("no luck")

    for _ in range(2):
        with pytest.raises(RuntimeError):
            once.answer(APPID, PUSH, crash, passive=True)
    assert once.answer(APPID, PUSH, crash, passive=True) == SORRY
    assert once.answer(APPID, PUSH, crash, passive=True) == SORRY
    assert claim(database).state == "done"


@pytest.mark.rule("W14")
def test_a_crash_after_the_short_answer_says_sorry_later(once: Once, database: Database, late: list[int]) -> None:
    def crash(session: Session) -> str:
        time.sleep(0.4)
        raise RuntimeError("no luck")

    assert once.answer(APPID, PUSH, crash, passive=True) == STILL_LOOKING
    until(lambda: late != [])
    assert (claim(database).reply, claim(database).reply_state) == (SORRY, "due")


@pytest.mark.rule("W14")
def test_a_long_writer_does_not_hold_the_callback_past_its_lock_time(
    once: Once, database: Database, clock: Clock
) -> None:
    with database.unit_of_work() as writer:
        wechat_claims.take(writer, appid=APPID, message_key=PUSH.claim_key, now=clock.now)
        started = time.monotonic()
        with pytest.raises(OperationalError):
            once.answer(APPID, PUSH, lambda session: "", passive=True)
        assert time.monotonic() - started < 1.0


@pytest.mark.rule("W12")
def test_take_says_how_a_message_stands(session: Session, clock: Clock) -> None:
    def take() -> Claimed | Answered | InHand:
        return wechat_claims.take(session, appid=APPID, message_key="k", now=clock.now)

    claimed = take()
    assert isinstance(claimed, Claimed)
    assert take() == InHand()
    wechat_claims.complete(session, claimed, reply="好", now=clock.now)
    assert take() == Answered("好")
    assert wechat_claims.look(session, appid=APPID, message_key="k", now=clock.now) == Answered("好")
    assert wechat_claims.prune(session, now=clock.forward(hours=2)) == 0
    assert take() == Answered(None)
    assert wechat_claims.prune(session, now=clock.forward(days=4)) == 1
    assert isinstance(take(), Claimed)
