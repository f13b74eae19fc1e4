"""Organisations 单位, their names over time, departments, branches 党支部, chains 产业链."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Timestamped

ORG_KINDS = ("enterprise", "association", "department", "park", "bank", "institute", "street", "office")


class Chain(Base):
    """产业链: a row even where its district is another one."""

    __tablename__ = "chains"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    place: Mapped[str | None] = mapped_column(String(100))
    lead_unit: Mapped[str | None] = mapped_column(String(100))
    stages: Mapped[list["ChainStage"]] = relationship(back_populates="chain", order_by="ChainStage.position")


class ChainStage(Base):
    __tablename__ = "chain_stages"
    __table_args__ = (UniqueConstraint("chain_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    chain_id: Mapped[int] = mapped_column(ForeignKey("chains.id"))
    code: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(100))
    position: Mapped[int] = mapped_column()
    chain: Mapped[Chain] = relationship(back_populates="stages")


class Department(Base):
    """部门: who answers a demand or owns a policy."""

    __tablename__ = "departments"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(100))


class Org(Base, Timestamped):
    """单位. Its name is in `OrgName`, because names change and documents keep the one of their date."""

    __tablename__ = "orgs"
    __table_args__ = (CheckConstraint(f"kind IN {ORG_KINDS!r}", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    region: Mapped[str | None] = mapped_column(String(32))
    size_class: Mapped[str | None] = mapped_column(String(8))
    is_fictional: Mapped[bool] = mapped_column(default=False)
    tags: Mapped[list[Any]] = mapped_column(JSON, default=list)
    names: Mapped[list["OrgName"]] = relationship(back_populates="org", order_by="OrgName.from_on")

    def name_on(self, day: date) -> str:
        """The name valid on that day; before the first or after the last, the nearest one."""
        if not self.names:
            return self.code
        valid = [n for n in self.names if n.from_on <= day and (n.to_on is None or day < n.to_on)]
        return (valid or self.names)[-1].name


class OrgName(Base):
    """A name with its dates: search by old and new finds the firm."""

    __tablename__ = "org_names"
    __table_args__ = (Index(None, "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    from_on: Mapped[date] = mapped_column()
    to_on: Mapped[date | None] = mapped_column()
    org: Mapped[Org] = relationship(back_populates="names")


class OrgStage(Base):
    """Where a firm stands on a chain."""

    __tablename__ = "org_stages"
    __table_args__ = (UniqueConstraint("org_id", "chain_id", "stage_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"))
    chain_id: Mapped[int] = mapped_column(ForeignKey("chains.id"), index=True)
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("chain_stages.id"))


class PartyBranch(Base):
    """党支部: of one firm (own) or of several (joint)."""

    __tablename__ = "party_branches"
    __table_args__ = (CheckConstraint("kind IN ('own', 'joint')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(8), default="own")
    chain_id: Mapped[int | None] = mapped_column(ForeignKey("chains.id"))


class PartyBranchOrg(Base):
    """Which firms a branch belongs to."""

    __tablename__ = "party_branch_orgs"

    branch_id: Mapped[int] = mapped_column(ForeignKey("party_branches.id"), primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True, index=True)


class Membership(Base):
    """党员隶属: credit goes to the home branch on the date. Joining a committee never changes it."""

    __tablename__ = "memberships"
    __table_args__ = (
        Index(None, "person_id", "from_on"),
        Index(None, "branch_id"),
        CheckConstraint("to_on IS NULL OR from_on < to_on", name="dates"),
        CheckConstraint("kind IN ('member', 'probationary', 'activist')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("party_branches.id"))
    kind: Mapped[str] = mapped_column(String(16), default="member")
    from_on: Mapped[date] = mapped_column()
    to_on: Mapped[date | None] = mapped_column()
    confirmed_at: Mapped[datetime | None] = mapped_column()
