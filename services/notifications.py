"""News for people: a row now, delivery later. Nothing is ever sent inside a transaction."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from domain.errors import NotFound
from models.notification import Notification
from services.ports import Delivery, NotificationChannel, OutgoingNotification

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 5
BATCH = 50
_INSERT = insert(Notification.__table__)  # type: ignore[arg-type]  # the class attribute is typed as FromClause
UnitOfWork = Callable[[], AbstractContextManager[Session]]


def enqueue(
    session: Session,
    *,
    person_id: int,
    template: str,
    data: dict[str, Any],
    dedupe_key: str,
    now: datetime,
    page: str | None = None,
    due_at: datetime | None = None,
) -> None:
    """Write one piece of news into the outbox, in the caller's transaction.

    `template` is a name of `services.notification_templates`; `data` holds display values only
    (times as text, no phone, no plate). `dedupe_key` is unique: the same news is told once.
    """
    session.execute(
        _INSERT,
        {
            "person_id": person_id,
            "template": template,
            "data": data,
            "page": page,
            "dedupe_key": dedupe_key,
            "due_at": due_at or now,
            "created_at": now,
            "push_state": "queued",
            "attempts": 0,
        },
    )


def take_back(session: Session, *, person_id: int, template: str, page: str, now: datetime) -> None:
    """Delete news that is not due yet because its cause is gone: nobody has seen it, nothing was sent."""
    session.execute(
        delete(Notification).where(
            Notification.person_id == person_id,
            Notification.template == template,
            Notification.page == page,
            Notification.due_at > now,
            Notification.push_state == "queued",
        )
    )


def inbox(
    session: Session, person_id: int, *, page: int, per_page: int, now: datetime
) -> tuple[list[Notification], int]:
    """A person's news that is due, newest first, with the total."""
    mine = and_(Notification.person_id == person_id, Notification.due_at <= now)
    total = session.scalar(select(func.count()).select_from(Notification).where(mine)) or 0
    rows = session.scalars(
        select(Notification)
        .where(mine)
        .order_by(Notification.due_at.desc(), Notification.id.desc())
        .offset((page - 1) * per_page)
        .limit(per_page)
    )
    return list(rows), total


def unread_count(session: Session, person_id: int, *, now: datetime) -> int:
    """How many due pieces of news a person has not opened."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Notification)
            .where(Notification.person_id == person_id, Notification.due_at <= now, Notification.read_at.is_(None))
        )
        or 0
    )


def mark_read(session: Session, notification_id: int, *, person_id: int, now: datetime) -> Notification:
    """Open one piece of own news; opening it again changes nothing. Raises NotFound for others' news."""
    row = session.get(Notification, notification_id)
    if row is None or row.person_id != person_id:
        raise NotFound("not_found")
    if row.read_at is None:
        row.read_at = now
        session.flush()
    return row


def claim_due(session: Session, *, now: datetime, limit: int = BATCH) -> list[OutgoingNotification]:
    """Take due rows for sending under a lease, each by a conditional update, so two jobs never share one.

    A row whose lease ran out while `sending` may or may not have reached WeChat: it becomes
    `unknown` and is not sent again (decision 33).
    """
    session.execute(
        update(Notification)
        .where(Notification.push_state == "sending", Notification.lease_until < now)
        .values(push_state="unknown", error_code="lease_lost")
    )
    ids = session.scalars(
        select(Notification.id)
        .where(Notification.push_state == "queued", Notification.due_at <= now)
        .where(or_(Notification.lease_until.is_(None), Notification.lease_until <= now))
        .order_by(Notification.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    taken: list[OutgoingNotification] = []
    for row in session.scalars(select(Notification).where(Notification.id.in_(ids)).order_by(Notification.id)):
        row.push_state, row.lease_until, row.attempts = "sending", now + LEASE, row.attempts + 1
        taken.append(
            OutgoingNotification(
                id=row.id, person_id=row.person_id, template=row.template, data=dict(row.data), page=row.page
            )
        )
    session.flush()
    return taken


def record_delivery(session: Session, notification_id: int, delivery: Delivery, *, now: datetime) -> None:
    """Write what became of one message: sent, refused, failed for good, tried again later, or unknown."""
    row = session.get_one(Notification, notification_id)
    row.delivered_at = row.delivered_at or now
    row.error_code = delivery.error_code
    row.lease_until = None
    if delivery.state == "retry" and row.attempts < MAX_ATTEMPTS:
        row.push_state, row.lease_until = "queued", now + timedelta(minutes=2**row.attempts)
    elif delivery.state == "retry":
        row.push_state = "failed"
    else:
        row.push_state = delivery.state
    if delivery.state == "sent":
        row.sent_at = now
    session.flush()


def deliver_due(
    unit_of_work: UnitOfWork, channels: Sequence[NotificationChannel], *, now: Callable[[], datetime]
) -> int:
    """Deliver what is due: claim in one short commit, send outside any transaction, record in another.

    The first channel that takes a message decides its state; the in-app inbox always has it anyway.
    Returns how many rows were handled.
    """
    with unit_of_work() as session:
        batch = claim_due(session, now=now())
    for message in batch:
        delivery = Delivery("skipped")
        for channel in channels:
            delivery = channel.send(message, now=now())
            if delivery.state != "skipped":
                break
        with unit_of_work() as session:
            record_delivery(session, message.id, delivery, now=now())
    return len(batch)
