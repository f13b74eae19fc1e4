"""Booking and cancelling through the service, on both databases."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from domain.errors import Conflict, Invalid, NotFound, Refusal
from domain.permissions import GrantFacts
from models.centre import Booking, BookingEvent, Centre, Occupancy, OpeningRule, Service
from models.notification import Notification
from services.booking.bookings import cancel
from services.booking.states import move_state
from services.booking.views import get_booking, list_events, list_mine
from services.centre.centres import availability, find_services, month_strip
from services.centre.occupancy import check_occupancy
from tests.factories import create_person
from tests.factories_booking import (
    CIPHER,
    MALE_AND_FEMALE,
    actor_for,
    add_hours,
    book_for,
    create_booking,
    create_centre,
    create_service,
    staff_of,
)
from tests.statements import Statements

HALF_HOUR = timedelta(minutes=30)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def tomorrow(now: datetime) -> datetime:
    return now + timedelta(days=1)


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=f"^{code}$")


def free_at(session: Session, service: Service, start: datetime, now: datetime, **wish: Any) -> int:
    day = availability(session, service.code, start.astimezone(SHANGHAI).date(), now=now, **wish)
    return next(slot.free for slot in day.slots if slot.start == start)


@pytest.mark.rule("B1", "B8")
def test_what_is_listed_free_can_be_booked_and_nothing_else(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    service = create_service(session, centre, units=MALE_AND_FEMALE, now=now)
    given: list[str | None] = []
    while free_at(session, service, tomorrow, now, zone="male"):
        given.append(
            book_for(session, create_person(session, now=now), service, tomorrow, zone="male", now=now).booking.unit_no
        )
    assert given == ["S1", "S2"]
    with refused("slot_full"):
        create_booking(session, service, tomorrow, zone="male", now=now)
    # the cleaning takes the next start too, the female shower none of it
    assert free_at(session, service, tomorrow + HALF_HOUR, now, zone="male") == 0
    assert free_at(session, service, tomorrow + 2 * HALF_HOUR, now, zone="male") == 2
    assert free_at(session, service, tomorrow, now, zone="female") == 1
    assert check_occupancy(session) == []


@pytest.mark.rule("B2")
def test_the_same_key_is_one_booking_even_when_its_time_has_come(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    service, person, key = create_service(session, centre, now=now), create_person(session, now=now), uuid4()
    first = book_for(session, person, service, tomorrow, client_uuid=key, now=now)
    again = book_for(session, person, service, tomorrow, client_uuid=key, now=now + timedelta(days=3))
    assert (first.repeated, again.repeated) == (False, True)
    assert again.booking == first.booking
    with refused("client_uuid_reused"):
        book_for(session, person, service, tomorrow + HALF_HOUR, client_uuid=key, now=now)
    with refused("client_uuid_reused"):
        book_for(session, person, service, tomorrow, client_uuid=key, plate="粤B12345", now=now)
    other = book_for(session, create_person(session, now=now), service, tomorrow, client_uuid=key, now=now)
    assert not other.repeated


@pytest.mark.rule("B6", "B7")
def test_limits_of_a_person_are_about_open_bookings_only(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    service = create_service(session, centre, max_future_per_person=1, now=now)
    elsewhere = create_service(session, create_centre(session, now=now), now=now)
    person = create_person(session, now=now)
    mine = book_for(session, person, service, tomorrow, now=now).booking
    with refused("overlap") as found:
        book_for(session, person, elsewhere, tomorrow, now=now)
    assert found.value.details["code"] == mine.code
    with refused("too_many") as found:
        book_for(session, person, service, tomorrow + 4 * HALF_HOUR, now=now)
    assert found.value.details == {"max": 1, "codes": [mine.code]}
    cancel(session, mine.code, actor=actor_for(person), now=now)
    book_for(session, person, service, tomorrow, now=now)
    book_for(session, person, elsewhere, tomorrow + HALF_HOUR, now=now)


@pytest.mark.rule("B4", "B41")
def test_a_pool_takes_parties_up_to_its_seats(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    pool = create_service(session, centre, capacity=5, now=now)
    create_booking(session, pool, tomorrow, minutes=60, party_size=3, now=now)
    assert free_at(session, pool, tomorrow + HALF_HOUR, now) == 2
    with refused("slot_full") as full:
        create_booking(session, pool, tomorrow, party_size=3, now=now)
    assert all(slot["free"] >= 3 for slot in full.value.details["alternatives"])
    made = create_booking(session, pool, tomorrow, party_size=2, now=now)
    assert (made.unit_id, made.party_size, made.occupied_until) == (None, 2, made.ends_at)
    assert free_at(session, pool, tomorrow, now) == 0
    assert free_at(session, pool, tomorrow + HALF_HOUR, now) == 2


@pytest.mark.rule("B14", "B15")
def test_a_night_is_one_booking_of_its_evening(session: Session, centre: Centre, now: datetime) -> None:
    night = create_service(
        session, centre, units=(("N1", None),), hours=((None, 1200, 540),), slot_minutes=480, min_minutes=480,
        max_minutes=720, cleaning_minutes=30, now=now,
    )  # fmt: skip
    ten = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)  # 22:00 in Shanghai
    made = create_booking(session, night, ten, minutes=None, now=now)
    assert made.ends_at == ten + timedelta(hours=8)
    with refused("closed_then"):
        create_booking(session, night, ten + timedelta(hours=4), minutes=480, now=now)
    evening = availability(session, night.code, date(2026, 11, 25), now=now)
    starts = [f"{slot.start.astimezone(SHANGHAI):%H:%M}" for slot in evening.slots]
    assert starts == ["00:00", "00:30", "01:00", *(f"{h}:{m}" for h in range(20, 24) for m in ("00", "30"))]
    assert not any(slot.free for slot in evening.slots)
    assert evening.next_free is not None
    assert evening.next_free.start == datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@pytest.mark.rule("B20")
def test_a_full_day_offers_the_next_days(session: Session, centre: Centre, now: datetime, tomorrow: datetime) -> None:
    short = create_service(session, centre, units=(("U1", None),), hours=((None, 600, 640),), now=now)
    create_booking(session, short, tomorrow, now=now)
    with refused("slot_full") as full:
        create_booking(session, short, tomorrow, now=now)
    assert [slot["start"] for slot in full.value.details["alternatives"]] == [
        f"2026-11-{day}T10:00:00+08:00" for day in (27, 28, 29, 30)
    ]
    day = availability(session, short.code, date(2026, 11, 26), now=now)
    assert day.next_free is not None
    assert day.next_free.start == tomorrow + timedelta(days=1)


@pytest.mark.rule("B21", "B27")
def test_cancel_gives_back_once_and_late_counts(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), now=now)
    person = create_person(session, now=now)
    early, late = (book_for(session, person, service, tomorrow + n * 2 * HALF_HOUR, now=now).booking for n in (0, 1))
    gone = cancel(session, early.code, actor=actor_for(person), now=tomorrow - timedelta(minutes=10))
    assert (gone.state, gone.was_late_cancel) == ("cancelled", False)
    assert cancel(session, early.code.lower(), actor=actor_for(person), now=tomorrow) == gone
    assert [(e.seq, e.from_state, e.to_state) for e in list_events(session, gone.id)] == [
        (1, None, "confirmed"),
        (2, "confirmed", "cancelled"),
    ]
    gone = cancel(session, late.code, actor=actor_for(person), now=late.start - timedelta(minutes=9))
    assert gone.was_late_cancel
    assert [e.reason for e in list_events(session, gone.id)] == [None, "late"]
    assert session.scalar(select(func.count()).select_from(Occupancy)) == 0
    book_for(session, person, service, tomorrow, now=now)


@pytest.mark.rule("B21", "B33")
def test_the_desk_cancels_without_a_mark_and_the_owner_is_told(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    made = create_booking(session, create_service(session, centre, now=now), tomorrow, now=now)
    with refused("unknown_booking"):
        cancel(session, made.code, actor=staff_of(session, create_centre(session, now=now), now=now), now=tomorrow)
    gone = cancel(session, made.code, actor=staff_of(session, centre, now=now), now=tomorrow)
    assert (gone.state, gone.was_late_cancel) == ("cancelled", False)
    told = session.scalars(select(Notification).order_by(Notification.id)).all()
    assert [(row.person_id, row.template) for row in told] == [
        (made.person_id, "booking_confirmed"),
        (made.person_id, "booking_cancelled"),
    ]
    assert "不算您违约" in told[1].data["reason"]


@pytest.mark.rule("B27")
def test_of_two_who_move_a_booking_one_wins(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    made = create_booking(session, create_service(session, centre, now=now), tomorrow, now=now)
    owner = actor_for(session.get_one(type(create_person(session, now=now)), made.person_id))
    seen = get_booking(session, made.code, actor=owner)
    cancel(session, made.code, actor=owner, now=now)
    with pytest.raises(Conflict, match="booking_state"):
        move_state(session, seen, "checked_in", actor_id=None, now=now)
    events = session.scalars(select(BookingEvent.to_state).where(BookingEvent.booking_id == made.id))
    assert list(events) == ["confirmed", "cancelled"]


@pytest.mark.rule("B28")
def test_news_comes_with_the_booking_and_never_without(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), now=now)
    made = create_booking(session, service, tomorrow, now=now)
    with refused("slot_full"):
        create_booking(session, service, tomorrow, now=now)
    news = session.scalars(select(Notification)).one()
    assert news.template == "booking_confirmed"
    assert news.page == f"/pages/bookings/pass?code={made.code}"
    assert news.data == {
        "service": service.name, "time": "2026年11月26日 10:00~10:30", "place": centre.name, "code": made.code,
    }  # fmt: skip


@pytest.mark.rule("B29")
def test_a_plate_is_kept_as_ciphertext_and_keyed_hashes(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    made = create_booking(session, create_service(session, centre, now=now), tomorrow, plate="粤b·12345", now=now)
    assert made.plate_cipher is not None
    assert CIPHER.decrypt(made.plate_cipher) == "粤B12345"
    assert made.plate_hash == CIPHER.keyed_hash("plate", "粤B12345")
    assert made.plate_tail_hash == CIPHER.keyed_hash("plate-tail", "2345")
    kept = json.dumps([str(value) for value in session.execute(select(Booking.__table__)).one()])
    assert "12345" not in kept


@pytest.mark.rule("B11", "B9")
def test_family_units_are_never_given_by_the_app(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    service = create_service(session, centre, units=(("S1", "male"), ("S2", "family")), now=now)
    create_booking(session, service, tomorrow, zone="male", now=now)
    with refused("slot_full"):
        create_booking(session, service, tomorrow, zone="male", now=now)
    with refused("zone_not_served"):
        create_booking(session, service, tomorrow, zone="female", now=now)
    with refused("zone_not_served"):
        create_booking(session, service, tomorrow, zone="family", now=now)


@pytest.mark.rule("B12")
def test_walk_in_units_open_half_an_hour_before(session: Session, centre: Centre, now: datetime) -> None:
    service = create_service(session, centre, walkin_permille=500, now=now)
    soon, later = now + HALF_HOUR, now + 2 * HALF_HOUR
    create_booking(session, service, later, now=now)
    with refused("slot_full"):
        create_booking(session, service, later, now=now)
    assert free_at(session, service, soon, now) == 1  # U1 is cleaned until then, U2 is released
    create_booking(session, service, later, now=later - HALF_HOUR)


@pytest.mark.rule("B23", "B22")
def test_a_request_for_a_room_holds_it(session: Session, centre: Centre, now: datetime, tomorrow: datetime) -> None:
    room = create_service(
        session, centre, kind="room", units=(("大厅", None),), who_may_book=["branch_secretary"], now=now
    )
    secretary = actor_for(
        create_person(session, now=now), GrantFacts("branch_secretary", "branch", 1, date(2020, 1, 1))
    )
    with refused("who_may_book"):
        create_booking(session, room, tomorrow, now=now)
    asked = book_for(session, secretary, room, tomorrow, now=now).booking
    assert (asked.state, asked.hold_until) == ("requested", tomorrow)
    assert session.scalars(select(Notification.template)).all() == ["booking_requested"]
    assert free_at(session, room, tomorrow, now) == 0
    cancel(session, asked.code, actor=secretary, now=now)
    assert free_at(session, room, tomorrow, now) == 1


def test_own_bookings_upcoming_and_past(session: Session, centre: Centre, now: datetime, tomorrow: datetime) -> None:
    service, person = create_service(session, centre, now=now), create_person(session, now=now)
    first, second, third = (
        book_for(session, person, service, tomorrow + n * 2 * HALF_HOUR, now=now).booking.code for n in range(3)
    )
    cancel(session, second, actor=actor_for(person), now=now)
    create_booking(session, service, tomorrow, now=now)

    def codes(**wish: Any) -> tuple[list[str], int]:
        found, total = list_mine(session, person.id, now=wish.pop("now", now), **wish)
        return [view.code for view in found], total

    assert codes() == ([third, second, first], 3)
    assert codes(offset=1, limit=1) == ([second], 3)
    assert codes(state="upcoming") == ([third, first], 2)
    assert codes(state="past") == ([second], 1)
    assert codes(state="upcoming", now=tomorrow + HALF_HOUR) == ([third], 1)
    with pytest.raises(Invalid):
        codes(state="sideways")


@pytest.mark.rule("B32")
def test_a_booking_of_another_does_not_exist(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    made = create_booking(session, create_service(session, centre, now=now), tomorrow, now=now)
    for code in (made.code, "NOPE", "\x00", "A" * 500):
        with pytest.raises(NotFound, match="unknown_booking"):
            get_booking(session, code, actor=actor_for(create_person(session, now=now)))
    assert get_booking(session, made.code, actor=staff_of(session, centre, now=now)).code == made.code


def test_services_are_found_by_name_and_code(session: Session, centre: Centre, now: datetime) -> None:
    shower = create_service(session, centre, name="冲凉", code=f"{centre.code}.shower", now=now)
    create_service(session, centre, name="洗衣烘干", now=now)
    assert [s.code for s in find_services(session, "冲凉")] == [shower.code]
    assert [s.code for s in find_services(session, "我想冲凉了")] == [shower.code]
    assert [s.code for s in find_services(session, "SHOWER")] == [shower.code]
    assert len(find_services(session)) == 2
    assert find_services(session, "没有") == []


@pytest.mark.rule("B39")
def test_a_changed_catalogue_is_seen_at_once_and_a_rolled_back_one_never(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    service = create_service(session, centre, now=now)
    assert free_at(session, service, tomorrow, now) == 2
    attempt = session.begin_nested()
    session.execute(insert(OpeningRule).values(_closed(centre, service)))
    assert availability(session, service.code, tomorrow.date(), now=now).slots == ()
    attempt.rollback()
    assert free_at(session, service, tomorrow, now) == 2
    add_hours(session, centre, service, ((None, 600, 660),), effective_from=date(2026, 1, 1))
    assert len(availability(session, service.code, tomorrow.date(), now=now).slots) == 2


def _closed(centre: Centre, service: Service) -> dict[str, Any]:
    """A timetable that opens on Mondays only."""
    return {
        "centre_id": centre.id, "service_id": service.id, "weekday": 0, "opens_minutes": 0, "closes_minutes": 60,
        "effective_from": date(2026, 1, 1),
    }  # fmt: skip


@pytest.mark.rule("B40")
def test_a_centre_keeps_its_own_zone_of_time(session: Session, now: datetime) -> None:
    berlin = create_centre(session, tz="Europe/Berlin", hours=((None, 0, 1440),), now=now)
    service = create_service(session, berlin, min_minutes=30, window_days=366, now=now)
    strip = month_strip(session, service.code, date(2027, 3, 27), 3, now=now)
    assert [day.free_slots for day in strip] == [48, 46, 48]
    made = create_booking(session, service, datetime(2027, 3, 28, 0, 30, tzinfo=UTC), minutes=60, now=now)
    assert made.ends_at - made.starts_at == timedelta(hours=1)


@pytest.mark.rule("B36")
def test_booking_and_cancelling_cost_six_statements_and_a_strip_two(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    service, person = create_service(session, centre, now=now), create_person(session, now=now)
    create_booking(session, service, tomorrow, now=now)
    with Statements(session) as counted:
        book_for(session, person, service, tomorrow, now=now)
    assert len(counted.seen) == 6, counted.seen
    with Statements(session) as counted:
        month_strip(session, service.code, tomorrow.date(), 31, now=now)
    assert len(counted.seen) == 2, counted.seen
    with Statements(session) as counted:
        found, _ = list_mine(session, person.id, now=now)
    assert len(counted.seen) == 2, counted.seen
    with Statements(session) as counted:
        cancel(session, found[0].code, actor=actor_for(person), now=now)
    assert len(counted.seen) == 6, counted.seen  # find, service, booking; booking, its event; who waits
