"""Who follows the official account, and what is left of them when they stop (decision 10)."""

import hashlib
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.conversation import Conversation, ConversationTurn
from models.people import WeChatAccount
from models.wechat import SubscribeAllowance
from services import audit, conversations, wechat_claims
from services.conversations import Speaker

CHANNEL = "oa"
"""Under which turns of the official account are kept."""


def person_of(session: Session, *, appid: str, openid: str) -> int | None:
    """The person linked to this openid; None makes its owner a guest here (decision 5)."""
    return session.scalar(
        select(WeChatAccount.person_id).where(WeChatAccount.appid == appid, WeChatAccount.openid == openid)
    )


def person_with(session: Session, unionid: str) -> int | None:
    """The person one of whose accounts has this unionid."""
    return session.scalar(
        select(WeChatAccount.person_id).where(WeChatAccount.unionid == unionid).order_by(WeChatAccount.id).limit(1)
    )


def link(session: Session, *, appid: str, openid: str, unionid: str, now: datetime) -> int | None:
    """Link an official-account openid to the person who has this unionid elsewhere (decision 5).

    Returns the person, or None where nobody has it: then the follower stays a guest.
    """
    known = person_of(session, appid=appid, openid=openid)
    if known is not None:
        return known
    person_id = person_with(session, unionid)
    if person_id is None:
        return None
    row = WeChatAccount(person_id=person_id, appid=appid, openid=openid, unionid=unionid, created_at=now)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # linked in this very moment by another message
        return person_of(session, appid=appid, openid=openid)
    return person_id


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
    conversations.forget(session, Speaker(None, guest_key(appid, openid)))
    if person_id is not None:
        _forget_turns_here(session, person_id)
    audit.record(
        session,
        person_id=person_id,
        action="wechat.unfollow",
        subject_kind="person",
        subject_id=person_id,
        now=now,
        details={"appid": appid},
    )


def _forget_turns_here(session: Session, person_id: int) -> None:
    """A linked person has one talk for all channels: what was said in the app stays, the context does not."""
    talk = select(Conversation.id).where(Conversation.person_id == person_id)
    session.execute(
        delete(ConversationTurn)
        .where(ConversationTurn.conversation_id.in_(talk), ConversationTurn.channel == CHANNEL)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Conversation)
        .where(Conversation.person_id == person_id)
        .values(context={})
        .execution_options(synchronize_session=False)
    )
