"""Who follows the official account, and what is left of them when they stop (decision 10)."""

import hashlib
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.people import WeChatAccount
from models.platform import AuditEntry
from models.wechat import SubscribeAllowance
from services import wechat_claims


def person_of(session: Session, *, appid: str, openid: str) -> int | None:
    """The person linked to this openid; None makes its owner a guest here (decision 5)."""
    return session.scalar(
        select(WeChatAccount.person_id).where(WeChatAccount.appid == appid, WeChatAccount.openid == openid)
    )


def guest_key(appid: str, openid: str) -> str:
    """Under which an unlinked follower's talk with the bot is kept: never the openid itself."""
    return hashlib.sha256(f"wechat:{appid}:{openid}".encode()).hexdigest()


def forget(session: Session, *, appid: str, openid: str, now: datetime) -> None:
    """Erase an unfollowed account (取消关注): openid, consents, waiting replies, talk with the bot.

    Bookings and attendance belong to the person and stay.
    """
    person_id = person_of(session, appid=appid, openid=openid)
    wechat_claims.forget_openid(session, appid=appid, openid=openid)
    session.execute(
        delete(SubscribeAllowance).where(SubscribeAllowance.appid == appid, SubscribeAllowance.openid == openid)
    )
    session.execute(delete(WeChatAccount).where(WeChatAccount.appid == appid, WeChatAccount.openid == openid))
    session.add(
        AuditEntry(
            at=now,
            person_id=person_id,
            action="wechat.unfollow",
            subject_kind="person",
            subject_id=person_id,
            details={"appid": appid},
        )
    )
    session.flush()
