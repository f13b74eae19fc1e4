"""Shapes of closures, and of the proposals that go before closures, new hours and rosters."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from domain.local_time import iso
from domain.permissions import Actor
from miniprogram_api.schemas.base import Instant, RequestModel
from miniprogram_api.schemas.centres import ClosureKindName
from services.centre.closures import Close, ClosureView
from services.centre.displacing import Proposal


class Look(RequestModel):
    """Asked without `apply` it only says what would happen; with it, and with what was `seen`, it is done."""

    apply: bool = False
    seen: str | None = Field(None, max_length=64, description="of the proposal that was looked at")


class ClosureIn(Look):
    service: str | None = Field(None, max_length=80, description="left out: the whole centre")
    unit: str | None = Field(None, max_length=40, description="left out: the whole service")
    start: Instant | None = Field(None, description="left out: now")
    until: Instant | None = Field(None, description="left out: until somebody reopens it")
    kind: ClosureKindName = "closed"
    reason: str = Field("", max_length=100)
    client_uuid: UUID | None = None

    def to_command(self, *, actor: Actor, centre: str) -> Close:
        return Close(
            actor=actor,
            centre=centre,
            kind=self.kind,
            reason=self.reason,
            service=self.service,
            unit=self.unit,
            start=self.start,
            until=self.until,
            client_uuid=self.client_uuid,
        )


class NamedOut(BaseModel):
    code: str
    name: str


class SpanOut(BaseModel):
    start: str
    end: str


class GoesTo(BaseModel):
    """`unit`: the same time at another unit. `choose`: the owner is told; `nearest` is that day's nearest free time."""

    kind: Literal["unit", "choose"]
    unit: str | None = None
    nearest: SpanOut | None = None


class AffectedOut(BaseModel):
    code: str
    who: str
    service: NamedOut
    unit: str | None
    start: str
    end: str
    proposal: GoesTo


class ProposalOut(BaseModel):
    seen: str
    affected: list[AffectedOut]
    present: list[str]

    @classmethod
    def of(cls, proposal: Proposal) -> "ProposalOut":
        return cls.model_validate(proposal.body())


class ClosureOut(BaseModel):
    id: int
    service: NamedOut | None
    unit: str | None
    kind: ClosureKindName
    reason: str
    start: str
    until: str | None
    ended_at: str | None
    undo_until: str | None

    @classmethod
    def of(cls, closure: ClosureView, *, now: datetime) -> "ClosureOut":
        tz, service = closure.centre.tz, closure.service
        undoable = closure.ended_at is None and now < closure.undo_until
        return cls(
            id=closure.id,
            service=NamedOut(code=service.code, name=service.name) if service else None,
            unit=closure.unit,
            kind=closure.kind,
            reason=closure.reason,
            start=iso(closure.start, tz),
            until=iso(closure.end, tz) if closure.end else None,
            ended_at=iso(closure.ended_at, tz) if closure.ended_at else None,
            undo_until=iso(closure.undo_until, tz) if undoable else None,
        )


class ClosureAnswer(BaseModel):
    """What would happen (`closure` null), or what was done."""

    proposal: ProposalOut | None
    closure: ClosureOut | None

    @classmethod
    def proposed(cls, proposal: Proposal) -> "ClosureAnswer":
        return cls(proposal=ProposalOut.of(proposal), closure=None)

    @classmethod
    def done(cls, closure: ClosureView, *, now: datetime) -> "ClosureAnswer":
        proposal = ProposalOut.of(closure.proposal) if closure.proposal else None
        return cls.model_construct(proposal=proposal, closure=ClosureOut.of(closure, now=now))


class ClosureList(BaseModel):
    items: list[ClosureOut]


class ChangeAnswer(BaseModel):
    """What would happen, or was done (`applied`)."""

    proposal: ProposalOut
    applied: bool

    @classmethod
    def of(cls, proposal: Proposal, *, applied: bool) -> "ChangeAnswer":
        return cls(proposal=ProposalOut.of(proposal), applied=applied)
