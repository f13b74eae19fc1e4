"""People: one human, several identities, dated grants."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Timestamped


class Person(Base, Timestamped):
    """The one human (人员). Phone and name are personal: ciphertext plus keyed hash, or erasable text."""

    __tablename__ = "people"
    __table_args__ = (
        CheckConstraint("zone IN ('male', 'female')", name="zone"),
        CheckConstraint("state IN ('active', 'blocked', 'erased')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    phone_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    zone: Mapped[str | None] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), default="active")
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    calendar_serial: Mapped[int] = mapped_column(default=0)
    grants: Mapped[list["Grant"]] = relationship(back_populates="person")


class WeChatAccount(Base, Timestamped):
    """One WeChat identity of a person; linked by unionid or by a one-time code (decision 5)."""

    __tablename__ = "wechat_accounts"
    __table_args__ = (UniqueConstraint("appid", "openid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    appid: Mapped[str] = mapped_column(String(32))
    openid: Mapped[str] = mapped_column(String(64))
    unionid: Mapped[str | None] = mapped_column(String(64), index=True)


class StaffCredential(Base, Timestamped):
    """A console login 工作人员账号: argon2 hash, optional TOTP."""

    __tablename__ = "staff_credentials"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), unique=True)
    login: Mapped[str] = mapped_column(String(50), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    totp_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)


class SignInAttempts(Base):
    """How often somebody tried one login's password from one address since `since`; known by a keyed hash alone."""

    __tablename__ = "sign_in_attempts"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    attempts: Mapped[int] = mapped_column()
    since: Mapped[datetime] = mapped_column(index=True)


class AuthToken(Base, Timestamped):
    """A signed-in device. The token itself is never stored, only its hash (decision 6)."""

    __tablename__ = "auth_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    device_id: Mapped[str | None] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column()
    revoked_at: Mapped[datetime | None] = mapped_column()


class Grant(Base, Timestamped):
    """A role with its scope and dates (授权). Valid on days from_on ≤ day < to_on, local."""

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint(
            "scope_kind IN ('district', 'department', 'chain', 'branch', 'org', 'centre')", name="scope_kind"
        ),
        CheckConstraint("(scope_kind = 'district') = (scope_id IS NULL)", name="scope_id"),
        CheckConstraint("to_on IS NULL OR from_on < to_on", name="dates"),
        Index(None, "person_id"),
        Index(None, "role", "scope_kind", "scope_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    role: Mapped[str] = mapped_column(String(24))
    scope_kind: Mapped[str] = mapped_column(String(12))
    scope_id: Mapped[int | None] = mapped_column()
    from_on: Mapped[date] = mapped_column()
    to_on: Mapped[date | None] = mapped_column()
    person: Mapped[Person] = relationship(back_populates="grants")


class ClaimCode(Base, Timestamped):
    """A one-time code: an invitation to a firm or branch, or the link between two WeChat accounts."""

    __tablename__ = "claim_codes"
    __table_args__ = (CheckConstraint("kind IN ('invite', 'link')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    org_id: Mapped[int | None] = mapped_column(ForeignKey("orgs.id"))
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("party_branches.id"))
    expires_at: Mapped[datetime] = mapped_column()
    used_at: Mapped[datetime | None] = mapped_column()
