"""Centres and free places over HTTP: a guest may look at all of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from miniprogram_api.schemas.centres import AvailabilityOut, CentreDetailOut, MonthOut
from models.centre import CentreNotice
from tests.conftest import Caller, SignIn
from tests.factories_booking import MALE_AND_FEMALE, create_booking, create_centre, create_service


@pytest.mark.rule("B34")
def test_a_guest_sees_centres_with_what_is_open_and_free_now(session: Session, guest: Caller, now: datetime) -> None:
    centre = create_centre(session, now=now, contact="0755-1", way_in="北门进")
    service = create_service(session, centre, units=MALE_AND_FEMALE, now=now)
    create_service(session, centre, capacity=5, hours=((None, 1200, 540),), now=now)
    session.add(
        CentreNotice(
            centre_id=centre.id, kind="congestion", message="堵车", starts_at=now, ends_at=now + timedelta(hours=1),
            created_at=now,
        )
    )  # fmt: skip
    session.add(
        CentreNotice(
            centre_id=centre.id, kind="hours", message="昨天", starts_at=now - timedelta(hours=2), ends_at=now,
            created_at=now,
        )
    )  # fmt: skip
    session.commit()
    listed = guest.get("/centres").json
    assert (listed["total"], listed["page"], listed["per_page"]) == (1, 1, 20)
    shown = listed["items"][0]
    assert (shown["open_now"], shown["free_now"], shown["hours_text"]) == (True, 3, "全天开放")
    assert (shown["contact"], shown["way_in"], shown["free_of_charge"], shown["distance_m"]) == (
        "0755-1", "北门进", True, None,
    )  # fmt: skip
    assert [notice["text"] for notice in shown["notices"]] == ["堵车"]
    detail = guest.get(f"/centres/{centre.code.lower()}").json
    CentreDetailOut.model_validate(detail)
    assert [(s["open_now"], s["hours_text"]) for s in detail["services"]] == [
        (True, "全天开放"),
        (False, "每天 20:00–次日09:00"),
    ]
    assert guest.get(f"/centres/{centre.code}/services").json["items"] == detail["services"]
    alone = guest.get(f"/services/{service.code}").json
    assert alone == detail["services"][0]
    assert (alone["zones"], alone["capacity"], alone["free_now"]) == (["male", "female"], 3, 3)


@pytest.mark.rule("B35")
def test_centres_come_nearest_first_and_those_without_a_position_last(
    session: Session, guest: Caller, now: datetime
) -> None:
    nowhere = create_centre(session, now=now, position=0)
    far = create_centre(session, now=now, lat=22.60, lon=114.30, position=1)
    near = create_centre(session, now=now, lat=22.56, lon=114.24, position=2)
    session.commit()
    items = guest.get("/centres?near=22.55,114.23").json["items"]
    assert [item["code"] for item in items] == [near.code, far.code, nowhere.code]
    assert 1000 < items[0]["distance_m"] < 2000
    for bad in ("x", "1", "1,2,3", "nan,1", "91,0", "inf,inf", "1e999,0"):
        assert guest.get(f"/centres?near={bad}").json["code"] == "bad_position"


@pytest.mark.rule("B34")
def test_free_places_of_a_day_for_guest_and_for_a_saved_zone(
    session: Session, guest: Caller, sign_in: SignIn, now: datetime
) -> None:
    service = create_service(session, create_centre(session, now=now), units=MALE_AND_FEMALE, now=now)
    create_booking(session, service, now + timedelta(days=1), zone="female", now=now)
    session.commit()
    path = f"/services/{service.code}/availability?date=2026-11-26"
    body = guest.get(path).json
    AvailabilityOut.model_validate(body)
    assert (body["date"], body["minutes"], body["zone"], len(body["slots"])) == ("2026-11-26", 30, None, 48)
    at_ten = next(slot for slot in body["slots"] if slot["start"] == "2026-11-26T10:00:00+08:00")
    assert at_ten == {
        "start": "2026-11-26T10:00:00+08:00", "end": "2026-11-26T10:30:00+08:00", "free": 2, "capacity": 3,
        "zones": {"male": 2, "female": 0},
    }  # fmt: skip
    assert body["next_free"]["start"] == "2026-11-26T00:00:00+08:00"
    hers = sign_in(zone="female").get(path).json
    assert hers["zone"] == "female"
    at_ten = next(slot for slot in hers["slots"] if slot["start"] == "2026-11-26T10:00:00+08:00")
    assert (at_ten["free"], at_ten["capacity"]) == (0, 1)
    assert "zones" not in at_ten


def test_month_strip(session: Session, guest: Caller, now: datetime) -> None:
    service = create_service(session, create_centre(session, now=now), hours=((2, 840, 1020),), now=now)
    session.commit()
    body = guest.get(f"/services/{service.code}/availability/month?from=2026-11-23&days=21").json
    MonthOut.model_validate(body)
    opened = [(day["date"], day["free_slots"]) for day in body["days"] if day["open"]]
    assert opened == [("2026-11-25", 6), ("2026-12-02", 6), ("2026-12-09", 6)]


@pytest.mark.rule("B31")
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("date=tomorrow", 422),
        ("date=2026-02-30", 422),
        ("date=0001-01-01", 422),
        ("date=9999-12-31", 422),
        ("date=2026-11-26&minutes=7", 422),
        ("date=2026-11-26&minutes=-30", 422),
        ("date=2026-11-26&minutes=x", 422),
        ("date=2026-11-26&zone=family", 422),
        ("date=2026-11-26&zone=%00", 422),
        ("date=2026-11-26", 200),
    ],
)
def test_bad_questions_have_an_answer(query: str, status: int, session: Session, guest: Caller, now: datetime) -> None:
    service = create_service(session, create_centre(session, now=now), now=now)
    session.commit()
    answer = guest.get(f"/services/{service.code}/availability?{query}")
    assert answer.status_code == status
    assert guest.get(f"/services/none/availability?{query}").status_code in (404, 422)


@pytest.mark.rule("B36")
def test_a_day_costs_at_most_three_queries(session: Session, guest: Caller, now: datetime) -> None:
    service = create_service(session, create_centre(session, now=now), now=now)
    session.commit()
    path = f"/services/{service.code}/availability?date=2026-11-26"
    assert guest.get(path).status_code == 200
    counted: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT"):
            counted.append(statement)

    event.listen(session.connection(), "before_cursor_execute", count)
    assert guest.get(path).status_code == 200
    assert len(counted) <= 3, counted
