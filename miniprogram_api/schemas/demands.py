"""Shapes of demands."""

from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from domain.demand import CATEGORIES, TEXT_MAX, TITLE_MAX
from domain.local_time import iso
from miniprogram_api.http.paging import Page
from miniprogram_api.schemas.base import ClientKey
from models.demand import Demand
from services.demands import CreateDemand
from services.idempotency import digest


class DemandIn(ClientKey):
    """A draft: category, title and text; `org` where it is written for a firm."""

    category: str = Field(max_length=16)
    title: str = Field(min_length=1, max_length=TITLE_MAX)
    text: str = Field(min_length=1, max_length=TEXT_MAX)
    org: str | None = Field(None, max_length=32)

    def to_command(self) -> CreateDemand:
        return CreateDemand(
            category=self.category,
            title=self.title,
            text=self.text,
            org=self.org,
            client_uuid=str(self.client_uuid),
            request_digest=digest(self.model_dump(mode="json")),
        )


class DemandEventOut(BaseModel):
    seq: int
    at: str
    from_state: str | None = Field(serialization_alias="from")
    to: str
    reason: str | None


class DemandOut(BaseModel):
    """A demand as its requester sees it."""

    code: str
    state: str
    category: str
    category_name: str
    title: str
    text: str
    channel: str
    created_at: str
    submitted_at: str | None
    events: list[DemandEventOut]

    @classmethod
    def of(cls, demand: Demand, timezone: ZoneInfo) -> "DemandOut":
        def local(moment: datetime) -> str:
            return iso(moment, timezone)

        return cls(
            code=demand.code,
            state=demand.state,
            category=demand.category,
            category_name=CATEGORIES.get(demand.category, demand.category),
            title=demand.title,
            text=demand.text,
            channel=demand.channel,
            created_at=local(demand.created_at),
            submitted_at=local(demand.submitted_at) if demand.submitted_at else None,
            events=[
                DemandEventOut(seq=e.seq, at=local(e.at), from_state=e.from_state, to=e.to_state, reason=e.reason)
                for e in demand.events
            ],
        )


class DemandPage(Page[DemandOut]):
    """One page of one's own demands."""
