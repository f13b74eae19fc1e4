"""What a desk takes along for the time without a network 离线包: our public keys and the guests to come."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from domain.availability import LONGEST_OCCUPANCY
from domain.booking import PASS_STATES
from domain.permissions import Actor
from models.centre import Booking
from services.booking.views import read_bookings
from services.centre.catalogue import CentreFacts
from services.desk.lines import DeskLine, desk_lines
from services.desk.scope import desk_centre
from services.ports import Cipher

AHEAD = timedelta(hours=24)
STATES = (*PASS_STATES, "overstayed")
_booking = Booking.__table__.c


@dataclass(frozen=True, slots=True)
class OfflinePack:
    """A centre and whoever may come within the next day."""

    centre: CentreFacts
    lines: tuple[DeskLine, ...]


def offline_pack(session: Session, code: str, *, actor: Actor, cipher: Cipher, now: datetime) -> OfflinePack:
    """The guests inside and those of the next 24 hours. Raises as `desk_centre`."""
    centre = desk_centre(session, code, actor)
    bookings = read_bookings(
        session,
        _booking.service_id.in_([service.id for service in centre.services])
        & _booking.state.in_(STATES)
        & (_booking.starts_at < now + AHEAD)
        & (_booking.starts_at > now - LONGEST_OCCUPANCY),
    )
    return OfflinePack(centre, tuple(desk_lines(session, bookings, cipher=cipher)))
