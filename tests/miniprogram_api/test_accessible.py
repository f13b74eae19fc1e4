"""Somebody who needs an accessible unit gets one, and keeps it; nobody else's choice grows smaller by it."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from models.centre import Centre, Service, Unit
from tests.conftest import Caller, SignIn
from tests.factories_booking import create_centre, create_service

START = "2026-11-26T10:00:00+08:00"
LATER = "2026-11-26T14:00:00+08:00"


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def shower(session: Session, centre: Centre, now: datetime) -> Service:
    """S1–S3 of one zone; S3 alone is accessible."""
    made = create_service(session, centre, units=tuple((f"S{n}", "male") for n in (1, 2, 3)), now=now)
    session.execute(update(Unit).where(Unit.service_id == made.id, Unit.no == "S3").values(is_accessible=True))
    session.commit()
    return made


def wish(service: Service, /, **changes: Any) -> dict[str, Any]:
    return {"service": service.code, "start": START, "client_uuid": str(uuid4()), **changes}


def free(caller: Caller, service: Service, query: str) -> int:
    slots = caller.get(f"/services/{service.code}/availability?date=2026-11-26{query}").json["slots"]
    return next(int(slot["free"]) for slot in slots if slot["start"] == START)


@pytest.mark.rule("B49")
def test_who_needs_an_accessible_unit_sees_and_gets_only_those(shower: Service, sign_in: SignIn) -> None:
    driver = sign_in(zone="male")
    assert (free(driver, shower, ""), free(driver, shower, "&accessible=true")) == (3, 1)
    booked = driver.post("/bookings", wish(shower, accessible=True)).json
    assert (booked["unit"], booked["accessible"]) == ("S3", True)
    assert free(driver, shower, "&accessible=true") == 0
    refused = sign_in(zone="male").post("/bookings", wish(shower, accessible=True))
    assert (refused.status_code, refused.json["code"]) == (409, "slot_full")
    assert all(slot["start"] != START for slot in refused.json["details"]["alternatives"])
    assert sign_in(zone="male").post("/bookings", wish(shower)).json["unit"] == "S1"


@pytest.mark.rule("B49")
def test_moved_and_displaced_it_stays_accessible(shower: Service, centre: Centre, sign_in: SignIn) -> None:
    driver = sign_in(zone="male")
    code = driver.post("/bookings", wish(shower, accessible=True)).json["code"]
    moved = driver.post(f"/bookings/{code}/move", {"start": LATER}).json
    assert (moved["unit"], moved["accessible"]) == ("S3", True)
    staff = sign_in(role="centre_staff", scope_kind="centre", scope_id=centre.id)
    closing = {"service": shower.code, "unit": "S3", "kind": "broken", "reason": "漏水"}
    seen = staff.post(f"/desk/{centre.code}/closures", closing).json["proposal"]
    assert [line["proposal"]["kind"] for line in seen["affected"]] == ["choose"]


@pytest.mark.rule("B49", "B51")
def test_an_offer_waits_for_an_accessible_unit(shower: Service, sign_in: SignIn) -> None:
    first, second, third = (sign_in(zone="male") for _ in range(3))
    code = first.post("/bookings", wish(shower, accessible=True)).json["code"]
    plain = [sign_in(zone="male").post("/bookings", wish(shower)).json["code"] for _ in range(2)]
    waiting = second.post("/waitlist", wish(shower, accessible=True))
    assert (waiting.status_code, waiting.json["accessible"]) == (201, True)
    other = third.post("/waitlist", wish(shower)).json["id"]
    sign_in(role="district_admin").post(f"/bookings/{plain[0]}/cancel")
    assert second.get(f"/waitlist/{waiting.json['id']}").json["state"] == "waiting"
    assert third.get(f"/waitlist/{other}").json["state"] == "offered"
    first.post(f"/bookings/{code}/cancel")
    assert second.get(f"/waitlist/{waiting.json['id']}").json["offer"]["unit"] == "S3"
    taken = second.post(f"/waitlist/{waiting.json['id']}/accept").json
    assert second.get(f"/bookings/{taken['booking']}").json["accessible"] is True


@pytest.mark.rule("B49")
def test_where_no_unit_is_accessible_it_says_whom_to_call(
    centre: Centre, sign_in: SignIn, session: Session, now: datetime
) -> None:
    plain = create_service(session, centre, units=(("S1", "male"),), now=now)
    seats = create_service(session, centre, capacity=5, now=now)
    session.commit()
    driver = sign_in(zone="male")
    assert driver.post("/bookings", wish(plain, accessible=True)).json["code"] == "no_accessible_unit"
    assert driver.get(f"/services/{plain.code}").json["has_accessible"] is False
    assert driver.post("/bookings", wish(seats, accessible=True)).status_code == 201
