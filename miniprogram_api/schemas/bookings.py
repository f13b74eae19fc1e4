"""Shapes of bookings."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.booking import is_late_cancel
from domain.local_time import iso
from domain.permissions import Actor
from domain.plates import mask_plate
from domain.service_types import ZONES
from miniprogram_api.http.paging import Page, PageQuery
from miniprogram_api.schemas.base import ClientKey, Instant, RequestModel
from miniprogram_api.schemas.centres import CentreRef, ServiceKindName, ZoneName
from services.booking_pass import make_pass
from services.booking_views import BookingView, EventView
from services.bookings import Book
from services.ports import Deps

StateName = Literal[
    "requested", "confirmed", "checked_in", "completed", "overstayed", "cancelled", "no_show", "moved", "displaced",
    "refused", "lapsed",
]  # fmt: skip


class BookIn(ClientKey):
    service: str = Field(min_length=1, max_length=80)
    start: Instant
    minutes: int | None = Field(None, description="left out: the slot of the service")
    party_size: int = 1
    zone: ZoneName | None = None
    plate: str | None = Field(None, max_length=20)

    def to_command(self, *, actor: Actor) -> Book:
        return Book(
            actor=actor,
            service=self.service,
            start=self.start,
            client_uuid=self.client_uuid,
            minutes=self.minutes,
            party_size=self.party_size,
            zone=self.zone,
            plate=self.plate,
        )


class BookingsQuery(PageQuery):
    mine: bool = True
    state: Literal["upcoming", "past"] | None = None


class RefuseIn(RequestModel):
    reason: str | None = Field(None, max_length=100)


class ServiceRef(BaseModel):
    code: str
    name: str
    kind: ServiceKindName


class PlaceRef(CentreRef):
    place: str


class EventOut(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    seq: int
    at: str
    before: str | None = Field(alias="from")
    after: str = Field(alias="to")
    reason: str | None


class BookingOut(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    code: str
    state: StateName
    service: ServiceRef
    centre: PlaceRef
    unit: str | None
    zone: ZoneName | None
    start: str
    end: str
    grace_until: str
    hold_until: str | None
    party_size: int
    plate_masked: str | None
    signed_pass: str | None = Field(alias="pass")
    can_cancel: bool
    late_cancel: bool
    created_at: str
    source: Literal["app", "bot", "walkin", "desk"]

    @classmethod
    def of(cls, booking: BookingView, *, actor: Actor, deps: Deps, now: datetime) -> "BookingOut":
        return cls.model_construct(**booking_body(booking, actor=actor, deps=deps, now=now))


class BookingDetailOut(BookingOut):
    events: list[EventOut]

    @classmethod
    def with_events(
        cls, booking: BookingView, events: list[EventView], *, actor: Actor, deps: Deps, now: datetime
    ) -> "BookingDetailOut":
        tz = booking.service.opening.tz
        lines = [
            EventOut(seq=e.seq, at=iso(e.at, tz), before=e.from_state, after=e.to_state, reason=e.reason)
            for e in events
        ]
        return cls.model_construct(**booking_body(booking, actor=actor, deps=deps, now=now), events=lines)


class BookingPage(Page[BookingOut]):
    pass


def booking_body(booking: BookingView, *, actor: Actor, deps: Deps, now: datetime) -> dict[str, Any]:
    """A booking as its owner or the desk may see it: the pass is the owner's, a plate is masked for everyone."""
    service, tz = booking.service, booking.service.opening.tz
    about: dict[str, Any] = {"code": service.code, "name": service.name, "kind": service.kind}
    own = booking.person_id == actor.person_id
    can_cancel = booking.state in ("requested", "confirmed")
    plate = deps.cipher.decrypt(booking.plate_cipher) if booking.plate_cipher else None
    return {
        "code": booking.code,
        "state": booking.state,
        "service": ServiceRef.model_construct(**about),
        "centre": PlaceRef.model_construct(
            code=service.centre_code, name=service.centre_name, place=service.centre_place
        ),
        "unit": booking.unit_no,
        "zone": booking.zone if booking.zone in ZONES else None,
        "start": iso(booking.start, tz),
        "end": iso(booking.end, tz),
        "grace_until": iso(booking.grace_until, tz),
        "hold_until": iso(booking.hold_until, tz) if booking.hold_until else None,
        "party_size": booking.party_size,
        "plate_masked": mask_plate(plate) if plate else None,
        "signed_pass": make_pass(booking, holder=actor.name, signer=deps.signer) if own else None,
        "can_cancel": can_cancel,
        "late_cancel": is_late_cancel(booking.state, booking.start, now) if can_cancel else booking.was_late_cancel,
        "created_at": iso(booking.created_at, tz),
        "source": booking.source,
    }
