"""Shapes of opening hours at the desk."""

from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.permissions import Actor
from miniprogram_api.schemas.closures import Look, NamedOut
from services.centre.opening_changes import NewException, NewHours
from services.centre.opening_rows import OpeningNow

ONE_DAY = timedelta(days=1)
DaySpans = str | list[str] | None
"""Hours of a day: "09:00-12:00,14:00-18:00", or a list of such; none is closed."""
WeekHours = dict[str, DaySpans] | DaySpans
"""Hours of a week: by default, mon … sun, workday, restday, holiday; or the same every day."""


class HoursIn(Look):
    service: str | None = Field(None, max_length=80, description="left out: the whole centre")
    effective_from: date
    hours: WeekHours = Field(description='{"default"|"mon"…"sun"|"workday"|"restday"|"holiday": "09:00-18:00" or null}')

    def to_command(self, *, actor: Actor, centre: str) -> NewHours:
        return NewHours(actor, centre, self.effective_from, self.hours, self.service)


class ExceptionIn(Look):
    model_config = ConfigDict(populate_by_name=True)

    service: str | None = Field(None, max_length=80, description="left out: the whole centre")
    first: date = Field(alias="from")
    last: date | None = Field(None, alias="to", description="the last day; left out: one day")
    hours: DaySpans = Field(None, description="left out: closed")
    reason: str = Field("", max_length=100)

    def to_command(self, *, actor: Actor, centre: str) -> NewException:
        return NewException(actor, centre, self.first, self.last or self.first, self.hours, self.reason, self.service)


class TimetableOut(BaseModel):
    service: NamedOut | None
    effective_from: str
    hours: dict[str, list[str] | None]


class SpecialDaysOut(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    id: int
    service: NamedOut | None
    first: str = Field(alias="from")
    last: str = Field(alias="to", description="the last day")
    hours: str | None
    reason: str


class OpeningOut(BaseModel):
    centre: NamedOut
    items: list[TimetableOut]
    exceptions: list[SpecialDaysOut]

    @classmethod
    def of(cls, opening: OpeningNow) -> "OpeningOut":
        return cls.model_construct(
            centre=NamedOut(code=opening.centre.code, name=opening.centre.name),
            items=[
                TimetableOut(service=_named(t.service), effective_from=t.effective_from.isoformat(), hours=t.hours)
                for t in opening.timetables
            ],
            exceptions=[
                SpecialDaysOut(
                    id=s.id,
                    service=_named(s.service),
                    first=s.from_on.isoformat(),
                    last=(s.to_on - ONE_DAY).isoformat(),
                    hours=s.hours,
                    reason=s.reason,
                )
                for s in opening.special
            ],
        )


def _named(thing: Any) -> NamedOut | None:
    return NamedOut(code=thing.code, name=thing.name) if thing else None
