"""Bookings that can no longer stand 因中心原因换位: one machine for a closure, new hours and a changed roster.

First a proposal: who is affected, and where each goes. Another unit of the same service, zone and time keeps the
booking and its code; where there is none its owner chooses (other time, other centre, first in the wait-list). A
proposal is applied only as it was seen. Guests who are inside stay. Nothing of this counts against anybody.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.availability import Slot, Timeline, day_slots, free_units, nearest_free
from domain.booking import pick_unit
from domain.booking_text import clock_text, displaced_text, new_unit_text
from domain.errors import Conflict
from domain.local_time import DAY_MINUTES, at_minute, iso, local_day
from domain.service_types import ServiceFacts, UnitFacts, suited
from models.centre import Booking, Hold
from services.booking.states import move_state, record_change, tell
from services.booking.views import BookingView, read_bookings
from services.centre.occupancy import timeline_between
from services.desk.lines import name_behind, names_of
from services.idempotency import digest
from services.ports import Cipher
from services.waitlist.offers import withdraw_offers

COMING_STATES = ("requested", "confirmed")
PRESENT_STATES = ("checked_in", "overstayed")
NOBODY = "访客"
_booking, _hold = Booking.__table__.c, Hold.__table__.c
Stands = Callable[[ServiceFacts, int | None, datetime, datetime], bool]
"""Whether (service as it will be, unit, start, end) can still be, after the change."""


@dataclass(frozen=True, slots=True)
class Change:
    """What takes places away over [since, until), and what still stands after it."""

    scope: str
    """What is changed, in codes: a proposal seen for one change is no word about another."""
    services: tuple[ServiceFacts, ...]
    """As they will be."""
    since: datetime
    until: datetime | None
    stands: Stands
    other_units_help: bool = True


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of one booking: another unit, or its owner chooses; `nearest` is that day's nearest free time."""

    booking: BookingView
    who: str
    unit: UnitFacts | None
    nearest: Slot | None = None

    def body(self) -> dict[str, Any]:
        booking, tz = self.booking, self.booking.service.opening.tz
        to: dict[str, Any] = (
            {"kind": "unit", "unit": self.unit.no} if self.unit else {"kind": "choose", "nearest": None}
        )
        if self.nearest:
            to["nearest"] = {"start": iso(self.nearest.start, tz), "end": iso(self.nearest.end, tz)}
        return {
            "code": booking.code,
            "who": self.who,
            "service": {"code": booking.service.code, "name": booking.service.name},
            "unit": booking.unit_no,
            "start": iso(booking.start, tz),
            "end": iso(booking.end, tz),
            "proposal": to,
        }


@dataclass(frozen=True, slots=True)
class Proposal:
    """Everybody affected, in the order in which they are moved, and the guests who stay until they leave."""

    seen: str
    moves: tuple[Move, ...]
    present: tuple[str, ...]

    def body(self) -> dict[str, Any]:
        """As the desk reads it, also in the refusal `proposal_changed`."""
        return {"seen": self.seen, "affected": [m.body() for m in self.moves], "present": list(self.present)}


def propose(session: Session, change: Change, *, cipher: Cipher, now: datetime) -> Proposal:
    """Who is affected, and where each would go: in order of start, then of booking.

    What is closed at once, one unit or everything, has no two bookings at one time that could want the same place.
    """
    found = _bookings_in(session, change)
    gone = [b for b in found if not change.stands(_as_will_be(change, b), b.unit_id, b.start, b.end)]
    coming = sorted((b for b in gone if b.state in COMING_STATES), key=lambda b: (b.start, b.created_at, b.id))
    present = sorted(b.code for b in gone if b.state in PRESENT_STATES)
    names = _names(session, coming, cipher)
    timelines = {s.id: _timeline(session, s, [b for b in coming if b.service.id == s.id]) for s in change.services}
    moves: list[Move] = []
    for booking in coming:
        service, timeline = _as_will_be(change, booking), timelines[booking.service.id]
        unit = _another_unit(service, booking, timeline, now) if change.other_units_help else None
        nearest = None if unit else _nearest(service, booking, timeline, now)
        moves.append(Move(booking, names[booking.id], unit, nearest))
    asked = [[m.booking.code, m.unit.no if m.unit else None] for m in moves]
    seen = digest({"scope": change.scope, "moves": asked, "present": present})[:16]
    return Proposal(seen, tuple(moves), tuple(present))


def check_seen(proposal: Proposal, seen: str | None) -> None:
    """Only what was looked at is done; where nobody is affected there is nothing to look at.

    Raises Conflict `proposal_changed` with the new proposal.
    """
    if proposal.seen != seen and (seen is not None or proposal.moves or proposal.present):
        raise Conflict("proposal_changed", proposal=proposal.body())


