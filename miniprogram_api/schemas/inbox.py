"""Shapes of the inbox."""

from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from miniprogram_api.http.paging import Page
from models.notification import Notification
from services.notification_templates import render


class InboxItemOut(BaseModel):
    id: int
    template: str
    title: str
    text: str
    page: str | None
    at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, row: Notification, tz: ZoneInfo) -> "InboxItemOut":
        """Times in the district's offset: news belongs to no one centre (decision 15)."""
        words = render(row.template, row.data)
        return cls(
            id=row.id,
            template=row.template,
            title=words.title,
            text=words.text,
            page=row.page,
            at=row.due_at.astimezone(tz),
            read_at=row.read_at.astimezone(tz) if row.read_at else None,
        )


class InboxPage(Page[InboxItemOut]):
    unread: int
