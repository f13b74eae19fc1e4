"""Shapes of the desk: the board, finding, walking in, arriving."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from domain.local_time import iso
from domain.permissions import Actor
from miniprogram_api.schemas.base import ClientKey, RequestModel
from miniprogram_api.schemas.bookings import BookingOut, StateName, booking_body
from miniprogram_api.schemas.centres import (
    CentreRef,
    ClosureKindName,
    NoticeLine,
    ServiceKindName,
    ServiceRef,
    ZoneName,
)
from services.booking_desk import Arrive, Arrived
from services.booking_views import BookingView
from services.closures import ClosureView
from services.desk_board import ARRIVED, Board, ServiceBoard, UnitNow, Waiting
from services.desk_conflicts import ConflictView
from services.desk_lines import DeskLine
from services.ports import Deps
from services.walk_ins import WalkIn


class CheckInIn(RequestModel):
    signed_pass: str | None = Field(None, alias="pass", max_length=1000)


class UnitIn(RequestModel):
    unit: str = Field(min_length=1, max_length=20)


class BoardQuery(RequestModel):
    day: date | None = Field(None, alias="date", description="the centre's local day; left out: today")


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


class BoardBookingOut(BaseModel):
    code: str
    state: StateName
    service: ServiceRef
    kind: ServiceKindName
    who: str
    plate_tail: str | None
    unit: str | None
    zone: ZoneName | None
    start: str
    end: str
    grace_until: str
    party_size: int
    source: str
    is_overnight_from_yesterday: bool
    undo_until: str | None
    late_minutes: int

    @classmethod
    def of(cls, line: DeskLine, day: date, *, now: datetime) -> "BoardBookingOut":
        return cls.model_construct(**line_body(line, day, now=now))


class FoundBookingOut(BoardBookingOut):
    name: str | None
    plate: str | None

    @classmethod
    def found(cls, line: DeskLine, day: date, *, now: datetime) -> "FoundBookingOut":
        return cls.model_construct(**line_body(line, day, now=now), name=line.name, plate=line.plate)


class FoundOut(BaseModel):
    items: list[FoundBookingOut]


class UnitClosureOut(BaseModel):
    id: int
    kind: ClosureKindName
    reason: str
    until: str | None


class UnitOut(BaseModel):
    no: str
    zone: str | None
    accessible: bool
    state: Literal["ok", "broken", "cleaning", "closed"]
    closure: UnitClosureOut | None
    free_until: str | None = Field(description="now where it is taken, null where nothing is ahead")


class ServiceBoardOut(BaseModel):
    service: ServiceRef
    units: list[UnitOut]
    bookings: list[BoardBookingOut]


class BoardOfferOut(BaseModel):
    entry: str
    who: str
    service: ServiceRef
    start: str
    end: str
    unit: str | None
    answer_until: str
    by_desk: bool


class BoardWaitingOut(BaseModel):
    entry: str
    who: str
    service: ServiceRef
    position: int | None
    start: str
    until: str
    state: str


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


class BoardNoticeOut(NoticeLine):
    grace_minutes: int


class BoardClosureOut(BaseModel):
    id: int
    service: ServiceRef | None
    unit: str | None
    kind: ClosureKindName
    reason: str
    start: str
    until: str | None


class CountsOut(BaseModel):
    arrived: int
    expected: int
    no_show: int
    free_now: int


class BoardOut(BaseModel):
    centre: CentreRef
    date: date
    now: str
    services: list[ServiceBoardOut]
    requests: list[str]
    offers: list[BoardOfferOut]
    waiting: list[BoardWaitingOut]
    conflicts: list[ConflictOut]
    notices: list[BoardNoticeOut]
    closures: list[BoardClosureOut]
    counts: CountsOut

    @classmethod
    def of(cls, board: Board, *, now: datetime) -> "BoardOut":
        tz = board.centre.tz
        return cls(
            centre=CentreRef(code=board.centre.code, name=board.centre.name),
            date=board.day,
            now=iso(now, tz),
            services=[_service_board(part, board.day, now) for part in board.services],
            requests=list(board.requests),
            offers=[_offer(waiting) for waiting in board.waiting if waiting.entry.is_open_to_answer(now)],
            waiting=[_waiting(waiting, now) for waiting in board.waiting],
            conflicts=[ConflictOut.of(conflict, who, tz) for conflict, who in board.conflicts],
            notices=[
                BoardNoticeOut(**NoticeLine.columns(notice, tz), grace_minutes=notice.grace_minutes)
                for notice in board.notices
            ],
            closures=[_closure(closure, tz) for closure in board.closures],
            counts=CountsOut(
                arrived=board.count(*ARRIVED),
                expected=board.count("confirmed"),
                no_show=board.count("no_show"),
                free_now=board.free_now,
            ),
        )


# what became of something that happened without a network, in words
RESULT_WORDS = {
    "admitted": "已到店",
    "repeat": "早已登记，没有重复",
    "marked": "已到店；这条预约在线上取消或释放过，已备注",
    "conflict": "人已到店，但位置已经给了别人，请安排一个位置或备注",
    "completed": "已离店",
}


def line_body(line: DeskLine, day: date, *, now: datetime) -> dict[str, Any]:
    """A booking as the board shows it: a form of address and the tail of the plate, no full name."""
    booking: BookingView = line.booking
    tz = booking.service.opening.tz
    undo = line.undo_until(now)
    return {
        "code": booking.code,
        "state": booking.state,
        "service": ServiceRef.of(booking.service),
        "kind": booking.service.kind,
        "who": line.who,
        "plate_tail": line.tail,
        "unit": booking.unit_no,
        "zone": booking.zone,
        "start": iso(booking.start, tz),
        "end": iso(booking.end, tz),
        "grace_until": iso(booking.kept_until, tz),
        "party_size": booking.party_size,
        "source": booking.source,
        "is_overnight_from_yesterday": line.is_from_before(day),
        "undo_until": iso(undo, tz) if undo else None,
        "late_minutes": booking.late_minutes,
    }


def _service_board(part: ServiceBoard, day: date, now: datetime) -> ServiceBoardOut:
    return ServiceBoardOut(
        service=ServiceRef.of(part.service),
        units=[_unit(unit, part.service.opening.tz) for unit in part.units],
        bookings=[BoardBookingOut.of(line, day, now=now) for line in part.lines],
    )


def _unit(now: UnitNow, tz: Any) -> UnitOut:
    closure = now.closure
    return UnitOut(
        no=now.unit.no,
        zone=now.unit.zone,
        accessible=now.unit.is_accessible,
        state=now.state,
        closure=UnitClosureOut(
            id=closure.id, kind=closure.kind, reason=closure.reason, until=iso(closure.end, tz) if closure.end else None
        )
        if closure
        else None,
        free_until=iso(now.free_until, tz) if now.free_until else None,
    )


def _offer(waiting: Waiting) -> BoardOfferOut:
    entry, offer = waiting.entry, waiting.entry.offer
    assert offer is not None
    tz = entry.service.opening.tz
    return BoardOfferOut(
        entry=entry.code,
        who=waiting.who,
        service=ServiceRef.of(entry.service),
        start=iso(offer.start, tz),
        end=iso(offer.end, tz),
        unit=entry.offered_unit,
        answer_until=iso(offer.answer_until, tz),
        by_desk=entry.person_id is None,
    )


def _waiting(waiting: Waiting, now: datetime) -> BoardWaitingOut:
    entry = waiting.entry
    tz = entry.service.opening.tz
    return BoardWaitingOut(
        entry=entry.code,
        who=waiting.who,
        service=ServiceRef.of(entry.service),
        position=waiting.position,
        start=iso(entry.start, tz),
        until=iso(entry.until, tz),
        state=entry.state_at(now),
    )


def _closure(closure: ClosureView, tz: Any) -> BoardClosureOut:
    return BoardClosureOut(
        id=closure.id,
        service=ServiceRef.of(closure.service) if closure.service else None,
        unit=closure.unit,
        kind=closure.kind,
        reason=closure.reason,
        start=iso(closure.start, tz),
        until=iso(closure.end, tz) if closure.end else None,
    )
