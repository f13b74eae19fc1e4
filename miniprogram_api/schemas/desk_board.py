"""Shapes of a desk's board 值班台: the day's guests, units, who waits, what is closed; and of who was found."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from domain.local_time import iso
from miniprogram_api.schemas.base import RequestModel
from miniprogram_api.schemas.bookings import StateName
from miniprogram_api.schemas.centres import (
    CentreRef,
    ClosureKindName,
    NoticeLine,
    ServiceKindName,
    ServiceRef,
    ZoneName,
)
from miniprogram_api.schemas.desk_sync import ConflictOut
from services.booking.views import BookingView
from services.centre.closures import ClosureView
from services.desk.board import ARRIVED, Board, ServiceBoard, UnitNow, Waiting
from services.desk.lines import DeskLine


class BoardQuery(RequestModel):
    day: date | None = Field(None, alias="date", description="the centre's local day; left out: today")


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
