"""Shapes of a centre's notices."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.local_time import iso, to_utc
from miniprogram_api.http.paging import Page, PageQuery
from miniprogram_api.schemas.base import Instant, RequestModel
from miniprogram_api.schemas.centres import CentreRef, NoticeKindName
from services.centre.notices import Post, Posted


class NoticesQuery(PageQuery):
    centre: str = Field(min_length=1, max_length=40)


class NoticeIn(RequestModel):
    model_config = ConfigDict(populate_by_name=True)

    centre: str = Field(min_length=1, max_length=40)
    kind: NoticeKindName
    text: str = Field(min_length=1, max_length=300)
    start: Instant | None = Field(None, alias="from", description="left out: now")
    until: Instant | None = Field(None, description="left out: until somebody ends it")
    grace_minutes: int = Field(0, description="congestion: how much longer bookings that start in it are kept")

    def to_command(self) -> Post:
        return Post(
            centre=self.centre,
            kind=self.kind,
            text=self.text,
            start=to_utc(self.start) if self.start else None,
            until=to_utc(self.until) if self.until else None,
            grace_minutes=self.grace_minutes,
        )


class NoticeChangeIn(RequestModel):
    text: str | None = Field(None, min_length=1, max_length=300)
    until: Instant | None = None
    grace_minutes: int | None = None
    end: bool = False


class NoticeOut(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    id: int
    centre: CentreRef
    kind: NoticeKindName
    text: str
    start: str = Field(alias="from")
    until: str | None
    grace_minutes: int
    stands: bool

    @classmethod
    def of(cls, posted: Posted, *, now: datetime) -> "NoticeOut":
        row, tz = posted.row, posted.centre.tz
        over = row.is_past or (row.ends_at is not None and row.ends_at <= now)
        return cls.model_validate(
            {
                "id": row.id,
                "centre": {"code": posted.centre.code, "name": posted.centre.name},
                "kind": row.kind,
                "text": row.message,
                "from": iso(row.starts_at, tz),
                "until": iso(row.ends_at, tz) if row.ends_at else None,
                "grace_minutes": row.grace_minutes,
                "stands": not over and row.starts_at <= now,
            }
        )


class NoticePage(Page[NoticeOut]):
    pass
