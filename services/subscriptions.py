"""Consents for subscribe messages (订阅消息授权): one accepted popup is one message, and accepts add up."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.people import WeChatAccount
from models.wechat import SubscribeAllowance
from services.notification_templates import asked_for

# The phone and WeChat's event report the same tap; within this time they are one.
PAIRED = timedelta(minutes=2)
Source = Literal["phone", "event"]


def templates_for(moment: str, ids: Mapping[str, str]) -> list[tuple[str, str]]:
    """(WeChat's template id, our name) to ask for in the tap of this moment; unset ids are left out."""
    return [(ids[name], name) for name in asked_for(moment) if ids.get(name)]


def openid_of(session: Session, person_id: int, appid: str) -> str | None:
    """The person's openid under one account: the newest, should there be several."""
    return session.scalar(
        select(WeChatAccount.openid)
        .where(WeChatAccount.person_id == person_id, WeChatAccount.appid == appid)
        .order_by(WeChatAccount.id.desc())
        .limit(1)
    )


def record_answer(
    session: Session, *, appid: str, openid: str, template_id: str, answer: str, source: Source, now: datetime
) -> int:
    """Note what a person answered to the popup; returns how many messages may now be sent.

    Only `accept` changes anything: a refusal takes back no consent given before, and "总是保持以上选择" grants
    no more than the one message. The same tap told by phone and by WeChat counts once.
    """
    row = _row(session, appid, openid, template_id, now)
    if answer != "accept":
        return row.remaining
    other = row.event_accept_at if source == "phone" else row.phone_accept_at
    if other is not None and abs(now - other) <= PAIRED:
        if source == "phone":
            row.event_accept_at = None
        else:
            row.phone_accept_at = None
    else:
        row.remaining += 1
        if source == "phone":
            row.phone_accept_at = now
        else:
            row.event_accept_at = now
    row.updated_at = now
    session.flush()
    return row.remaining


def withdraw(session: Session, *, appid: str, openid: str, template_id: str, now: datetime) -> None:
    """Set the counter to none: the person turned it off, or WeChat answered 43101."""
    session.execute(
        update(SubscribeAllowance)
        .where(
            SubscribeAllowance.appid == appid,
            SubscribeAllowance.openid == openid,
            SubscribeAllowance.template_id == template_id,
        )
        .values(remaining=0, phone_accept_at=None, event_accept_at=None, updated_at=now)
        .execution_options(synchronize_session="fetch")
    )


def remaining(session: Session, *, appid: str, openid: str, template_id: str) -> int:
    """How many messages of this template may be sent."""
    return (
        session.scalar(
            select(SubscribeAllowance.remaining).where(
                SubscribeAllowance.appid == appid,
                SubscribeAllowance.openid == openid,
                SubscribeAllowance.template_id == template_id,
            )
        )
        or 0
    )


def use_one(session: Session, *, appid: str, openid: str, template_id: str, now: datetime) -> None:
    """One message was sent: one consent less, never below none."""
    session.execute(
        update(SubscribeAllowance)
        .where(
            SubscribeAllowance.appid == appid,
            SubscribeAllowance.openid == openid,
            SubscribeAllowance.template_id == template_id,
            SubscribeAllowance.remaining > 0,
        )
        .values(remaining=SubscribeAllowance.remaining - 1, updated_at=now)
        .execution_options(synchronize_session="fetch")
    )


def _row(session: Session, appid: str, openid: str, template_id: str, now: datetime) -> SubscribeAllowance:
    query = (
        select(SubscribeAllowance)
        .where(
            SubscribeAllowance.appid == appid,
            SubscribeAllowance.openid == openid,
            SubscribeAllowance.template_id == template_id,
        )
        .with_for_update()
    )
    row = session.scalar(query)
    if row is not None:
        return row
    row = SubscribeAllowance(
        appid=appid, openid=openid, template_id=template_id, remaining=0, updated_at=now, created_at=now
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # phone and event arrive together
        return session.scalars(query).one()
    return row
