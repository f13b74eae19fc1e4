"""Shapes of the inbox."""

from datetime import datetime

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
    def of(cls, row: Notification) -> "InboxItemOut":
        words = render(row.template, row.data)
        return cls(
            id=row.id,
            template=row.template,
            title=words.title,
            text=words.text,
            page=row.page,
            at=row.due_at,
            read_at=row.read_at,
        )


class InboxPage(Page[InboxItemOut]):
    unread: int
