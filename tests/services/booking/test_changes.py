"""Moving a booking to another time, and extending it: never without a place on the way."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import NotFound, Refusal
from models.centre import Booking, BookingEvent, Centre, Mark, Occupancy, Service
from models.notification import Notification
from models.people import Person
from services.booking.bookings import Booked, cancel
from services.booking.changes import Move, move
from services.booking.lateness import Late, late
from services.booking.states import move_state
from services.booking.views import booking_by_code
from services.centre.notices import Post, post
from services.centre.occupancy import check_occupancy
from services.desk.admitting import check_in
from tests.factories import create_person
from tests.factories_booking import (
    CIPHER,
    actor_for,
    book_for,
    create_booking,
    create_centre,
    create_service,
    staff_of,
)
from tests.factories_waitlist import entry_now, wait_for
from tests.statements import Statements

HALF_HOUR, HOUR, DAY = timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def service(session: Session, centre: Centre, now: datetime) -> Service:
    """One shower with ten minutes of cleaning."""
    return create_service(session, centre, units=(("U1", None),), now=now)


@pytest.fixture
def driver(session: Session, now: datetime) -> Person:
    return create_person(session, now=now)


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=f"^{code}$")


def move_to(session: Session, person: Person, code: str, start: datetime, *, now: datetime, **wish: Any) -> Booked:
    return move(session, Move(actor_for(person), code, start, **wish), cipher=CIPHER, now=now)


def reasons(session: Session, booking_id: int) -> list[tuple[str | None, str, str | None]]:
    rows = session.execute(
        select(BookingEvent.from_state, BookingEvent.to_state, BookingEvent.reason)
        .where(BookingEvent.booking_id == booking_id)
        .order_by(BookingEvent.seq)
    )
    return [(row.from_state, row.to_state, row.reason) for row in rows]


def taken(session: Session) -> list[tuple[datetime, datetime]]:
    rows = session.execute(select(Occupancy.starts_at, Occupancy.ends_at).order_by(Occupancy.starts_at))
    return [(row.starts_at, row.ends_at) for row in rows]


@pytest.mark.rule("B70")
def test_a_moved_booking_leaves_its_place_and_takes_everything_along(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    old = book_for(session, driver, service, now + DAY, plate="苏BE32S0", source="bot", now=now).booking
    new = move_to(session, driver, old.code, now + DAY + HOUR, now=now).booking
    assert new.code != old.code
    assert (new.state, new.start, new.end, new.source) == (
        "confirmed",
        now + DAY + HOUR,
        now + DAY + 3 * HALF_HOUR,
        "bot",
    )
    assert new.plate_cipher is not None
    assert CIPHER.decrypt(new.plate_cipher) == "苏BE32S0"
    gone = booking_by_code(session, old.code)
    assert (gone.state, gone.moved_to_id) == ("moved", new.id)
    assert reasons(session, old.id)[-1] == ("confirmed", "moved", None)
    assert taken(session) == [(new.start, new.end + timedelta(minutes=10))]
    assert check_occupancy(session) == []
    assert list(session.scalars(select(Notification.template).order_by(Notification.id)))[-1] == "booking_moved"
    book_for(session, create_person(session, now=now), service, now + DAY, now=now)


@pytest.mark.rule("B70")
def test_a_booking_moves_onto_a_time_that_overlaps_its_own(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    old = book_for(session, driver, service, now + DAY, minutes=60, now=now).booking
    new = move_to(session, driver, old.code, now + DAY + HALF_HOUR, now=now).booking
    assert (new.start, new.end) == (now + DAY + HALF_HOUR, now + DAY + HALF_HOUR + HOUR)
    assert check_occupancy(session) == []


@pytest.mark.rule("B70")
def test_a_pool_is_moved_within_itself(session: Session, centre: Centre, driver: Person, now: datetime) -> None:
    pool = create_service(session, centre, capacity=3, now=now)
    old = book_for(session, driver, pool, now + DAY, party_size=3, minutes=60, now=now).booking
    new = move_to(session, driver, old.code, now + DAY + HALF_HOUR, now=now).booking
    assert (new.party_size, new.unit_id) == (3, None)
    assert check_occupancy(session) == []
    fewer = move_to(session, driver, new.code, new.start, party_size=2, now=now).booking
    assert fewer.party_size == 2


@pytest.mark.rule("B50", "B70")
def test_what_a_move_frees_goes_to_who_waits(session: Session, service: Service, driver: Person, now: datetime) -> None:
    old = book_for(session, driver, service, now + DAY, now=now).booking
    waiting = create_person(session, now=now)
    entry = wait_for(session, waiting, service, old.start, now=now)
    move_to(session, driver, old.code, now + DAY + HOUR, now=now)
    assert entry_now(session, entry, waiting).state == "offered"


@pytest.mark.rule("B71")
def test_a_move_to_a_full_time_leaves_the_old_place_untouched(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    old = book_for(session, driver, service, now + DAY, now=now).booking
    create_booking(session, service, now + DAY + HOUR, now=now)
    before, history = taken(session), reasons(session, old.id)
    with refused("slot_full") as caught:
        move_to(session, driver, old.code, now + DAY + HOUR, now=now)
    session.expire_all()
    assert booking_by_code(session, old.code) == old
    assert (taken(session), reasons(session, old.id)) == (before, history)
    starts = [slot["start"] for slot in caught.value.details["alternatives"]]
    assert old.start.astimezone(old.service.opening.tz).isoformat() in starts, "its own place counts as free"


@pytest.mark.rule("B71")
def test_whoever_may_not_have_the_new_time_keeps_the_old(
    session: Session, centre: Centre, driver: Person, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), hours=((None, 0, 1200),), now=now)
    old = book_for(session, driver, service, now + DAY, now=now).booking
    other = book_for(session, driver, service, now + DAY + 2 * HOUR, now=now).booking
    with refused("overlap"):
        move_to(session, driver, old.code, other.start, now=now)
    with refused("closed_then"):
        move_to(session, driver, old.code, now + DAY + 10 * HOUR, now=now)
    with refused("off_grid"):
        move_to(session, driver, old.code, now + DAY + timedelta(minutes=5), now=now)
    with refused("start_in_past"):
        move_to(session, driver, old.code, now - HOUR, now=now)
    with refused("nothing_to_move"):
        move_to(session, driver, old.code, old.start, now=now)
    with pytest.raises(NotFound):
        move_to(session, create_person(session, now=now), old.code, now + 2 * DAY, now=now)
    assert booking_by_code(session, old.code) == old


@pytest.mark.rule("B70")
def test_the_limit_of_a_person_leaves_the_old_one_out_and_marks_bar_no_move(
    session: Session, centre: Centre, driver: Person, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), max_future_per_person=1, now=now)
    old = book_for(session, driver, service, now + DAY, now=now).booking
    for _ in range(3):
        missed = create_booking(session, create_service(session, centre, now=now), now + DAY, now=now)
        session.add(Mark(person_id=driver.id, booking_id=missed.id, kind="no_show", halves=2, at=now - HOUR))
    session.flush()
    with refused("restricted"):
        book_for(session, driver, create_service(session, centre, now=now), now + 3 * DAY, now=now)
    assert move_to(session, driver, old.code, now + 2 * DAY, now=now).booking.state == "confirmed"


@pytest.mark.rule("B82")
def test_what_was_booked_for_the_coming_hour_is_not_moved_out_of_it_past_the_marks(
    session: Session, centre: Centre, service: Service, driver: Person, now: datetime
) -> None:
    for _ in range(3):
        missed = create_booking(session, create_service(session, centre, now=now), now + DAY, now=now)
        session.add(Mark(person_id=driver.id, booking_id=missed.id, kind="no_show", halves=2, at=now - HOUR))
    session.flush()
    soon = book_for(session, driver, service, now + HALF_HOUR, now=now).booking
    with refused("restricted"):
        move_to(session, driver, soon.code, now + 2 * DAY, now=now)
    assert move_to(session, driver, soon.code, now + HOUR, now=now).booking.state == "confirmed"


@pytest.mark.rule("B21")
def test_moving_away_at_the_last_moment_does_not_make_cancelling_free(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    actor, minute = actor_for(driver), timedelta(minutes=1)
    old = book_for(session, driver, service, now + HOUR, now=now).booking
    away = move_to(session, driver, old.code, now + DAY, now=now + HOUR - minute).booking
    again = move_to(session, driver, away.code, now + 2 * DAY, now=now + 2 * HOUR).booking
    cancel(session, again.code, actor=actor, now=now + 2 * HOUR)
    assert [mark.kind for mark in session.scalars(select(Mark))] == ["late_cancel"]


@pytest.mark.rule("B21")
def test_moving_out_of_a_jam_at_the_last_moment_leaves_cancelling_free(
    session: Session, centre: Centre, service: Service, driver: Person, now: datetime
) -> None:
    staff = staff_of(session, centre, now=now)
    old = book_for(session, driver, service, now + HOUR, now=now).booking
    post(session, Post(centre.code, "congestion", "堵车", now, now + 2 * HOUR, 30), actor=staff, now=now)
    away = move_to(session, driver, old.code, now + DAY, now=now + HOUR).booking
    assert not cancel(session, away.code, actor=actor_for(driver), now=now + 2 * HOUR).was_late_cancel


@pytest.mark.rule("B21")
def test_moving_in_time_leaves_cancelling_free_and_what_the_desk_moves_counts_against_nobody(
    session: Session, centre: Centre, service: Service, driver: Person, now: datetime
) -> None:
    staff = staff_of(session, centre, now=now)
    old = book_for(session, driver, service, now + HOUR, now=now).booking
    moved = move_to(session, driver, old.code, now + DAY, now=now + HALF_HOUR).booking
    at = now + DAY - timedelta(minutes=1)
    by_desk = move(session, Move(staff, moved.code, now + 2 * DAY), cipher=CIPHER, now=at).booking
    assert not cancel(session, by_desk.code, actor=actor_for(driver), now=at).was_late_cancel
    assert session.scalars(select(Mark)).all() == []


@pytest.mark.rule("B72")
def test_a_move_said_twice_gives_one_new_booking(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    old, key = book_for(session, driver, service, now + DAY, now=now).booking, uuid4()
    first = move_to(session, driver, old.code, now + DAY + HOUR, client_uuid=key, now=now)
    again = move_to(session, driver, old.code, now + DAY + HOUR, client_uuid=key, now=now)
    without_key = move_to(session, driver, old.code, now + DAY + HOUR, now=now)
    assert (first.repeated, again.repeated, without_key.repeated) == (False, True, True)
    assert again.booking.code == without_key.booking.code == first.booking.code
    with refused("client_uuid_reused"):
        move_to(session, driver, old.code, now + DAY + 2 * HOUR, client_uuid=key, now=now)
    with refused("client_uuid_reused"):
        move_to(session, driver, first.booking.code, now + DAY + 2 * HOUR, client_uuid=key, now=now)
    with refused("booking_state"):
        move_to(session, driver, old.code, now + DAY + 2 * HOUR, now=now)
    assert len(list(session.scalars(select(Booking.id)))) == 2


@pytest.mark.rule("B70")
def test_a_room_is_asked_for_anew_and_what_staff_move_stays_agreed(
    session: Session, centre: Centre, driver: Person, now: datetime
) -> None:
    room, staff = (
        create_service(session, centre, kind="room", units=(("A", None),), now=now),
        staff_of(session, centre, now=now),
    )
    old = book_for(session, driver, room, now + DAY, now=now).booking
    asked = move_to(session, driver, old.code, now + 2 * DAY, now=now).booking
    assert (asked.state, asked.hold_until) == ("requested", now + DAY)
    agreed = move_state(session, asked, "confirmed", actor_id=staff.person_id, now=now)
    moved = move(session, Move(staff, agreed.code, now + 3 * DAY), cipher=CIPHER, now=now).booking
    assert (moved.state, moved.person_id) == ("confirmed", driver.id)
    news = session.scalars(select(Notification).where(Notification.template == "booking_confirmed")).one()
    assert (news.person_id, moved.code in news.data["code"]) == (driver.id, True)


@pytest.mark.rule("B71")
def test_a_booking_can_be_moved_as_long_as_its_place_is_kept(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    first = book_for(session, driver, service, now, now=now).booking
    later = move_to(session, driver, first.code, now + HOUR, now=now + timedelta(minutes=14)).booking
    with refused("late_too_late"):
        move_to(session, driver, later.code, now + 4 * HOUR, now=later.grace_until)
    staff = staff_of(session, session.get_one(Centre, service.centre_id), now=now)
    check_in(session, later.code, actor=staff, now=later.start)
    with refused("booking_state"):
        move_to(session, driver, later.code, now + 4 * HOUR, now=later.start)


@pytest.mark.rule("B70")
def test_what_being_late_added_does_not_move_along(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    old = book_for(session, driver, service, now + DAY, now=now).booking
    late(session, Late(actor_for(driver), old.code, 60), now=now + DAY)
    new = move_to(session, driver, old.code, now + DAY + 2 * HOUR, now=now + DAY).booking
    assert (new.end - new.start, new.late_minutes) == (HALF_HOUR, 0)


@pytest.mark.rule("B70")
def test_who_said_late_but_chose_nothing_yet_moves_the_whole_stay(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    old = book_for(session, driver, service, now + DAY, minutes=120, now=now).booking
    create_booking(session, service, now + DAY + 5 * HALF_HOUR, now=now)
    assert late(session, Late(actor_for(driver), old.code, 30), now=now + DAY).conflict
    new = move_to(session, driver, old.code, now + DAY + 4 * HOUR, now=now + DAY).booking
    assert new.end - new.start == 2 * HOUR


@pytest.mark.rule("B79")
def test_a_move_costs_twelve_statements_however_long_the_history(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    old = book_for(session, driver, service, now + DAY, now=now).booking
    for n in range(5):
        create_booking(session, service, now + DAY + (n + 3) * HOUR, now=now)
    with Statements(session) as counted:
        move_to(session, driver, old.code, now + DAY + HOUR, now=now)
    assert len(counted.seen) == 12, counted.seen
