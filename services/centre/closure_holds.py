"""The holds of closures 停用占位: a closed place is taken in the database too, so that raw SQL meets the same guard.

One rule makes and mends them all: a closure holds whatever of its time the guests who stay, an offer still open, or an
earlier closure do not have. So it begins when the present guest leaves, and of two closures one takes over from the
other. The caller has locked the service.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.orm import Session

from domain.availability import cells
from domain.closures import ClosureFacts, Span, gaps
from domain.local_time import DAY_MINUTES, at_minute, local_day
from domain.service_types import ServiceFacts
from models.centre import Hold, Occupancy
from services.booking.guards import guarded
from services.centre.catalogue import AnyRow, all_centres
from services.centre.occupancy import Finding

FOREVER = timedelta(days=3650)
"""How far an open end reaches for a unit; seats are held as far as anyone may book, and further every day."""
_hold = Hold.__table__.c
_occupancy = Occupancy.__table__.c
_OF_OTHERS = or_(_occupancy.booking_id.is_not(None), _hold.kind == "offer")


class Held(NamedTuple):
    """One row that a closure has to have."""

    closure_id: int
    unit_id: int | None
    start: datetime
    until: datetime
    seats: int = 1


def settle_holds(session: Session, service: ServiceFacts, *, now: datetime) -> None:
    """Make the holds of a service's closures what they have to be; done already, it changes nothing."""
    kept = {_held(row): row.id for row in _open_holds(session, service.id)}
    if not kept and not service.closures:
        return
    wanted = wanted_holds(session, service, now=now)
    gone = [number for held, number in kept.items() if held not in wanted]
    if gone:
        session.execute(update(Hold).where(_hold.id.in_(gone)).values(is_open=False, ended_at=now, outcome="ended"))
    new = [_values(held, service.id, now) for held in wanted if held not in kept]
    if new:
        with guarded():
            session.execute(insert(Hold), new)


def wanted_holds(session: Session, service: ServiceFacts, *, now: datetime) -> list[Held]:
    """The rows that a service's closures have to have, as things stand."""
    if service.rules.shares == "seats":
        return _wanted_seats(session, service, now)
    return _wanted_units(session, service)


def check_closures(session: Session, *, now: datetime) -> list[Finding]:
    """Which closures do not hold their places as they have to; the job `keep-closures` mends it."""
    findings: list[Finding] = []
    for service in (service for centre in all_centres(session) for service in centre.services):
        if service.closures:
            kept = {_held(row) for row in _open_holds(session, service.id)}
            short = sorted({held.closure_id for held in wanted_holds(session, service, now=now) if held not in kept})
            findings += [Finding(f"closure {number}", f"does not hold all of {service.code}") for number in short]
    return findings


def closure_end(closure: ClosureFacts) -> datetime:
    """Where a closure of units ends in the database."""
    return closure.end or closure.start + FOREVER


def _wanted_units(session: Session, service: ServiceFacts) -> list[Held]:
    taken = _taken_units(session, service)
    wanted: list[Held] = []
    for closure in service.closures:
        span = (closure.start, closure_end(closure))
        for unit in service.units:
            if closure.unit_id in (None, unit.id) and span[0] < span[1]:
                wanted += [Held(closure.id, unit.id, *part) for part in gaps(span, taken[unit.id])]
                taken[unit.id].append(span)
    return wanted


def _taken_units(session: Session, service: ServiceFacts) -> dict[int, list[Span]]:
    """What bookings and offers have of the closed units, over the time of their closures."""
    taken: dict[int, list[Span]] = defaultdict(list)
    for closure in service.closures:
        units = [closure.unit_id] if closure.unit_id else [unit.id for unit in service.units]
        rows = session.execute(
            select(_occupancy.unit_id, _occupancy.starts_at, _occupancy.ends_at)
            .outerjoin_from(Occupancy.__table__, Hold.__table__, _occupancy.hold_id == _hold.id)
            .where(
                _occupancy.unit_id.in_(units),
                _occupancy.ends_at > closure.start,
                _occupancy.starts_at < closure_end(closure),
                _OF_OTHERS,
            )
        )
        for row in rows:
            taken[row.unit_id].append((row.starts_at, row.ends_at))
    return taken


def _wanted_seats(session: Session, service: ServiceFacts, now: datetime) -> list[Held]:
    tz, step = service.opening.tz, timedelta(minutes=service.cell_minutes)
    today = local_day(now, tz)
    since = at_minute(today, -DAY_MINUTES, tz)
    reach = at_minute(today, (service.window_days + 1) * DAY_MINUTES, tz)
    reach += timedelta(minutes=service.max_minutes + service.cleaning_minutes)
    free = _seats_left(session, service, since - step, reach + step)
    wanted: list[Held] = []
    for closure in service.closures:
        end = min(closure.end or reach, reach)
        stretch: list[Held] = []
        for cell in cells(max(closure.start, since), end, service.cell_minutes):
            seats = free.get(cell, service.capacity or 0)
            free[cell] = 0
            if stretch and stretch[-1].until == cell and stretch[-1].seats == seats:
                stretch[-1] = stretch[-1]._replace(until=cell + step)
            elif seats > 0:
                stretch.append(Held(closure.id, None, cell, cell + step, seats))
        wanted += stretch
    return wanted


def _seats_left(session: Session, service: ServiceFacts, since: datetime, until: datetime) -> dict[datetime, int]:
    """The seats that bookings and offers leave, by cell; a cell that is missing is all free."""
    rows = session.execute(
        select(_occupancy.starts_at, _occupancy.taken, _occupancy.capacity).where(
            _occupancy.service_id == service.id,
            _occupancy.unit_id.is_(None),
            _occupancy.starts_at >= since,
            _occupancy.starts_at < until,
        )
    )
    left = {row.starts_at: (row.capacity or 0) - (row.taken or 0) for row in rows}
    for hold in _open_holds(session, service.id):
        for cell in cells(max(hold.starts_at, since), min(hold.occupied_until, until), service.cell_minutes):
            if cell in left:
                left[cell] += hold.seats
    return left


def _open_holds(session: Session, service_id: int) -> Sequence[AnyRow]:
    return session.execute(
        select(_hold.id, _hold.closure_id, _hold.unit_id, _hold.starts_at, _hold.occupied_until, _hold.seats).where(
            and_(_hold.service_id == service_id, _hold.kind == "closure", _hold.is_open)
        )
    ).all()


def _held(row: AnyRow) -> Held:
    return Held(row.closure_id or 0, row.unit_id, row.starts_at, row.occupied_until, row.seats)


def _values(held: Held, service_id: int, now: datetime) -> dict[str, object]:
    return {
        "kind": "closure",
        "closure_id": held.closure_id,
        "service_id": service_id,
        "unit_id": held.unit_id,
        "starts_at": held.start,
        "ends_at": held.until,
        "occupied_until": held.until,
        "seats": held.seats,
        "made_at": now,
    }
