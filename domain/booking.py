"""Who may take a place, for how long, and how a booking lives 预约规则."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from domain.errors import Conflict, Invalid, NotAllowed
from domain.local_time import iso, local_day
from domain.opening import grid, is_open
from domain.permissions import ROLES, Actor
from domain.service_types import ZONES, ServiceFacts, UnitFacts, has_accessible, suited, zones_of

STATES = (
    "requested",
    "confirmed",
    "checked_in",
    "completed",
    "overstayed",
    "cancelled",
    "no_show",
    "moved",
    "displaced",
    "refused",
    "lapsed",
)
ACTIVE_STATES = ("requested", "confirmed", "checked_in")
"""A person can be in one place at a time in these."""
HOLDING_STATES = ("requested", "confirmed", "checked_in", "completed", "overstayed")
"""The place is taken in these; a completed stay keeps its cleaning."""
UPCOMING_STATES = ("requested", "confirmed", "checked_in")
PASS_STATES = ("confirmed", "checked_in")
SOURCES = ("app", "bot", "walkin", "desk")
HOLD_KINDS = ("offer", "closure")
CLOSURE_KINDS = ("closed", "broken", "cleaning")
MARK_KINDS = ("no_show", "late_cancel")
LATE_CANCEL = timedelta(minutes=10)
MOST_LATE, LATE_STEP = 90, 5
EARLY_ARRIVAL = timedelta(minutes=30)
LARGEST_PARTY = 10
"""Of a pool, where the service does not say: nobody takes a whole dining room by one tap."""

# from → the states it may go to
MOVES: dict[str, frozenset[str]] = {
    "requested": frozenset({"confirmed", "refused", "lapsed", "cancelled", "moved", "displaced"}),
    "confirmed": frozenset({"checked_in", "cancelled", "no_show", "moved", "displaced"}),
    "checked_in": frozenset({"completed", "overstayed"}),
    "overstayed": frozenset({"completed"}),
}
# what the desk may take back within `UNDO_FOR` (撤销), with a trace
UNDO_MOVES: dict[str, frozenset[str]] = {
    "checked_in": frozenset({"confirmed"}),
    "completed": frozenset({"checked_in", "overstayed"}),
    "no_show": frozenset({"confirmed"}),
}
UNDO_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class OwnBooking:
    """One of a person's own bookings, as far as the limits need it."""

    code: str
    service_id: int
    state: str
    start: datetime
    end: datetime


def check_move(state: str, to: str, moves: Mapping[str, frozenset[str]] = MOVES) -> bool:
    """Whether a booking has to be moved to that state; False where it is there already.

    Raises Conflict `booking_state` for a way that does not exist.
    """
    if state == to:
        return False
    if to not in moves.get(state, frozenset()):
        raise Conflict("booking_state", state=state)
    return True


def check_who(service: ServiceFacts, actor: Actor) -> None:
    """Some services are for some roles only. Raises NotAllowed `who_may_book`; Conflict `walk_in_only`."""
    if not service.is_bookable:
        raise Conflict("walk_in_only")
    if service.who_may_book is not None and not actor.has_role(*service.who_may_book):
        raise NotAllowed("who_may_book", roles=opens_to(service))


def check_length(service: ServiceFacts, minutes: int) -> None:
    """How long one may stay. Raises Invalid `minutes_out_of_range`."""
    shortest, longest, step = service.min_minutes, service.max_minutes, service.step_minutes
    if not shortest <= minutes <= longest or minutes % 5 or (minutes - shortest) % step:
        raise Invalid("minutes_out_of_range", min=shortest, max=longest, step=step)


def check_start(service: ServiceFacts, start: datetime, minutes: int, *, now: datetime) -> None:
    """A start lies ahead, within the booking window, on the grid, and the stay within the opening hours.

    Raises Invalid `start_in_past`, `beyond_window`, `off_grid` (with the starts around it); Conflict `closed_then`.
    """
    tz = service.opening.tz
    if start < now:
        raise Invalid("start_in_past")
    last = local_day(now, tz) + timedelta(days=service.window_days)
    day = local_day(start, tz)
    if day > last:
        raise Invalid("beyond_window", days=service.window_days, last_date=last.isoformat())
    starts = grid(service.opening, day, service.step_minutes)
    open_then = is_open(service.opening, start, start + timedelta(minutes=minutes))
    if start in starts and open_then:
        return
    if not open_then:
        raise Conflict("closed_then")
    near = sorted(starts, key=lambda other: abs(other - start))[:2]
    raise Invalid("off_grid", step=service.step_minutes, near=[iso(other, tz) for other in sorted(near)])


def check_party(service: ServiceFacts, party_size: int) -> None:
    """Seats and rooms take parties, a numbered unit takes one; of a pool at most `max_party` (default ten) a booking.

    Raises Invalid `party_size`.
    """
    if service.capacity is not None:
        most = min(service.max_party or LARGEST_PARTY, service.capacity)
    else:
        most = max((u.seats or 1 for u in service.units), default=1)
    if not 1 <= party_size <= most:
        raise Invalid("party_size", max=most)


