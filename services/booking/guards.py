"""What a guard of the database means to the person who met it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from domain.errors import Busy, Conflict, Refusal

# what the database says → what the person hears; both engines name the same guards
GUARDS: tuple[tuple[str, str], ...] = (
    ("ex_occupancy_unit_time", "slot_full"),
    ("ck_occupancy_capacity", "slot_full"),
    ("ex_bookings_person_time", "overlap"),
    ("uq_waitlist_entries_waiting", "already_waiting"),
    ("waitlist_entries.person_id, waitlist_entries.service_id", "already_waiting"),
    ("client_uuid", "client_uuid_reused"),
)


@contextmanager
def guarded() -> Iterator[None]:
    """Turn a guard of the database into the refusal it means; any other broken rule is busy, nothing was done.

    Raises Conflict `slot_full`, `overlap`, `already_waiting`, `client_uuid_reused`; Busy `busy`.
    """
    try:
        yield
    except IntegrityError as error:
        raise refusal_of(error) from error


def refusal_of(error: IntegrityError) -> Refusal:
    """The refusal behind an integrity error."""
    text = str(error.orig)
    code = next((code for name, code in GUARDS if name in text), None)
    if code is None:
        return Busy("busy")
    return Conflict(code, alternatives=[], waitlist=False) if code == "slot_full" else Conflict(code)
