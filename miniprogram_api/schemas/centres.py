"""Shapes of centres, services and free places."""

from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.availability import DayAvailability, Slot
from domain.booking import opens_to
from domain.desk import usual_party
from domain.hours_text import hours_text
from domain.local_time import iso, iso_of_grid, local_day
from domain.service_types import ServiceFacts, has_accessible, zones_of
from miniprogram_api.http.paging import Page, PageQuery
from miniprogram_api.schemas.base import RequestModel
from services.centre.catalogue import NoticeFacts
from services.centre.centres import CentreNow, ServiceNow, StripDay

ServiceKindName = Literal["unit", "pool", "desk", "room"]
ZoneName = Literal["male", "female"]
NoticeKindName = Literal["congestion", "closure", "hours"]
ClosureKindName = Literal["closed", "broken", "cleaning"]


class CentresQuery(PageQuery):
    near: str | None = Field(None, max_length=60, description="lat,lon; used for this answer alone")


class AvailabilityQuery(RequestModel):
    day: date = Field(alias="date")
    minutes: int | None = Field(None, ge=1, le=100_000)
    zone: str | None = Field(None, max_length=10)
    accessible: bool = False


class MonthQuery(RequestModel):
    first: date = Field(alias="from")
    days: int = Field(14, ge=1, le=31)
    minutes: int | None = Field(None, ge=1, le=100_000)
    zone: str | None = Field(None, max_length=10)
    accessible: bool = False


class CentreRef(BaseModel):
    code: str
    name: str


class PlaceRef(CentreRef):
    place: str

    @classmethod
    def of(cls, service: ServiceFacts) -> "PlaceRef":
        return cls.model_construct(code=service.centre_code, name=service.centre_name, place=service.centre_place)


class ServiceRef(BaseModel):
    code: str
    name: str
    kind: ServiceKindName

    @classmethod
    def of(cls, service: ServiceFacts) -> "ServiceRef":
        columns: dict[str, Any] = {"code": service.code, "name": service.name, "kind": service.kind}
        return cls.model_construct(**columns)


class ClosedOut(BaseModel):
    """A time the whole service is closed 停用, for guests: from when, until when (null: until further notice), why."""

    model_config = ConfigDict(populate_by_name=True)

    since: str = Field(alias="from")
    until: str | None
    reason: str


class ServiceOut(BaseModel):
    code: str
    name: str
    kind: ServiceKindName
    slot_minutes: int
    step_minutes: int
    min_minutes: int
    max_minutes: int
    cleaning_minutes: int
    grace_minutes: int
    has_zones: bool
    zones: list[ZoneName]
    has_accessible: bool = Field(description="some unit is accessible: a wish for one can be sent")
    capacity: int
    max_party: int = Field(description="how many may come on one booking")
    booking_required: bool
    bookable: bool
    needs_approval: bool
    who: list[str] | None
    max_future: int | None
    window_days: int
    open_now: bool
    free_now: int
    hours_text: str
    closed: list[ClosedOut] = Field(description="of the whole service, that stand or come within the booking window")
    centre: CentreRef

    @classmethod
    def of(cls, service: ServiceNow, *, now: datetime) -> "ServiceOut":
        facts = service.facts
        zones = zones_of(facts)
        columns: dict[str, Any] = {
            "code": facts.code,
            "name": facts.name,
            "kind": facts.kind,
            "slot_minutes": facts.slot_minutes,
            "step_minutes": facts.step_minutes,
            "min_minutes": facts.min_minutes,
            "max_minutes": facts.max_minutes,
            "cleaning_minutes": facts.cleaning_minutes,
            "grace_minutes": facts.grace_minutes,
            "has_zones": bool(zones),
            "has_accessible": has_accessible(facts),
            "zones": list(zones),
            "capacity": places_of(facts),
            "max_party": usual_party(facts),
            "booking_required": facts.booking_required,
            "bookable": facts.is_bookable,
            "needs_approval": facts.rules.first_state == "requested",
            "who": opens_to(facts),
            "max_future": facts.max_future_per_person,
            "window_days": facts.window_days,
            "open_now": service.open_now,
            "free_now": service.free_now,
            "hours_text": hours_text(facts.opening, local_day(now, facts.opening.tz)),
            "closed": closed_times(facts, now=now),
            "centre": CentreRef(code=facts.centre_code, name=facts.centre_name),
        }
        return cls.model_construct(**columns)


class ServicePage(Page[ServiceOut]):
    pass


