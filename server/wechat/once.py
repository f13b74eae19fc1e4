"""Exactly one effect per message, and an answer within WeChat's five seconds (decision 32)."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Literal

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server.db import Database
from server.wechat.phrasing import SORRY, STILL_LOOKING
from server.wechat.push import Push
from services import wechat_claims
from services.wechat_claims import Answered, Claimed, InHand, LeaseLost

log = logging.getLogger(__name__)

LAST_ATTEMPT = 3  # WeChat delivers a message three times in all
Work = Callable[[Session], str]


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. WeChat hangs up after five."""

    lock: float = 1.5
    short_after: float = 3.5
    wait: float = 3.0
    commit: float = 1.0
    poll: float = 0.1
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic


class _Turn:
    """Whether the response waited for the reply. Decided once: by the work's commit, or by the clock."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._decided: Literal["in time", "kept waiting"] | None = None

    def settle(self, how: Literal["in time", "kept waiting"]) -> Literal["in time", "kept waiting"]:
        with self._lock:
            self._decided = self._decided or how
            return self._decided


class Once:
    """Handles pushes of one process. `send_late` sends the stored reply of a claim; it runs in the pool."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        send_late: Callable[[int], None],
        pool: Executor,
        pace: Pace | None = None,
    ) -> None:
        self._database = database
        self._now = now
        self._send_late = send_late
        self._pool = pool
        self._pace = pace or Pace()

    def answer(
        self, appid: str, push: Push, work: Work, *, passive: bool, before: Callable[[], None] | None = None
    ) -> str:
        """The text to answer this delivery with, "" for `success`.

        `before` runs ahead of the work, outside its transaction: for calls to WeChat.
        `passive` False: this account takes no answer in the response, so a reply always goes as a
        customer-service message. Raises whatever `work` raised, unless WeChat will not deliver again.
        """
        started = self._pace.monotonic()
        taken = self._take(appid, push.claim_key)
        while isinstance(taken, InHand) and self._pace.monotonic() - started < self._pace.wait:
            self._pace.sleep(self._pace.poll)
            taken = self._look_then_take(appid, push.claim_key)
        if isinstance(taken, Answered):
            return taken.reply or ""
        if isinstance(taken, InHand):
            return ""

        def run(turn: _Turn) -> str:
            if before is not None:
                before()
            return self._run(taken, push, work, turn, passive)

        return self._in_time(run, passive=passive, started=started)

    def _take(self, appid: str, key: str) -> Claimed | Answered | InHand:
        try:
            return self._take_at_once(appid, key)
        except OperationalError:  # a busy database lets writers in by luck, not in turn: once more, then give up
            return self._take_at_once(appid, key)

    def _take_at_once(self, appid: str, key: str) -> Claimed | Answered | InHand:
        with self._database.hurried(self._pace.lock) as session:
            return wechat_claims.take(session, appid=appid, message_key=key, now=self._now())

    def _look_then_take(self, appid: str, key: str) -> Claimed | Answered | InHand:
        with self._database.read() as session:
            seen = wechat_claims.look(session, appid=appid, message_key=key, now=self._now())
        return seen if seen is not None else self._take(appid, key)

    def _in_time(self, run: Callable[[_Turn], str], *, passive: bool, started: float) -> str:
        turn = _Turn()
        future: Future[str] = self._pool.submit(run, turn)
        left = self._pace.short_after - (self._pace.monotonic() - started)
        done, _ = wait([future], timeout=max(left, self._pace.poll))
        if not done and turn.settle("kept waiting") == "in time":  # its commit is under way
            done, _ = wait([future], timeout=self._pace.commit)
        if done:
            return future.result()
        return STILL_LOOKING if passive else ""

    def _run(self, claimed: Claimed, push: Push, work: Work, turn: _Turn, passive: bool) -> str:
        try:
            with self._database.unit_of_work() as session:
                reply = work(session)
                late = turn.settle("in time") == "kept waiting" or not passive
                self._complete(session, claimed, push, reply, late=late)
        except LeaseLost:
            log.warning("overtaken claim=%d", claimed.id)
            return ""
        except Exception:
            if self._gave_back(claimed, turn):
                raise
            log.exception("push failed for good claim=%d", claimed.id)
            reply, late = SORRY, turn.settle("in time") == "kept waiting" or not passive
            with self._database.unit_of_work() as session:
                self._complete(session, claimed, push, reply, late=late)
        if late and reply:
            self._pool.submit(self._send_late, claimed.id)
        return "" if late else reply

    def _gave_back(self, claimed: Claimed, turn: _Turn) -> bool:
        """End the lease for WeChat's next delivery; False where none will come."""
        if turn.settle("in time") == "kept waiting" or claimed.attempts >= LAST_ATTEMPT:
            return False
        with self._database.unit_of_work() as session:
            wechat_claims.release(session, claimed, now=self._now())
        return True

    def _complete(self, session: Session, claimed: Claimed, push: Push, reply: str, *, late: bool) -> None:
        late_for = push.openid if late else None
        wechat_claims.complete(session, claimed, reply=reply, now=self._now(), late_for=late_for)
