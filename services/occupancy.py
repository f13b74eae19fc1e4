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
from models.centre import Booking, Occupancy, Service

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
    """Recompute the occupancy from the bookings and say where the two differ (decision 19)."""
    return [*_check_units(session), *_check_seats(session)]


def _check_units(session: Session) -> list[Finding]:
    held = select(Booking.id, Booking.code, Booking.unit_id, Booking.starts_at, Booking.occupied_until).where(
        Booking.state.in_(HOLDING_STATES), Booking.unit_id.is_not(None)
    )
    wanted = {row.id: row for row in session.execute(held)}
    findings: list[Finding] = []
    rows = select(Occupancy.booking_id, Occupancy.unit_id, Occupancy.starts_at, Occupancy.ends_at).where(
        Occupancy.unit_id.is_not(None), Occupancy.booking_id.is_not(None)
    )
    for row in session.execute(rows):
        booking = wanted.pop(row.booking_id, None)
        if booking is None:
            findings.append(Finding(f"booking {row.booking_id}", "occupies a unit without holding it"))
        elif (row.unit_id, row.starts_at, row.ends_at) != (booking.unit_id, booking.starts_at, booking.occupied_until):
            findings.append(Finding(f"booking {booking.code}", "occupies another time or unit than its own"))
    return findings + [Finding(f"booking {row.code}", "holds a unit without occupying it") for row in wanted.values()]


def _check_seats(session: Session) -> list[Finding]:
    wanted: dict[tuple[int, datetime], int] = defaultdict(int)
    held = (
        select(Booking.service_id, Booking.starts_at, Booking.occupied_until, Booking.party_size, Service.cell_minutes)
        .join(Service, Booking.service_id == Service.id)
        .where(Booking.state.in_(HOLDING_STATES), Booking.unit_id.is_(None))
    )
    for row in session.execute(held):
        for cell in cells(row.starts_at, row.occupied_until, row.cell_minutes):
            wanted[row.service_id, cell] += row.party_size
    kept = select(Occupancy.service_id, Occupancy.starts_at, Occupancy.taken).where(Occupancy.unit_id.is_(None))
    counted = {(row.service_id, row.starts_at): row.taken or 0 for row in session.execute(kept)}
    return [
        Finding(
            f"service {key[0]} at {key[1].isoformat()}", f"counts {counted.get(key, 0)}, booked {wanted.get(key, 0)}"
        )
        for key in sorted({*wanted, *counted})
        if counted.get(key, 0) != wanted.get(key, 0)
    ]
