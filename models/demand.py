"""Demands 诉求: what a firm or a person needs somebody to solve. Drafts and submissions so far (decision 7)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, ClientKeyed, Timestamped

DEMAND_STATES = ("draft", "submitted")
DEMAND_CHANNELS = ("app", "bot")


class Demand(Base, Timestamped, ClientKeyed):
    """One demand. Its text and the conversation it came from are personal and erasable."""

    __tablename__ = "demands"
    __table_args__ = (
        CheckConstraint(f"state IN {DEMAND_STATES!r}", name="state"),
        CheckConstraint(f"channel IN {DEMAND_CHANNELS!r}", name="channel"),
        CheckConstraint("(state = 'draft') = (submitted_at IS NULL)", name="submitted_at"),
        UniqueConstraint("person_id", "client_uuid"),
        Index(None, "org_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    org_id: Mapped[int | None] = mapped_column(ForeignKey("orgs.id"))
    channel: Mapped[str] = mapped_column(String(8), default="app")
    category: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(2000))
    transcript: Mapped[list[Any]] = mapped_column(JSON, default=list)
    state: Mapped[str] = mapped_column(String(12), default="draft")
    submitted_at: Mapped[datetime | None] = mapped_column()
    events: Mapped[list["DemandEvent"]] = relationship(back_populates="demand", order_by="DemandEvent.seq")


class DemandEvent(Base):
    """诉求流水: every change of state, in order. Holds ids and codes only (decision 10)."""

    __tablename__ = "demand_events"
    __table_args__ = (UniqueConstraint("demand_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    demand_id: Mapped[int] = mapped_column(ForeignKey("demands.id"))
    seq: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column()
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    from_state: Mapped[str | None] = mapped_column(String(12))
    to_state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(32))
    demand: Mapped[Demand] = relationship(back_populates="events")
