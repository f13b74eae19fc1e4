"""Shapes of changes to a booking: move, late, extend."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from domain.permissions import Actor
from miniprogram_api.schemas.base import Instant, RequestModel
from miniprogram_api.schemas.centres import ZoneName
from services.booking.changes import Move
from services.booking.extension import Extend
from services.booking.lateness import Late


class MoveIn(RequestModel):
    start: Instant
    minutes: int | None = Field(None, description="left out: as long as it was")
    zone: ZoneName | None = None
    party_size: int | None = None
    client_uuid: UUID | None = None

    def to_command(self, code: str, *, actor: Actor) -> Move:
        return Move(actor, code, self.start, self.minutes, self.zone, self.party_size, self.client_uuid)


class LateIn(RequestModel):
    minutes: int = Field(description="5 to 90, in steps of five")
    choice: Literal["keep", "other_unit", "shorten"] = "keep"

    def to_command(self, code: str, *, actor: Actor) -> Late:
        return Late(actor, code, self.minutes, self.choice)


class ExtendIn(RequestModel):
    minutes: int
    seen_end: Instant | None = Field(None, description="the end the phone showed: a request sent twice extends once")

    def to_command(self, code: str, *, actor: Actor) -> Extend:
        return Extend(actor, code, self.minutes, self.seen_end)
