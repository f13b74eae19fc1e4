"""What came in from offline and found its place taken 到店冲突: the list, and settling it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.orm import Session

from domain.errors import Conflict, Invalid, NotFound
from domain.permissions import Actor
from domain.service_types import ServiceFacts
from models.centre import Booking
from models.desk import Arrival
from services.centre.catalogue import CentreFacts, lock_service
from services.desk.scope import desk_centre

_arrival, _booking = Arrival.__table__.c, Booking.__table__.c
OPEN: ColumnElement[bool] = (_arrival.result == "conflict") & _arrival.settled_at.is_(None)
_SELECT = select(
    Arrival.__table__,
    _booking.code.label("booking_code"),
    _booking.person_id,
    _booking.guest_cipher.label("booking_guest"),
    _booking.plate_cipher.label("booking_plate"),
    _booking.unit_id.label("booking_unit_id"),
    _booking.service_id.label("booking_service_id"),
).outerjoin_from(Arrival.__table__, Booking.__table__, _booking.id == _arrival.booking_id)


@dataclass(frozen=True, slots=True)
class ConflictView:
    """One arrival whose place was another's: who stands there, and what was meant for them."""

    id: int
    kind: str
    at: datetime
    received_at: datetime
    booking: str | None
    person_id: int | None
    guest_cipher: bytes | None
    plate_cipher: bytes | None
    service: ServiceFacts | None
    unit: str | None
    minutes: int | None
    zone: str | None
    party_size: int
    code: str | None
    settled_at: datetime | None
    settle_note: str | None


def open_conflicts(session: Session, centre: CentreFacts) -> list[ConflictView]:
    """What staff still have to settle, the oldest first: one query."""
    rows = session.execute(_SELECT.where(_arrival.centre_id == centre.id, OPEN).order_by(_arrival.at, _arrival.id))
    return [_view(row, centre) for row in rows]


def list_conflicts(session: Session, code: str, *, actor: Actor) -> list[ConflictView]:
    """The open conflicts of a desk. Raises as `desk_centre`."""
    return open_conflicts(session, desk_centre(session, code, actor))


def get_conflict(session: Session, centre: CentreFacts, conflict_id: int) -> ConflictView:
    """One conflict, settled ones too. Raises NotFound `unknown_conflict`."""
    row = session.execute(
        _SELECT.where(_arrival.centre_id == centre.id, _arrival.id == conflict_id, _arrival.result == "conflict")
    ).one_or_none()
    if row is None:
        raise NotFound("unknown_conflict")
    return _view(row, centre)


def lock_conflict(session: Session, centre: CentreFacts, conflict_id: int) -> ConflictView:
    """One conflict to be settled, its service locked first. Raises NotFound `unknown_conflict`."""
    found = get_conflict(session, centre, conflict_id)
    if found.service is not None:
        lock_service(session, found.service.id)
    return get_conflict(session, centre, conflict_id)


def mark_settled(session: Session, conflict: ConflictView, note: str | None, *, actor: Actor, now: datetime) -> None:
    """Put a conflict away, with who did it; it stays to be read."""
    session.execute(
        update(Arrival.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        .where(_arrival.id == conflict.id)
        .values(settled_at=now, settled_by_id=actor.person_id, settle_note=note)
    )


def set_booking(session: Session, conflict: ConflictView, booking_id: int) -> None:
    """The booking that a walk-in got after all."""
    session.execute(
        update(Arrival.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        .where(_arrival.id == conflict.id)
        .values(booking_id=booking_id)
    )


def check_settle(conflict: ConflictView, unit: str | None, note: str | None) -> bool:
    """Whether there is something to do; settled the same way before, there is not.

    Raises Invalid `settle_how` without unit and note; Conflict `conflict_settled` where it was settled otherwise.
    """
    if unit is None and not note:
        raise Invalid("settle_how")
    if conflict.settled_at is None:
        return True
    if conflict.settle_note != note:
        raise Conflict("conflict_settled")
    return False


def _view(row: Row[*tuple[Any, ...]], centre: CentreFacts) -> ConflictView:
    service_id = row.service_id or row.booking_service_id
    service = next((s for s in centre.services if s.id == service_id), None)
    unit_id = row.unit_id or row.booking_unit_id
    return ConflictView(
        id=row.id,
        kind=row.kind,
        at=row.at,
        received_at=row.received_at,
        booking=row.booking_code,
        person_id=row.person_id,
        guest_cipher=row.guest_cipher or row.booking_guest,
        plate_cipher=row.plate_cipher or row.booking_plate,
        service=service,
        unit=service.unit_no(unit_id) if service else None,
        minutes=row.minutes,
        zone=row.zone,
        party_size=row.party_size,
        code=row.refusal,
        settled_at=row.settled_at,
        settle_note=row.settle_note,
    )
