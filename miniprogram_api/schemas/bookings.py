"""Shapes of bookings."""

from datetime import datetime, tzinfo
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.availability import Slot
from domain.booking import MOST_LATE, can_be_late, can_extend, can_move, counts_as_late
from domain.local_time import iso
from domain.permissions import Actor, runs_desk
from domain.plates import mask_plate
from domain.service_types import ZONES
from miniprogram_api.http.paging import Page, PageQuery
from miniprogram_api.schemas.base import ClientKey, Instant, RequestModel
from miniprogram_api.schemas.centres import PlaceRef, ServiceRef, ZoneName
from services.booking.bookings import Book
from services.booking.calendars import booking_signature
from services.booking.passes import make_pass
from services.booking.views import BookingLinks, BookingView, EventView
from services.centre.displaced_options import Options
from services.ports import Deps, unsealed

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
    accessible: bool = Field(False, description="an accessible unit is needed")
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
            accessible=self.accessible,
            plate=self.plate,
        )


class BookingsQuery(PageQuery):
    mine: bool = True
    state: Literal["upcoming", "past"] | None = None


class RefuseIn(RequestModel):
    reason: str | None = Field(None, max_length=100)


class EventOut(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    seq: int
    at: str
    before: str | None = Field(alias="from")
    after: str = Field(alias="to")
    reason: str | None
    by: Literal["me", "staff", "system"] = Field(description="me: whose booking it is")


class LateOut(BaseModel):
    minutes: int
    possible: bool
    max: int


class BookingOut(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    code: str
    state: StateName
    service: ServiceRef
    centre: PlaceRef
    unit: str | None
    zone: ZoneName | None
    accessible: bool
    start: str
    end: str
    grace_until: str
    hold_until: str | None
    party_size: int
    plate_masked: str | None
    signed_pass: str | None = Field(alias="pass")
    grace_reason: Literal["congestion"] | None
    can_cancel: bool
    late_cancel: bool
    can_move: bool
    can_extend: bool
    late: LateOut
    calendar_url: str = Field(description="works without signing in; for a calendar app")
    guest: str | None = Field(description="the name of a guest without an account, for the desk alone")
    plate: str | None = Field(description="the whole plate, for the desk alone")
    created_at: str
    source: Literal["app", "bot", "walkin", "desk"]

    @classmethod
    def of(cls, booking: BookingView, *, actor: Actor, deps: Deps, now: datetime) -> "BookingOut":
        return cls.model_construct(**booking_body(booking, actor=actor, deps=deps, now=now))


class EntryRef(BaseModel):
    id: str


class FreeOut(BaseModel):
    start: str
    end: str
    free: int


class ElsewhereOut(BaseModel):
    service: ServiceRef
    centre: PlaceRef
    alternatives: list[FreeOut]


class OptionsOut(BaseModel):
    """What somebody displaced can choose."""

    alternatives: list[FreeOut]
    elsewhere: list[ElsewhereOut]
    waitlist: bool

    @classmethod
    def of(cls, found: Options, tz: tzinfo) -> "OptionsOut":
        return cls(
            alternatives=[_free(slot, tz) for slot in found.alternatives],
            elsewhere=[
                ElsewhereOut(
                    service=ServiceRef.of(e.service),
                    centre=PlaceRef.of(e.service),
                    alternatives=[_free(slot, e.service.opening.tz) for slot in e.alternatives],
                )
                for e in found.elsewhere
            ],
            waitlist=found.waitlist,
        )


def _free(slot: Slot, tz: tzinfo) -> FreeOut:
    return FreeOut(start=iso(slot.start, tz), end=iso(slot.end, tz), free=slot.free)


class BookingDetailOut(BookingOut):
    events: list[EventOut]
    moved_to: str | None
    moved_from: str | None
    entry: EntryRef | None = Field(description="the wait-list entry it came from")
    name: str | None = Field(description="of whoever it is for, for the desk alone")
    options: OptionsOut | None = Field(description="of a displaced booking: what its owner can choose")

    @classmethod
    def with_events(
        cls,
        booking: BookingView,
        events: list[EventView],
        links: BookingLinks,
        options: Options | None,
        *,
        actor: Actor,
        deps: Deps,
        now: datetime,
    ) -> "BookingDetailOut":
        tz = booking.service.opening.tz
        lines = [
            EventOut(
                seq=e.seq, at=iso(e.at, tz), before=e.from_state, after=e.to_state, reason=e.reason,
                by="system" if e.actor_id is None else "me" if e.actor_id == booking.person_id else "staff",
            )
            for e in events
        ]  # fmt: skip
        body = booking_body(booking, actor=actor, deps=deps, now=now)
        return cls.model_construct(
            **body,
            name=(links.name or body["guest"]) if runs_desk(actor, booking.service.centre_id) else None,
            events=lines,
            moved_to=links.moved_to,
            moved_from=links.moved_from,
            entry=EntryRef(id=links.entry) if links.entry else None,
            options=OptionsOut.of(options, tz) if options else None,
        )


class BookingPage(Page[BookingOut]):
    pass


def booking_body(booking: BookingView, *, actor: Actor, deps: Deps, now: datetime) -> dict[str, Any]:
    """A booking as its owner or the desk may see it: the pass is the owner's, the whole plate is for the desk alone."""
    service, tz = booking.service, booking.service.opening.tz
    own = booking.person_id == actor.person_id
    can_cancel = booking.state in ("requested", "confirmed")
    plate = unsealed(deps.cipher, booking.plate_cipher)
    for_desk = runs_desk(actor, service.centre_id)
    kept = booking.kept_until
    return {
        "code": booking.code,
        "state": booking.state,
        "service": ServiceRef.of(service),
        "centre": PlaceRef.of(service),
        "unit": booking.unit_no,
        "zone": booking.zone if booking.zone in ZONES else None,
        "accessible": booking.accessible,
        "start": iso(booking.start, tz),
        "end": iso(booking.end, tz),
        "grace_until": iso(kept, tz),
        "grace_reason": "congestion" if kept > booking.grace_until else None,
        "hold_until": iso(booking.hold_until, tz) if booking.hold_until else None,
        "party_size": booking.party_size,
        "plate_masked": mask_plate(plate) if plate else None,
        "signed_pass": make_pass(booking, holder=actor.name, signer=deps.signer) if own else None,
        "can_cancel": can_cancel,
        "late_cancel": _late_cancel(booking, now),
        "can_move": can_move(booking.state, booking.start, kept=kept, now=now),
        "can_extend": can_extend(booking.state, booking.start, now=now),
        "late": LateOut.model_construct(
            minutes=booking.late_minutes,
            possible=can_be_late(booking.state, booking.late_minutes, kept, now=now),
            max=MOST_LATE,
        ),
        "calendar_url": f"/api/v1/calendars/booking/{booking.code}/{booking_signature(deps.signer, booking.code)}.ics",
        "guest": unsealed(deps.cipher, booking.guest_cipher) if for_desk else None,
        "plate": plate if for_desk else None,
        "created_at": iso(booking.created_at, tz),
        "source": booking.source,
    }


def _late_cancel(booking: BookingView, now: datetime) -> bool:
    """Whether cancelling now would count, or did count."""
    if booking.state == "cancelled":
        return booking.was_late_cancel
    return counts_as_late(booking.state, booking.start, now, gave_up_late=booking.was_late_cancel)
