"""Bookings 预约: book, list, show, cancel."""

from apiflask import APIBlueprint

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.bookings import BookIn, BookingDetailOut, BookingOut, BookingPage, BookingsQuery
from services.booking import bookings
from services.booking import views as booking_views
from services.centre.displaced_options import options_for

bp = APIBlueprint("bookings", __name__, url_prefix="/api/v1", tag="预约 Bookings")


@bp.post("/bookings")
@bp.input(BookIn)
@bp.output(BookingOut, status_code=201)
def create_booking(json_data: BookIn) -> tuple[BookingOut, int]:
    """Take a place; the same `client_uuid` again answers 200 with the first booking."""
    actor, now = current_actor(), deps().now()
    with deps().unit_of_work() as session:
        booked = bookings.book(session, json_data.to_command(actor=actor), cipher=deps().cipher, now=now)
    return BookingOut.of(booked.booking, actor=actor, deps=deps(), now=now), 200 if booked.repeated else 201


@bp.get("/bookings")
@bp.input(BookingsQuery, location="query")
@bp.output(BookingPage)
def list_bookings(query_data: BookingsQuery) -> BookingPage:
    """One's own bookings, the one made last first."""
    actor, now = current_actor(), deps().now()
    with deps().read() as session:
        found, total = booking_views.list_mine(
            session,
            actor.person_id,
            state=query_data.state,
            now=now,
            offset=query_data.offset,
            limit=query_data.per_page,
        )
    items = [BookingOut.of(booking, actor=actor, deps=deps(), now=now) for booking in found]
    return BookingPage.of_items(items, total, query_data)


@bp.get("/bookings/<code>")
@bp.output(BookingDetailOut)
def show_booking(code: str) -> BookingDetailOut:
    """One booking with its history, for its owner or the desk of its centre, whose look is audited."""
    actor, now = current_actor(), deps().now()
    with deps().read() as session:
        booking = booking_views.get_booking(session, code, actor=actor)
        events = list(booking_views.list_events(session, booking.id))
        links = booking_views.links_of(session, booking)
        options = options_for(session, booking, now=now) if booking.state == "displaced" else None
    if booking.person_id != actor.person_id:
        with deps().unit_of_work() as session:
            booking_views.note_look(session, booking, actor, now=now)
    return BookingDetailOut.with_events(booking, events, links, options, actor=actor, deps=deps(), now=now)


@bp.post("/bookings/<code>/cancel")
@bp.output(BookingOut)
def cancel_booking(code: str) -> BookingOut:
    """Give a place back; cancelling again changes nothing."""
    actor, now = current_actor(), deps().now()
    with deps().unit_of_work() as session:
        booking = bookings.cancel(session, code, actor=actor, now=now)
    return BookingOut.of(booking, actor=actor, deps=deps(), now=now)
