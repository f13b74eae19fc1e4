"""The one place where a booking changes its state: the column and its event together (decision 11)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.booking import check_move
from domain.booking_text import REASONS, when_text
from domain.errors import Busy, Conflict, Refusal
from models.centre import Booking, BookingEvent
from services.booking_views import BookingView
from services.notifications import enqueue

PAGE = "/pages/bookings/pass?code={}"
_booking = Booking.__table__.c
_event = BookingEvent.__table__.c
_FIRST_EVENT = insert(BookingEvent.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
_NEXT_EVENT = insert(BookingEvent.__table__).from_select(  # type: ignore[arg-type]  # `__table__` is typed as FromClause
    ["booking_id", "seq", "at", "actor_id", "from_state", "to_state", "reason"],
    select(
        bindparam("booking", type_=_event.booking_id.type),
        func.coalesce(func.max(_event.seq), 0) + 1,
        bindparam("moment", type_=_event.at.type),
        bindparam("actor", type_=_event.actor_id.type),
        bindparam("old", type_=_event.from_state.type),
        bindparam("new", type_=_event.to_state.type),
        bindparam("why", type_=_event.reason.type),
    ).where(_event.booking_id == bindparam("booking", type_=_event.booking_id.type)),
)

# what the database says → what the person hears; both engines name the same guards
GUARDS: tuple[tuple[str, str], ...] = (
    ("ex_occupancy_unit_time", "slot_full"),
    ("ck_occupancy_capacity", "slot_full"),
    ("ex_bookings_person_time", "overlap"),
    ("uq_bookings_person_id_client_uuid", "client_uuid_reused"),
    ("bookings.person_id, bookings.client_uuid", "client_uuid_reused"),
)


@contextmanager
def guarded() -> Iterator[None]:
    """Turn a guard of the database into the refusal it means; any other broken rule is busy, nothing was done.

    Raises Conflict `slot_full`, `overlap`, `client_uuid_reused`; Busy `busy`.
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


def record_first(session: Session, booking_id: int, state: str, *, actor_id: int | None, now: datetime) -> None:
    """The event with which a booking begins."""
    session.execute(
        _FIRST_EVENT,
        {
            "booking_id": booking_id,
            "seq": 1,
            "at": now,
            "actor_id": actor_id,
            "from_state": None,
            "to_state": state,
            "reason": None,
        },
    )


def move_state(
    session: Session,
    booking: BookingView,
    to: str,
    *,
    actor_id: int | None,
    reason: str | None = None,
    now: datetime,
    **changes: Any,
) -> BookingView:
    """Move a booking to another state and write the event; in that state already, nothing happens.

    `changes` are further columns. Raises Conflict `booking_state` for a way that does not exist, also
    when somebody else moved it meanwhile; and what `guarded` raises.
    """
    if not check_move(booking.state, to):
        return booking
    values = {"state": to, **({"hold_until": None} if booking.state == "requested" else {}), **changes}
    with guarded():
        done = session.execute(
            update(Booking.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
            .where(_booking.id == booking.id, _booking.state == booking.state)
            .values(values)
            .returning(literal(1))
        )
    if done.scalar_one_or_none() is None:
        raise Conflict("booking_state", state=booking.state)
    session.execute(
        _NEXT_EVENT,
        {
            "booking": booking.id,
            "moment": now,
            "actor": actor_id,
            "old": booking.state,
            "new": to,
            "why": reason,
        },
    )
    known = {name: value for name, value in values.items() if name in ("state", "hold_until", "was_late_cancel")}
    return replace(booking, **known, occupied_until=values.get("occupied_until", booking.occupied_until))


def tell(session: Session, booking: BookingView, template: str, *, now: datetime, **data: str) -> None:
    """News for the owner, once per template and booking; a guest without an account has none."""
    if booking.person_id is None:
        return
    service = booking.service
    enqueue(
        session,
        person_id=booking.person_id,
        template=template,
        data={
            "service": service.name,
            "time": when_text(booking.start, booking.end, service.opening.tz),
            "place": service.centre_name,
            "code": booking.code,
            **data,
        },
        page=PAGE.format(booking.code),
        dedupe_key=f"{template}:{booking.id}",
        now=now,
    )


def tell_cancelled(session: Session, booking: BookingView, why: str, *, now: datetime) -> None:
    """News that a booking is gone, and why."""
    tell(session, booking, "booking_cancelled", now=now, reason=REASONS[why])
