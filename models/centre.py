"""Centres 服务中心, their catalogue, bookings 预约, and the one table that guards occupied time."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    column,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from domain.booking import ACTIVE_STATES, CLOSURE_KINDS, HOLD_KINDS, MARK_KINDS, SOURCES, STATES
from domain.service_types import SERVICE_KINDS, UNIT_STATES, UNIT_ZONES, ZONES
from domain.work_calendar import DAY_KINDS
from models.base import Base, ClientKeyed, Timestamped

MAX_MINUTES = 1440


def _span(low: str, high: str) -> Any:
    """A range of one number: an exclusion over `=` without btree_gist (contract §4)."""
    return func.int8range(column(low), column(high), "[]")


class Centre(Base, Timestamped):
    """服务中心. `catalogue_revision` gets a new random number from triggers whenever its catalogue changes."""

    __tablename__ = "centres"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    code_key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    place: Mapped[str] = mapped_column(String(100))
    tz: Mapped[str] = mapped_column(String(40), default="Asia/Shanghai")
    lat: Mapped[float | None] = mapped_column()
    lon: Mapped[float | None] = mapped_column()
    contact: Mapped[str | None] = mapped_column(String(40))
    way_in: Mapped[str | None] = mapped_column(String(300))
    is_free: Mapped[bool] = mapped_column(default=True)
    org_id: Mapped[int | None] = mapped_column(ForeignKey("orgs.id"))
    position: Mapped[int] = mapped_column(default=0)
    catalogue_revision: Mapped[int] = mapped_column(BigInteger, default=0)


class Service(Base, Timestamped):
    """服务项目. Its row is what bookings of one service queue for (FOR NO KEY UPDATE)."""

    __tablename__ = "services"
    __table_args__ = (
        CheckConstraint(f"kind IN {tuple(SERVICE_KINDS)!r}", name="kind"),
        CheckConstraint("(kind = 'pool') = (capacity IS NOT NULL)", name="capacity"),
        CheckConstraint(
            "slot_minutes > 0 AND step_minutes > 0 AND cell_minutes > 0 AND cleaning_minutes >= 0"
            " AND grace_minutes >= 0 AND slot_minutes % 5 = 0 AND step_minutes % 5 = 0 AND cell_minutes % 5 = 0"
            " AND cleaning_minutes % 5 = 0 AND grace_minutes % 5 = 0",
            name="multiples_of_five",
        ),
        CheckConstraint(
            f"0 < min_minutes AND min_minutes <= max_minutes AND max_minutes <= {MAX_MINUTES}", name="minutes"
        ),
        CheckConstraint("walkin_permille >= 0 AND walkin_permille <= 1000", name="walkin_permille"),
        Index(None, "centre_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    code: Mapped[str] = mapped_column(String(80))
    code_key: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(8))
    slot_minutes: Mapped[int] = mapped_column()
    step_minutes: Mapped[int] = mapped_column()
    cell_minutes: Mapped[int] = mapped_column()
    min_minutes: Mapped[int] = mapped_column()
    max_minutes: Mapped[int] = mapped_column()
    cleaning_minutes: Mapped[int] = mapped_column(default=0)
    grace_minutes: Mapped[int] = mapped_column(default=0)
    capacity: Mapped[int | None] = mapped_column()
    walkin_permille: Mapped[int] = mapped_column(default=0)
    booking_required: Mapped[bool] = mapped_column(default=False)
    is_bookable: Mapped[bool] = mapped_column(default=True)
    who_may_book: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    max_future_per_person: Mapped[int | None] = mapped_column()
    max_party: Mapped[int | None] = mapped_column()
    is_overnight: Mapped[bool] = mapped_column(default=False)
    window_days: Mapped[int] = mapped_column(default=14)
    hold_minutes: Mapped[int] = mapped_column(default=1440)
    provider_org_id: Mapped[int | None] = mapped_column(ForeignKey("orgs.id"))
    position: Mapped[int] = mapped_column(default=0)
    catalogue_revision: Mapped[int] = mapped_column(BigInteger, default=0)


class Unit(Base):
    """编号设施: a shower, a bed, a bay, a desk, a room."""

    __tablename__ = "units"
    __table_args__ = (
        UniqueConstraint("service_id", "no"),
        UniqueConstraint("id", "service_id"),
        CheckConstraint(f"zone IN {UNIT_ZONES!r}", name="zone"),
        CheckConstraint(f"state IN {UNIT_STATES!r}", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"))
    no: Mapped[str] = mapped_column(String(40))
    zone: Mapped[str | None] = mapped_column(String(8))
    is_accessible: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(8), default="ok")
    seats: Mapped[int | None] = mapped_column()
    position: Mapped[int] = mapped_column(default=0)


class OpeningRule(Base):
    """开放时间 of a centre, or of one service. The newest set in effect counts; minutes from local midnight.

    `day_kind` makes a rule follow the working calendar instead of the weekday (decision 17); `is_closed`
    says that there are no hours on the days it is for: 节假日休息.
    """

    __tablename__ = "opening_rules"
    __table_args__ = (
        CheckConstraint("weekday >= 0 AND weekday <= 6", name="weekday"),
        CheckConstraint(f"day_kind IN {DAY_KINDS!r}", name="day_kind"),
        CheckConstraint(
            "opens_minutes >= 0 AND opens_minutes < 1440 AND closes_minutes >= 0 AND closes_minutes <= 1440",
            name="minutes",
        ),
        Index(None, "centre_id"),
        Index(None, "service_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id"))
    weekday: Mapped[int | None] = mapped_column()
    day_kind: Mapped[str | None] = mapped_column(String(8))
    opens_minutes: Mapped[int] = mapped_column()
    closes_minutes: Mapped[int] = mapped_column()
    is_closed: Mapped[bool] = mapped_column(default=False)
    effective_from: Mapped[date] = mapped_column()


class OpeningException(Base):
    """开放例外: on these days closed, or other hours. Days are half-open."""

    __tablename__ = "opening_exceptions"
    __table_args__ = (
        CheckConstraint("from_on < to_on", name="days"),
        CheckConstraint("is_closed = (opens_minutes IS NULL AND closes_minutes IS NULL)", name="hours"),
        Index(None, "centre_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id"))
    from_on: Mapped[date] = mapped_column()
    to_on: Mapped[date] = mapped_column()
    is_closed: Mapped[bool] = mapped_column()
    opens_minutes: Mapped[int | None] = mapped_column()
    closes_minutes: Mapped[int | None] = mapped_column()
    reason: Mapped[str] = mapped_column(String(100), default="")


class RosterRule(Base, Timestamped):
    """值班表: who is on duty at a desk, weekly or on the days from_on ≤ day < to_on. No rule, no bookings."""

    __tablename__ = "roster_rules"
    __table_args__ = (
        ForeignKeyConstraint(["unit_id", "service_id"], ["units.id", "units.service_id"]),
        CheckConstraint("weekday >= 0 AND weekday <= 6", name="weekday"),
        CheckConstraint(
            "opens_minutes >= 0 AND opens_minutes < 1440 AND closes_minutes >= 0 AND closes_minutes <= 1440",
            name="minutes",
        ),
        CheckConstraint("to_on IS NULL OR from_on < to_on", name="days"),
        Index(None, "centre_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"))
    unit_id: Mapped[int] = mapped_column()
    who: Mapped[str] = mapped_column(String(50))
    weekday: Mapped[int | None] = mapped_column()
    opens_minutes: Mapped[int] = mapped_column()
    closes_minutes: Mapped[int] = mapped_column()
    from_on: Mapped[date] = mapped_column()
    to_on: Mapped[date | None] = mapped_column()


class Closure(Base, Timestamped, ClientKeyed):
    """停用、停业: a unit, a service or the whole centre is closed over [starts_at, ends_at); no end: until reopened.

    Its holds keep the places; `is_past` only takes it out of the catalogue once it can no longer matter.
    """

    __tablename__ = "closures"
    __table_args__ = (
        CheckConstraint(f"kind IN {CLOSURE_KINDS!r}", name="kind"),
        CheckConstraint("ends_at IS NULL OR starts_at <= ends_at", name="times"),
        CheckConstraint("unit_id IS NULL OR service_id IS NOT NULL", name="scope"),
        ForeignKeyConstraint(["unit_id", "service_id"], ["units.id", "units.service_id"]),
        UniqueConstraint("made_by_id", "client_uuid"),
        Index(None, "centre_id", "is_past"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id"))
    unit_id: Mapped[int | None] = mapped_column()
    kind: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(String(100), default="")
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime | None] = mapped_column()
    made_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    ended_at: Mapped[datetime | None] = mapped_column()
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    is_past: Mapped[bool] = mapped_column(default=False)


class CentreNotice(Base, Timestamped):
    """中心公告: congestion, closure, hours. Congestion adds its `grace_minutes` to bookings starting in its window."""

    __tablename__ = "centre_notices"
    __table_args__ = (
        CheckConstraint("kind IN ('congestion', 'closure', 'hours')", name="kind"),
        CheckConstraint("ends_at IS NULL OR starts_at < ends_at", name="times"),
        Index(None, "centre_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    kind: Mapped[str] = mapped_column(String(12))
    message: Mapped[str] = mapped_column(String(300))
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime | None] = mapped_column()
    grace_minutes: Mapped[int] = mapped_column(default=0)
    posted_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    is_past: Mapped[bool] = mapped_column(default=False)


class Booking(Base, Timestamped, ClientKeyed):
    """预约. `state` changes only in `services.booking.states`, together with its event.

    A unit is taken over [starts_at, occupied_until), which holds the cleaning; triggers copy that into
    `occupancy`, which refuses what does not fit.
    """

    __tablename__ = "bookings"
    __table_args__ = (
        UniqueConstraint("person_id", "client_uuid"),
        Index(
            "uq_bookings_made_by_id_client_uuid",
            "made_by_id",
            "client_uuid",
            unique=True,
            postgresql_where=text("made_by_id IS NOT NULL"),
            sqlite_where=text("made_by_id IS NOT NULL"),
        ),
        Index(
            "uq_bookings_moved_to_id",
            "moved_to_id",
            unique=True,
            postgresql_where=text("moved_to_id IS NOT NULL"),
            sqlite_where=text("moved_to_id IS NOT NULL"),
        ),
        Index(
            "ix_bookings_personal",
            "ends_at",
            postgresql_where=text("plate_cipher IS NOT NULL OR guest_cipher IS NOT NULL"),
            sqlite_where=text("plate_cipher IS NOT NULL OR guest_cipher IS NOT NULL"),
        ),
        Index(
            "ix_bookings_inside",
            "ends_at",
            postgresql_where=text("state = 'checked_in'"),
            sqlite_where=text("state = 'checked_in'"),
        ),
        ForeignKeyConstraint(["unit_id", "service_id"], ["units.id", "units.service_id"]),
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint(f"source IN {SOURCES!r}", name="source"),
        CheckConstraint(f"zone IN {ZONES!r}", name="zone"),
        CheckConstraint("starts_at < ends_at AND starts_at < occupied_until", name="times"),
        CheckConstraint("party_size > 0", name="party_size"),
        CheckConstraint("(state = 'requested') = (hold_until IS NOT NULL)", name="hold_until"),
        CheckConstraint("person_id IS NOT NULL OR source IN ('walkin', 'desk')", name="person"),
        Index(None, "person_id", "ends_at"),
        Index(None, "service_id", "starts_at"),
        Index(
            "ix_bookings_ahead",
            "starts_at",
            postgresql_where=text("state IN ('requested', 'confirmed')"),
            sqlite_where=text("state IN ('requested', 'confirmed')"),
        ),
        ExcludeConstraint(
            (_span("person_id", "person_id"), "&&"),
            (func.tstzrange(column("starts_at"), column("ends_at")), "&&"),
            where=text(f"state IN {ACTIVE_STATES!r} AND NOT overlap_allowed AND person_id IS NOT NULL"),
            using="gist",
            name="ex_bookings_person_time",
        ).ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"))
    unit_id: Mapped[int | None] = mapped_column()
    zone: Mapped[str | None] = mapped_column(String(8))
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()
    occupied_until: Mapped[datetime] = mapped_column()
    grace_until: Mapped[datetime] = mapped_column()
    hold_until: Mapped[datetime | None] = mapped_column()
    state: Mapped[str] = mapped_column(String(12))
    party_size: Mapped[int] = mapped_column(default=1)
    plate_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    plate_hash: Mapped[str | None] = mapped_column(String(64))
    plate_tail_hash: Mapped[str | None] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(8))
    overlap_allowed: Mapped[bool] = mapped_column(default=False)
    was_late_cancel: Mapped[bool] = mapped_column(default=False)
    reminded_at: Mapped[datetime | None] = mapped_column()
    late_minutes: Mapped[int] = mapped_column(default=0)
    accessible: Mapped[bool] = mapped_column(default=False)
    guest_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    moved_to_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"))
    override_reason: Mapped[str | None] = mapped_column(String(200))


class BookingEvent(Base):
    """预约流水: who moved a booking from which state to which, when and why. Never changed."""

    __tablename__ = "booking_events"
    __table_args__ = (UniqueConstraint("booking_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))
    seq: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column()
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    from_state: Mapped[str | None] = mapped_column(String(12))
    to_state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(200))


class Mark(Base):
    """爽约记录: a no-show (two halves) or a late cancel (one). It expires, is seen, and can be contested."""

    __tablename__ = "marks"
    __table_args__ = (
        UniqueConstraint("booking_id"),
        CheckConstraint(f"kind IN {MARK_KINDS!r}", name="kind"),
        CheckConstraint("halves IN (1, 2)", name="halves"),
        Index(None, "person_id", "at"),
        Index(
            "ix_marks_contested",
            "contested_at",
            postgresql_where=text("contested_at IS NOT NULL AND decided_at IS NULL"),
            sqlite_where=text("contested_at IS NOT NULL AND decided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))
    kind: Mapped[str] = mapped_column(String(12))
    halves: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column()
    waived_at: Mapped[datetime | None] = mapped_column()
    waive_reason: Mapped[str | None] = mapped_column(String(100))
    contested_at: Mapped[datetime | None] = mapped_column()
    contest_text: Mapped[str | None] = mapped_column(String(300))
    decided_at: Mapped[datetime | None] = mapped_column()
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    keep_reason: Mapped[str | None] = mapped_column(String(100))


class Hold(Base):
    """占位: an offer to someone on the wait-list, or a closure. The second source of `occupancy`, by the same triggers.

    While open a unit is taken over [starts_at, occupied_until), or `seats` of a pool.
    """

    __tablename__ = "holds"
    __table_args__ = (
        ForeignKeyConstraint(["unit_id", "service_id"], ["units.id", "units.service_id"]),
        CheckConstraint(f"kind IN {HOLD_KINDS!r}", name="kind"),
        CheckConstraint(
            "(kind = 'offer') = (entry_id IS NOT NULL) AND (kind = 'closure') = (closure_id IS NOT NULL)", name="cause"
        ),
        CheckConstraint("(kind = 'offer') = (answer_until IS NOT NULL)", name="answer_until"),
        CheckConstraint("starts_at < ends_at AND ends_at <= occupied_until", name="times"),
        CheckConstraint("seats > 0", name="seats"),
        CheckConstraint("is_open = (outcome IS NULL)", name="outcome"),
        Index(None, "closure_id"),
        Index(None, "service_id", "starts_at"),
        Index(
            "uq_holds_entry_open",
            "entry_id",
            unique=True,
            postgresql_where=text("is_open"),
            sqlite_where=text("is_open"),
        ),
        Index(None, "entry_id"),
        Index(
            "ix_holds_answer_until",
            "answer_until",
            postgresql_where=text("is_open"),
            sqlite_where=text("is_open"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"))
    unit_id: Mapped[int | None] = mapped_column()
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()
    occupied_until: Mapped[datetime] = mapped_column()
    seats: Mapped[int] = mapped_column(default=1)
    is_open: Mapped[bool] = mapped_column(default=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("waitlist_entries.id"))
    closure_id: Mapped[int | None] = mapped_column(ForeignKey("closures.id"))
    made_at: Mapped[datetime] = mapped_column()
    answer_until: Mapped[datetime | None] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column()
    outcome: Mapped[str | None] = mapped_column(String(12))


class Occupancy(Base):
    """占用. Unit rows: one per taken interval. Pool rows (no unit): one counter per cell of time.

    Written by triggers on the source tables alone (decision 19), so raw SQL meets the same guard.
    """

    __tablename__ = "occupancy"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="times"),
        CheckConstraint("taken >= 0 AND taken <= capacity", name="capacity"),
        CheckConstraint("(unit_id IS NULL) = (taken IS NOT NULL AND capacity IS NOT NULL)", name="shape"),
        Index(None, "service_id", "starts_at", "ends_at"),
        Index(None, "unit_id", "ends_at"),
        Index(None, "booking_id"),
        Index(
            "ix_occupancy_hold_id",
            "hold_id",
            postgresql_where=text("hold_id IS NOT NULL"),
            sqlite_where=text("hold_id IS NOT NULL"),
        ),
        Index(
            "uq_occupancy_cell",
            "service_id",
            "starts_at",
            unique=True,
            postgresql_where=text("unit_id IS NULL"),
            sqlite_where=text("unit_id IS NULL"),
        ),
        ExcludeConstraint(
            (_span("unit_id", "unit_id"), "&&"),
            (func.tstzrange(column("starts_at"), column("ends_at")), "&&"),
            where=text("unit_id IS NOT NULL"),
            using="gist",
            name="ex_occupancy_unit_time",
        ).ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id", ondelete="CASCADE"))
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("holds.id"))
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()
    taken: Mapped[int | None] = mapped_column()
    capacity: Mapped[int | None] = mapped_column()
