"""Access tokens: fetched in one place, shared through the database, renewed at most once per failure."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, or_, update
from sqlalchemy.exc import IntegrityError, OperationalError

from models.wechat import WeChatToken
from server.db import Database
from server.gateways.wechat_http import WeChatFailure
from services.ports import Cipher

log = logging.getLogger(__name__)

MARGIN = timedelta(seconds=60)
LEASE = timedelta(seconds=6)
FORCE_APART = timedelta(seconds=30)  # WeChat refuses force_refresh more often
KEEP_ON_FAILURE = timedelta(seconds=30)
LOCK_SECONDS = 1.5
WAIT_STEPS = 20
WAIT_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Token:
    """A token and until when it works."""

    text: str
    expires_at: datetime
    fetched_at: datetime


# (appid, force) → token text and the seconds it lives on
Fetch = Callable[[str, bool], tuple[str, int]]


@contextmanager
def _database_failures_as_not_sent() -> Iterator[None]:
    """Without a token nothing was sent: a database that is busy or away is one more reason to try later."""
    try:
        yield
    except OperationalError:
        raise WeChatFailure("not_sent", "access_token") from None


class AccessTokens:
    """The tokens of our accounts. One process asks WeChat; the others wait for its row."""

    def __init__(
        self,
        database: Database,
        cipher: Cipher,
        fetch: Fetch,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._fetch = fetch
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, datetime]] = {}

    def get(self, appid: str) -> str:
        """A token that lives for another minute. Raises WeChatFailure when there is none to be had."""
        kept = self._kept.get(appid)
        if kept is not None and kept[1] > self._clock():
            return kept[0]
        with self._lock, _database_failures_as_not_sent():
            kept = self._kept.get(appid)
            if kept is not None and kept[1] > self._clock():
                return kept[0]
            stored = self._stored(appid)
            if stored is not None and stored.expires_at - MARGIN > self._clock():
                return self._keep(appid, stored)
            return self._refresh(appid, stored, force=False)

    def renew(self, appid: str, failed: str) -> str:
        """Another token than the one WeChat just called invalid: the one another process fetched, or a new one."""
        with self._lock, _database_failures_as_not_sent():
            self._kept.pop(appid, None)
            stored = self._stored(appid)
            if stored is not None and stored.text != failed and stored.expires_at > self._clock():
                return self._keep(appid, stored)
            force = stored is None or self._clock() - stored.fetched_at > FORCE_APART
            return self._refresh(appid, None, force=force)

    def _refresh(self, appid: str, living: Token | None, *, force: bool) -> str:
        if not self._lease(appid):
            return self._wait_for_other(appid, living)
        try:
            text, seconds = self._fetch(appid, force)
        except WeChatFailure:
            self._end_lease(appid)
            if living is None or living.expires_at <= self._clock():
                raise
            # Still good for a moment: serve it, and do not ask again with every call.
            self._kept[appid] = (living.text, min(living.expires_at, self._clock() + KEEP_ON_FAILURE))
            return living.text
        now = self._clock()
        token = Token(text, now + timedelta(seconds=seconds), now)
        self._store(appid, token)
        return self._keep(appid, token)

    def _wait_for_other(self, appid: str, living: Token | None) -> str:
        if living is not None and living.expires_at > self._clock():
            return living.text
        before = living.fetched_at if living else None
        for _ in range(WAIT_STEPS):
            self._sleep(WAIT_SECONDS)
            stored = self._stored(appid)
            if stored is not None and stored.fetched_at != before and stored.expires_at > self._clock():
                return self._keep(appid, stored)
        raise WeChatFailure("not_sent", "access_token")

    def _keep(self, appid: str, token: Token) -> str:
        self._kept[appid] = (token.text, max(token.expires_at - MARGIN, self._clock()))
        return token.text

    def _stored(self, appid: str) -> Token | None:
        with self._database.read() as session:
            row = session.get(WeChatToken, appid)
            if row is None or row.token_cipher is None or row.expires_at is None or row.fetched_at is None:
                return None
            return Token(self._cipher.decrypt(row.token_cipher), row.expires_at, row.fetched_at)

    def _lease(self, appid: str) -> bool:
        now = self._clock()
        with self._database.hurried(LOCK_SECONDS) as session:
            if session.get(WeChatToken, appid) is None:
                try:
                    with session.begin_nested():
                        session.add(WeChatToken(appid=appid, lease_until=now + LEASE))
                    return True
                except IntegrityError:
                    return False
            taken = session.execute(
                update(WeChatToken)
                .where(
                    WeChatToken.appid == appid,
                    or_(WeChatToken.lease_until.is_(None), WeChatToken.lease_until <= now),
                )
                .values(lease_until=now + LEASE)
                .execution_options(synchronize_session=False)
            )
            return cast("CursorResult[Any]", taken).rowcount == 1

    def _end_lease(self, appid: str) -> None:
        with self._database.hurried(LOCK_SECONDS) as session:
            session.get_one(WeChatToken, appid).lease_until = None

    def _store(self, appid: str, token: Token) -> None:
        with self._database.hurried(LOCK_SECONDS) as session:
            row = session.get_one(WeChatToken, appid)
            row.token_cipher = self._cipher.encrypt(token.text)
            row.expires_at = token.expires_at
            row.fetched_at = token.fetched_at
            row.lease_until = None