def part_for(service: ServiceFacts, *, accessible: bool) -> ServiceFacts:
    """The service, or its accessible part for who needs it (无障碍). Raises Conflict `no_accessible_unit`."""
    if accessible and service.rules.shares == "units" and not has_accessible(service):
        raise Conflict("no_accessible_unit")
    return suited(service, accessible=accessible)


def choose_zone(service: ServiceFacts, wished: str | None, saved: str | None) -> str | None:
    """Zones are hard (decision 21): the wished one, else the saved one, else the person is asked.

    Raises Conflict `zone_required` or `zone_not_served`, each with the zones to choose from.
    """
    zones = zones_of(service)
    if not zones:
        return None
    zone = wished or saved
    if zone is None:
        raise Conflict("zone_required", zones=list(zones))
    if zone not in zones:
        raise Conflict("zone_not_served", zones=list(zones))
    return zone


def listed_zone(service: ServiceFacts, wished: str | None, saved: str | None) -> str | None:
    """The zone a listing is for: nobody is asked here, without any the sum is shown.

    Raises Invalid `unknown_zone`.
    """
    if wished is not None and wished not in ZONES:
        raise Invalid("unknown_zone", zones=list(ZONES))
    return (wished or saved) if zones_of(service) else None


def check_limits(
    service: ServiceFacts, own: Iterable[OwnBooking], start: datetime, end: datetime, *, now: datetime
) -> None:
    """One person, one place at a time, and not too many ahead. Raises Conflict `overlap`, `too_many`."""
    active = [booking for booking in own if booking.state in ACTIVE_STATES]
    for other in active:
        if other.start < end and start < other.end:
            tz = service.opening.tz
            raise Conflict("overlap", code=other.code, start=iso(other.start, tz), end=iso(other.end, tz))
    most = service.max_future_per_person
    ahead = [b.code for b in active if b.service_id == service.id and b.start > now and b.state != "checked_in"]
    if most is not None and len(ahead) >= most:
        raise Conflict("too_many", max=most, codes=ahead)


def pick_unit(units: Iterable[UnitFacts], party_size: int) -> UnitFacts | None:
    """The first unit that is large enough; units come best first."""
    return next((unit for unit in units if unit.seats is None or unit.seats >= party_size), None)


def kept_until(service: ServiceFacts, start: datetime, grace_until: datetime) -> datetime:
    """Until when a place is kept: the grace, and the longest congestion notice (拥堵公告) over its start on top."""
    if not service.congestion:
        return grace_until
    return grace_until + timedelta(minutes=congestion_minutes(service, start))


def congestion_minutes(service: ServiceFacts, start: datetime) -> int:
    """By how much congestion at that time stretches the grace."""
    return max((c.minutes for c in service.congestion if c.covers(start)), default=0)


def can_move(state: str, start: datetime, *, kept: datetime | None = None, now: datetime) -> bool:
    """改时间: a request until it begins, a booking as long as its place is kept (`kept`; not said: until it begins)."""
    return now < start if state == "requested" else state == "confirmed" and now < (kept or start)


def can_be_late(state: str, late_minutes: int, kept: datetime, *, now: datetime) -> bool:
    """晚到: once, and before the place is given away."""
    return state == "confirmed" and late_minutes == 0 and now < kept


def can_extend(state: str, start: datetime, *, now: datetime) -> bool:
    """延长: who is there may ask for more time, and who is on time and about to come in."""
    return state in ("checked_in", "overstayed") or (state == "confirmed" and now >= start)


def is_late_cancel(state: str, start: datetime, now: datetime) -> bool:
    """Cancelling inside the last ten minutes counts as late (临时取消); a request not yet answered never does."""
    return state == "confirmed" and start - now < LATE_CANCEL


def counts_as_late(state: str, start: datetime, now: datetime, *, gave_up_late: bool) -> bool:
    """Cancelling now is a late cancel; also where an earlier time of the booking was given up late (`gave_up_late`)."""
    return is_late_cancel(state, start, now) or (gave_up_late and state == "confirmed")


def hold_until(service: ServiceFacts, start: datetime, now: datetime) -> datetime:
    """Until when a request for a room keeps the place: its deadline, and never past the start."""
    return min(now + timedelta(minutes=service.hold_minutes), start)


def check_arrival(start: datetime, end: datetime, tz: tzinfo, *, now: datetime) -> None:
    """Guests are let in from half an hour before. Raises Conflict `too_early`, `stay_over`."""
    if now < start - EARLY_ARRIVAL:
        raise Conflict("too_early", opens_at=iso(start - EARLY_ARRIVAL, tz))
    if now >= end:
        raise Conflict("stay_over")


def opens_to(service: ServiceFacts) -> list[str] | None:
    """For whom a service is, in words; None for everyone."""
    return None if service.who_may_book is None else [ROLES.get(role, role) for role in service.who_may_book]
