"""Reading occupied time, and checking it against the bookings (`doctor`)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, type_coerce
from sqlalchemy.orm import Session

from domain.availability import LONGEST_OCCUPANCY, Timeline, cells
from domain.booking import HOLDING_STATES
from models.base import KeptInstant
from models.centre import Booking, Hold, Occupancy, Service

_occupancy = Occupancy.__table__.c
# No row is longer than LONGEST_OCCUPANCY, so the lower bound keeps the search off the past.
_BUSY = select(
    _occupancy.unit_id,
    type_coerce(_occupancy.starts_at, KeptInstant),
    type_coerce(_occupancy.ends_at, KeptInstant),
    _occupancy.taken,
).where(
    _occupancy.service_id == bindparam("service_id"),
    _occupancy.starts_at < bindparam("until"),
    _occupancy.starts_at > bindparam("earliest"),
    _occupancy.ends_at > bindparam("since"),
)
_BUSY_NOW = select(
    _occupancy.service_id, _occupancy.unit_id, _occupancy.starts_at, _occupancy.ends_at, _occupancy.taken
).where(
    _occupancy.service_id.in_(bindparam("service_ids", expanding=True)),
    _occupancy.starts_at <= bindparam("now"),
    _occupancy.starts_at > bindparam("earliest"),
    _occupancy.ends_at > bindparam("now"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not agree, and what it is about."""

    subject: str
    text: str


def timeline_between(session: Session, service_id: int, since: datetime, until: datetime) -> Timeline:
    """What is taken of a service in [since, until)."""
    rows = session.execute(
        _BUSY, {"service_id": service_id, "since": since, "until": until, "earliest": since - LONGEST_OCCUPANCY}
    )
    timeline = Timeline()
    for unit_id, start, end, taken in rows:
        timeline.add(unit_id, start, end, taken)
    return timeline


def timelines_now(session: Session, service_ids: Sequence[int], now: datetime) -> dict[int, Timeline]:
    """What is taken at this moment, of many services at once."""
    timelines: dict[int, Timeline] = defaultdict(Timeline)
    rows = session.execute(
        _BUSY_NOW, {"service_ids": list(service_ids), "now": now, "earliest": now - LONGEST_OCCUPANCY}
    )
    for service_id, unit_id, start, end, taken in rows:
        timelines[service_id].add(unit_id, start, end, taken)
    return timelines


def check_occupancy(session: Session) -> list[Finding]:
    """Recompute the occupancy from bookings and holds and say where they differ (decision 19)."""
    return [*_check_units(session), *_check_seats(session)]


def _check_units(session: Session) -> list[Finding]:
    wanted = _held_units(session)
    findings: list[Finding] = []
    rows = select(
        Occupancy.booking_id, Occupancy.hold_id, Occupancy.unit_id, Occupancy.starts_at, Occupancy.ends_at
    ).where(Occupancy.unit_id.is_not(None))
    for row in session.execute(rows):
        subject = f"hold {row.hold_id}" if row.booking_id is None else f"booking {row.booking_id}"
        source = wanted.pop(("hold", row.hold_id) if row.booking_id is None else ("booking", row.booking_id), None)
        if source is None:
            findings.append(Finding(subject, "occupies a unit without holding it"))
        elif (row.unit_id, row.starts_at, row.ends_at) != source[1:]:
            findings.append(Finding(source[0], "occupies another time or unit than its own"))
    return findings + [Finding(source[0], "holds a unit without occupying it") for source in wanted.values()]


def _held_units(session: Session) -> dict[tuple[str, int], tuple[str, int | None, datetime, datetime]]:
    """Every taken time of a unit by its source: (what it is called, unit, from, until)."""
    bookings = select(Booking.id, Booking.code, Booking.unit_id, Booking.starts_at, Booking.occupied_until).where(
        Booking.state.in_(HOLDING_STATES), Booking.unit_id.is_not(None)
    )
    holds = select(Hold.id, Hold.unit_id, Hold.starts_at, Hold.occupied_until).where(
        Hold.is_open, Hold.unit_id.is_not(None)
    )
    found: dict[tuple[str, int], tuple[str, int | None, datetime, datetime]] = {}
    for b in session.execute(bookings):
        found["booking", b.id] = (f"booking {b.code}", b.unit_id, b.starts_at, b.occupied_until)
    for h in session.execute(holds):
        found["hold", h.id] = (f"hold {h.id}", h.unit_id, h.starts_at, h.occupied_until)
    return found


def _check_seats(session: Session) -> list[Finding]:
    wanted: dict[tuple[int, datetime], int] = defaultdict(int)
    booked = (
        select(Booking.service_id, Booking.starts_at, Booking.occupied_until, Booking.party_size, Service.cell_minutes)
        .join(Service, Booking.service_id == Service.id)
        .where(Booking.state.in_(HOLDING_STATES), Booking.unit_id.is_(None))
    )
    held = (
        select(
            Hold.service_id, Hold.starts_at, Hold.occupied_until, Hold.seats.label("party_size"), Service.cell_minutes
        )
        .join(Service, Hold.service_id == Service.id)
        .where(Hold.is_open, Hold.unit_id.is_(None))
    )
    for row in (*session.execute(booked), *session.execute(held)):
        for cell in cells(row.starts_at, row.occupied_until, row.cell_minutes):
            wanted[row.service_id, cell] += row.party_size
    kept = select(Occupancy.service_id, Occupancy.starts_at, Occupancy.taken).where(Occupancy.unit_id.is_(None))
    counted = {(row.service_id, row.starts_at): row.taken or 0 for row in session.execute(kept)}
    return [
        Finding(
            f"service {key[0]} at {key[1].isoformat()}", f"counts {counted.get(key, 0)}, taken {wanted.get(key, 0)}"
        )
        for key in sorted({*wanted, *counted})
        if counted.get(key, 0) != wanted.get(key, 0)
    ]
