"""Calendars: a signed link to one booking, a private feed of all, and neither for anyone who guesses."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from models.centre import Booking, Service
from models.people import Person
from tests.conftest import Caller, SignIn
from tests.factories_booking import MALE_AND_FEMALE, create_centre, create_service

START = "2026-11-26T10:00:00+08:00"


@pytest.fixture
def shower(session: Session, now: datetime) -> Service:
    made = create_service(session, create_centre(session, now=now), units=MALE_AND_FEMALE, now=now)
    session.commit()
    return made


def booked(driver: Caller, service: Service, start: str = START) -> dict[str, Any]:
    answer = driver.post("/bookings", {"service": service.code, "start": start, "client_uuid": str(uuid4())})
    assert answer.status_code == 201
    found: dict[str, Any] = answer.json
    return found


@pytest.mark.rule("B43")
def test_the_link_of_a_booking_works_without_signing_in_and_only_as_it_is(
    shower: Service, sign_in: SignIn, guest: Caller
) -> None:
    driver = sign_in(zone="male")
    url = booked(driver, shower)["calendar_url"]
    answer = guest.get(url)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    assert "DTSTART:20261126T020000Z" in answer.text
    other = booked(driver, shower, "2026-11-27T10:00:00+08:00")["calendar_url"]
    code, signature = url.split("/")[-2:]
    for made_up in (
        url.replace(code, other.split("/")[-2]),
        url.replace(signature, "A" * 24 + ".ics"),
        url.replace(signature, "名.ics"),
    ):
        assert (guest.get(made_up).status_code, guest.get(made_up).json["code"]) == (404, "calendar_gone")


@pytest.mark.rule("B43")
def test_a_feed_has_all_bookings_says_what_was_cancelled_and_dies_when_renewed(
    shower: Service, sign_in: SignIn, guest: Caller
) -> None:
    driver, other = sign_in(zone="male"), sign_in(zone="male")
    kept, gone, theirs = booked(driver, shower), booked(driver, shower, START.replace("10:", "14:")), None
    theirs = booked(other, shower, START.replace("10:", "16:"))
    driver.post(f"/bookings/{gone['code']}/cancel")
    url = driver.get("/me/calendar").json["url"]
    assert url == driver.get("/me/calendar").json["url"]
    path = url[url.index("/api/") :]
    text = guest.get(path).text
    assert kept["code"] in text
    assert gone["code"] in text
    assert theirs["code"] not in text
    assert text.count("STATUS:CANCELLED") == text.count("STATUS:CONFIRMED") == 1
    renewed = driver.post("/me/calendar/renew").json["url"]
    assert guest.get(path).status_code == 404
    assert guest.get(renewed[renewed.index("/api/") :]).status_code == 200


@pytest.mark.rule("B43")
@pytest.mark.parametrize("token", ["x", "1", "1-", "999999999999-a", "名-a", "-", "1-" + "A" * 24])
def test_a_made_up_feed_is_not_found(token: str, guest: Caller, sign_in: SignIn) -> None:
    sign_in()
    assert guest.get(f"/api/v1/calendars/{token}.ics").status_code == 404


@pytest.mark.rule("B43")
def test_an_erased_person_has_no_feed(sign_in: SignIn, guest: Caller, session: Session) -> None:
    driver = sign_in()
    url = driver.get("/me/calendar").json["url"]
    assert driver.actor is not None
    session.execute(update(Person).where(Person.id == driver.actor.person_id).values(state="erased"))
    session.commit()
    assert guest.get(url[url.index("/api/") :]).status_code == 404


@pytest.mark.rule("B44")
def test_what_a_booking_says_about_what_can_be_done(shower: Service, sign_in: SignIn, session: Session) -> None:
    driver = sign_in(zone="male")
    body = booked(driver, shower)
    assert (body["can_move"], body["can_extend"], body["late"]) == (
        True, False, {"minutes": 0, "possible": True, "max": 90},
    )  # fmt: skip
    assert (body["guest"], body["plate"], body["grace_reason"]) == (None, None, None)
    session.execute(update(Booking).values(late_minutes=30))
    session.commit()
    detail = driver.get(f"/bookings/{body['code']}").json
    assert detail["late"]["possible"] is False
    assert [event["by"] for event in detail["events"]] == ["me"]
    assert (detail["moved_to"], detail["moved_from"], detail["entry"]) == (None, None, None)
