"""No-shows, requests nobody answered, reminders."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from domain.errors import Busy
from domain.service_types import ServiceFacts
from models.centre import Booking, BookingEvent, Centre, Occupancy
from models.notification import Notification
from server.container import Container
from services.booking import jobs as booking_jobs
from services.booking.jobs import lapse_requests, note_overstays, release_no_shows, remind_upcoming
from services.centre.catalogue import lock_service
from services.desk.admitting import check_in, complete
from tests.factories import create_person
from tests.factories_booking import book_for, create_booking, create_centre, create_service, staff_of
from tests.factories_waitlist import entry_now, wait_for

HALF_HOUR = timedelta(minutes=30)
Work = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def work(session: Session, container: Container) -> Work:
    """Units of work that see what the test wrote."""

    def unit_of_work() -> AbstractContextManager[Session]:
        session.commit()
        session.expire_all()
        return container.unit_of_work()

    return unit_of_work


def occupied(session: Session) -> list[tuple[Any, ...]]:
    rows = session.execute(select(Occupancy.unit_id, Occupancy.starts_at, Occupancy.ends_at))
    return sorted(tuple(row) for row in rows)


def told(session: Session, template: str) -> list[int]:
    return list(session.scalars(select(Notification.person_id).where(Notification.template == template)))


@pytest.mark.rule("B24")
def test_past_its_grace_a_place_is_free_again(session: Session, work: Work, centre: Centre, now: datetime) -> None:
    service = create_service(session, centre, now=now)
    start = now + HALF_HOUR
    absent, present = create_booking(session, service, start, now=now), create_booking(session, service, start, now=now)
    check_in(session, present.code, actor=staff_of(session, centre, now=now), now=start)
    assert release_no_shows(work, now=start + timedelta(minutes=14)) == 0
    assert release_no_shows(work, now=start + timedelta(minutes=15)) == 1
    assert release_no_shows(work, now=start + timedelta(minutes=16)) == 0
    session.expire_all()
    assert (absent.state, present.state) == ("no_show", "checked_in")
    written = session.scalars(select(BookingEvent).where(BookingEvent.to_state == "no_show")).one()
    assert (written.booking_id, written.seq, written.actor_id) == (absent.id, 2, None)
    assert told(session, "booking_cancelled") == [absent.person_id]


@pytest.mark.rule("B24")
def test_the_rest_of_a_no_show_can_be_booked(session: Session, work: Work, centre: Centre, now: datetime) -> None:
    long = create_service(session, centre, units=(("U1", None),), grace_minutes=15, now=now)
    create_booking(session, long, now, minutes=120, now=now)
    release_no_shows(work, now=now + timedelta(minutes=15))
    create_booking(session, long, now + HALF_HOUR, now=now + timedelta(minutes=16))


@pytest.mark.rule("B23")
def test_a_request_nobody_answered_lapses_at_its_deadline(
    session: Session, work: Work, centre: Centre, now: datetime
) -> None:
    room = create_service(session, centre, kind="room", units=(("A", None),), hold_minutes=60, now=now)
    asked = create_booking(session, room, now + timedelta(days=1), now=now)
    assert lapse_requests(work, now=now + timedelta(minutes=59)) == 0
    assert lapse_requests(work, now=now + timedelta(minutes=60)) == 1
    session.expire_all()
    assert (asked.state, asked.hold_until) == ("lapsed", None)
    assert told(session, "booking_cancelled") == [asked.person_id]
    create_booking(session, room, now + timedelta(days=1), now=now)


@pytest.mark.rule("B25")
def test_a_reminder_goes_out_once_within_the_hour(session: Session, centre: Centre, now: datetime) -> None:
    service, start = create_service(session, centre, now=now), now + timedelta(hours=5)
    made = create_booking(session, service, start, now=now)
    create_booking(session, service, start, now=start - HALF_HOUR)
    assert remind_upcoming(session, now=start - timedelta(minutes=61)) == 0
    assert remind_upcoming(session, now=start - timedelta(minutes=29)) == 1
    assert remind_upcoming(session, now=start - timedelta(minutes=28)) == 0
    assert told(session, "booking_reminder") == [made.person_id]


@pytest.mark.rule("B25")
def test_a_cancelled_or_past_booking_is_not_reminded_of(session: Session, centre: Centre, now: datetime) -> None:
    service, person = create_service(session, centre, now=now), create_person(session, now=now)
    booking = book_for(session, person, service, now + timedelta(hours=5), now=now).booking
    session.get_one(Booking, booking.id).state = "displaced"
    session.flush()
    assert remind_upcoming(session, now=now + timedelta(hours=4, minutes=30)) == 0


@pytest.mark.rule("B78")
def test_whoever_is_still_inside_has_overstayed_and_is_told_once(
    session: Session, work: Work, centre: Centre, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), now=now)
    stay, staff = create_booking(session, service, now, now=now), staff_of(session, centre, now=now)
    next_one = create_booking(session, service, now + 2 * HALF_HOUR, now=now)
    check_in(session, stay.code, actor=staff, now=now)
    before = occupied(session)
    assert note_overstays(work, now=stay.ends_at - timedelta(microseconds=1)) == 0
    assert note_overstays(work, now=stay.ends_at) == 1
    assert note_overstays(work, now=stay.ends_at + HALF_HOUR) == 0
    session.expire_all()
    assert stay.state == "overstayed"
    written = session.scalars(select(BookingEvent).where(BookingEvent.to_state == "overstayed")).one()
    assert (written.from_state, written.actor_id) == ("checked_in", None)
    assert told(session, "booking_overstayed") == [stay.person_id]
    assert occupied(session) == before, "no more than was planned"
    assert check_in(session, next_one.code, actor=staff, now=next_one.starts_at).state == "checked_in"
    assert complete(session, stay.code, actor=staff, now=now + 3 * HALF_HOUR).state == "completed"


@pytest.mark.rule("B24")
def test_the_place_of_a_no_show_goes_to_who_waits(session: Session, work: Work, centre: Centre, now: datetime) -> None:
    service = create_service(session, centre, units=(("U1", None),), max_minutes=240, now=now)
    create_booking(session, service, now, minutes=120, now=now)
    waiting = create_person(session, now=now)
    entry = wait_for(session, waiting, service, now + 2 * HALF_HOUR, now=now)
    release_no_shows(work, now=now + timedelta(minutes=15))
    assert entry_now(session, entry, waiting).state == "offered"


@pytest.mark.rule("B80")
def test_a_service_that_is_busy_waits_and_holds_up_no_other(
    session: Session, work: Work, centre: Centre, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, free = create_service(session, centre, now=now), create_service(session, centre, now=now)
    for service in (busy, free):
        create_booking(session, service, now, now=now)
    past, lock = now + timedelta(minutes=15), lock_service

    def locked(session: Session, service_id: int) -> ServiceFacts:
        if service_id == busy.id:
            raise Busy("busy")
        return lock(session, service_id)

    with monkeypatch.context() as patched:
        patched.setattr(booking_jobs, "lock_service", locked)
        assert release_no_shows(work, now=past) == 1
    left = session.scalars(select(Booking.service_id).where(Booking.state == "confirmed")).one()
    assert left == busy.id
    assert release_no_shows(work, now=past) == 1


@pytest.mark.rule("B80")
def test_a_run_takes_a_bounded_batch_of_each_service(
    session: Session, work: Work, centre: Centre, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = create_service(session, centre, capacity=9, now=now)
    for _ in range(3):
        create_booking(session, pool, now, now=now)
    monkeypatch.setattr(booking_jobs, "BATCH", 2)
    past = now + timedelta(minutes=15)
    assert [release_no_shows(work, now=past) for _ in range(3)] == [2, 1, 0]


@pytest.mark.rule("B80")
@pytest.mark.parametrize("job", ["release_no_shows", "lapse_requests", "note_overstays"])
def test_what_is_due_is_found_by_a_partial_index(session: Session, work: Work, now: datetime, job: str) -> None:
    """However many bookings there were, the clock looks at those that are ahead or inside alone."""
    seen: list[tuple[str, Any]] = []
    connection = session.connection()

    def see(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT bookings.service_id"):
            seen.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", see)
    getattr(booking_jobs, job)(work, now=now)
    event.remove(connection, "before_cursor_execute", see)
    (statement, parameters), is_sqlite = seen[0], connection.dialect.name == "sqlite"
    if not is_sqlite:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
    plan = " ".join(str(row) for row in connection.exec_driver_sql(explain + statement, parameters))
    assert ("ix_bookings_inside" if job == "note_overstays" else "ix_bookings_ahead") in plan, plan
