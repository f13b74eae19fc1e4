"""One booking as its owner, the desk and the bot see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, select
from sqlalchemy.orm import Session

from domain.booking import UPCOMING_STATES, kept_until
from domain.codes import read_code
from domain.errors import Invalid, NotFound
from domain.permissions import Actor, runs_desk
from domain.service_types import ServiceFacts, suited
from models.centre import Booking, BookingEvent, Service
from models.people import Person
from models.waitlist import WaitlistEntry
from services import audit
from services.centre.catalogue import centre_facts

_booking = Booking.__table__.c
COLUMNS = (
    _booking.id,
    _booking.code,
    _booking.person_id,
    _booking.unit_id,
    _booking.zone,
    _booking.starts_at,
    _booking.ends_at,
    _booking.occupied_until,
    _booking.grace_until,
    _booking.hold_until,
    _booking.state,
    _booking.party_size,
    _booking.plate_cipher,
    _booking.source,
    _booking.was_late_cancel,
    _booking.late_minutes,
    _booking.accessible,
    _booking.guest_cipher,
    _booking.made_by_id,
    _booking.moved_to_id,
    _booking.created_at,
    _booking.service_id,
)
_service = Service.__table__.c
_SELECT = select(*COLUMNS, _service.centre_id, _service.catalogue_revision).join_from(
    Booking.__table__, Service.__table__, _booking.service_id == _service.id
)


@dataclass(frozen=True, slots=True)
class BookingView:
    """A booking with the facts of its service."""

    id: int
    code: str
    state: str
    person_id: int | None
    service: ServiceFacts
    unit_id: int | None
    zone: str | None
    start: datetime
    end: datetime
    occupied_until: datetime
    grace_until: datetime
    hold_until: datetime | None
    party_size: int
    plate_cipher: bytes | None
    source: str
    was_late_cancel: bool
    late_minutes: int
    accessible: bool
    guest_cipher: bytes | None
    made_by_id: int | None
    moved_to_id: int | None
    created_at: datetime

    @property
    def kept_until(self) -> datetime:
        """Until when the place is kept, congestion included."""
        return kept_until(self.service, self.start, self.grace_until)

    @property
    def unit_no(self) -> str | None:
        return self.service.unit_no(self.unit_id)


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of a booking's history."""

    seq: int
    at: datetime
    from_state: str | None
    to_state: str
    reason: str | None
    actor_id: int | None


@dataclass(frozen=True, slots=True)
class BookingLinks:
    """What a booking hangs together with: the booking it became or was, the wait-list entry behind it, its owner."""

    moved_to: str | None
    moved_from: str | None
    entry: str | None
    name: str | None = None
    """Of its owner, for the desk alone."""


def links_of(session: Session, booking: BookingView) -> BookingLinks:
    """The links of one booking, in one query."""
    own = bindparam("id", booking.id, type_=_booking.id.type)
    row = session.execute(
        select(
            select(_booking.code).where(_booking.id == booking.moved_to_id).scalar_subquery(),
            select(_booking.code).where(_booking.moved_to_id == own).scalar_subquery(),
            select(WaitlistEntry.code).where(WaitlistEntry.booking_id == own).limit(1).scalar_subquery(),
            select(Person.name).where(Person.id == booking.person_id).scalar_subquery(),
        )
    ).one()
    return BookingLinks(*row)


def note_look(session: Session, booking: BookingView, actor: Actor, *, now: datetime) -> None:
    """The desk saw whose booking it is: a row of the audit log."""
    audit.record(
        session,
        person_id=actor.person_id,
        action="desk.booking",
        subject_kind="booking",
        subject_id=booking.id,
        now=now,
    )


def get_booking(session: Session, code: str, *, actor: Actor) -> BookingView:
    """A booking, for its owner or the desk of its centre; for anyone else it does not exist.

    Raises NotFound `unknown_booking`.
    """
    return check_reader(booking_by_code(session, code), actor)


def check_reader(booking: BookingView, actor: Actor) -> BookingView:
    """The booking, for its owner or the desk of its centre. Raises NotFound `unknown_booking` for anyone else."""
    if booking.person_id != actor.person_id and not runs_desk(actor, booking.service.centre_id):
        raise NotFound("unknown_booking")
    return booking


def booking_by_code(session: Session, code: str) -> BookingView:
    """A booking by its code, whoever asks. Raises NotFound `unknown_booking`."""
    key = read_code(code)
    found = read_bookings(session, _booking.code == key) if key else []
    if not found:
        raise NotFound("unknown_booking")
    return found[0]


def list_mine(
    session: Session,
    person_id: int,
    *,
    state: str | None = None,
    now: datetime,
    offset: int = 0,
    limit: int = 20,
) -> tuple[list[BookingView], int]:
    """One's own bookings, newest first, with how many there are; `upcoming` or `past`. Raises Invalid `invalid`."""
    upcoming = _booking.state.in_(UPCOMING_STATES) & (_booking.ends_at > now)
    if state not in (None, "upcoming", "past"):
        raise Invalid("invalid", fields={"state": ["upcoming, past"]})
    mine = _booking.person_id == person_id
    if state is not None:
        mine &= upcoming if state == "upcoming" else ~upcoming
    total = session.scalar(select(func.count()).select_from(Booking.__table__).where(mine)) or 0
    return read_bookings(session, mine, offset=offset, limit=limit), total


def read_bookings(
    session: Session, where: ColumnElement[bool], *, lock: bool = False, offset: int = 0, limit: int | None = None
) -> list[BookingView]:
    """Bookings with their services, the one made last first."""
    statement = _SELECT.where(where).order_by(_booking.id.desc()).offset(offset).limit(limit)
    if lock:
        statement = statement.with_for_update(key_share=True, of=Booking.__table__)
    return [_view(session, row) for row in session.execute(statement)]


def list_events(session: Session, booking_id: int) -> Sequence[EventView]:
    """The history of one booking, in order."""
    rows = session.execute(
        select(
            BookingEvent.seq,
            BookingEvent.at,
            BookingEvent.from_state,
            BookingEvent.to_state,
            BookingEvent.reason,
            BookingEvent.actor_id,
        )
        .where(BookingEvent.booking_id == booking_id)
        .order_by(BookingEvent.seq)
    )
    return [EventView(*row) for row in rows]


def _view(session: Session, row: Row[*tuple[Any, ...]]) -> BookingView:
    return view_of(row._mapping, centre_facts(session, row.centre_id, row.catalogue_revision).service(row.service_id))


def view_of(values: Any, service: ServiceFacts) -> BookingView:
    """A view from the columns of a row, read or just written."""
    service = suited(service, accessible=values["accessible"])
    return BookingView(
        id=values["id"],
        code=values["code"],
        state=values["state"],
        person_id=values["person_id"],
        service=service,
        unit_id=values["unit_id"],
        zone=values["zone"],
        start=values["starts_at"],
        end=values["ends_at"],
        occupied_until=values["occupied_until"],
        grace_until=values["grace_until"],
        hold_until=values["hold_until"],
        party_size=values["party_size"],
        plate_cipher=values["plate_cipher"],
        source=values["source"],
        was_late_cancel=values["was_late_cancel"],
        late_minutes=values["late_minutes"],
        accessible=values["accessible"],
        guest_cipher=values["guest_cipher"],
        made_by_id=values["made_by_id"],
        moved_to_id=values["moved_to_id"],
        created_at=values["created_at"],
    )
