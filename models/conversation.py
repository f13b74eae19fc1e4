"""Conversations with the bot: short context, recent turns, and what it could not answer."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ClientKeyed, Timestamped

UNANSWERED_REASONS = ("unsure", "no_policy", "handover")


class Conversation(Base, Timestamped):
    """One person's talk with the bot, or one guest device's. Its context is never another's."""

    __tablename__ = "conversations"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (guest_hash IS NULL)", name="owner"),
        UniqueConstraint("person_id"),
        UniqueConstraint("guest_hash"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    guest_hash: Mapped[str | None] = mapped_column(String(64))
    context: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    last_at: Mapped[datetime] = mapped_column()


class ConversationTurn(Base, ClientKeyed):
    """One question and its answer, kept until `keep_until` for the person and for a hand-over."""

    __tablename__ = "conversation_turns"
    __table_args__ = (
        UniqueConstraint("conversation_id", "client_uuid"),
        Index(None, "conversation_id", "at"),
        Index(None, "keep_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    at: Mapped[datetime] = mapped_column()
    keep_until: Mapped[datetime] = mapped_column()
    channel: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(String(2000))
    intent: Mapped[str] = mapped_column(String(16))
    reply: Mapped[dict[str, Any]] = mapped_column(JSON)


class UnansweredQuestion(Base):
    """A question the bot did not answer, for the editors; grouped by its normalised text."""

    __tablename__ = "unanswered_questions"
    __table_args__ = (
        CheckConstraint(f"reason IN {UNANSWERED_REASONS!r}", name="reason"),
        Index(None, "normalised"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    at: Mapped[datetime] = mapped_column()
    text: Mapped[str] = mapped_column(String(500))
    normalised: Mapped[str] = mapped_column(String(200))
    intent: Mapped[str | None] = mapped_column(String(16))
    category: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(12))
