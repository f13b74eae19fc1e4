"""I'm late 晚到: the place is kept longer, once; where somebody comes next, the driver chooses."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import NotFound, Refusal
from models.centre import Booking, BookingEvent, Centre, CentreNotice, Closure, Service
from models.notification import Notification
from models.people import Person
from services.booking.lateness import Late, LateOutcome, late
from services.booking.views import BookingView, booking_by_code
from services.centre.occupancy import check_occupancy
from services.desk.admitting import check_in
from tests.factories import create_person
from tests.factories_booking import (
    actor_for,
    book_for,
    create_booking,
    create_centre,
    create_service,
    staff_of,
    unit_ids,
)
from tests.factories_waitlist import entry_now, wait_for
from tests.statements import Statements

MINUTE, HALF_HOUR, HOUR, DAY = timedelta(minutes=1), timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def service(session: Session, centre: Centre, now: datetime) -> Service:
    """One shower, half an hour with ten minutes of cleaning and fifteen of grace."""
    return create_service(session, centre, units=(("U1", None),), now=now)


@pytest.fixture
def driver(session: Session, now: datetime) -> Person:
    return create_person(session, now=now)


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=f"^{code}$")


def say(
    session: Session, person: Person, booking: BookingView, minutes: int, *, now: datetime, **more: Any
) -> LateOutcome:
    return late(session, Late(actor_for(person), booking.code, minutes, **more), now=now)


def kept(
    session: Session, person: Person, booking: BookingView, minutes: int, *, now: datetime, **more: Any
) -> BookingView:
    outcome = say(session, person, booking, minutes, now=now, **more)
    assert outcome.conflict is None, outcome.conflict.details
    return outcome.booking


def choices(outcome: LateOutcome) -> dict[str, dict[str, Any]]:
    assert outcome.conflict is not None
    assert outcome.conflict.code == "late_conflict"
    return {choice["choice"]: choice for choice in outcome.conflict.details["choices"]}


def late_events(session: Session, booking: BookingView) -> list[str | None]:
    chosen = select(BookingEvent.reason).where(BookingEvent.booking_id == booking.id, BookingEvent.seq > 1)
    return list(session.scalars(chosen.order_by(BookingEvent.seq)))


def local(instant: datetime, booking: BookingView) -> str:
    return instant.astimezone(booking.service.opening.tz).isoformat()


@pytest.mark.rule("B73")
def test_the_deadline_and_the_end_move_once_before_the_deadline(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    booking = book_for(session, driver, service, now + HOUR, now=now).booking
    after = kept(session, driver, booking, 40, now=booking.grace_until - MINUTE)
    assert after.grace_until == booking.grace_until + timedelta(minutes=40)
    assert (after.end, after.unit_id) == (booking.end + timedelta(minutes=40), booking.unit_id)
    assert after.occupied_until == after.end + timedelta(minutes=10)
    assert (after.late_minutes, late_events(session, booking)) == (40, ["late:40"])
    assert kept(session, driver, booking, 40, now=now) == after, "said twice"
    with refused("late_used"):
        say(session, driver, booking, 60, now=now)
    assert late_events(session, booking) == ["late:40"]
    assert check_occupancy(session) == []
    arrival = after.grace_until - MINUTE
    staff = staff_of(session, session.get_one(Centre, service.centre_id), now=now)
    assert check_in(session, booking.code, actor=staff, now=arrival).state == "checked_in"


@pytest.mark.rule("B73")
def test_the_deadline_itself_is_too_late_and_so_is_anything_but_a_booking(
    session: Session, centre: Centre, service: Service, driver: Person, now: datetime
) -> None:
    booking = book_for(session, driver, service, now, now=now).booking
    with refused("late_too_late") as caught:
        say(session, driver, booking, 30, now=booking.grace_until)
    assert caught.value.details == {"grace_until": local(booking.grace_until, booking)}
    room = create_service(session, centre, kind="room", units=(("A", None),), now=now)
    asked = book_for(session, driver, room, now + DAY, now=now).booking
    with refused("booking_state"):
        say(session, driver, asked, 30, now=now)
    with pytest.raises(NotFound):
        say(session, create_person(session, now=now), booking, 30, now=now)


@pytest.mark.rule("B73")
@pytest.mark.parametrize("minutes", [0, -5, 4, 7, 95, 1440])
def test_late_is_five_to_ninety_minutes_in_steps_of_five(
    session: Session, service: Service, driver: Person, now: datetime, minutes: int
) -> None:
    booking = book_for(session, driver, service, now, now=now).booking
    with refused("late_minutes") as caught:
        say(session, driver, booking, minutes, now=now)
    assert caught.value.details == {"max": 90, "step": 5}


@pytest.mark.rule("B73")
def test_in_congestion_one_may_say_so_until_the_longer_deadline(
    session: Session, centre: Centre, service: Service, driver: Person, now: datetime
) -> None:
    booking = book_for(session, driver, service, now, now=now).booking
    session.add(
        CentreNotice(
            centre_id=centre.id, kind="congestion", message="S6 堵", starts_at=now - HOUR, ends_at=now + HOUR,
            grace_minutes=30, created_at=now,
        )
    )  # fmt: skip
    session.flush()
    after = kept(session, driver, booking, 30, now=now + timedelta(minutes=44))
    assert after.kept_until == now + timedelta(minutes=15 + 30 + 30)


@pytest.mark.rule("B74")
def test_the_next_guest_keeps_their_time_and_the_driver_chooses(
    session: Session, centre: Centre, driver: Person, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None), ("U2", None)), max_minutes=240, now=now)
    mine = book_for(session, driver, service, now, minutes=90, now=now).booking
    next_one = create_booking(session, service, now, now=now)
    for start in (now + HOUR, now + 2 * HOUR):
        create_booking(session, service, start, now=now)
    assert next_one.unit_id != mine.unit_id
    first = say(session, driver, mine, 60, now=now)
    offered = choices(first)
    assert set(offered) == {"shorten", "later"}, "the other unit has a guest"
    assert offered["shorten"] == {
        "choice": "shorten", "end": local(now + timedelta(minutes=110), mine), "minutes": 50
    }  # fmt: skip
    starts = [slot["start"] for slot in offered["later"]["alternatives"]]
    assert starts
    assert min(starts) >= local(now + HOUR, mine)
    after = kept(session, driver, mine, 60, choice="shorten", now=now)
    assert (after.end, after.unit_id) == (now + timedelta(minutes=110), mine.unit_id)
    assert after.grace_until == mine.grace_until + HOUR
    assert check_occupancy(session) == []
    assert kept(session, driver, mine, 60, choice="shorten", now=now) == after


@pytest.mark.rule("B74")
def test_another_unit_of_the_zone_is_offered_and_taken(
    session: Session, centre: Centre, driver: Person, now: datetime
) -> None:
    units = (("S1", "male"), ("S2", "female"), ("S3", "male"))
    service = create_service(session, centre, units=units, now=now)
    mine = book_for(session, driver, service, now, zone="male", now=now).booking
    neighbour = book_for(session, create_person(session, now=now), service, now, zone="male", now=now).booking
    assert (mine.unit_no, neighbour.unit_no) == ("S1", "S3")
    create_booking(session, service, now + HOUR, zone="male", now=now)
    outcome = say(session, driver, mine, 45, now=now)
    assert "other_unit" not in choices(outcome), "S2 is of the other zone, S3 taken"
    session.get_one(Booking, neighbour.id).state = "displaced"
    session.flush()
    offered = choices(say(session, driver, mine, 45, now=now))
    assert offered["other_unit"] == {
        "choice": "other_unit",
        "unit": "S3",
        "end": local(now + timedelta(minutes=75), mine),
    }
    after = kept(session, driver, mine, 45, choice="other_unit", now=now)
    assert (after.unit_no, after.end, after.late_minutes) == ("S3", now + timedelta(minutes=75), 45)
    assert late_events(session, mine)[-2:] == ["unit:S3", "late:45"]
    assert check_occupancy(session) == []


@pytest.mark.rule("B50", "B74")
def test_the_unit_that_was_left_goes_to_who_waits(
    session: Session, centre: Centre, driver: Person, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None), ("U2", None)), now=now)
    mine = book_for(session, driver, service, now + DAY, now=now).booking
    beside = book_for(session, create_person(session, now=now), service, now + DAY, now=now).booking
    create_booking(session, service, now + DAY + HOUR, now=now)
    waiting = create_person(session, now=now)
    entry = wait_for(session, waiting, service, now + DAY, now=now)
    session.get_one(Booking, beside.id).state = "displaced"
    session.flush()
    after = kept(session, driver, mine, 45, choice="other_unit", now=now)
    assert after.unit_id == beside.unit_id
    assert entry_now(session, entry, waiting).state == "offered"


@pytest.mark.rule("B75")
def test_doing_nothing_keeps_the_remaining_part(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    mine = book_for(session, driver, service, now, minutes=60, now=now).booking
    create_booking(session, service, now + HOUR + HALF_HOUR, now=now)
    outcome = say(session, driver, mine, 40, now=now)
    assert outcome.conflict is not None
    rest = outcome.booking
    assert (rest.end, rest.grace_until) == (mine.end, mine.grace_until + timedelta(minutes=40))
    assert outcome.conflict.details["kept_until"] == local(rest.grace_until, mine)
    assert late_events(session, mine) == ["late:40:rest"]
    assert choices(say(session, driver, mine, 40, now=now)) == choices(outcome), "asked again, nothing adds up"
    assert booking_by_code(session, mine.code) == rest
    assert late_events(session, mine) == ["late:40:rest"]
    staff = staff_of(session, session.get_one(Centre, service.centre_id), now=now)
    assert check_in(session, mine.code, actor=staff, now=now + timedelta(minutes=40)).end == mine.end


@pytest.mark.rule("B75")
def test_until_something_is_chosen_another_lateness_may_be_said(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    mine = book_for(session, driver, service, now, minutes=60, now=now).booking
    create_booking(session, service, now + HOUR + HALF_HOUR, now=now)
    assert say(session, driver, mine, 40, now=now).conflict
    after = kept(session, driver, mine, 20, now=now)
    assert after.grace_until == mine.grace_until + timedelta(minutes=20)
    assert (after.end, after.late_minutes) == (mine.end + timedelta(minutes=20), 20)
    with refused("late_used"):
        say(session, driver, mine, 40, now=now)


@pytest.mark.rule("B75")
def test_where_nothing_remains_nothing_is_kept(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    mine = book_for(session, driver, service, now, now=now).booking
    create_booking(session, service, now + HOUR, now=now)
    outcome = say(session, driver, mine, 60, now=now)
    assert set(choices(outcome)) == {"later"}
    assert outcome.booking == mine
    assert late_events(session, mine) == []
    for choice in ("shorten", "other_unit"):
        assert say(session, driver, mine, 60, choice=choice, now=now).conflict, "it was not offered"


@pytest.mark.rule("B74")
def test_hours_closures_and_ones_own_next_booking_bound_the_end(
    session: Session, centre: Centre, driver: Person, now: datetime
) -> None:
    """Open until 22:00; a stay that starts at 21:00."""
    service = create_service(session, centre, units=(("U1", None), ("U2", None)), hours=((None, 0, 1320),), now=now)
    evening = now + 11 * HOUR
    mine = book_for(session, driver, service, evening, now=now).booking
    offered = choices(say(session, driver, mine, 45, now=evening))
    assert "shorten" in offered
    assert offered["shorten"]["end"] == local(evening + HOUR, mine)
    assert "other_unit" not in offered, "that one closes too"

    other = book_for(session, driver, service, now + DAY, now=now).booking
    book_for(session, driver, create_service(session, centre, now=now), now + DAY + HALF_HOUR, now=now)
    offered = choices(say(session, driver, other, 15, now=now))
    assert offered["shorten"]["end"] == local(other.end, other), "the next one of their own"
    assert "other_unit" not in offered

    third = book_for(session, driver, service, now + 2 * DAY, now=now).booking
    session.add(
        Closure(
            centre_id=centre.id, service_id=service.id, unit_id=third.unit_id, kind="cleaning", reason="保洁",
            starts_at=third.end + timedelta(minutes=20), ends_at=third.end + HOUR, created_at=now,
            made_by_id=driver.id,
        )
    )  # fmt: skip
    session.flush()
    offered = choices(say(session, driver, third, 25, now=now))
    assert offered["shorten"]["end"] == local(third.end + timedelta(minutes=10), third), "cleaned before it closes"
    assert offered["other_unit"]["unit"] == "U2"
    broken = unit_ids(session, service)["U2"]
    session.add(
        Closure(
            centre_id=centre.id, service_id=service.id, unit_id=broken, kind="broken", reason="没热水",
            starts_at=third.start, ends_at=None, created_at=now, made_by_id=driver.id,
        )
    )  # fmt: skip
    session.flush()
    assert "other_unit" not in choices(say(session, driver, third, 25, now=now)), "that one has no hot water"


@pytest.mark.rule("B74")
def test_late_over_midnight_within_the_night_window(
    session: Session, centre: Centre, driver: Person, now: datetime
) -> None:
    """The rest room is open 20:00–09:00; Shanghai's midnight is 16:00 UTC."""
    night = create_service(
        session, centre, units=(("B1", None),), hours=((None, 1200, 540),), slot_minutes=480, min_minutes=60,
        max_minutes=720, cleaning_minutes=30, now=now,
    )  # fmt: skip
    midnight = now.replace(hour=16)
    first = book_for(session, driver, night, midnight - HALF_HOUR, minutes=60, now=now).booking
    after = kept(session, driver, first, 90, now=midnight - 35 * MINUTE)
    assert after.end == midnight + 2 * HOUR
    assert after.grace_until == midnight + timedelta(minutes=75)
    other = create_person(session, now=now)
    morning = book_for(session, other, night, midnight + 3 * HOUR, minutes=360, now=now).booking
    offered = choices(say(session, other, morning, 30, now=midnight))
    assert offered["shorten"]["end"] == local(morning.end, morning), "not beyond 09:00"


