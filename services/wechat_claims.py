"""Each message of WeChat once, whatever is delivered how often (decision 32).

take → (the work) → complete, each in a commit of its own; the work and `complete` share one.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Update, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.wechat import WeChatClaim

LEASE = timedelta(seconds=4)
SEND_LEASE = timedelta(minutes=1)
RETRY_AFTER = timedelta(minutes=1)
KEEP = timedelta(days=3)
KEEP_REPLY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Ours to work on, until the lease ends or another takes over."""

    id: int
    lease_token: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Answered:
    """Done before; `reply` is what a repeat is answered with, None where there is nothing to say."""

    reply: str | None


@dataclass(frozen=True, slots=True)
class InHand:
    """Another request works on it at this moment."""


@dataclass(frozen=True, slots=True)
class LateReply:
    """An answer that missed its response and goes as a customer-service message (客服消息)."""

    claim_id: int
    appid: str
    openid: str
    text: str


class LeaseLost(Exception):
    """Another request took the message over: the work of this one must not be kept."""


def take(session: Session, *, appid: str, message_key: str, now: datetime) -> Claimed | Answered | InHand:
    """Claim a message, or say what became of it. An expired lease is taken over."""
    token = secrets.token_hex(16)
    row = _find(session, appid, message_key)
    if row is None:
        row = WeChatClaim(
            appid=appid,
            message_key=message_key,
            state="claimed",
            lease_token=token,
            lease_until=now + LEASE,
            attempts=1,
            created_at=now,
        )
        try:
            with session.begin_nested():
                session.add(row)
            return Claimed(row.id, token, 1)
        except IntegrityError:  # another delivery of the same message was quicker
            row = _find(session, appid, message_key)
            if row is None:
                return InHand()
    if row.state == "done":
        return Answered(row.reply if row.reply_state == "passive" else None)
    if row.lease_until > now:
        return InHand()
    taken = _changed(
        session,
        update(WeChatClaim)
        .where(WeChatClaim.id == row.id, WeChatClaim.lease_token == row.lease_token, WeChatClaim.state == "claimed")
        .values(lease_token=token, lease_until=now + LEASE, attempts=WeChatClaim.attempts + 1),
    )
    return Claimed(row.id, token, row.attempts + 1) if taken else InHand()


def look(session: Session, *, appid: str, message_key: str, now: datetime) -> Answered | InHand | None:
    """How a message in another's hand stands, without a lock; None when it may be taken."""
    row = _find(session, appid, message_key)
    if row is None:
        return None
    if row.state == "done":
        return Answered(row.reply if row.reply_state == "passive" else None)
    return InHand() if row.lease_until > now else None


def complete(session: Session, claimed: Claimed, *, reply: str, now: datetime, late_for: str | None = None) -> None:
    """Store the reply and mark the message done, in the commit of its effect.

    `late_for` is the openid to whom the reply goes later, where the response is no longer waiting for it.
    Raises LeaseLost when another request took over; the caller's transaction must then roll back.
    """
    reply_state = None if not reply else "passive" if late_for is None else "due"
    kept = _changed(
        session,
        update(WeChatClaim)
        .where(
            WeChatClaim.id == claimed.id,
            WeChatClaim.lease_token == claimed.lease_token,
            WeChatClaim.state == "claimed",
        )
        .values(
            state="done",
            lease_until=now,
            done_at=now,
            reply=reply or None,
            reply_state=reply_state,
            openid=late_for if reply_state == "due" else None,
        ),
    )
    if not kept:
        raise LeaseLost


def release(session: Session, claimed: Claimed, *, now: datetime) -> None:
    """End the lease at once after a failure, so that WeChat's next delivery may try again."""
    _changed(
        session,
        update(WeChatClaim)
        .where(
            WeChatClaim.id == claimed.id,
            WeChatClaim.lease_token == claimed.lease_token,
            WeChatClaim.state == "claimed",
        )
        .values(lease_until=now),
    )


def take_late_replies(
    session: Session, *, now: datetime, limit: int = 20, claim_id: int | None = None
) -> list[LateReply]:
    """Replies to send as customer-service messages, each given to one sender only.

    One that was being sent when its process died may have arrived: it becomes `unknown` and is not sent again.
    """
    _changed(
        session,
        update(WeChatClaim)
        .where(WeChatClaim.reply_state == "sending", WeChatClaim.lease_until < now)
        .values(reply_state="unknown", openid=None),
    )
    query = (
        select(WeChatClaim)
        .where(WeChatClaim.reply_state == "due", WeChatClaim.lease_until <= now)
        .order_by(WeChatClaim.id)
        .limit(limit)
    )
    if claim_id is not None:
        query = query.where(WeChatClaim.id == claim_id)
    taken: list[LateReply] = []
    for row in session.scalars(query.with_for_update(skip_locked=True)):
        row.reply_state, row.lease_until = "sending", now + SEND_LEASE
        if row.openid and row.reply:
            taken.append(LateReply(row.id, row.appid, row.openid, row.reply))
    session.flush()
    return taken


def record_late_reply(session: Session, claim_id: int, *, state: str, error_code: str | None, now: datetime) -> None:
    """What became of a late reply; `retry` puts it back for a minute. Once it is settled, its openid goes."""
    row = session.get_one(WeChatClaim, claim_id)
    if row.reply_state != "sending":
        return
    row.reply_state = "due" if state == "retry" else state
    row.error_code = error_code
    if state == "retry":
        row.lease_until = now + RETRY_AFTER
    else:
        row.openid = None
    session.flush()


def forget_openid(session: Session, *, appid: str, openid: str) -> None:
    """Take waiting replies to this openid back (取消关注)."""
    _changed(
        session,
        update(WeChatClaim)
        .where(WeChatClaim.appid == appid, WeChatClaim.openid == openid)
        .values(openid=None, reply=None, reply_state=None),
    )


def prune(session: Session, *, now: datetime) -> int:
    """Forget replies WeChat can no longer ask for again, and delete old claims; says how many were deleted."""
    _changed(
        session,
        update(WeChatClaim)
        .where(WeChatClaim.reply_state == "passive", WeChatClaim.done_at < now - KEEP_REPLY)
        .values(reply=None, reply_state=None),
    )
    return _changed(session, delete(WeChatClaim).where(WeChatClaim.created_at < now - KEEP))


def _changed(session: Session, statement: Update | Delete) -> int:
    result = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", result).rowcount


def _find(session: Session, appid: str, message_key: str) -> WeChatClaim | None:
    return session.scalar(
        select(WeChatClaim)
        .where(WeChatClaim.appid == appid, WeChatClaim.message_key == message_key)
        .execution_options(populate_existing=True)
    )
