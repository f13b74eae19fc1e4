"""Shapes of the desk without a network: what it takes along, what it sends, what became of it."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from domain.error_messages import message_for
from domain.local_time import iso, to_utc
from domain.permissions import Actor
from miniprogram_api.schemas.base import Instant, RequestModel
from miniprogram_api.schemas.bookings import StateName
from miniprogram_api.schemas.centres import CentreRef, ServiceRef, ZoneName
from services.desk.admitting import Keys
from services.desk.conflicts import ConflictView
from services.desk.lines import DeskLine
from services.desk.sync import Item, ItemResult, Upload

# what became of something that happened without a network, in words
RESULT_WORDS = {
    "admitted": "已到店",
    "repeat": "早已登记，没有重复",
    "marked": "已到店；这条预约在线上取消或释放过，已备注",
    "conflict": "人已到店，但位置已经给了别人，请安排一个位置或备注",
    "completed": "已离店",
}


class KeyOut(BaseModel):
    id: str
    alg: Literal["Ed25519"]
    public_key: str = Field(description="base64url without padding")


class OfflineBookingOut(BaseModel):
    code: str
    service: str
    unit: str | None
    start: str
    end: str
    state: StateName
    who: str
    plate_tail: str | None

    @classmethod
    def of(cls, line: DeskLine) -> "OfflineBookingOut":
        booking, tz = line.booking, line.booking.service.opening.tz
        values: dict[str, Any] = {
            "code": booking.code,
            "service": booking.service.code,
            "unit": booking.unit_no,
            "start": iso(booking.start, tz),
            "end": iso(booking.end, tz),
            "state": booking.state,
            "who": line.who,
            "plate_tail": line.tail,
        }
        return cls.model_construct(**values)


class OfflineOut(BaseModel):
    keys: list[KeyOut]
    centre: CentreRef
    services: list[str]
    bookings: list[OfflineBookingOut]
    at: str


class SyncItemIn(RequestModel):
    client_uuid: UUID
    kind: Literal["arrival", "walk_in", "complete"]
    at: Instant
    signed_pass: str | None = Field(None, alias="pass", max_length=1000)
    code: str | None = Field(None, max_length=20)
    service: str | None = Field(None, max_length=80)
    unit: str | None = Field(None, max_length=20)
    minutes: int | None = Field(None, ge=-(2**31), lt=2**31)
    zone: ZoneName | None = None
    party_size: int = Field(1, ge=1, le=1000)
    name: str | None = Field(None, max_length=50)
    plate: str | None = Field(None, max_length=20)

    def to_item(self) -> Item:
        return Item(
            client_uuid=str(self.client_uuid),
            kind=self.kind,
            at=to_utc(self.at),
            pass_text=self.signed_pass,
            code=self.code,
            service=self.service,
            unit=self.unit or None,
            minutes=self.minutes,
            zone=self.zone,
            party_size=self.party_size,
            name=self.name or None,
            plate=self.plate or None,
        )


class SyncIn(RequestModel):
    device: str = Field(min_length=1, max_length=64)
    items: list[SyncItemIn] = Field(max_length=100)

    def to_upload(self, *, actor: Actor, centre: str, keys: Keys) -> Upload:
        return Upload(centre, self.device, [item.to_item() for item in self.items], actor, keys)


class SyncResultOut(BaseModel):
    client_uuid: str
    result: Literal["admitted", "repeat", "conflict", "marked", "refused"]
    code: str | None
    message: str
    booking: str | None
    conflict: int | None

    @classmethod
    def of(cls, item: ItemResult) -> "SyncResultOut":
        word = "completed" if item.kind == "complete" and item.result in ("admitted", "marked") else item.result
        values: dict[str, Any] = {
            "client_uuid": item.client_uuid,
            "result": item.result,
            "code": item.code,
            "message": message_for(item.code, dict(item.details)) if item.code else RESULT_WORDS[word],
            "booking": item.booking,
            "conflict": item.conflict,
        }
        return cls.model_construct(**values)


class SyncOut(BaseModel):
    items: list[SyncResultOut]


class SettleIn(RequestModel):
    unit: str | None = Field(None, max_length=20)
    note: str | None = Field(None, max_length=200)


class ConflictOut(BaseModel):
    id: int
    kind: Literal["arrival", "walk_in", "complete"]
    at: str
    received_at: str
    who: str
    booking: str | None
    service: ServiceRef | None
    unit: str | None
    minutes: int | None
    code: str | None
    message: str
    settled_at: str | None

    @classmethod
    def of(cls, conflict: ConflictView, who: str, tz: Any) -> "ConflictOut":
        return cls(
            id=conflict.id,
            kind=conflict.kind,
            at=iso(conflict.at, tz),
            received_at=iso(conflict.received_at, tz),
            who=who,
            booking=conflict.booking,
            service=ServiceRef.of(conflict.service) if conflict.service else None,
            unit=conflict.unit,
            minutes=conflict.minutes,
            code=conflict.code,
            message=RESULT_WORDS["conflict"],
            settled_at=iso(conflict.settled_at, tz) if conflict.settled_at else None,
        )


class ConflictsOut(BaseModel):
    items: list[ConflictOut]
