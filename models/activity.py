"""Activities 活动: hosts, registrations 报名, leave 请假, and every scan 签到 that was ever made."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from domain.activity_types import AUDIENCES
from domain.attendance import COUNTED_GRADES, GRADES, LATE_AFTER_MINUTES, LEAVE_REASONS, REGISTRATION_STATES
from models.base import Base, ClientKeyed, Timestamped

ACTIVITY_STATES = ("draft", "published", "postponed", "cancelled", "archived")
CHECKIN_MODES = ("code", "staff_scan", "roll_call", "none")
CHECK_IN_METHODS = ("code", "offline_code", "staff_scan", "roll_call", "make_up")
REGISTRATION_SOURCES = ("app", "bot", "secretary", "roster", "door")
LEAVE_STATES = ("asked", "approved", "refused", "withdrawn")

COUNTED = f"repeat_of_id IS NULL AND grade IN {COUNTED_GRADES!r}"
"""A scan that makes somebody present; the database allows one per activity and person."""
IN_REVIEW = "repeat_of_id IS NULL AND grade = 'review'"
NOT_REJECTED = "grade <> 'rejected'"


class Activity(Base, Timestamped, ClientKeyed):
    """One activity. What only the clock decides (ongoing, ended) is never stored (decision 11).

    `secret` is random; the key of the rotating code is derived from it with the server's own key, so
    that a copy of the database alone shows no codes. `held_on` is the local date of the start: home
    branches are credited by it.
    """

    __tablename__ = "activities"
    __table_args__ = (
        UniqueConstraint("created_by_id", "client_uuid"),
        CheckConstraint(f"state IN {ACTIVITY_STATES!r}", name="state"),
        CheckConstraint(f"audience IN {tuple(AUDIENCES)!r}", name="audience"),
        CheckConstraint(f"checkin_mode IN {CHECKIN_MODES!r}", name="checkin_mode"),
        CheckConstraint("starts < ends", name="times"),
        CheckConstraint("capacity > 0", name="capacity"),
        Index(None, "state", "ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    type: Mapped[str] = mapped_column(String(24))
    title: Mapped[str] = mapped_column(String(80))
    theme_tags: Mapped[list[Any]] = mapped_column(JSON)
    description: Mapped[str] = mapped_column(Text)
    agenda: Mapped[list[Any]] = mapped_column(JSON)
    audience: Mapped[str] = mapped_column(String(8))
    place: Mapped[str] = mapped_column(String(100))
    timezone: Mapped[str] = mapped_column(String(40))
    starts: Mapped[datetime] = mapped_column()
    ends: Mapped[datetime] = mapped_column()
    held_on: Mapped[date] = mapped_column()
    capacity: Mapped[int | None] = mapped_column()
    has_registration: Mapped[bool] = mapped_column()
    registration_opens: Mapped[datetime | None] = mapped_column()
    registration_closes: Mapped[datetime | None] = mapped_column()
    checkin_mode: Mapped[str] = mapped_column(String(12))
    late_after_minutes: Mapped[int] = mapped_column(default=LATE_AFTER_MINUTES)
    state: Mapped[str] = mapped_column(String(12), default="draft")
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class ActivityEvent(Base):
    """Who moved an activity from which state to which (活动流水)."""

    __tablename__ = "activity_events"
    __table_args__ = (UniqueConstraint("activity_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"))
    seq: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column()
    from_state: Mapped[str | None] = mapped_column(String(12))
    to_state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(48))
    by_person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class ActivityHost(Base):
    """主办方: a branch, a chain or an organisation; an activity has one or more."""

    __tablename__ = "activity_hosts"
    __table_args__ = (
        UniqueConstraint("activity_id", "branch_id"),
        UniqueConstraint("activity_id", "chain_id"),
        UniqueConstraint("activity_id", "org_id"),
        Index(None, "branch_id"),
        Index(None, "chain_id"),
        CheckConstraint(
            "(kind = 'branch') = (branch_id IS NOT NULL) AND (kind = 'chain') = (chain_id IS NOT NULL)"
            " AND (kind = 'org') = (org_id IS NOT NULL) AND kind IN ('branch', 'chain', 'org')",
            name="one_kind",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"))
    kind: Mapped[str] = mapped_column(String(8))
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("party_branches.id"))
    chain_id: Mapped[int | None] = mapped_column(ForeignKey("chains.id"))
    org_id: Mapped[int | None] = mapped_column(ForeignKey("orgs.id"))


class Registration(Base, Timestamped, ClientKeyed):
    """报名: one person in one activity, with the branch the attendance is credited to.

    Pre-registrations never exceed the capacity: a trigger counts them under a lock of the activity.
    Whoever stands at the door (`source` door) is let in and flagged with `is_over_capacity`.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        UniqueConstraint("activity_id", "person_id"),
        UniqueConstraint("person_id", "client_uuid"),
        CheckConstraint(f"state IN {REGISTRATION_STATES!r}", name="state"),
        CheckConstraint(f"source IN {REGISTRATION_SOURCES!r}", name="source"),
        CheckConstraint("counted_as IN ('member', 'activist', 'guest')", name="counted_as"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    state: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(12))
    credited_branch_id: Mapped[int | None] = mapped_column(ForeignKey("party_branches.id"), index=True)
    counted_as: Mapped[str] = mapped_column(String(8))
    is_over_capacity: Mapped[bool] = mapped_column(default=False)


