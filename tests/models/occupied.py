"""Rows straight into the tables, past every rule of the code, and what is taken worked out again from them."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from models.centre import Booking, Closure, Hold, Occupancy, Service
from models.people import Person
from models.waitlist import WaitlistEntry
from tests.factories import create_person
from tests.factories_booking import unit_ids

HOLDING = ("requested", "confirmed", "checked_in", "completed", "overstayed")
CELL = timedelta(minutes=30)
_numbers = count(1)


class Rows:
    """Inserts, changes and deletes bookings and holds, each in a savepoint of its own."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now = session, now
        self.staff: Person = create_person(session, now=now)

    def booking(
        self, service: Service, start: datetime, minutes: int = 30, *, unit: str | None = None, **changes: Any
    ) -> int:
        """A booking; of a unit with ten minutes of cleaning after it."""
        end = start + timedelta(minutes=minutes)
        values = {
            "code": f"ROW{next(_numbers):05d}",
            "source": "desk",
            "service_id": service.id,
            "unit_id": self._unit(service, unit),
            "starts_at": start,
            "ends_at": end,
            "occupied_until": end + timedelta(minutes=10 if unit else 0),
            "grace_until": start,
            "state": "confirmed",
            "party_size": 1,
            "overlap_allowed": False,
            "was_late_cancel": False,
            "created_at": self.now,
            **changes,
        }
        with self.session.begin_nested():
            found: int = self.session.execute(insert(Booking).values(values).returning(Booking.id)).scalar_one()
        return found

    def hold(
        self,
        service: Service,
        start: datetime,
        minutes: int = 30,
        *,
        kind: str = "offer",
        unit: str | None = None,
        **changes: Any,
    ) -> int:
        """An offer or a closure that keeps a place."""
        end = start + timedelta(minutes=minutes)
        values = {
            "kind": kind,
            "service_id": service.id,
            "unit_id": self._unit(service, unit),
            "starts_at": start,
            "ends_at": end,
            "occupied_until": end + timedelta(minutes=10 if unit and kind == "offer" else 0),
            "seats": 1,
            "is_open": True,
            "entry_id": self._entry(service, start, end) if kind == "offer" else None,
            "closure_id": self._closure(service, start, end) if kind == "closure" else None,
            "made_at": self.now,
            "answer_until": self.now + timedelta(minutes=10) if kind == "offer" else None,
            **changes,
        }
        with self.session.begin_nested():
            found: int = self.session.execute(insert(Hold).values(values).returning(Hold.id)).scalar_one()
        return found

    def change(self, table: type[Booking | Hold], row: int, **values: Any) -> None:
        with self.session.begin_nested():
            self.session.execute(update(table).where(table.id == row).values(values))

    def close_hold(self, row: int, outcome: str = "lapsed") -> None:
        self.change(Hold, row, is_open=False, outcome=outcome, ended_at=self.now)

    def drop(self, table: type[Booking | Hold], row: int) -> None:
        with self.session.begin_nested():
            self.session.execute(delete(table).where(table.id == row))

    def _unit(self, service: Service, unit: str | None) -> int | None:
        return unit_ids(self.session, service)[unit] if unit else None

    def _entry(self, service: Service, start: datetime, end: datetime) -> int:
        made = WaitlistEntry(
            code=uuid4().hex[:8],
            service_id=service.id,
            made_by_id=self.staff.id,
            starts_at=start,
            until_at=end,
            minutes=30,
            min_minutes=30,
            state="offered",
            joined_at=self.now,
        )
        self.session.add(made)
        self.session.flush()
        return made.id

    def _closure(self, service: Service, start: datetime, end: datetime) -> int:
        made = Closure(
            centre_id=service.centre_id,
            service_id=service.id,
            kind="closed",
            starts_at=start,
            ends_at=end,
            made_by_id=self.staff.id,
            created_at=self.now,
        )
        self.session.add(made)
        self.session.flush()
        return made.id


def written(session: Session, service: Service) -> tuple[list[tuple[Any, ...]], Mapping[datetime, int]]:
    """What the triggers wrote: the intervals of units, and the seats taken of each cell of time."""
    rows = session.execute(
        select(
            Occupancy.unit_id,
            Occupancy.booking_id,
            Occupancy.hold_id,
            Occupancy.starts_at,
            Occupancy.ends_at,
            Occupancy.taken,
        ).where(Occupancy.service_id == service.id)
    ).all()
    units = sorted((tuple(row[:5]) for row in rows if row.unit_id is not None), key=repr)
    return units, {row.starts_at: row.taken for row in rows if row.unit_id is None and row.taken}


def recomputed(session: Session, service: Service) -> tuple[list[tuple[Any, ...]], Mapping[datetime, int]]:
    """The same, worked out from the bookings and the holds alone."""
    of_bookings = session.execute(
        select(Booking.unit_id, Booking.id, Booking.starts_at, Booking.occupied_until, Booking.party_size).where(
            Booking.service_id == service.id, Booking.state.in_(HOLDING)
        )
    ).all()
    of_holds = session.execute(
        select(Hold.unit_id, Hold.id, Hold.starts_at, Hold.occupied_until, Hold.seats).where(
            Hold.service_id == service.id, Hold.is_open
        )
    ).all()
    units: list[tuple[Any, ...]] = [(row[0], row[1], None, row[2], row[3]) for row in of_bookings if row[0] is not None]
    units += [(row[0], None, row[1], row[2], row[3]) for row in of_holds if row[0] is not None]
    seats: Counter[datetime] = Counter()
    for unit, _, start, until, taken in [*of_bookings, *of_holds]:
        if unit is None:
            cell = start.replace(minute=start.minute // 30 * 30, second=0, microsecond=0)
            while cell < until:
                seats[cell] += taken
                cell += CELL
    return sorted(units, key=repr), dict(seats)
