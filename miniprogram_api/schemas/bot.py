"""Shapes of the bot's messages."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class BotMessageIn(BaseModel):
    """A question. Any text is accepted: control characters are dropped, what is too long is cut."""

    model_config = ConfigDict(extra="ignore")

    text: str = Field("", max_length=200_000)
    org: str | None = Field(None, max_length=32, pattern=r"^[A-Za-z0-9_]*$")
    client_uuid: UUID | None = None


class TapOut(BaseModel):
    label: str
    send: str


class NumberOut(BaseModel):
    label: str
    number: str


class SlotOut(BaseModel):
    start: str
    end: str
    free: int
    send: str


class ServiceNameOut(BaseModel):
    code: str
    name: str


class DraftOut(BaseModel):
    category: str
    category_name: str
    title: str
    text: str


class ReplyOut(BaseModel):
    """One part of a reply; which members it has depends on `kind`."""

    kind: Literal["text", "policies", "slots", "choices", "handover", "emergency"]
    text: str | None = None
    items: list[dict[str, Any]] | None = None
    next_question: dict[str, Any] | None = None
    service: ServiceNameOut | None = None
    date: str | None = None
    choices: list[TapOut] | None = None
    draft: DraftOut | None = None
    demand_code: str | None = None
    numbers: list[NumberOut] | None = None


class PolicyRefOut(BaseModel):
    code: str
    title: str
    category: str
    verdict: str | None


class BotReplyOut(BaseModel):
    """What was understood, how sure, what is said, and why."""

    intent: Literal["policy", "booking", "checkin", "demand", "greeting", "out_of_scope"]
    confidence: float
    replies: list[ReplyOut]
    policies: list[PolicyRefOut]
    why: dict[str, Any]
