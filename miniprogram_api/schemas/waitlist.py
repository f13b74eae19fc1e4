"""Shapes of the wait-list."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from domain.local_time import iso
from domain.permissions import Actor, runs_desk
from domain.service_types import ZONES
from miniprogram_api.http.paging import Page, PageQuery
from miniprogram_api.schemas.base import ClientKey, Instant, RequestModel
from miniprogram_api.schemas.centres import PlaceRef, ServiceRef, ZoneName
from services.ports import Cipher, unsealed
from services.waitlist.joining import Join
from services.waitlist.standing import OfferLine, Standing
from services.waitlist.views import EntryView

EntryState = Literal["waiting", "offered", "accepted", "declined", "lapsed", "cancelled", "served"]
OfferState = Literal["offered", "accepted", "declined", "lapsed", "withdrawn"]


class WishIn(ClientKey):
    service: str = Field(min_length=1, max_length=80)
    start: Instant
    minutes: int | None = Field(None, description="left out: the slot of the service")
    until: Instant | None = Field(None, description="the latest end; left out: start + minutes")
    min_minutes: int | None = Field(None, description="the shortest stay that would do; left out: minutes")
    zone: ZoneName | None = None
    accessible: bool = Field(False, description="an accessible unit is needed")
    party_size: int = 1
    instead_of: str | None = Field(
        None, max_length=20, description="a booking the centre had to give up: first in line"
    )

    def to_command(self, *, actor: Actor, **more: Any) -> Join:
        return Join(
            actor=actor,
            service=self.service,
            start=self.start,
            client_uuid=self.client_uuid,
            minutes=self.minutes,
            until=self.until,
            min_minutes=self.min_minutes,
            zone=self.zone,
            accessible=self.accessible,
            party_size=self.party_size,
            instead_of=self.instead_of,
            **more,
        )


class WaitIn(WishIn):
    no_night_offers: bool | None = Field(None, description="left out: as the person has set it")

    def command(self, *, actor: Actor) -> Join:
        return self.to_command(actor=actor, no_night_offers=self.no_night_offers)


class DeskWaitIn(WishIn):
    name: str | None = Field(None, max_length=30)
    plate: str | None = Field(None, max_length=20)

    def command(self, *, actor: Actor, centre: str) -> Join:
        return self.to_command(actor=actor, centre=centre, name=self.name or None, plate=self.plate or None)


class EntryChange(RequestModel):
    no_night_offers: bool


class EntriesQuery(PageQuery):
    mine: bool = True


class OfferOut(BaseModel):
    start: str
    end: str
    unit: str | None
    answer_until: str
    seconds_left: int


class OfferLineOut(BaseModel):
    at: str
    start: str
    end: str
    state: OfferState
    until: str
    mine: bool


class EntryOut(BaseModel):
    id: str
    state: EntryState
    service: ServiceRef
    centre: PlaceRef
    start: str
    until: str
    minutes: int
    min_minutes: int
    zone: ZoneName | None
    accessible: bool
    party_size: int
    joined_at: str
    position: int | None
    ahead: int
    no_night_offers: bool
    lapses: int
    offer: OfferOut | None
    booking: str | None
    told_by: Literal["message", "inbox", "desk"]
    guest: str | None = Field(description="the name of a guest without an account, for the desk alone")
    plate: str | None = Field(description="the plate of a guest without an account, for the desk alone")

    @classmethod
    def of(cls, seen: Standing, *, actor: Actor, cipher: Cipher, now: datetime) -> "EntryOut":
        return cls.model_construct(**entry_body(seen, actor=actor, cipher=cipher, now=now))


class EntryDetailOut(EntryOut):
    log: list[OfferLineOut]

    @classmethod
    def of(cls, seen: Standing, *, actor: Actor, cipher: Cipher, now: datetime) -> "EntryDetailOut":
        lines = [_line(line, seen.entry) for line in seen.log]
        return cls.model_construct(**entry_body(seen, actor=actor, cipher=cipher, now=now), log=lines)


class EntryPage(Page[EntryOut]):
    pass


def entry_body(seen: Standing, *, actor: Actor, cipher: Cipher, now: datetime) -> dict[str, Any]:
    """An entry as its person or the desk may see it: a guest's name and plate are for the desk alone."""
    entry = seen.entry
    service, tz = entry.service, entry.service.opening.tz
    for_desk = entry.person_id is None and runs_desk(actor, service.centre_id)
    return {
        "id": entry.code,
        "state": entry.state_at(now),
        "service": ServiceRef.of(service),
        "centre": PlaceRef.of(service),
        "start": iso(entry.start, tz),
        "until": iso(entry.until, tz),
        "minutes": entry.minutes,
        "min_minutes": entry.min_minutes,
        "zone": entry.zone if entry.zone in ZONES else None,
        "accessible": entry.accessible,
        "party_size": entry.party_size,
        "joined_at": iso(entry.joined_at, tz),
        "position": seen.position,
        "ahead": (seen.position or 1) - 1,
        "no_night_offers": entry.no_night_offers,
        "lapses": entry.lapses_at(now),
        "offer": _offer(entry, now),
        "booking": entry.booking_code,
        "told_by": seen.told_by,
        "guest": unsealed(cipher, entry.guest_cipher) if for_desk else None,
        "plate": unsealed(cipher, entry.plate_cipher) if for_desk else None,
    }


def _offer(entry: EntryView, now: datetime) -> OfferOut | None:
    offer, tz = entry.offer, entry.service.opening.tz
    if offer is None or not entry.is_open_to_answer(now):
        return None
    return OfferOut.model_construct(
        start=iso(offer.start, tz),
        end=iso(offer.end, tz),
        unit=entry.offered_unit,
        answer_until=iso(offer.answer_until, tz),
        seconds_left=int((offer.answer_until - now).total_seconds()),
    )


def _line(line: OfferLine, entry: EntryView) -> OfferLineOut:
    tz = entry.service.opening.tz
    times = {"at": line.at, "start": line.start, "end": line.end, "until": line.until}
    said: dict[str, Any] = {"state": line.state, **{name: iso(time, tz) for name, time in times.items()}}
    return OfferLineOut.model_construct(**said, mine=line.mine)
