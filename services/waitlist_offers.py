"""Offers 递补: a freed place goes to whoever waits, in order, in the transaction that freed it."""

from datetime import datetime

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from domain.waitlist import WAITING_STATES
from models.waitlist import WaitlistEntry

_entry = WaitlistEntry.__table__.c
_SOMEBODY_WAITS = select(exists().where(_entry.service_id == bindparam("service_id"), _entry.state.in_(WAITING_STATES)))


def offer_freed(session: Session, service_id: int, *, now: datetime) -> int:
    """Offer what is free of a service to those who wait for it; the caller holds the service's lock.

    Returns how many offers were made.
    """
    if not session.scalar(_SOMEBODY_WAITS, {"service_id": service_id}):
        return 0
    return 0