def carry_out(
    session: Session, change: Change, proposal: Proposal, *, reason: str, actor_id: int, now: datetime
) -> None:
    """Move who can be moved, tell who has to choose, take back offers that no longer stand.

    `reason` is the code of the events: "broken:12". The caller holds the locks and calls `offer_freed` at the end.
    """
    key = f"{reason}:{now:%y%m%d%H%M%S}"
    for move in proposal.moves:
        booking = move.booking
        if move.unit:
            code = f"unit:{move.unit.no}"
            moved = record_change(
                session, booking, reason=code, actor_id=actor_id, now=now, offer=False, unit_id=move.unit.id
            )
            tell(session, moved, "booking_changed", key=key, now=now, news=new_unit_text(reason, move.unit.no))
        else:
            moved = move_state(session, booking, "displaced", reason=reason, actor_id=actor_id, now=now, offer=False)
            tz = booking.service.opening.tz
            words = displaced_text(reason, clock_text(move.nearest.start, tz) if move.nearest else None)
            tell(session, moved, "booking_cancelled", key=key, now=now, reason=words)
    for service in change.services:
        _withdraw_offers(session, change, service, now)


def _bookings_in(session: Session, change: Change) -> list[BookingView]:
    where = _booking.service_id.in_([service.id for service in change.services]) & (_booking.ends_at > change.since)
    where &= _booking.state.in_((*COMING_STATES, *PRESENT_STATES))
    if change.until is not None:
        where &= _booking.starts_at < change.until
    return read_bookings(session, where)


def _as_will_be(change: Change, booking: BookingView) -> ServiceFacts:
    service = next(service for service in change.services if service.id == booking.service.id)
    return suited(service, accessible=booking.accessible)


def _timeline(session: Session, service: ServiceFacts, bookings: Sequence[BookingView]) -> Timeline:
    """What is taken of a service on the days of these bookings."""
    if not bookings:
        return Timeline()
    tz, edge = service.opening.tz, timedelta(minutes=service.max_minutes + service.cleaning_minutes)
    since = at_minute(local_day(min(b.start for b in bookings), tz), 0, tz) - edge
    until = at_minute(local_day(max(b.end for b in bookings), tz), DAY_MINUTES, tz) + edge
    return timeline_between(session, service.id, since, until)


def _another_unit(service: ServiceFacts, booking: BookingView, timeline: Timeline, now: datetime) -> UnitFacts | None:
    """Same service, zone and time elsewhere; the desk may give the walk-in share too, and a family unit last."""
    if service.rules.shares == "seats":
        return None
    minutes = int((booking.end - booking.start).total_seconds() // 60)
    units = free_units(service, timeline, booking.start, minutes, zone=booking.zone, now=now, by_staff=True)
    return pick_unit((unit for unit in units if unit.id != booking.unit_id), booking.party_size)


def _nearest(service: ServiceFacts, booking: BookingView, timeline: Timeline, now: datetime) -> Slot | None:
    """That day's nearest time with a place; it is only told, nobody is put there unasked."""
    minutes = int((booking.end - booking.start).total_seconds() // 60)
    day = local_day(booking.start, service.opening.tz)
    slots = day_slots(service, timeline, day, minutes, zone=booking.zone, now=now)
    seats = booking.party_size if service.rules.shares == "seats" else 1
    return next(iter(nearest_free(slots, booking.start, party_size=seats, limit=1)), None)


def _names(session: Session, bookings: Sequence[BookingView], cipher: Cipher) -> dict[int, str]:
    """Who each booking is for, as the desk calls them."""
    names = names_of(session, (booking.person_id for booking in bookings))
    return {b.id: name_behind(b.person_id, b.guest_cipher, names, cipher) or NOBODY for b in bookings}


def _withdraw_offers(session: Session, change: Change, service: ServiceFacts, now: datetime) -> None:
    """Offers on what is no longer there: the place in line stays, `offer_freed` finds another."""
    rows = session.execute(
        select(_hold.unit_id, _hold.starts_at, _hold.ends_at, _hold.occupied_until).where(
            _hold.service_id == service.id, _hold.kind == "offer", _hold.is_open, _hold.ends_at > change.since
        )
    ).all()
    for row in rows:
        if not change.stands(service, row.unit_id, row.starts_at, row.ends_at):
            withdraw_offers(
                session, service.id, start=row.starts_at, until=row.occupied_until, unit_id=row.unit_id, now=now
            )
