"""Shapes of the rotating code, scan tickets, check-ins and the host's list."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from domain.attendance import STEP_SECONDS
from miniprogram_api.http.paging import Page, PageQuery
from miniprogram_api.schemas.activities import ActivityRef, local
from miniprogram_api.schemas.base import ClientKey, RequestModel
from services.attendance import CheckInByCode, CheckInOutcome
from services.attendance_list import AttendanceList, AttendanceRow, CountHeads
from services.idempotency import digest
from services.scan_tickets import DisplayCode, IssuedTicket, ShownStep

ATTENDANCE_MOST = 500


class StepOut(BaseModel):
    qr: str
    valid_from: datetime
    valid_until: datetime


class DoorCountsOut(BaseModel):
    registered: int
    checked_in: int


class DisplayCodeOut(BaseModel):
    qr: str
    valid_from: datetime
    valid_until: datetime
    step_seconds: int
    server_time: datetime
    next: list[StepOut]
    counts: DoorCountsOut

    @classmethod
    def of(cls, shown: DisplayCode, *, now: datetime) -> "DisplayCodeOut":
        def step(part: ShownStep) -> dict[str, Any]:
            return {
                "qr": part.qr,
                "valid_from": local(shown.activity, part.valid_from),
                "valid_until": local(shown.activity, part.valid_until),
            }

        return cls(
            **step(shown.now),
            step_seconds=STEP_SECONDS,
            server_time=local(shown.activity, now),
            next=[StepOut(**step(part)) for part in shown.coming],
            counts=DoorCountsOut(registered=shown.registered, checked_in=shown.checked_in),
        )


class ScanIn(RequestModel):
    qr: str = Field(min_length=1, max_length=500)


class ScanTicketOut(BaseModel):
    ticket: str
    expires_at: datetime
    activity: ActivityRef

    @classmethod
    def of(cls, issued: IssuedTicket) -> "ScanTicketOut":
        return cls(
            ticket=issued.text,
            expires_at=local(issued.activity, issued.expires_at),
            activity=ActivityRef(code=issued.activity.code, title=issued.activity.title),
        )


class CheckInIn(ClientKey):
    ticket: str = Field(min_length=1, max_length=200)
    method: Literal["code"] = "code"

    def to_command(self, activity: str, device_hash: str | None) -> CheckInByCode:
        asked = {"activity": activity.upper(), "ticket": self.ticket, "method": self.method}
        return CheckInByCode(activity, self.ticket, str(self.client_uuid), digest(asked), device_hash)


class CheckInOut(BaseModel):
    grade: str
    reasons: list[str]
    state: str
    at: datetime
    repeat: bool
    activity: ActivityRef
    host_branch: str | None

    @classmethod
    def of(cls, outcome: CheckInOutcome) -> "CheckInOut":
        return cls(
            grade=outcome.grade,
            reasons=list(outcome.reasons),
            state=outcome.state,
            at=outcome.at.replace(microsecond=0),
            repeat=not outcome.is_first,
            activity=ActivityRef(code=outcome.activity_code, title=outcome.activity_title),
            host_branch=outcome.host_branch,
        )


class AttendanceQuery(PageQuery):
    per_page: int = Field(100, ge=1, le=ATTENDANCE_MOST)


class AttendanceRowOut(BaseModel):
    name: str
    branch: str | None
    state: str
    source: str | None
    counted_as: str | None
    over_capacity: bool
    grade: str | None
    reasons: list[str]
    at: datetime | None
    method: str | None
    repeat_scans: int


class AttendanceCountsOut(BaseModel):
    expected: int
    registered: int
    attended: int
    late: int
    on_leave: int
    review: int
    over_capacity: int
    absent: int
    heads: int | None


class AttendanceOut(Page[AttendanceRowOut]):
    counts: AttendanceCountsOut

    @classmethod
    def of(cls, found: AttendanceList, *, page: int, per_page: int) -> "AttendanceOut":
        counts = found.counts
        return cls(
            items=[_row(found, row) for row in found.items],
            total=found.total,
            page=page,
            per_page=per_page,
            counts=AttendanceCountsOut(
                expected=counts.expected,
                registered=counts.registered,
                attended=counts.attended,
                late=counts.late,
                on_leave=counts.on_leave,
                review=counts.review,
                over_capacity=counts.over_capacity,
                absent=counts.absent,
                heads=counts.heads,
            ),
        )


def _row(found: AttendanceList, row: AttendanceRow) -> AttendanceRowOut:
    return AttendanceRowOut(
        name=row.name,
        branch=row.branch,
        state=row.state,
        source=row.source,
        counted_as=row.counted_as,
        over_capacity=row.is_over_capacity,
        grade=row.grade,
        reasons=list(row.reasons),
        at=local(found.activity, row.at) if row.at else None,
        method=row.method,
        repeat_scans=row.repeat_scans,
    )


class HeadCountIn(ClientKey):
    heads: int = Field(ge=0, le=100_000)

    def to_command(self, activity: str) -> CountHeads:
        return CountHeads(activity, self.heads, str(self.client_uuid), digest({"a": activity.upper(), "n": self.heads}))


class HeadCountOut(BaseModel):
    heads: int
    checked_in: int
    gap: int
    at: datetime
