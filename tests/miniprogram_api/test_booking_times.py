"""Times that go wrong elsewhere: clocks that change, midnight, the leap day, the week over new year. Over HTTP."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.centre import Booking, Centre, Service
from services.centre.occupancy import check_occupancy
from tests.conftest import Caller, Clock, SignIn
from tests.factories_booking import add_hours, create_centre, create_service

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
HALF_HOUR = timedelta(minutes=30)
SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)  # the clocks of Berlin go forward, and back
NIGHT = (None, 20 * 60, 9 * 60)
ONE_UNIT = (("U1", None),)
Make = Callable[..., Service]


@pytest.fixture
def make(session: Session, clock: Clock) -> Make:
    """`make("2027-03-25T10:00", tz)` sets the clock to that local time and opens a service there."""

    def service(now: str, tz: ZoneInfo = SHANGHAI, *, hours: Any = ((None, 0, 1440),), **changes: Any) -> Service:
        clock.now = local(now, tz)
        centre = create_centre(session, now=clock.now, tz=tz.key, hours=hours)
        made = create_service(session, centre, now=clock.now, **{"units": ONE_UNIT, "max_minutes": 720, **changes})
        session.commit()
        return made

    return service


def local(text: str, tz: ZoneInfo = SHANGHAI, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=tz, fold=fold).astimezone(UTC)


def slots(guest: Caller, service: Service, day: date, minutes: int = 30) -> dict[str, int]:
    """Free places by start, just as they were sent."""
    answer = guest.get(f"/services/{service.code}/availability?date={day}&minutes={minutes}")
    assert answer.status_code == 200, answer.json
    return {slot["start"]: slot["free"] for slot in answer.json["slots"]}


def strip(guest: Caller, service: Service, first: date, days: int, minutes: int = 30) -> list[tuple[str, int, bool]]:
    answer = guest.get(f"/services/{service.code}/availability/month?from={first}&days={days}&minutes={minutes}")
    assert answer.status_code == 200, answer.json
    return [(day["date"], day["free_slots"], day["open"]) for day in answer.json["days"]]


def half_hours(day: date, tz: ZoneInfo) -> list[str]:
    """Every half hour that has that local date, found by walking over the instants."""
    at, found = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1), []
    for _ in range(3 * 48):
        if at.astimezone(tz).date() == day:
            found.append(at.astimezone(tz).isoformat())
        at += HALF_HOUR
    return found


def book(driver: Caller, service: Service, start: str, minutes: int = 30) -> Any:
    body = {"service": service.code, "start": start, "minutes": minutes, "client_uuid": str(uuid4())}
    return driver.post("/bookings", body)


def booked(driver: Caller, service: Service, start: str, minutes: int = 30) -> dict[str, Any]:
    answer = book(driver, service, start, minutes)
    assert answer.status_code == 201, answer.json
    found: dict[str, Any] = answer.json
    return found


def length(booking: dict[str, Any]) -> timedelta:
    return datetime.fromisoformat(booking["end"]) - datetime.fromisoformat(booking["start"])


@pytest.mark.rule("B154", "B40")
@pytest.mark.parametrize(("day", "starts"), [(SPRING, 46), (AUTUMN, 50), (SPRING + timedelta(days=1), 48)])
def test_the_day_the_clocks_change_lists_each_half_hour_there_is_once(
    make: Make, guest: Caller, day: date, starts: int
) -> None:
    service = make(f"{day - timedelta(days=3)}T10:00", BERLIN, cleaning_minutes=0)
    listed = slots(guest, service, day)
    assert list(listed) == half_hours(day, BERLIN)
    assert len(listed) == starts
    assert set(listed.values()) == {1}
    assert strip(guest, service, day, 1) == [(day.isoformat(), starts, True)]


@pytest.mark.rule("B154", "B1")
def test_the_hour_that_comes_twice_can_be_booked_twice(make: Make, guest: Caller, sign_in: SignIn) -> None:
    service = make("2027-10-29T10:00", BERLIN, cleaning_minutes=0)
    first = booked(sign_in(), service, "2027-10-31T02:00:00+02:00", 60)
    second = booked(sign_in(), service, "2027-10-31T02:00:00+01:00", 60)
    assert (first["start"], first["end"]) == ("2027-10-31T02:00:00+02:00", "2027-10-31T02:00:00+01:00")
    assert (second["start"], second["end"]) == ("2027-10-31T02:00:00+01:00", "2027-10-31T03:00:00+01:00")
    listed = slots(guest, service, AUTUMN)
    assert [start for start, free in listed.items() if not free] == [
        "2027-10-31T02:00:00+02:00",
        "2027-10-31T02:30:00+02:00",
        "2027-10-31T02:00:00+01:00",
        "2027-10-31T02:30:00+01:00",
    ]


@pytest.mark.rule("B154", "B14", "B15")
@pytest.mark.parametrize(
    ("day", "whole_night", "end"), [(SPRING, 12, "09:00:00+02:00"), (AUTUMN, 14, "09:00:00+01:00")]
)
def test_a_night_over_the_change_is_as_long_as_it_is_and_ends_by_the_clock(
    make: Make, sign_in: SignIn, session: Session, day: date, whole_night: int, end: str
) -> None:
    service = make(f"{day - timedelta(days=3)}T10:00", BERLIN, hours=(NIGHT,), max_minutes=14 * 60, is_overnight=True)
    evening = local(f"{day - timedelta(days=1)}T20:00", BERLIN).astimezone(BERLIN).isoformat()
    too_long = book(sign_in(), service, evening, whole_night * 60 + 30)
    assert too_long.json["code"] in ("closed_then", "minutes_out_of_range")
    night = booked(sign_in(), service, evening, whole_night * 60)
    assert (length(night), night["end"]) == (timedelta(hours=whole_night), f"{day}T{end}")
    assert check_occupancy(session) == []


@pytest.mark.rule("B154")
def test_being_late_over_the_change_is_real_minutes(make: Make, sign_in: SignIn, clock: Clock) -> None:
    service = make("2027-03-27T10:00", BERLIN)
    driver = sign_in()
    made = booked(driver, service, "2027-03-28T01:30:00+01:00", 60)
    assert (made["end"], made["grace_until"]) == ("2027-03-28T03:30:00+02:00", "2027-03-28T01:45:00+01:00")
    clock.now = local("2027-03-28T01:40", BERLIN)
    late = driver.post(f"/bookings/{made['code']}/late", {"minutes": 30})
    assert late.status_code == 200, late.json
    assert (late.json["grace_until"], late.json["end"]) == ("2027-03-28T03:15:00+02:00", "2027-03-28T04:00:00+02:00")


@pytest.mark.rule("B155")
def test_a_minute_before_midnight_and_a_minute_after(make: Make, guest: Caller, sign_in: SignIn, clock: Clock) -> None:
    service = make("2026-11-25T23:59", cleaning_minutes=0)
    today, tomorrow = date(2026, 11, 25), date(2026, 11, 26)
    midnight = "2026-11-26T00:00:00+08:00"
    assert set(slots(guest, service, today).values()) == {0}
    assert slots(guest, service, tomorrow)[midnight] == 1
    assert strip(guest, service, today, 2) == [("2026-11-25", 0, True), ("2026-11-26", 48, True)]
    made = booked(sign_in(), service, midnight)
    clock.forward(minutes=2)
    listed = slots(guest, service, tomorrow)
    assert (listed[midnight], listed["2026-11-26T00:30:00+08:00"]) == (0, 1)
    assert book(sign_in(), service, midnight).status_code in (409, 422)
    assert made["start"] == midnight


@pytest.mark.rule("B155", "B14")
def test_a_stay_over_midnight_is_one_row_of_its_evening_and_takes_both_days(
    make: Make, guest: Caller, sign_in: SignIn, session: Session
) -> None:
    service = make("2026-11-25T10:00", cleaning_minutes=0)
    driver = sign_in()
    made = booked(driver, service, "2026-11-25T23:30:00+08:00", 60)
    assert made["end"] == "2026-11-26T00:30:00+08:00"
    assert slots(guest, service, date(2026, 11, 25))["2026-11-25T23:30:00+08:00"] == 0
    assert slots(guest, service, date(2026, 11, 26))["2026-11-26T00:00:00+08:00"] == 0
    assert slots(guest, service, date(2026, 11, 26))["2026-11-26T00:30:00+08:00"] == 1
    assert book(sign_in(), service, "2026-11-26T00:00:00+08:00").json["code"] == "slot_full"
    assert len(session.scalars(select(Booking.id).where(Booking.service_id == service.id)).all()) == 1
    staff = sign_in(role="centre_staff", scope_kind="centre", scope_id=service.centre_id)
    centre = service.code.partition(".")[0]
    for day in ("2026-11-25", "2026-11-26"):
        board = staff.get(f"/desk/{centre}/board?date={day}")
        assert board.status_code == 200, board.json
        [row] = [row for one in board.json["services"] for row in one["bookings"]]
        assert (row["code"], row["start"]) == (made["code"], "2026-11-25T23:30:00+08:00")
        assert row["is_overnight_from_yesterday"] is (day == "2026-11-26")


@pytest.mark.rule("B155")
def test_being_late_over_midnight(make: Make, sign_in: SignIn, clock: Clock, session: Session) -> None:
    service = make("2026-11-25T20:00", cleaning_minutes=0)
    driver = sign_in()
    made = booked(driver, service, "2026-11-25T23:30:00+08:00")
    clock.now = local("2026-11-25T23:44")
    late = driver.post(f"/bookings/{made['code']}/late", {"minutes": 60})
    assert late.status_code == 200, late.json
    assert (late.json["grace_until"], late.json["end"]) == ("2026-11-26T00:45:00+08:00", "2026-11-26T01:00:00+08:00")
    assert book(sign_in(), service, "2026-11-26T00:30:00+08:00").json["code"] == "slot_full"
    assert check_occupancy(session) == []


@pytest.mark.rule("B156")
def test_the_leap_day_is_a_day_like_any_other(make: Make, guest: Caller, sign_in: SignIn, session: Session) -> None:
    service = make("2028-02-27T10:00", cleaning_minutes=0)
    leap = date(2028, 2, 29)
    assert list(slots(guest, service, leap)) == half_hours(leap, SHANGHAI)
    assert [day for day, *_ in strip(guest, service, date(2028, 2, 28), 3)] == [
        "2028-02-28",
        "2028-02-29",
        "2028-03-01",
    ]
    into = booked(sign_in(), service, "2028-02-28T23:30:00+08:00", 60)
    out_of = booked(sign_in(), service, "2028-02-29T23:30:00+08:00", 60)
    assert (into["end"], out_of["end"]) == ("2028-02-29T00:30:00+08:00", "2028-03-01T00:30:00+08:00")
    assert [free for _, free, _ in strip(guest, service, date(2028, 2, 28), 3)] == [47, 46, 47]
    assert guest.get(f"/services/{service.code}/availability?date=2027-02-29").status_code in (400, 422)
    assert check_occupancy(session) == []


@pytest.mark.rule("B156", "B19")
def test_the_booking_window_counts_the_leap_day(make: Make, guest: Caller, sign_in: SignIn) -> None:
    """Fourteen days from 20 February 2028 end on 5 March, not on 6 March."""
    service = make("2028-02-20T10:00", cleaning_minutes=0)
    inside = strip(guest, service, date(2028, 3, 4), 4)
    assert [free > 0 for _, free, _ in inside] == [True, True, False, False]
    assert [set(slots(guest, service, date(2028, 3, day)).values()) for day in (5, 6)] == [{1}, {0}]
    assert book(sign_in(), service, "2028-03-06T10:00:00+08:00").status_code in (409, 422)
    booked(sign_in(), service, "2028-03-05T10:00:00+08:00")


@pytest.mark.rule("B157", "B17")
def test_the_week_over_new_year_keeps_its_weekdays(
    make: Make, guest: Caller, sign_in: SignIn, session: Session, clock: Clock
) -> None:
    """Each weekday opens one hour later than the one before: a shifted weekday would show."""
    weekdays = tuple((weekday, (8 + weekday) * 60, 23 * 60) for weekday in range(7))
    service = make("2026-12-27T10:00", hours=weekdays, cleaning_minutes=0)
    for offset in range(8):
        day = date(2026, 12, 28) + timedelta(days=offset)
        listed = list(slots(guest, service, day))
        assert listed[0] == f"{day}T{8 + offset % 7:02}:00:00+08:00"
        assert listed[-1] == f"{day}T22:30:00+08:00"
    days = strip(guest, service, date(2026, 12, 28), 8)
    assert [free for _, free, _ in days] == [30, 28, 26, 24, 22, 20, 18, 30]
    booked(sign_in(), service, "2027-01-01T12:00:00+08:00")
    assert book(sign_in(), service, "2027-01-01T11:30:00+08:00").status_code in (409, 422)


@pytest.mark.rule("B157", "B14")
def test_the_last_night_of_the_year_is_one_stay(make: Make, guest: Caller, sign_in: SignIn, session: Session) -> None:
    service = make("2026-12-30T10:00", hours=(NIGHT,), cleaning_minutes=0, is_overnight=True)
    night = booked(sign_in(), service, "2026-12-31T22:00:00+08:00", 480)
    assert night["end"] == "2027-01-01T06:00:00+08:00"
    for day, taken in ((date(2026, 12, 31), 4), (date(2027, 1, 1), 12)):
        assert list(slots(guest, service, day).values()).count(0) == taken
    assert book(sign_in(), service, "2027-01-01T05:30:00+08:00").json["code"] == "slot_full"
    assert check_occupancy(session) == []


@pytest.mark.rule("B157", "B17")
def test_new_hours_of_the_new_year_begin_at_its_midnight(
    make: Make, guest: Caller, sign_in: SignIn, session: Session, clock: Clock
) -> None:
    service = make("2026-12-30T10:00", hours=(), cleaning_minutes=0)
    centre = session.get_one(Centre, service.centre_id)
    add_hours(session, centre, service, ((None, 0, 1440),))
    add_hours(session, centre, service, ((None, 600, 720),), effective_from=date(2027, 1, 1))
    session.commit()
    assert list(slots(guest, service, date(2026, 12, 31)))[-1] == "2026-12-31T23:30:00+08:00"
    assert list(slots(guest, service, date(2027, 1, 1))) == [
        f"2027-01-01T{clock_time}:00+08:00" for clock_time in ("10:00", "10:30", "11:00", "11:30")
    ]
    assert book(sign_in(), service, "2026-12-31T23:30:00+08:00", 60).status_code in (409, 422)
    booked(sign_in(), service, "2026-12-31T23:30:00+08:00", 30)
