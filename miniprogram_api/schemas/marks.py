"""Shapes of marks 爽约记录."""

from typing import Literal

from pydantic import BaseModel, Field

from domain.booking_text import WAIVE_REASONS
from domain.desk import who_text
from domain.local_time import iso
from domain.marks import LIMIT_HALVES
from miniprogram_api.schemas.base import RequestModel
from services.booking.mark_views import MarkView
from services.booking.marks import OwnMarks


class ContestIn(RequestModel):
    text: str = Field(min_length=1, max_length=300)


class DecideIn(RequestModel):
    reason: str = Field(min_length=1, max_length=100, description="told to the owner")


class MarksQuery(RequestModel):
    contested: bool = Field(True, description="1: what waits for an answer; 0: also what was answered lately")


class MarkedService(BaseModel):
    code: str
    name: str


class MarkFields(BaseModel):
    id: int
    kind: Literal["no_show", "late_cancel"]
    booking: str
    service: MarkedService
    at: str
    counts: float = Field(description="1, or 0.5 for a late cancel")
    expires_at: str
    waived_at: str | None
    waive_reason: str | None
    contested_at: str | None
    contest_text: str | None
    decided_at: str | None
    keep_reason: str | None


class MarkOut(MarkFields):
    can_contest: bool

    @classmethod
    def of(cls, mark: MarkView) -> "MarkOut":
        return cls(**_fields(mark).model_dump(), can_contest=mark.can_contest)


class DeskMarkOut(MarkFields):
    who: str

    @classmethod
    def of(cls, mark: MarkView) -> "DeskMarkOut":
        return cls(**_fields(mark).model_dump(), who=who_text(mark.name))


class OwnMarksOut(BaseModel):
    items: list[MarkOut]
    sum: float
    limit: int
    restricted_until: str | None

    @classmethod
    def of(cls, marks: OwnMarks) -> "OwnMarksOut":
        tz = marks.items[0].service.opening.tz if marks.items else None
        return cls(
            items=[MarkOut.of(mark) for mark in marks.items],
            sum=marks.halves / 2,
            limit=LIMIT_HALVES // 2,
            restricted_until=iso(marks.restricted_until, tz) if marks.restricted_until and tz else None,
        )


class DeskMarksOut(BaseModel):
    items: list[DeskMarkOut]


def _fields(mark: MarkView) -> MarkFields:
    tz = mark.service.opening.tz
    return MarkFields(
        id=mark.id,
        kind="no_show" if mark.kind == "no_show" else "late_cancel",
        booking=mark.booking,
        service=MarkedService(code=mark.service.code, name=mark.service.name),
        at=iso(mark.at, tz),
        counts=mark.halves / 2,
        expires_at=iso(mark.expires_at, tz),
        waived_at=iso(mark.waived_at, tz) if mark.waived_at else None,
        waive_reason=WAIVE_REASONS.get(mark.waive_reason, mark.waive_reason) if mark.waive_reason else None,
        contested_at=iso(mark.contested_at, tz) if mark.contested_at else None,
        contest_text=mark.contest_text,
        decided_at=iso(mark.decided_at, tz) if mark.decided_at else None,
        keep_reason=mark.keep_reason,
    )
