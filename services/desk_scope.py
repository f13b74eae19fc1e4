"""What a desk changes: its own centre, one of its services, a unit of that."""

from sqlalchemy.orm import Session

from domain.errors import NotFound
from domain.permissions import Actor
from domain.service_types import ServiceFacts
from services.catalogue import CentreFacts, lock_centre
from services.desk_centre import desk_centre


def own_centre(session: Session, code: str, actor: Actor, *, lock: bool = False) -> CentreFacts:
    """A centre whose desk somebody runs; with `lock` nobody else changes or books it meanwhile.

    Raises NotFound `unknown_centre`; NotAllowed `not_allowed`.
    """
    centre = desk_centre(session, code, actor)
    return lock_centre(session, code) if lock else centre


def service_of(centre: CentreFacts, code: str) -> ServiceFacts:
    """A service of a centre by its code, without case. Raises NotFound `unknown_service`."""
    found = next((s for s in centre.services if s.code.casefold() == code.strip().casefold()), None)
    if found is None:
        raise NotFound("unknown_service")
    return found


def unit_of(service: ServiceFacts, no: str) -> int:
    """A unit of a service by its number. Raises NotFound `unknown_unit`."""
    found = next((unit.id for unit in service.units if unit.no.casefold() == no.strip().casefold()), None)
    if found is None:
        raise NotFound("unknown_unit")
    return found
