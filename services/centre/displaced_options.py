"""What somebody displaced 换位未成 may choose: another time, another centre, or first in the wait-list."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from domain.availability import Slot
from domain.geo import metres_between
from domain.service_types import ServiceFacts, suited, zones_of
from domain.waitlist import can_wait
from services.booking.gate import alternatives
from services.booking.views import BookingView
from services.centre.catalogue import CentreFacts, all_centres

MOST_ELSEWHERE = 3


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The same service at another centre, with its nearest free times."""

    service: ServiceFacts
    alternatives: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """What somebody displaced may choose: another time, another centre, or first in the wait-list."""

    alternatives: tuple[Slot, ...]
    elsewhere: tuple[Elsewhere, ...]
    waitlist: bool


def options_for(session: Session, booking: BookingView, *, now: datetime) -> Options:
    """The choices of a displaced booking, as free now: same length, zone and party; near centres first."""
    service = booking.service
    waits = can_wait(service) and booking.end > now
    same = [s for s in same_services(session, service) if s.who_may_book in (None, service.who_may_book)]
    found: list[Elsewhere] = []
    for other in same:
        slots = _free_near(session, suited(other, accessible=booking.accessible), booking, now)
        if slots:
            found.append(Elsewhere(other, slots))
        if len(found) == MOST_ELSEWHERE:
            break
    return Options(_free_near(session, service, booking, now), tuple(found), waits)


def same_services(session: Session, service: ServiceFacts) -> list[ServiceFacts]:
    """The same service of other centres, known by the end of its code or by its name; the nearest centre first."""
    centres = all_centres(session)
    here = next((centre.position for centre in centres if centre.id == service.centre_id), None)

    def far(centre: CentreFacts) -> tuple[bool, int]:
        metres = metres_between(here, centre.position) if here and centre.position else None
        return metres is None, metres or 0

    def is_same(other: ServiceFacts) -> bool:
        named = other.name == service.name or _last_part(other.code) == _last_part(service.code)
        return other.kind == service.kind and named and other.is_bookable

    others = sorted((centre for centre in centres if centre.id != service.centre_id), key=far)
    return [other for centre in others for other in centre.services if is_same(other)]


def _free_near(session: Session, service: ServiceFacts, booking: BookingView, now: datetime) -> tuple[Slot, ...]:
    """The free starts nearest to a booking's own, for as long as the service allows; none it could not book."""
    minutes = int((booking.end - booking.start).total_seconds() // 60)
    if (
        not service.min_minutes <= minutes <= service.max_minutes
        or (minutes - service.min_minutes) % service.step_minutes
    ):
        minutes = service.slot_minutes
    zone = booking.zone if zones_of(service) else None
    start = max(booking.start, now)
    return tuple(alternatives(session, service, start, minutes, zone, booking.party_size, now=now))


def _last_part(code: str) -> str:
    return code.casefold().rpartition(".")[2]
