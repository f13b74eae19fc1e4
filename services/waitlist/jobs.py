"""The clock of the wait-list: deadlines, wishes whose time is over, places that came free without anybody's doing.

All there is to know is in the database, so a restart loses nothing. Service by service, each in its own transaction.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from models.centre import Hold
from models.waitlist import WaitlistEntry
from services.centre.catalogue import lock_service
from services.waitlist.offers import could_offer, offer_freed
from services.waitlist.states import lapse, move_entry, tell_entry
from services.waitlist.views import ACTIVE, EntryView, read_entries

BATCH = 200
_entry, _hold = WaitlistEntry.__table__.c, Hold.__table__.c


@dataclass(frozen=True, slots=True)
class Served:
    """What one turn of the clock did for one service."""

    lapsed: int = 0
    over: int = 0
    offered: int = 0


def services_to_serve(session: Session, *, now: datetime) -> list[int]:
    """The services of which something is due: a deadline, a wish that is over, or a place to offer. Reads only."""
    waited_for = session.scalars(select(_entry.service_id).where(ACTIVE).distinct().order_by(_entry.service_id)).all()
    return [number for number in waited_for if _is_due(session, number, now)]


def serve(session: Session, service_id: int, *, now: datetime) -> Served:
    """Lapse what nobody answered, end wishes whose time is over, and offer what is free.

    Raises NotFound `unknown_service`.
    """
    lock_service(session, service_id)
    overdue = read_entries(session, _overdue(service_id, now), limit=BATCH)
    for entry in overdue:
        lapse(session, entry, now=now)
    over = _over(session, service_id, now)
    for entry in over:
        ended = move_entry(session, entry, "lapsed", reason="wish_over", now=now)
        tell_entry(session, ended, "wish_over", now=now)
    return Served(len(overdue), len(over), offer_freed(session, service_id, now=now))


def _is_due(session: Session, service_id: int, now: datetime) -> bool:
    return bool(
        read_entries(session, _overdue(service_id, now), limit=1)
        or _over(session, service_id, now)
        or could_offer(session, service_id, now=now)
    )


def _overdue(service_id: int, now: datetime) -> ColumnElement[bool]:
    return (_entry.service_id == service_id) & ACTIVE & (_entry.state == "offered") & (_hold.answer_until <= now)


def _over(session: Session, service_id: int, now: datetime) -> list[EntryView]:
    """Those for whom no start is left."""
    begun = (_entry.service_id == service_id) & ACTIVE & (_entry.state == "waiting") & (_entry.starts_at < now)
    found = read_entries(session, begun, limit=BATCH, order=(_entry.until_at, _entry.id))
    return [entry for entry in found if entry.is_over(now)]
