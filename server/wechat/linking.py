"""Linking a follower to a person by unionid (decision 5): asked of WeChat once an hour, never in a transaction."""

import logging
from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from domain.errors import Busy
from server.container import Container
from services import wechat_followers

log = logging.getLogger(__name__)

ASK_AGAIN = timedelta(hours=1)
AFTER_FAILURE = timedelta(minutes=1)
REMEMBERED = 2000


class Linker:
    """One official account. Without an answer of WeChat's the follower simply stays a guest."""

    def __init__(self, container: Container, appid: str) -> None:
        self._container = container
        self._appid = appid
        self._lock = Lock()
        self._asked: OrderedDict[str, tuple[datetime, str | None]] = OrderedDict()

    def link(self, openid: str) -> None:
        """Link this openid if it is not and somebody has its unionid."""
        now = self._container.now()
        with self._container.read() as session:
            if wechat_followers.person_of(session, appid=self._appid, openid=openid) is not None:
                return
        unionid = self._unionid(openid, now)
        if unionid is None:
            return
        with self._container.read() as session:
            if wechat_followers.person_with(session, unionid) is None:
                return
        with self._container.unit_of_work() as session:
            wechat_followers.link(session, appid=self._appid, openid=openid, unionid=unionid, now=now)

    def _unionid(self, openid: str, now: datetime) -> str | None:
        """Asked for once an hour: someone without a unionid would cost a call with every message."""
        key = wechat_followers.guest_key(self._appid, openid)
        with self._lock:
            asked_at, unionid = self._asked.get(key, (None, None))
        if asked_at is not None and now - asked_at < ASK_AGAIN:
            return unionid
        try:
            unionid, asked_at = self._container.wechat.follower_unionid(openid), now
        except Busy:
            log.info("unionid not to be had")
            asked_at = now - ASK_AGAIN + AFTER_FAILURE
        with self._lock:
            self._asked[key] = (asked_at, unionid)
            self._asked.move_to_end(key)
            while len(self._asked) > REMEMBERED:
                self._asked.popitem(last=False)
        return unionid
