"""News for people: a row now, delivery later. Nothing is ever sent inside a transaction."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from domain.errors import NotFound
from domain.night import night_ends
from models.notification import Notification
from models.people import Person
from services.notification_templates import is_stale, is_urgent
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
    urgent: bool = False,
) -> None:
    """Write one piece of news into the outbox, in the caller's transaction.

    `template` is a name of `services.notification_templates`; `data` holds display values only
    (times as text, no phone, no plate). `dedupe_key` is unique: the same news is told once. What is
    `urgent` rings also at night; the inbox has all of it at once.
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
            "push_at": (due_at or now) if urgent or is_urgent(template) else None,
            "created_at": now,
            "push_state": "queued",
            "attempts": 0,
        },
    )


def already_told(session: Session, dedupe_keys: Sequence[str]) -> set[str]:
    """Which of these pieces of news are in the outbox, or were."""
    found = select(Notification.dedupe_key).where(Notification.dedupe_key.in_(dedupe_keys))
    return set(session.scalars(found)) if dedupe_keys else set()


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


def claim_due(
    session: Session, *, now: datetime, quiet_until: datetime | None = None, limit: int = BATCH
) -> list[OutgoingNotification]:
    """Take due rows for sending under a lease, each by a conditional update, so two jobs never share one.

    At night (`quiet_until` is its end) what can wait rings in the morning, unless its person wants it at once
    (夜间免打扰); a reminder whose time is over by then rings no more.
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
        .where(or_(Notification.push_at.is_(None), Notification.push_at <= now))
        .where(or_(Notification.lease_until.is_(None), Notification.lease_until <= now))
        .order_by(Notification.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    taken: list[OutgoingNotification] = []
    asleep = _who_sleeps(session, ids) if quiet_until else set()
    for row in session.scalars(select(Notification).where(Notification.id.in_(ids)).order_by(Notification.id)):
        if is_stale(row.template, now - row.due_at):
            row.push_state, row.error_code, row.delivered_at = "skipped", "stale", now
            continue
        if row.push_at is None and row.person_id in asleep:
            row.push_at = quiet_until
            continue
        row.push_state, row.lease_until, row.attempts = "sending", now + LEASE, row.attempts + 1
        taken.append(
            OutgoingNotification(
                id=row.id, person_id=row.person_id, template=row.template, data=dict(row.data), page=row.page
            )
        )
    session.flush()
    return taken


def _who_sleeps(session: Session, ids: Sequence[int]) -> set[int]:
    """Of the people this news is for, those who have not said that they want it at night too."""
    rows = session.execute(
        select(Person.id, Person.settings).where(
            Person.id.in_(select(Notification.person_id).where(Notification.id.in_(ids)))
        )
    )
    return {row.id for row in rows if (row.settings or {}).get("quiet_nights", True)}


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
    unit_of_work: UnitOfWork,
    channels: Sequence[NotificationChannel],
    *,
    now: Callable[[], datetime],
    tz: tzinfo,
) -> int:
    """Deliver what is due: claim in one short commit, send outside any transaction, record in another.

    `tz` is the clock by which it is night. The first channel that takes a message decides its state; the
    in-app inbox always has it anyway. Returns how many rows were handled.
    """
    with unit_of_work() as session:
        batch = claim_due(session, now=now(), quiet_until=night_ends(now(), tz))
    for message in batch:
        delivery = Delivery("skipped")
        for channel in channels:
            delivery = channel.send(message, now=now())
            if delivery.state != "skipped":
                break
        with unit_of_work() as session:
            record_delivery(session, message.id, delivery, now=now())
    return len(batch)
