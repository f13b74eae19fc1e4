"""Where a guest is and how far they can stay there: what being late and extending both need to know."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from domain.availability import Timeline
from domain.stays import Stay, own_limit
from services.booking.bookings import own_of
from services.booking.views import BookingView
from services.centre.occupancy import timeline_between


def stay_of(booking: BookingView) -> Stay:
    """Where and when the guest of a booking is."""
    return Stay(booking.unit_id, booking.start, booking.end, booking.occupied_until, booking.party_size)


def timeline_of_stay(session: Session, booking: BookingView, until: datetime) -> Timeline:
    """What is taken from the start of a booking to a later end, with its cleaning and whole cells of a pool."""
    service = booking.service
    around = timedelta(minutes=service.cell_minutes)
    cleaning = timedelta(minutes=service.cleaning_minutes)
    return timeline_between(session, service.id, booking.start - around, until + cleaning + around)


def limit_of(session: Session, booking: BookingView, limit: datetime, now: datetime) -> datetime:
    """`limit`, or the start of the person's own next booking."""
    if booking.person_id is None:
        return limit
    own = own_of(session, booking.person_id, booking.service, client_uuid=None, asked="", now=now)
    return own_limit(own.bookings, booking.code, booking.end, limit)