class RegistrationEvent(Base):
    """报名流水: every change of a registration's state."""

    __tablename__ = "registration_events"
    __table_args__ = (UniqueConstraint("registration_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"))
    seq: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column()
    from_state: Mapped[str | None] = mapped_column(String(12))
    to_state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(48))
    by_person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Leave(Base, Timestamped, ClientKeyed):
    """请假: asked by the person, decided by the home secretary. The reason in words can be erased."""

    __tablename__ = "leaves"
    __table_args__ = (
        UniqueConstraint("person_id", "client_uuid"),
        CheckConstraint(f"state IN {LEAVE_STATES!r}", name="state"),
        CheckConstraint(f"reason_kind IN {tuple(LEAVE_REASONS)!r}", name="reason_kind"),
        Index(
            "uq_leaves_open",
            "activity_id",
            "person_id",
            unique=True,
            sqlite_where=text("state IN ('asked', 'approved')"),
            postgresql_where=text("state IN ('asked', 'approved')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    state: Mapped[str] = mapped_column(String(12))
    reason_kind: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(String(200))
    home_branch_id: Mapped[int | None] = mapped_column(ForeignKey("party_branches.id"), index=True)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class LeaveEvent(Base):
    """请假流水."""

    __tablename__ = "leave_events"
    __table_args__ = (UniqueConstraint("leave_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    leave_id: Mapped[int] = mapped_column(ForeignKey("leaves.id"))
    seq: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column()
    from_state: Mapped[str | None] = mapped_column(String(12))
    to_state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(48))
    by_person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class CheckIn(Base, Timestamped, ClientKeyed):
    """签到: one row per scan, kept even if refused. `at` is the moment of the scan, `created_at` of its arrival.

    Unique indexes make the outcome exact on both databases: one counted scan per activity and person, one
    account per scan ticket (the first use binds it), one person per device and activity (the first claims
    it), one result per client key. A refused scan remembers no key, so the phone may try again with it.
    """

    __tablename__ = "check_ins"
    __table_args__ = (
        CheckConstraint(f"grade IN {GRADES!r}", name="grade"),
        CheckConstraint(f"method IN {CHECK_IN_METHODS!r}", name="method"),
        Index(
            "uq_check_ins_counted",
            "activity_id",
            "person_id",
            unique=True,
            sqlite_where=text(COUNTED),
            postgresql_where=text(COUNTED),
        ),
        Index(
            "uq_check_ins_in_review",
            "activity_id",
            "person_id",
            unique=True,
            sqlite_where=text(IN_REVIEW),
            postgresql_where=text(IN_REVIEW),
        ),
        Index(
            "uq_check_ins_ticket",
            "ticket_nonce",
            unique=True,
            sqlite_where=text("binds_ticket"),
            postgresql_where=text("binds_ticket"),
        ),
        Index(
            "uq_check_ins_client_uuid",
            "person_id",
            "client_uuid",
            unique=True,
            sqlite_where=text(NOT_REJECTED),
            postgresql_where=text(NOT_REJECTED),
        ),
        Index(
            "uq_check_ins_device",
            "activity_id",
            "device_hash",
            unique=True,
            sqlite_where=text("claims_device"),
            postgresql_where=text("claims_device"),
        ),
        Index(None, "activity_id", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column()
    method: Mapped[str] = mapped_column(String(12))
    grade: Mapped[str] = mapped_column(String(12))
    reasons: Mapped[list[Any]] = mapped_column(JSON)
    repeat_of_id: Mapped[int | None] = mapped_column(ForeignKey("check_ins.id"))
    ticket_nonce: Mapped[str | None] = mapped_column(String(32))
    binds_ticket: Mapped[bool] = mapped_column(default=False)
    claims_device: Mapped[bool] = mapped_column(default=False)
    code_step: Mapped[int | None] = mapped_column(BigInteger)
    device_hash: Mapped[str | None] = mapped_column(String(64))


class HeadCount(Base, Timestamped, ClientKeyed):
    """现场清点: heads counted by the host, beside the check-ins; a gap punishes nobody."""

    __tablename__ = "head_counts"
    __table_args__ = (
        UniqueConstraint("by_person_id", "client_uuid"),
        CheckConstraint("heads >= 0", name="heads"),
        Index(None, "activity_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"))
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    heads: Mapped[int] = mapped_column()
