"""Shapes of the working calendar."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from domain.local_time import iso
from miniprogram_api.schemas.base import RequestModel
from services.centre.calendar_days import Affected, DayShown

KindName = Literal["workday", "restday", "holiday"]


class CalendarQuery(RequestModel):
    first: date = Field(alias="from")
    last: date = Field(alias="to", description="the last day")


class CalendarDayIn(RequestModel):
    day: date = Field(alias="date")
    kind: KindName | None = Field(description="null takes back what was entered")
    name: str = Field("", max_length=50)
    apply: bool = Field(True, description="false: only say which bookings would lie outside the hours")


class CalendarDayOut(BaseModel):
    date: date
    kind: KindName
    name: str
    source: Literal["staff", "library", "weekday"]

    @classmethod
    def of(cls, shown: DayShown) -> "CalendarDayOut":
        return cls.model_validate({"date": shown.day, "kind": shown.kind, "name": shown.name, "source": shown.source})


class CalendarOut(BaseModel):
    items: list[CalendarDayOut]
    unknown_years: list[int]


class AffectedOut(BaseModel):
    code: str
    service: str
    service_name: str
    centre_name: str
    start: str
    end: str

    @classmethod
    def of(cls, affected: Affected) -> "AffectedOut":
        facts = affected.service
        return cls(
            code=affected.code,
            service=facts.code,
            service_name=facts.name,
            centre_name=facts.centre_name,
            start=iso(affected.start, facts.opening.tz),
            end=iso(affected.end, facts.opening.tz),
        )


class CalendarChangeOut(BaseModel):
    day: CalendarDayOut | None
    applied: bool
    affected: list[AffectedOut]

    @classmethod
    def of(cls, day: DayShown | None, affected: Sequence[Affected]) -> "CalendarChangeOut":
        return cls(
            day=CalendarDayOut.of(day) if day else None,
            applied=day is not None,
            affected=[AffectedOut.of(booking) for booking in affected],
        )
