"""The desk of a centre 服务台: what devices sent from offline, shift notes, the PIN of each attendant."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ClientKeyed

ARRIVAL_KINDS = ("arrival", "walk_in", "complete")
ARRIVAL_RESULTS = ("admitted", "repeat", "conflict", "marked", "refused")
NOTE_KINDS = ("note", "lost_property", "handover")


class Arrival(Base, ClientKeyed):
    """到店记录: one thing a desk device did without a network, and what became of it. Nothing is dropped.

    `conflict`: the place was another's; staff settle it. `marked`: admitted although cancelled or released meanwhile.
    """

    __tablename__ = "arrivals"
    __table_args__ = (
        UniqueConstraint("centre_id", "device_id", "client_uuid"),
        CheckConstraint(f"kind IN {ARRIVAL_KINDS!r}", name="kind"),
        CheckConstraint(f"result IN {ARRIVAL_RESULTS!r}", name="result"),
        Index(None, "booking_id"),
        Index(
            "ix_arrivals_open",
            "centre_id",
            postgresql_where=text("result = 'conflict' AND settled_at IS NULL"),
            sqlite_where=text("result = 'conflict' AND settled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    device_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column()
    received_at: Mapped[datetime] = mapped_column()
    actor_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    minutes: Mapped[int | None] = mapped_column()
    zone: Mapped[str | None] = mapped_column(String(8))
    party_size: Mapped[int] = mapped_column(default=1)
    guest_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    plate_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    result: Mapped[str] = mapped_column(String(8))
    refusal: Mapped[str | None] = mapped_column(String(48))
    settled_at: Mapped[datetime | None] = mapped_column()
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    settle_note: Mapped[str | None] = mapped_column(String(200))


class ShiftNote(Base, ClientKeyed):
    """交接记录, lost property included. Settled, never deleted."""

    __tablename__ = "shift_notes"
    __table_args__ = (
        UniqueConstraint("author_id", "client_uuid"),
        CheckConstraint(f"kind IN {NOTE_KINDS!r}", name="kind"),
        Index(None, "centre_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column()
    settled_at: Mapped[datetime | None] = mapped_column()
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    settle_text: Mapped[str | None] = mapped_column(String(200))


class DeskPin(Base):
    """值班 PIN: several attendants share one device; each acts under their own name."""

    __tablename__ = "desk_pins"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    pin_hash: Mapped[str] = mapped_column(String(200))
    set_at: Mapped[datetime] = mapped_column()
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column()