@pytest.mark.rule("B74")
def test_seats_are_kept_longer_where_they_are_free(
    session: Session, centre: Centre, driver: Person, now: datetime
) -> None:
    pool = create_service(session, centre, capacity=3, now=now)
    mine = book_for(session, driver, pool, now, party_size=2, minutes=60, now=now).booking
    book_for(session, create_person(session, now=now), pool, now + HOUR + HALF_HOUR, party_size=2, now=now)
    offered = choices(say(session, driver, mine, 45, now=now))
    assert offered["shorten"] == {"choice": "shorten", "end": local(now + 3 * HALF_HOUR, mine), "minutes": 45}
    assert "other_unit" not in offered
    assert kept(session, driver, mine, 30, now=now).end == now + 3 * HALF_HOUR
    assert check_occupancy(session) == []


@pytest.mark.rule("B74")
def test_a_later_time_has_room_for_the_whole_stay(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    mine = book_for(session, driver, service, now, minutes=120, now=now).booking
    create_booking(session, service, now + 2 * HOUR + HALF_HOUR, minutes=120, now=now)
    later = choices(say(session, driver, mine, 30, now=now))["later"]["alternatives"]
    assert later[0] == {"start": local(now + 5 * HOUR, mine), "end": local(now + 7 * HOUR, mine), "free": 1}


@pytest.mark.rule("B74")
def test_no_time_before_the_arrival_is_offered(session: Session, centre: Centre, driver: Person, now: datetime) -> None:
    """The second unit is free from half past on; who comes an hour late has nothing of that."""
    service = create_service(session, centre, units=(("U1", None), ("U2", None)), cleaning_minutes=0, now=now)
    mine = book_for(session, driver, service, now, now=now).booking
    create_booking(session, service, now, now=now)
    for _ in range(2):
        create_booking(session, service, now + HOUR, now=now)
    later = choices(say(session, driver, mine, 60, now=now))["later"]["alternatives"]
    assert later[0]["start"] == local(now + HOUR + HALF_HOUR, mine)


@pytest.mark.rule("B12", "B74")
def test_the_walk_in_share_is_offered_half_an_hour_before_and_not_sooner(
    session: Session, centre: Centre, driver: Person, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None), ("U2", None)), walkin_permille=500, now=now)
    mine = book_for(session, driver, service, now + 2 * HOUR, now=now).booking
    assert mine.unit_no == "U1"
    create_booking(session, service, now + 3 * HOUR, now=now)
    early = say(session, driver, mine, 45, now=mine.start - 31 * MINUTE)
    assert "other_unit" not in choices(early)
    assert choices(say(session, driver, mine, 45, now=mine.start - 30 * MINUTE))["other_unit"]["unit"] == "U2"


@pytest.mark.rule("B73")
def test_staff_who_say_it_tell_the_owner(
    session: Session, centre: Centre, service: Service, driver: Person, now: datetime
) -> None:
    booking = book_for(session, driver, service, now, now=now).booking
    late(session, Late(staff_of(session, centre, now=now), booking.code, 30), now=now)
    told = session.scalars(select(Notification).where(Notification.template == "booking_changed")).one()
    assert (told.person_id, told.data["news"]) == (driver.id, "位置为您留到 11月25日 10:45。")


@pytest.mark.rule("B79")
def test_being_late_costs_seven_statements(session: Session, service: Service, driver: Person, now: datetime) -> None:
    booking = book_for(session, driver, service, now, now=now).booking
    with Statements(session) as counted:
        kept(session, driver, booking, 30, now=now)
    assert len(counted.seen) == 7, counted.seen
