"""Shapes of activities, registrations and leave."""

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from domain.activity_types import ACTIVITY_TYPES
from domain.attendance import LATE_AFTER_MINUTES, phase, registration_is_open, shown_state
from miniprogram_api.http.paging import Page, PageQuery
from miniprogram_api.schemas.base import ClientKey, Instant
from models.activity import Activity, Leave, Registration
from services.activities import ActivityView, TimeFilter, facts_of
from services.activity_making import CreateActivity, HostWish
from services.idempotency import digest
from services.registrations import AskLeave, Register

Line = Field(min_length=1, max_length=100)


class ActivityQuery(PageQuery):
    state: TimeFilter | None = None
    host: Literal["me"] | None = None
    mine: bool = False


class HostIn(BaseModel):
    kind: Literal["branch", "chain", "org"]
    code: str = Field(min_length=1, max_length=32)


class ActivityIn(ClientKey):
    type: str = Field(min_length=1, max_length=24)
    title: str = Field(min_length=1, max_length=80)
    place: str = Field(min_length=1, max_length=100)
    starts: Instant
    ends: Instant
    hosts: list[HostIn] = Field(default_factory=list, max_length=10)
    audience: Literal["members", "open", "invited"] | None = None
    theme_tags: list[str] = Field(default_factory=list, max_length=10)
    description: str = Field("", max_length=5000)
    agenda: list[str] = Field(default_factory=list, max_length=50)
    capacity: int | None = Field(None, ge=1, le=100_000)
    registration: bool = True
    registration_opens: Instant | None = None
    registration_closes: Instant | None = None
    check_in_mode: Literal["code", "none"] = "code"
    late_after_minutes: int = Field(LATE_AFTER_MINUTES, ge=0, le=24 * 60)

    def to_command(self, timezone: str) -> CreateActivity:
        return CreateActivity(
            type=self.type,
            title=self.title,
            place=self.place,
            starts=self.starts,
            ends=self.ends,
            timezone=timezone,
            hosts=tuple(HostWish(host.kind, host.code) for host in self.hosts),
            audience=self.audience,
            theme_tags=tuple(tag[:20] for tag in self.theme_tags),
            description=self.description,
            agenda=tuple(line[:200] for line in self.agenda),
            capacity=self.capacity,
            has_registration=self.registration,
            registration_opens=self.registration_opens,
            registration_closes=self.registration_closes,
            checkin_mode=self.check_in_mode,
            late_after_minutes=self.late_after_minutes,
            client_uuid=str(self.client_uuid),
            request_digest=digest(self.model_dump(mode="json")),
        )


class HostOut(BaseModel):
    kind: str
    name: str


class RegistrationWindowOut(BaseModel):
    open: bool
    opens: datetime | None
    closes: datetime | None


class MineOut(BaseModel):
    registration: str | None
    checked_in_at: datetime | None
    grade: str | None
    leave: str | None


class ActivityOut(BaseModel):
    code: str
    type: str
    type_name: str
    title: str
    theme_tags: list[str]
    hosts: list[HostOut]
    audience: str
    place: str
    starts: datetime
    ends: datetime
    state: str
    phase: str
    check_in_opens: datetime
    check_in_closes: datetime
    capacity: int | None
    registered: int
    checked_in: int
    registration: RegistrationWindowOut
    check_in_mode: str
    late_after_minutes: int
    description: str
    agenda: list[str]
    mine: MineOut
    i_host: bool

    @classmethod
    def of(cls, view: ActivityView, *, now: datetime) -> "ActivityOut":
        row, facts = view.activity, facts_of(view.activity)
        is_open = registration_is_open(
            facts,
            needed=row.has_registration,
            opens=row.registration_opens,
            closes=row.registration_closes,
            now=now,
        )
        return cls(
            code=row.code,
            type=row.type,
            type_name=ACTIVITY_TYPES[row.type].name,
            title=row.title,
            theme_tags=row.theme_tags,
            hosts=[HostOut(kind=host.kind, name=host.name) for host in view.hosts],
            audience=row.audience,
            place=row.place,
            starts=local(row, row.starts),
            ends=local(row, row.ends),
            state=shown_state(row.state, row.ends, now=now),
            phase=phase(facts, now=now),
            check_in_opens=local(row, facts.opens),
            check_in_closes=local(row, row.ends),
            capacity=row.capacity,
            registered=view.registered,
            checked_in=view.checked_in,
            registration=RegistrationWindowOut(
                open=is_open,
                opens=local(row, row.registration_opens) if row.registration_opens else None,
                closes=local(row, row.registration_closes or row.ends) if row.has_registration else None,
            ),
            check_in_mode=row.checkin_mode,
            late_after_minutes=row.late_after_minutes,
            description=row.description,
            agenda=row.agenda,
            mine=MineOut(
                registration=view.mine.registration,
                checked_in_at=local(row, view.mine.checked_in_at) if view.mine.checked_in_at else None,
                grade=view.mine.grade,
                leave=view.mine.leave,
            ),
            i_host=view.i_host,
        )


class ActivityPageOut(Page[ActivityOut]):
    pass


class ActivityRef(BaseModel):
    code: str
    title: str


class RegistrationIn(ClientKey):
    def to_command(self, activity: str) -> Register:
        return Register(activity, str(self.client_uuid), digest({"activity": activity.upper()}))


class RegistrationOut(BaseModel):
    state: str
    activity: ActivityRef
    registered_at: datetime

    @classmethod
    def of(cls, row: Registration, activity: Activity) -> "RegistrationOut":
        return cls(
            state=row.state,
            activity=ActivityRef(code=activity.code, title=activity.title),
            registered_at=local(activity, row.created_at),
        )


class LeaveIn(ClientKey):
    reason_kind: Literal["sick", "work", "family", "travel", "other"]
    reason: str | None = Field(None, max_length=200)

    def to_command(self, activity: str) -> AskLeave:
        body = {"activity": activity.upper(), "kind": self.reason_kind, "reason": self.reason}
        return AskLeave(activity, self.reason_kind, self.reason or None, str(self.client_uuid), digest(body))


class LeaveOut(BaseModel):
    state: str
    reason_kind: str
    activity: ActivityRef
    asked_at: datetime

    @classmethod
    def of(cls, row: Leave, activity: Activity) -> "LeaveOut":
        return cls(
            state=row.state,
            reason_kind=row.reason_kind,
            activity=ActivityRef(code=activity.code, title=activity.title),
            asked_at=local(activity, row.created_at),
        )


def local(activity: Activity, instant: datetime) -> datetime:
    """An instant with the offset at the door, whole seconds."""
    return instant.astimezone(ZoneInfo(activity.timezone)).replace(microsecond=0)
