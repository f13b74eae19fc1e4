"""The wait-list 候补: who waits for what, in the order they joined."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.service_types import ZONES
from domain.waitlist import ENTRY_STATES, WAITING_STATES
from models.base import Base, ClientKeyed

_ACTIVE = text(f"state IN {WAITING_STATES!r}")


class WaitlistEntry(Base, ClientKeyed):
    """候补登记: any stay of `min_minutes` to `minutes` within [starts_at, until_at). `is_first`: displaced by us.

    A guest without an account (no person) was put down by the desk. The state changes only with its event.
    """

    __tablename__ = "waitlist_entries"
    __table_args__ = (
        UniqueConstraint("person_id", "client_uuid"),
        Index(
            "uq_waitlist_entries_made_by_id_client_uuid",
            "made_by_id",
            "client_uuid",
            unique=True,
            postgresql_where=text("made_by_id IS NOT NULL"),
            sqlite_where=text("made_by_id IS NOT NULL"),
        ),
        Index(
            "uq_waitlist_entries_waiting",
            "person_id",
            "service_id",
            unique=True,
            postgresql_where=_ACTIVE,
            sqlite_where=_ACTIVE,
        ),
        Index(
            "ix_waitlist_entries_line",
            "service_id",
            "joined_at",
            postgresql_where=_ACTIVE,
            sqlite_where=_ACTIVE,
        ),
        CheckConstraint(f"state IN {ENTRY_STATES!r}", name="state"),
        CheckConstraint(f"zone IN {ZONES!r}", name="zone"),
        CheckConstraint("starts_at < until_at", name="times"),
        CheckConstraint("0 < min_minutes AND min_minutes <= minutes", name="minutes"),
        CheckConstraint("party_size > 0", name="party_size"),
        CheckConstraint("person_id IS NOT NULL OR made_by_id IS NOT NULL", name="person"),
        CheckConstraint("lapses >= 0 AND lapses <= 2", name="lapses"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    guest_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    plate_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    starts_at: Mapped[datetime] = mapped_column()
    until_at: Mapped[datetime] = mapped_column()
    minutes: Mapped[int] = mapped_column()
    min_minutes: Mapped[int] = mapped_column()
    zone: Mapped[str | None] = mapped_column(String(8))
    party_size: Mapped[int] = mapped_column(default=1)
    accessible: Mapped[bool] = mapped_column(default=False)
    is_first: Mapped[bool] = mapped_column(default=False)
    no_night_offers: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(12))
    lapses: Mapped[int] = mapped_column(default=0)
    joined_at: Mapped[datetime] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column()
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"), unique=True)
    instead_of_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"), unique=True)


class WaitlistEvent(Base):
    """候补流水. Never changed."""

    __tablename__ = "waitlist_events"
    __table_args__ = (UniqueConstraint("entry_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("waitlist_entries.id"))
    seq: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column()
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    from_state: Mapped[str | None] = mapped_column(String(12))
    to_state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(200))
