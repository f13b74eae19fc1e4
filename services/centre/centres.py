"""Reading centres and their services 服务中心: lists, distances, what is open, free places by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from domain.availability import (
    DayAvailability,
    Slot,
    Timeline,
    day_slots,
    free_right_now,
    opens_for_booking,
)
from domain.booking import check_length, listed_zone, part_for
from domain.closures import closure_over
from domain.geo import Place, metres_between
from domain.local_time import DAY_MINUTES, at_minute, check_day, local_day
from domain.opening import is_open_at
from domain.service_types import ServiceFacts
from services.centre.catalogue import CentreFacts, all_centres, centre_by_code, service_by_code
from services.centre.occupancy import timeline_between, timelines_now

ONE_DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
STRIP_DAYS = 31


@dataclass(frozen=True, slots=True)
class ServiceNow:
    """A service with what holds at this moment."""

    facts: ServiceFacts
    open_now: bool
    free_now: int


@dataclass(frozen=True, slots=True)
class CentreNow:
    """A centre with what holds at this moment; `distance_m` only where a position was given."""

    facts: CentreFacts
    services: tuple[ServiceNow, ...]
    open_now: bool
    free_now: int
    distance_m: int | None = None


@dataclass(frozen=True, slots=True)
class StripDay:
    """One day of the month strip: how many starts still have a place, and whether it is open at all."""

    day: date
    free_slots: int
    open: bool


def list_centres(session: Session, *, near: Place | None = None, now: datetime) -> list[CentreNow]:
    """Every centre, nearest first where a position is given; those without one of their own come last."""
    found = _with_now(session, all_centres(session), near=near, now=now)
    if near is None:
        return found
    return sorted(found, key=lambda c: (c.distance_m is None, c.distance_m or 0))


def get_centre(session: Session, code: str, *, now: datetime) -> CentreNow:
    """One centre with its services. Raises NotFound `unknown_centre`."""
    return _with_now(session, [centre_by_code(session, code)], near=None, now=now)[0]


def get_service(session: Session, code: str, *, now: datetime) -> ServiceNow:
    """One service by its code, without case. Raises NotFound `unknown_service`."""
    facts = service_by_code(session, code)
    return _service_now(facts, timelines_now(session, [facts.id], now), now)


def find_services(session: Session, text: str | None = None) -> list[ServiceFacts]:
    """Services whose name or code has the text in it, or whose name is in the text; without text all of them."""
    services = [service for centre in all_centres(session) for service in centre.services]
    wanted = (text or "").strip().casefold()
    if not wanted:
        return services
    return [s for s in services if wanted in s.name.casefold() or wanted in s.code.casefold() or s.name in wanted]


def availability(
    session: Session,
    service_code: str,
    day: date,
    *,
    minutes: int | None = None,
    zone: str | None = None,
    saved_zone: str | None = None,
    accessible: bool = False,
    now: datetime,
) -> DayAvailability:
    """Every start of one local day of the centre, and the next start with a place.

    Three queries at most. Raises NotFound `unknown_service`; Invalid `minutes_out_of_range`,
    `unknown_zone`, `date_out_of_range`.
    """
    service = part_for(service_by_code(session, service_code), accessible=accessible)
    zone, minutes = _wish(service, minutes, zone, saved_zone)
    slots = day_slots(service, _timeline(session, service, check_day(day), 1), day, minutes, zone=zone, now=now)
    free = next((slot for slot in slots if slot.free), None)
    return DayAvailability(
        service, day, zone, minutes, slots, free or _next_free(session, service, day + ONE_DAY, minutes, zone, now)
    )


def month_strip(
    session: Session,
    service_code: str,
    first: date,
    days: int,
    *,
    minutes: int | None = None,
    zone: str | None = None,
    saved_zone: str | None = None,
    accessible: bool = False,
    now: datetime,
) -> list[StripDay]:
    """Days side by side, two queries however many. Raises as `availability` does."""
    service = part_for(service_by_code(session, service_code), accessible=accessible)
    zone, minutes = _wish(service, minutes, zone, saved_zone)
    days = max(1, min(days, STRIP_DAYS))
    timeline = _timeline(session, service, check_day(first), days)
    strip: list[StripDay] = []
    for offset in range(days):
        day = first + offset * ONE_DAY
        slots = day_slots(service, timeline, day, minutes, zone=zone, now=now)
        is_open = any(not closure_over(service.closures, None, slot.start, slot.end) for slot in slots)
        strip.append(StripDay(day, sum(slot.free > 0 for slot in slots), is_open))
    return strip


def free_starts(
    session: Session, service: ServiceFacts, first: date, days: int, minutes: int, zone: str | None, now: datetime
) -> list[Slot]:
    """The starts with a place over some days, in order of time."""
    timeline = _timeline(session, service, first, days)
    slots = (day_slots(service, timeline, first + n * ONE_DAY, minutes, zone=zone, now=now) for n in range(days))
    return [slot for of_day in slots for slot in of_day if slot.free]


def _wish(
    service: ServiceFacts, minutes: int | None, zone: str | None, saved_zone: str | None
) -> tuple[str | None, int]:
    minutes = service.slot_minutes if minutes is None else minutes
    check_length(service, minutes)
    return listed_zone(service, zone, saved_zone), minutes


def _next_free(
    session: Session, service: ServiceFacts, first: date, minutes: int, zone: str | None, now: datetime
) -> Slot | None:
    """The first place after a day without one, as far as bookings may reach."""
    today = local_day(now, service.opening.tz)
    first = max(first, today)
    days = (today + timedelta(days=service.window_days) - first).days + 1
    if days <= 0 or not opens_for_booking(service, now, now):
        return None
    timeline = _timeline(session, service, first, days)
    for n in range(days):
        for slot in day_slots(service, timeline, first + n * ONE_DAY, minutes, zone=zone, now=now):
            if slot.free:
                return slot
    return None


def _timeline(session: Session, service: ServiceFacts, first: date, days: int) -> Timeline:
    """What is taken from the first local midnight to as far as a stay begun on the last day can reach."""
    since = at_minute(first, 0, service.opening.tz) - timedelta(minutes=service.cell_minutes)
    until = at_minute(first, days * DAY_MINUTES, service.opening.tz)
    reach = timedelta(minutes=service.max_minutes + service.cleaning_minutes)
    return timeline_between(session, service.id, since, until + reach)


def _with_now(
    session: Session, centres: Sequence[CentreFacts], *, near: Place | None, now: datetime
) -> list[CentreNow]:
    ids = [service.id for centre in centres for service in centre.services]
    timelines = timelines_now(session, ids, now)
    found: list[CentreNow] = []
    for centre in centres:
        services = tuple(_service_now(service, timelines, now) for service in centre.services)
        found.append(
            CentreNow(
                facts=centre,
                services=services,
                open_now=is_open_at(centre.opening, now),
                free_now=sum(service.free_now for service in services),
                distance_m=metres_between(near, centre.position) if near and centre.position else None,
            )
        )
    return found


def _service_now(service: ServiceFacts, timelines: dict[int, Timeline], now: datetime) -> ServiceNow:
    open_now = is_open_at(service.opening, now) and not closure_over(service.closures, None, now, now + MOMENT)
    free = free_right_now(service, timelines.get(service.id, Timeline()), now=now) if open_now else 0
    return ServiceNow(service, open_now, free)
