"""The desk answers requests, lets in and closes."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import NotFound, Refusal
from domain.permissions import GrantFacts
from models.centre import Booking, BookingEvent, Centre, Service
from models.notification import Notification
from services.booking.bookings import cancel
from services.centre.occupancy import check_occupancy
from services.desk.admitting import check_in, complete, confirm, refuse
from services.desk.board import read_board
from services.desk.walk_ins import WalkIn, walk_in
from tests.factories import create_person
from tests.factories_booking import CIPHER, actor_for, create_booking, create_centre, create_service, staff_of
from tests.statements import Statements

HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def room(session: Session, centre: Centre, now: datetime) -> Service:
    return create_service(session, centre, kind="room", units=(("大厅", None),), now=now)


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=f"^{code}$")


def states(session: Session, booking: Booking) -> list[str]:
    chosen = select(BookingEvent.to_state).where(BookingEvent.booking_id == booking.id).order_by(BookingEvent.seq)
    return list(session.scalars(chosen))


def templates(session: Session) -> list[str]:
    return list(session.scalars(select(Notification.template).order_by(Notification.id)))


@pytest.mark.rule("B23")
def test_yes_makes_a_request_a_booking_once(session: Session, centre: Centre, room: Service, now: datetime) -> None:
    asked = create_booking(session, room, now + timedelta(days=1), now=now)
    staff = staff_of(session, centre, now=now)
    given = confirm(session, asked.code, actor=staff, now=now)
    assert (given.state, given.hold_until) == ("confirmed", None)
    assert confirm(session, asked.code, actor=staff, now=now).state == "confirmed"
    assert states(session, asked) == ["requested", "confirmed"]
    assert templates(session) == ["booking_requested", "booking_confirmed"]


@pytest.mark.rule("B23")
def test_no_frees_the_place_and_names_the_next_free_time(
    session: Session, centre: Centre, room: Service, now: datetime
) -> None:
    asked = create_booking(session, room, now + timedelta(days=1), now=now)
    gone = refuse(session, asked.code, actor=staff_of(session, centre, now=now), reason="当天检修", now=now)
    assert (gone.state, gone.hold_until) == ("refused", None)
    said = session.scalars(select(Notification.data).where(Notification.template == "booking_cancelled")).one()
    assert "当天检修" in said["reason"]
    assert "可改约 11月26日" in said["reason"]
    assert set(session.scalars(select(BookingEvent.reason))) == {None}, "words are no part of the history"
    create_booking(session, room, now + timedelta(days=1), now=now)
    with refused("booking_state"):
        confirm(session, asked.code, actor=staff_of(session, centre, now=now), now=now)


@pytest.mark.rule("B26", "B27")
def test_let_in_and_close_early_frees_the_rest_after_the_cleaning(
    session: Session, centre: Centre, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), now=now)
    start = now + timedelta(hours=1)
    made, staff = create_booking(session, service, start, minutes=120, now=now), staff_of(session, centre, now=now)
    with refused("too_early"):
        check_in(session, made.code, actor=staff, now=start - timedelta(minutes=31))
    with refused("stay_over"):
        check_in(session, made.code, actor=staff, now=start + timedelta(minutes=120))
    inside = check_in(session, made.code, actor=staff, now=start + timedelta(minutes=10))
    assert check_in(session, made.code, actor=staff, now=start + timedelta(minutes=11)) == inside
    with refused("booking_state"):
        cancel(session, made.code, actor=staff, now=start)
    with refused("slot_full"):
        create_booking(session, service, start + HALF_HOUR, now=start)
    complete(session, made.code, actor=staff, now=start + timedelta(minutes=20))
    assert states(session, made) == ["confirmed", "checked_in", "completed"]
    create_booking(session, service, start + HALF_HOUR, now=start + timedelta(minutes=20))
    assert check_occupancy(session) == []


@pytest.mark.rule("B26")
def test_who_stays_longer_takes_nothing_from_the_next(session: Session, centre: Centre, now: datetime) -> None:
    service = create_service(session, centre, units=(("U1", None),), now=now)
    made, staff = create_booking(session, service, now, now=now), staff_of(session, centre, now=now)
    create_booking(session, service, now + 2 * HALF_HOUR, now=now)
    check_in(session, made.code, actor=staff, now=now)
    over = complete(session, made.code, actor=staff, now=now + 3 * HALF_HOUR)
    assert over.occupied_until == made.ends_at + timedelta(minutes=10)


@pytest.mark.rule("B33")
def test_staff_act_at_their_own_centre_only(session: Session, centre: Centre, room: Service, now: datetime) -> None:
    asked = create_booking(session, room, now + timedelta(days=1), now=now)
    other = staff_of(session, create_centre(session, now=now), now=now)
    secretary = actor_for(
        create_person(session, now=now), GrantFacts("branch_secretary", "centre", centre.id, date(2020, 1, 1))
    )
    admin = actor_for(create_person(session, now=now), GrantFacts("district_admin", "district", None, date(2020, 1, 1)))
    for actor in (other, secretary):
        for act in (confirm, refuse, check_in, complete):
            with pytest.raises(NotFound):
                act(session, asked.code, actor=actor, now=now)
    assert confirm(session, asked.code, actor=admin, now=now).state == "confirmed"


@pytest.mark.rule("B94")
def test_letting_in_walk_ins_and_the_board_cost_a_fixed_number_of_statements(
    session: Session, centre: Centre, now: datetime
) -> None:
    pool, staff = create_service(session, centre, capacity=40, now=now), staff_of(session, centre, now=now)
    for waiting in (1, 12):
        made = [create_booking(session, pool, now + HALF_HOUR, now=now) for _ in range(waiting)]
        walking = WalkIn(staff, centre.code, pool.code, uuid4(), name="老王")
        with Statements(session) as letting_in:
            check_in(session, made[0].code, actor=staff, now=now + HALF_HOUR)
        assert len(letting_in.seen) == 5, letting_in.seen
        with Statements(session) as walked_in:
            walk_in(session, walking, cipher=CIPHER, now=now)
        assert len(walked_in.seen) == 6, walked_in.seen
        with Statements(session) as board:
            read_board(session, centre.code, None, actor=staff, cipher=CIPHER, now=now)
        assert len(board.seen) == 9, board.seen
