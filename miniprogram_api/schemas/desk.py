"""Shapes of what the desk does: letting in, another unit, finding, walking in, arriving."""

from datetime import datetime

from pydantic import Field

from domain.permissions import Actor
from miniprogram_api.schemas.base import ClientKey, RequestModel
from miniprogram_api.schemas.bookings import BookingOut, booking_body
from miniprogram_api.schemas.centres import ZoneName
from services.desk.admitting import Arrive, Arrived
from services.desk.walk_ins import WalkIn
from services.ports import Deps


class LetInIn(RequestModel):
    signed_pass: str | None = Field(None, alias="pass", max_length=1000)


class UnitIn(RequestModel):
    unit: str = Field(min_length=1, max_length=20)


class FindQuery(RequestModel):
    q: str = Field(min_length=1, max_length=1000, description="code, plate or its last four, name, or a pass")


class WalkInIn(ClientKey):
    service: str = Field(min_length=1, max_length=80)
    minutes: int | None = Field(None, description="whole steps; left out: the slot of the service")
    party_size: int = 1
    zone: ZoneName | None = None
    unit: str | None = Field(None, max_length=20)
    name: str | None = Field(None, max_length=50)
    plate: str | None = Field(None, max_length=20)
    override_reason: str | None = Field(None, max_length=200)
    entry: str | None = Field(None, max_length=20, description="the wait-list entry of whoever stands there")

    def to_command(self, *, actor: Actor, centre: str) -> WalkIn:
        return WalkIn(
            actor=actor,
            centre=centre,
            service=self.service,
            client_uuid=self.client_uuid,
            minutes=self.minutes,
            party_size=self.party_size,
            zone=self.zone,
            unit=self.unit or None,
            name=self.name or None,
            plate=self.plate or None,
            override_reason=self.override_reason or None,
            entry=self.entry or None,
        )


class ArriveIn(RequestModel):
    signed_pass: str | None = Field(None, alias="pass", max_length=1000)
    code: str | None = Field(None, max_length=20)

    def to_command(self, centre: str) -> Arrive:
        return Arrive(centre, self.signed_pass, self.code)


class ArrivedOut(BookingOut):
    repeat: bool = Field(description="the guest was in already")

    @classmethod
    def of_arrival(cls, arrived: Arrived, *, actor: Actor, deps: Deps, now: datetime) -> "ArrivedOut":
        body = booking_body(arrived.booking, actor=actor, deps=deps, now=now)
        return cls.model_construct(**body, repeat=arrived.repeated)
