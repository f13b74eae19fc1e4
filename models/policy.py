"""Policies 政策, their versions, fact fields, firms' facts and the checks made of them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Timestamped

POLICY_STATES = ("active", "suspended", "repealed")
FACT_SOURCES = ("self", "verified", "imported")


class PolicyCategory(Base):
    """政策类别, in the order of the category file."""

    __tablename__ = "policy_categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(50))
    scope: Mapped[str] = mapped_column(String(500), default="")
    position: Mapped[int] = mapped_column(default=0)


class FactField(Base):
    """画像字段: `definition` is its file form; `digest` changes with it, so that processes notice."""

    __tablename__ = "fact_fields"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(48), unique=True)
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(default=0)


class Policy(Base, Timestamped):
    """政策. The code is kept verbatim; `code_key` is how it is compared (without case)."""

    __tablename__ = "policies"
    __table_args__ = (
        CheckConstraint(f"state IN {POLICY_STATES!r}", name="state"),
        Index(None, "category"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32))
    code_key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(32))
    also_categories: Mapped[list[str]] = mapped_column(JSON, default=list)
    level: Mapped[str] = mapped_column(String(16))
    department: Mapped[str] = mapped_column(String(100))
    mode: Mapped[str] = mapped_column(String(16))
    chains: Mapped[list[str]] = mapped_column(JSON, default=list)
    keywords: Mapped[list[str]] = mapped_column(JSON, default=list)
    illustrative: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(12), default="active")


class PolicyVersion(Base, Timestamped):
    """政策版本, published. Never changed afterwards: a change is a new version."""

    __tablename__ = "policy_versions"
    __table_args__ = (
        UniqueConstraint("policy_id", "number"),
        CheckConstraint("closes IS NULL OR opens IS NULL OR opens <= closes", name="window"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies.id"))
    number: Mapped[int] = mapped_column()
    effective_from: Mapped[date] = mapped_column()
    benefit: Mapped[str] = mapped_column(Text, default="")
    max_amount_wan: Mapped[str | None] = mapped_column(String(24))
    conditions: Mapped[dict[str, Any]] = mapped_column(JSON)
    conditions_digest: Mapped[str] = mapped_column(String(64))
    opens: Mapped[date | None] = mapped_column()
    closes: Mapped[date | None] = mapped_column()
    materials: Mapped[list[str]] = mapped_column(JSON, default=list)
    steps: Mapped[list[str]] = mapped_column(JSON, default=list)
    days: Mapped[int | None] = mapped_column()
    source_doc: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    digest: Mapped[str] = mapped_column(String(64))
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class PolicyEvent(Base):
    """政策流水: published, suspended, resumed, repealed; the state of a policy is that of its last event."""

    __tablename__ = "policy_events"
    __table_args__ = (UniqueConstraint("policy_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies.id"))
    seq: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column()
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(16))
    from_state: Mapped[str | None] = mapped_column(String(12))
    to_state: Mapped[str] = mapped_column(String(12))
    version_number: Mapped[int | None] = mapped_column()
    reason: Mapped[str] = mapped_column(String(200), default="")


class OrgFact(Base):
    """企业画像: one value somebody vouched for; the newest row of a field counts, older ones are history."""

    __tablename__ = "org_facts"
    __table_args__ = (
        CheckConstraint(f"source IN {FACT_SOURCES!r}", name="source"),
        Index(None, "org_id", "field", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"))
    field: Mapped[str] = mapped_column(String(48))
    value: Mapped[Any] = mapped_column(JSON)
    as_of: Mapped[date] = mapped_column()
    for_year: Mapped[int | None] = mapped_column()
    source: Mapped[str] = mapped_column(String(8))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column()


class QuestionPause(Base):
    """暂不再问: a question not to be asked again before `until`. Why it was not answered is not kept."""

    __tablename__ = "question_pauses"
    __table_args__ = (UniqueConstraint("org_id", "field"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"))
    field: Mapped[str] = mapped_column(String(48))
    until: Mapped[datetime] = mapped_column()


class PolicyCheck(Base):
    """政策体检: kept with version, facts and result, so that the same check can be shown again."""

    __tablename__ = "policy_checks"
    __table_args__ = (Index(None, "org_id", "at"), Index(None, "version_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int | None] = mapped_column(ForeignKey("orgs.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("policy_versions.id"))
    at: Mapped[datetime] = mapped_column()
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    verdict: Mapped[str] = mapped_column(String(20))
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
