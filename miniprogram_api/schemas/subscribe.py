"""Shapes of subscribe-message consents."""

from typing import Literal

from pydantic import BaseModel, Field

from miniprogram_api.schemas.base import RequestModel

Moment = Literal["booking", "registration", "waitlist", "follow", "demand"]
Answer = Literal["accept", "reject", "ban", "filter", "acceptWithAudio", "acceptWithAlert"]


class TemplatesQuery(RequestModel):
    moment: Moment = Field(alias="for")


class TemplateOut(BaseModel):
    id: str
    name: str
    title: str


class TemplatesOut(BaseModel):
    templates: list[TemplateOut]


class ConsentsIn(RequestModel):
    """What `wx.requestSubscribeMessage` answered, by template id."""

    template_ids: dict[str, Answer] = Field(min_length=1, max_length=10)


class AllowancesOut(BaseModel):
    """How many messages of each template may now be sent."""

    allowances: dict[str, int]
