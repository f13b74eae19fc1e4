"""Bookings over HTTP: shapes, codes, bad input."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from miniprogram_api.schemas.bookings import BookingDetailOut, BookingOut
from models.centre import Booking, Centre, Service
from models.notification import Notification
from server.container import Container
from services.booking.passes import verify_pass
from tests.conftest import Caller, SignIn
from tests.factories_booking import MALE_AND_FEMALE, create_centre, create_service

START = "2026-11-26T10:00:00+08:00"


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def shower(session: Session, centre: Centre, now: datetime) -> Service:
    made = create_service(session, centre, units=MALE_AND_FEMALE, now=now)
    session.commit()
    return made


def wish(service: Service, /, **changes: Any) -> dict[str, Any]:
    return {"service": service.code, "start": START, "minutes": 30, "client_uuid": str(uuid4()), **changes}


@pytest.mark.rule("B1", "B30")
def test_booking_answers_201_with_unit_times_of_the_centre_and_a_pass(
    shower: Service, sign_in: SignIn, container: Container
) -> None:
    driver = sign_in(zone="male", name="林师傅")
    answer = driver.post("/bookings", wish(shower, plate="粤b·12345"))
    assert answer.status_code == 201
    body = answer.json
    BookingOut.model_validate(body)
    assert (body["state"], body["unit"], body["zone"]) == ("confirmed", "S1", "male")
    assert (body["start"], body["end"]) == (START, "2026-11-26T10:30:00+08:00")
    assert body["grace_until"] == "2026-11-26T10:15:00+08:00"
    assert body["plate_masked"] == "粤B·**45"
    facts = verify_pass(body["pass"], {container.signer.key_id: container.signer.public_key()})
    assert (facts.code, facts.tail, facts.unit) == (body["code"], "傅", "S1")


@pytest.mark.rule("B2")
def test_the_same_key_again_answers_200_with_the_first_booking(
    shower: Service, sign_in: SignIn, session: Session
) -> None:
    driver, body = sign_in(zone="male"), wish(shower)
    first, again = driver.post("/bookings", body), driver.post("/bookings", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    other = driver.post("/bookings", {**body, "minutes": 60})
    assert (other.status_code, other.json["code"]) == (409, "client_uuid_reused")
    assert session.scalar(select(func.count()).select_from(Booking)) == 1
    assert session.scalar(select(func.count()).select_from(Notification)) == 1


@pytest.mark.rule("B31")
@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"start": "2026-11-26T10:00:00"}, 422, "invalid"),
        ({"start": "2020-01-01T10:00:00+08:00"}, 422, "start_in_past"),
        ({"start": "0001-01-01T00:00:00+23:59"}, 422, "invalid"),
        ({"start": "9999-12-31T23:59:59-23:59"}, 422, "invalid"),
        ({"start": "2026-12-26T10:00:00+08:00"}, 422, "beyond_window"),
        ({"start": "2026-11-26T10:07:00+08:00"}, 422, "off_grid"),
        ({"start": "2026-11-26T10:00:00.5+08:00"}, 422, "off_grid"),
        ({"start": 12}, 422, "invalid"),
        ({"start": {"a": 1}}, 422, "invalid"),
        ({"minutes": -30}, 422, "minutes_out_of_range"),
        ({"minutes": 45}, 422, "minutes_out_of_range"),
        ({"minutes": 10**30}, 422, "minutes_out_of_range"),
        ({"minutes": {"a": 1}}, 422, "invalid"),
        ({"party_size": 2}, 422, "party_size"),
        ({"party_size": 10**30}, 422, "party_size"),
        ({"service": "no-such"}, 404, "unknown_service"),
        ({"service": "'; --"}, 404, "unknown_service"),
        ({"service": "a\u0000b"}, 422, "control_characters"),
        ({"plate": "粤B\u00001"}, 422, "control_characters"),
        ({"plate": "hello"}, 422, "not_a_plate"),
        ({"zone": "family"}, 422, "invalid"),
        ({"client_uuid": "x"}, 422, "invalid"),
        ({"client_uuid": None}, 422, "invalid"),
    ],
)
def test_bad_input_is_refused_with_a_code_and_nothing_half_done(
    change: dict[str, Any], status: int, code: str, shower: Service, sign_in: SignIn, session: Session
) -> None:
    answer = sign_in(zone="male").post("/bookings", wish(shower, **change))
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.json["message"]
    assert "{" not in answer.json["message"]
    assert session.scalar(select(func.count()).select_from(Booking)) == 0


@pytest.mark.rule("B10")
def test_without_a_zone_the_person_is_asked(shower: Service, sign_in: SignIn) -> None:
    driver = sign_in()
    answer = driver.post("/bookings", wish(shower))
    assert (answer.status_code, answer.json["code"]) == (409, "zone_required")
    assert answer.json["details"] == {"zones": ["male", "female"]}
    assert driver.post("/bookings", wish(shower, zone="female")).json["unit"] == "S3"


@pytest.mark.rule("B20")
def test_a_full_start_answers_with_the_nearest_free_ones(shower: Service, sign_in: SignIn) -> None:
    sign_in(zone="female").post("/bookings", wish(shower))
    answer = sign_in(zone="female").post("/bookings", wish(shower))
    assert (answer.status_code, answer.json["code"]) == (409, "slot_full")
    details = answer.json["details"]
    assert details["waitlist"] is True
    assert len(details["alternatives"]) == 5
    assert {"start": "2026-11-26T11:00:00+08:00", "end": "2026-11-26T11:30:00+08:00", "free": 1} in details[
        "alternatives"
    ]
    assert all(slot["start"] != START for slot in details["alternatives"])


@pytest.mark.rule("B32")
def test_nobody_sees_or_cancels_the_booking_of_another(
    shower: Service, sign_in: SignIn, session: Session, now: datetime
) -> None:
    code = sign_in(zone="male").post("/bookings", wish(shower)).json["code"]
    other_centre = create_centre(session, now=now)
    session.commit()
    for caller in (
        sign_in(zone="male"),
        sign_in(role="centre_staff", scope_kind="centre", scope_id=other_centre.id),
    ):
        assert caller.get(f"/bookings/{code}").status_code == 404
        assert caller.get(f"/bookings/{code}.ics").status_code == 404
        assert caller.post(f"/bookings/{code}/cancel").status_code == 404
        assert caller.post(f"/bookings/{code}/check-in").status_code in (403, 404)
        assert caller.post(f"/bookings/{code}/check-in").json == caller.post("/bookings/ZZZZZZZZ/check-in").json
    assert sign_in().get("/bookings?mine=1").json["items"] == []


def test_own_bookings_are_listed_shown_cancelled_and_put_into_a_calendar(shower: Service, sign_in: SignIn) -> None:
    driver = sign_in(zone="male")
    codes = [
        driver.post("/bookings", wish(shower, start=f"2026-11-{day}T10:00:00+08:00")).json["code"] for day in (27, 26)
    ]
    listed = driver.get("/bookings?mine=1").json
    assert ([b["code"] for b in listed["items"]], listed["total"]) == (codes[::-1], 2)
    detail = driver.get(f"/bookings/{codes[0].lower()}").json
    BookingDetailOut.model_validate(detail)
    assert [(e["seq"], e["from"], e["to"]) for e in detail["events"]] == [(1, None, "confirmed")]
    calendar = driver.get(f"/bookings/{codes[0]}.ics")
    assert calendar.mimetype == "text/calendar"
    assert b"DTSTART:20261127T020000Z\r\n" in calendar.data
    gone = driver.post(f"/bookings/{codes[0]}/cancel")
    assert (gone.status_code, gone.json["state"], gone.json["pass"], gone.json["can_cancel"]) == (
        200,
        "cancelled",
        None,
        False,
    )
    assert driver.post(f"/bookings/{codes[0]}/cancel").json == gone.json
    assert [b["code"] for b in driver.get("/bookings?mine=1&state=past").json["items"]] == codes[:1]
    assert [b["code"] for b in driver.get("/bookings?mine=1&state=upcoming").json["items"]] == codes[1:]
    assert driver.get("/bookings?state=sideways").status_code == 422


@pytest.mark.rule("B23", "B33")
def test_a_room_is_requested_and_answered_by_the_desk(
    session: Session, centre: Centre, sign_in: SignIn, now: datetime, clock: Any
) -> None:
    room = create_service(
        session, centre, kind="room", units=(("大厅", None),), who_may_book=["branch_secretary"], now=now
    )
    session.commit()
    refused = sign_in().post("/bookings", wish(room))
    assert (refused.status_code, refused.json["code"]) == (403, "who_may_book")
    secretary = sign_in(role="branch_secretary")
    asked = secretary.post("/bookings", wish(room)).json
    assert (asked["state"], asked["pass"], asked["hold_until"]) == ("requested", None, START)
    assert sign_in(role="branch_secretary").post("/bookings", wish(room)).json["code"] == "slot_full"
    assert secretary.post(f"/bookings/{asked['code']}/confirm").status_code == 403
    staff = sign_in(role="centre_staff", scope_kind="centre", scope_id=centre.id)
    given = staff.post(f"/bookings/{asked['code']}/confirm").json
    assert (given["state"], given["hold_until"], given["pass"]) == ("confirmed", None, None)
    assert secretary.get(f"/bookings/{asked['code']}").json["pass"].startswith("LY1.")
    clock.now = datetime.fromisoformat(START) - timedelta(minutes=5)
    assert staff.post(f"/bookings/{asked['code']}/check-in").json["state"] == "checked_in"
    assert staff.post(f"/bookings/{asked['code']}/refuse").json["code"] == "booking_state"
    assert staff.post(f"/bookings/{asked['code']}/complete").json["state"] == "completed"


def test_a_stranger_is_asked_to_sign_in(guest: Caller, shower: Service) -> None:
    for method, path in (("POST", "/bookings"), ("GET", "/bookings?mine=1"), ("GET", "/bookings/ABCDEFGH")):
        assert guest.call(method, path, wish(shower) if method == "POST" else None).status_code == 401


@pytest.mark.rule("B44")
def test_a_displaced_booking_says_what_its_owner_can_choose(
    shower: Service, sign_in: SignIn, session: Session, now: datetime
) -> None:
    driver = sign_in(zone="male")
    code = driver.post("/bookings", wish(shower)).json["code"]
    assert driver.get(f"/bookings/{code}").json["options"] is None
    twin = create_service(session, create_centre(session, now=now), name=shower.name, units=MALE_AND_FEMALE, now=now)
    session.execute(update(Booking).where(Booking.code == code).values(state="displaced"))
    session.commit()
    body = driver.get(f"/bookings/{code}").json
    BookingDetailOut.model_validate(body)
    assert body["options"]["waitlist"] is True
    assert body["options"]["alternatives"][0]["free"] > 0
    assert [other["service"]["code"] for other in body["options"]["elsewhere"]] == [twin.code]