class NoticeLine(BaseModel):
    """A notice as it stands beside its centre; `NoticeOut` is the same for who keeps it."""

    model_config = ConfigDict(populate_by_name=True)

    id: int
    kind: NoticeKindName
    text: str
    since: str = Field(alias="from")
    until: str | None

    @classmethod
    def columns(cls, notice: NoticeFacts, tz: tzinfo) -> dict[str, Any]:
        return {
            "id": notice.id,
            "kind": notice.kind,
            "text": notice.text,
            "since": iso(notice.start, tz),
            "until": iso(notice.end, tz) if notice.end else None,
        }


class CentreOut(BaseModel):
    code: str
    name: str
    place: str
    lat: float | None
    lon: float | None
    distance_m: int | None
    tz: str
    contact: str | None
    free_of_charge: bool
    way_in: str | None
    open_now: bool
    free_now: int
    hours_text: str
    notices: list[NoticeLine]

    @classmethod
    def columns(cls, centre: CentreNow, *, now: datetime) -> dict[str, Any]:
        facts = centre.facts
        return {
            "code": facts.code,
            "name": facts.name,
            "place": facts.place,
            "lat": facts.position.lat if facts.position else None,
            "lon": facts.position.lon if facts.position else None,
            "distance_m": centre.distance_m,
            "tz": facts.tz.key,
            "contact": facts.contact,
            "free_of_charge": facts.is_free,
            "way_in": facts.way_in,
            "open_now": centre.open_now,
            "free_now": centre.free_now,
            "hours_text": hours_text(facts.opening, local_day(now, facts.tz)),
            "notices": [
                NoticeLine(**NoticeLine.columns(notice, facts.tz)) for notice in facts.notices if notice.stands_at(now)
            ],
        }

    @classmethod
    def of(cls, centre: CentreNow, *, now: datetime) -> "CentreOut":
        return cls(**cls.columns(centre, now=now))


class CentreDetailOut(CentreOut):
    services: list[ServiceOut]

    @classmethod
    def of(cls, centre: CentreNow, *, now: datetime) -> "CentreDetailOut":
        services = [ServiceOut.of(service, now=now) for service in centre.services]
        return cls.model_construct(**cls.columns(centre, now=now), services=services)


class CentrePage(Page[CentreOut]):
    pass


class SlotOut(BaseModel):
    start: str
    end: str
    free: int
    capacity: int
    zones: dict[ZoneName, int] | None = None


class SpanOut(BaseModel):
    start: str
    end: str


class AvailabilityOut(BaseModel):
    service: str
    date: date
    zone: ZoneName | None
    minutes: int
    slots: list[SlotOut]
    next_free: SpanOut | None


class StripDayOut(BaseModel):
    date: date
    free_slots: int
    open: bool


class MonthOut(BaseModel):
    service: str
    days: list[StripDayOut]

    @classmethod
    def of(cls, service: str, strip: list[StripDay]) -> "MonthOut":
        days = [StripDayOut(date=day.day, free_slots=day.free_slots, open=day.open) for day in strip]
        return cls(service=service, days=days)


def availability_body(found: DayAvailability) -> dict[str, Any]:
    """The shape of `AvailabilityOut`, built by hand: a day has up to 288 starts and this is asked most."""
    tz = found.service.opening.tz

    def slot_body(slot: Slot) -> dict[str, Any]:
        body: dict[str, Any] = {
            "start": iso_of_grid(slot.start, tz),
            "end": iso_of_grid(slot.end, tz),
            "free": slot.free,
            "capacity": slot.capacity,
        }
        if slot.zones is not None:
            body["zones"] = slot.zones
        return body

    after = found.next_free
    return {
        "service": found.service.code,
        "date": found.day.isoformat(),
        "zone": found.zone,
        "minutes": found.minutes,
        "slots": [slot_body(slot) for slot in found.slots],
        "next_free": {"start": iso(after.start, tz), "end": iso(after.end, tz)} if after else None,
    }


def places_of(service: ServiceFacts) -> int:
    """How many places a service has for guests; family units are given by staff."""
    return service.capacity if service.capacity is not None else sum(unit.zone != "family" for unit in service.units)


def closed_times(service: ServiceFacts, *, now: datetime) -> list[ClosedOut]:
    """When the whole service is closed, as far as anyone may book."""
    tz, last = service.opening.tz, now + timedelta(days=service.window_days + 1)
    return [
        ClosedOut.model_construct(
            since=iso(closure.start, tz), until=iso(closure.end, tz) if closure.end else None, reason=closure.reason
        )
        for closure in service.closures
        if closure.unit_id is None and closure.touches(now, last)
    ]
