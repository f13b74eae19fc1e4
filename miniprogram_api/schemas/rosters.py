"""Shapes of the roster of desks."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from domain.permissions import Actor
from miniprogram_api.schemas.base import RequestModel
from miniprogram_api.schemas.closures import NamedOut
from services.centre.rosters import Duty, RosterView


class RosterIn(RequestModel):
    model_config = ConfigDict(populate_by_name=True)

    service: str = Field(min_length=1, max_length=80)
    unit: str = Field(min_length=1, max_length=40)
    who: str = Field(min_length=1, max_length=50)
    weekday: int | None = Field(None, ge=0, le=6, description="0 is Monday; left out: every day")
    day: date | None = Field(None, alias="date", description="one day only")
    opens: str = Field(max_length=5, description="09:00")
    closes: str = Field(max_length=5, description="17:00; at or before `opens`: on the next day")
    first: date | None = Field(None, alias="from", description="left out: today")
    after: date | None = Field(None, alias="to", description="the first day without")

    def to_command(self, *, actor: Actor, centre: str) -> Duty:
        return Duty(
            actor=actor,
            centre=centre,
            service=self.service,
            unit=self.unit,
            who=self.who,
            opens=self.opens,
            closes=self.closes,
            weekday=self.weekday,
            day=self.day,
            first=self.first,
            after=self.after,
        )


class RosterOut(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    id: int
    service: NamedOut
    unit: str
    who: str
    weekday: int | None
    day: str | None = Field(alias="date")
    opens: str
    closes: str
    first: str | None = Field(alias="from")
    after: str | None = Field(alias="to")

    @classmethod
    def of(cls, duty: RosterView) -> "RosterOut":
        row = duty.row
        single = row.weekday is None and row.to_on is not None and (row.to_on - row.from_on).days == 1
        return cls(
            id=row.id,
            service=NamedOut(code=duty.service.code, name=duty.service.name),
            unit=duty.unit,
            who=row.who,
            weekday=row.weekday,
            day=row.from_on.isoformat() if single else None,
            opens=_clock(row.opens_minutes),
            closes=_clock(row.closes_minutes),
            first=row.from_on.isoformat(),
            after=row.to_on.isoformat() if row.to_on else None,
        )


class RosterList(BaseModel):
    items: list[RosterOut]


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
