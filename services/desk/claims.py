"""Places given away without a network 离线占位: who really holds them, the earliest arrival first.

A walk-in noted offline, and an arrival on a booking that was cancelled or released meanwhile, are claims. Each upload
weighs all claims of the service anew by the moment of arrival, so the order of uploads, and how often one is repeated,
make no difference. What else is taken always goes first, and so does what staff have touched since.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from domain.availability import LONGEST_OCCUPANCY, Busy, Timeline, cells, free_seats, free_units, occupied_until
from domain.booking import HOLDING_STATES, pick_unit
from domain.desk import (
    GIVE_WAY_MOVES,
    OFFLINE_MOVES,
    OLDEST_ARRIVAL,
    Claim,
    at_minute_of,
    give_places,
)
from domain.errors import Conflict
from domain.service_types import ServiceFacts, UnitFacts, zones_of
from models.centre import Booking, Occupancy
from models.desk import Arrival
from services.booking import marks
from services.booking.gate import FULL, Guest, Origin, Wish, write_booking
from services.booking.states import move_state
from services.booking.views import BookingView, read_bookings
from services.desk.admitting import close_stay, stay_until
from services.desk.undo import last_steps
from services.ports import Cipher, unsealed
from services.waitlist.offers import offer_freed

CAME, GAVE_WAY = "offline", "offline:conflict"
OURS = (CAME, GAVE_WAY)
LOOK_BACK = OLDEST_ARRIVAL + LONGEST_OCCUPANCY
AnyRow = Row[*tuple[Any, ...]]
_arrival, _booking, _busy = Arrival.__table__.c, Booking.__table__.c, Occupancy.__table__.c


@dataclass(slots=True)
class Claimed:
    """A claim with what stands behind it: its rows of the log, and its booking once there is one."""

    claim: Claim
    rows: list[AnyRow]
    minutes: int
    booking: BookingView | None = None
    left_at: datetime | None = None
    given: UnitFacts | None = field(default_factory=lambda: FULL)

    @property
    def is_holding(self) -> bool:
        return self.booking is not None and self.booking.state in HOLDING_STATES

    @property
    def actor_id(self) -> int:
        return int(self.rows[0].actor_id)


def weigh_claims(session: Session, service: ServiceFacts, *, cipher: Cipher, now: datetime) -> None:
    """Give the places of a service to its claims in the order of arrival, and write what became of each.

    The caller has locked the service.
    """
    claims = _claims(session, service, now)
    if not claims:
        return
    timeline = _others(session, service, claims)

    def find(claim: Claim) -> UnitFacts | None:
        return _find(service, timeline, claim, now)

    def take(claim: Claim, unit: UnitFacts | None) -> None:
        if unit is not None:
            timeline.units[unit.id].append((claim.start, claim.until))
            return
        for cell in cells(claim.start, claim.until, service.cell_minutes):
            timeline.seats[cell] = timeline.seats.get(cell, 0) + claim.seats

    given = give_places([claimed.claim for claimed in claims], find, take, FULL)
    for claimed in claims:
        claimed.given = given[claimed.claim.key]
    freed = [_give_way(session, claimed, now) for claimed in claims]
    for claimed in sorted(claims, key=lambda c: c.claim.key):
        _hold(session, service, claimed, cipher, now)
        _write_results(session, claimed)
    if any(freed):
        offer_freed(session, service.id, now=now)


def _claims(session: Session, service: ServiceFacts, now: datetime) -> list[Claimed]:
    rows = session.execute(
        select(Arrival.__table__)
        .where(
            _arrival.service_id == service.id,
            _arrival.at > now - LOOK_BACK,
            _arrival.result != "refused",
            _arrival.settled_at.is_(None),
        )
        .order_by(_arrival.at, _arrival.client_uuid)
    ).all()
    by_booking: dict[int, list[AnyRow]] = defaultdict(list)
    for row in rows:
        if row.booking_id is not None:
            by_booking[row.booking_id].append(row)
    groups = [[row] for row in rows if row.booking_id is None and row.kind == "walk_in"]
    groups += [found for found in by_booking.values() if any(is_claim(row) for row in found)]
    bookings = {b.id: b for b in read_bookings(session, _booking.id.in_(list(by_booking)), lock=True)}
    touched = _touched(session, bookings.values())
    made = (_claimed(service, group, bookings.get(group[0].booking_id)) for group in groups)
    return [claimed for claimed in made if claimed.booking is None or claimed.booking.id not in touched]


def is_claim(row: AnyRow) -> bool:
    """Whether a row of the log gave a place away unseen."""
    return row.result in ("marked", "conflict") or (row.kind == "walk_in" and row.result != "repeat")


def _touched(session: Session, bookings: Iterable[BookingView]) -> set[int]:
    """Those that hold a place and that somebody did something with since: they are no claims any more."""
    holding = [booking.id for booking in bookings if booking.state in HOLDING_STATES]
    if not holding:
        return set()
    return {booking_id for booking_id, step in last_steps(session, holding).items() if step.reason not in OURS}


def _claimed(service: ServiceFacts, rows: list[AnyRow], booking: BookingView | None) -> Claimed:
    first = rows[0]
    walked_in = next((row for row in rows if row.kind == "walk_in"), None)
    left_at = min((row.at for row in rows if row.kind == "complete"), default=None)
    if walked_in is not None:
        start, minutes = at_minute_of(walked_in.at), walked_in.minutes or service.slot_minutes
        unit_id, zone, seats = walked_in.unit_id, walked_in.zone, walked_in.party_size
        first = walked_in
    else:
        assert booking is not None
        start, minutes = booking.start, int((booking.end - booking.start).total_seconds() // 60)
        unit_id, zone, seats = booking.unit_id, booking.zone, booking.party_size
    until = occupied_until(service, start, minutes)
    if left_at is not None:
        left = at_minute_of(left_at) + timedelta(minutes=service.cleaning_minutes)
        until = min(until, max(left, start + timedelta(minutes=5)))
    unit = service.unit_no(unit_id)
    claim = Claim((first.at, first.client_uuid), start, until, unit, zone, seats)
    return Claimed(claim, rows, minutes, booking, left_at)


def _others(session: Session, service: ServiceFacts, claims: Sequence[Claimed]) -> Timeline:
    """What is taken by anything but these claims."""
    since = min(c.claim.start for c in claims) - timedelta(minutes=service.cell_minutes)
    until = max(c.claim.until for c in claims) + LONGEST_OCCUPANCY
    rows = session.execute(
        select(_busy.unit_id, _busy.starts_at, _busy.ends_at, _busy.taken, _busy.booking_id).where(
            _busy.service_id == service.id,
            _busy.starts_at < until,
            _busy.starts_at > since - LONGEST_OCCUPANCY,
            _busy.ends_at > since,
        )
    )
    ours = {c.booking.id for c in claims if c.booking is not None}
    timeline = Timeline.of(Busy(r.unit_id, r.starts_at, r.ends_at, r.taken) for r in rows if r.booking_id not in ours)
    for claimed in claims:
        booking = claimed.booking
        if booking is not None and claimed.is_holding and booking.unit_id is None:
            for cell in cells(booking.start, booking.occupied_until, service.cell_minutes):
                timeline.seats[cell] = timeline.seats.get(cell, 0) - booking.party_size
    return timeline


def _find(service: ServiceFacts, timeline: Timeline, claim: Claim, now: datetime) -> UnitFacts | None:
    minutes = int((claim.until - claim.start).total_seconds() // 60) - service.cleaning_minutes
    if service.rules.shares == "seats":
        free = free_seats(service, timeline, claim.start, minutes, now=now, by_staff=True)
        return None if free >= claim.seats else FULL
    if claim.unit is not None:
        unit = next(u for u in service.units if u.no == claim.unit)
        return unit if timeline.is_free(unit.id, claim.start, claim.until) else FULL
    if claim.zone is None and zones_of(service):
        return FULL
    units = free_units(service, timeline, claim.start, minutes, zone=claim.zone, now=now, by_staff=True)
    return pick_unit(units, claim.seats) or FULL


def _give_way(session: Session, claimed: Claimed, now: datetime) -> bool:
    """Whoever came later gives the place back, before the earlier one takes it."""
    booking = claimed.booking
    if booking is None or not claimed.is_holding:
        return False
    if claimed.given is not FULL and booking.unit_id == (claimed.given.id if claimed.given else None):
        return False
    claimed.booking = move_state(
        session, booking, "cancelled", actor_id=claimed.actor_id, reason=GAVE_WAY, now=now, moves=GIVE_WAY_MOVES,
        offer=False,
    )  # fmt: skip
    return True


def _hold(session: Session, service: ServiceFacts, claimed: Claimed, cipher: Cipher, now: datetime) -> None:
    """Write down that a claim holds its place; where the database knows better it is a conflict."""
    if claimed.given is FULL:
        return
    try:
        with session.begin_nested():
            claimed.booking = _held(session, service, claimed, cipher, now)
    except Conflict:
        claimed.given = FULL


def _held(session: Session, service: ServiceFacts, claimed: Claimed, cipher: Cipher, now: datetime) -> BookingView:
    booking, actor_id = claimed.booking, claimed.actor_id
    if booking is None:
        booking = _walked_in(session, service, claimed, cipher, now)
    elif not claimed.is_holding:
        booking = move_state(
            session, booking, "checked_in", actor_id=actor_id, reason=CAME, now=now, moves=OFFLINE_MOVES,
            offer=False, overlap_allowed=True, unit_id=claimed.given.id if claimed.given else None,
            occupied_until=claimed.claim.until if claimed.left_at else occupied_until(
                service, claimed.claim.start, claimed.minutes
            ),
        )  # fmt: skip
        marks.take_back(session, booking.id, now=now)
    if claimed.left_at is not None and booking.state != "completed":
        booking = close_stay(session, booking, actor_id=actor_id, at=claimed.left_at, now=now, reason=CAME)
    elif claimed.left_at is not None and stay_until(booking, claimed.left_at) < booking.occupied_until:
        booking = move_state(
            session, booking, "checked_in", actor_id=actor_id, reason=CAME, now=now,
            moves={"completed": frozenset({"checked_in"})}, offer=False,
        )  # fmt: skip
        booking = close_stay(session, booking, actor_id=actor_id, at=claimed.left_at, now=now, reason=CAME)
    return booking


def _walked_in(session: Session, service: ServiceFacts, claimed: Claimed, cipher: Cipher, now: datetime) -> BookingView:
    row = claimed.rows[0]
    wish = Wish(service, claimed.claim.start, claimed.minutes, claimed.claim.zone, claimed.claim.seats, by_staff=True)
    guest = Guest(None, unsealed(cipher, row.guest_cipher), unsealed(cipher, row.plate_cipher))
    origin = Origin("walkin", row.actor_id, row.client_uuid, row.request_digest, made_by_id=row.actor_id, reason=CAME)
    return write_booking(session, wish, claimed.given, guest, origin, cipher=cipher, now=now, state="checked_in")


def _write_results(session: Session, claimed: Claimed) -> None:
    booking_id = claimed.booking.id if claimed.booking else None
    for row in claimed.rows:
        if not is_claim(row):
            continue
        held = "admitted" if row.kind == "walk_in" else "marked"
        result = "conflict" if claimed.given is FULL else held
        if (result, booking_id) != (row.result, row.booking_id):
            session.execute(
                update(Arrival.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
                .where(_arrival.id == row.id)
                .values(result=result, booking_id=booking_id)
            )
