"""The wait-list 候补: its states and its order."""

from domain.service_types import ServiceFacts

ENTRY_STATES = ("waiting", "offered", "accepted", "declined", "lapsed", "cancelled", "served")
WAITING_STATES = ("waiting", "offered")


def can_wait(service: ServiceFacts) -> bool:
    """One can wait for what is given at once; a room is asked for, and a walk-in service has its own queue."""
    return service.is_bookable and service.rules.first_state == "confirmed"
