"""The outbox 通知: written in the transaction of its cause, delivered later by a job."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Timestamped

CHANNEL_STATES = ("queued", "sending", "sent", "refused", "failed", "unknown", "skipped")


class Notification(Base, Timestamped):
    """One piece of news for one person. The inbox shows it from the moment of its commit.

    `push_state` tells what became of the WeChat message: there is no idempotency key towards
    WeChat, so an unknown outcome stays `unknown` and is not sent again (decision 33). `push_at`: at night the
    inbox has it at once and the message waits (免打扰).
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        CheckConstraint(f"push_state IN {CHANNEL_STATES!r}", name="push_state"),
        Index(None, "person_id", "id"),
        Index(None, "push_state", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    template: Mapped[str] = mapped_column(String(48))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    page: Mapped[str | None] = mapped_column(String(200))
    dedupe_key: Mapped[str] = mapped_column(String(100))
    due_at: Mapped[datetime] = mapped_column()
    push_at: Mapped[datetime | None] = mapped_column()
    push_state: Mapped[str] = mapped_column(String(8), default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column()
    sent_at: Mapped[datetime | None] = mapped_column()
    error_code: Mapped[str | None] = mapped_column(String(48))
    delivered_at: Mapped[datetime | None] = mapped_column()
    read_at: Mapped[datetime | None] = mapped_column()
