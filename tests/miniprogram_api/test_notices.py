"""Notices of a centre: staff post, change and end them; congestion keeps places longer."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.centre import Centre, Service
from models.notification import Notification
from models.platform import AuditEntry
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


@pytest.fixture
def staff(sign_in: SignIn, centre: Centre) -> Caller:
    return sign_in(role="centre_staff", scope_kind="centre", scope_id=centre.id)


def jam(centre: Centre, /, **changes: Any) -> dict[str, Any]:
    return {
        "centre": centre.code,
        "kind": "congestion",
        "text": "港区三号路拥堵",
        "from": "2026-11-26T09:00:00+08:00",
        "until": "2026-11-26T12:00:00+08:00",
        "grace_minutes": 60,
        **changes,
    }


@pytest.mark.rule("B45")
def test_congestion_keeps_the_places_that_begin_in_it_and_says_so(
    centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, session: Session
) -> None:
    driver = sign_in(zone="male")
    wish = {"service": shower.code, "start": START, "client_uuid": str(uuid4())}
    code = driver.post("/bookings", wish).json["code"]
    later = {**wish, "start": START.replace("10:", "13:"), "client_uuid": str(uuid4())}
    outside = driver.post("/bookings", later).json["code"]
    posted = staff.post("/notices", jam(centre))
    assert (posted.status_code, posted.json["stands"], posted.json["grace_minutes"]) == (201, False, 60)
    booking = driver.get(f"/bookings/{code}").json
    assert (booking["grace_until"], booking["grace_reason"]) == ("2026-11-26T11:15:00+08:00", "congestion")
    assert driver.get(f"/bookings/{outside}").json["grace_reason"] is None
    told = session.scalars(select(Notification).where(Notification.template == "booking_kept")).all()
    assert [n.data["until"] for n in told] == ["11月26日 11:15"]
    reworded = staff.patch(f"/notices/{posted.json['id']}", {"text": "港区三号路还堵着"})
    assert (reworded.status_code, reworded.json["text"]) == (200, "港区三号路还堵着")
    assert session.scalar(select(func.count()).where(Notification.template == "booking_kept")) == 1
    staff.patch(f"/notices/{posted.json['id']}", {"grace_minutes": 30})
    assert driver.get(f"/bookings/{code}").json["grace_until"] == "2026-11-26T10:45:00+08:00"
    staff.patch(f"/notices/{posted.json['id']}", {"end": True})
    assert driver.get(f"/bookings/{code}").json["grace_reason"] is None


@pytest.mark.rule("B45")
def test_posting_twice_is_one_notice_and_everything_leaves_a_trace(
    centre: Centre, shower: Service, staff: Caller, guest: Caller, session: Session
) -> None:
    first = staff.post("/notices", jam(centre)).json
    assert staff.post("/notices", jam(centre)).json["id"] == first["id"]
    assert staff.patch(f"/notices/{first['id']}", {"text": "已疏通一半"}).json["text"] == "已疏通一半"
    assert guest.get(f"/api/v1/notices?centre={centre.code}").json["total"] == 1
    for _ in range(2):
        assert staff.patch(f"/notices/{first['id']}", {"end": True}).status_code == 200
    assert guest.get(f"/api/v1/notices?centre={centre.code}").json["items"] == []
    assert staff.patch(f"/notices/{first['id']}", {"text": "又堵了"}).json["code"] == "unknown_notice"
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["notice.posted", "notice.changed", "notice.ended"]


@pytest.mark.rule("B45")
def test_a_notice_that_stands_is_shown_with_its_centre(
    centre: Centre, shower: Service, staff: Caller, guest: Caller
) -> None:
    wish = {"centre": centre.code, "kind": "closure", "text": "电梯检修", "grace_minutes": 60}
    posted = staff.post("/notices", wish).json
    assert (posted["stands"], posted["until"], posted["grace_minutes"]) == (True, None, 0)
    shown = guest.get(f"/api/v1/centres/{centre.code}").json["notices"]
    assert [(n["kind"], n["text"]) for n in shown] == [("closure", "电梯检修")]


@pytest.mark.rule("B33", "B45")
def test_another_centres_desk_posts_and_changes_nothing_here(
    centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, session: Session, now: datetime
) -> None:
    posted = staff.post("/notices", jam(centre)).json
    elsewhere = create_centre(session, now=now)
    session.commit()
    other = sign_in(role="centre_staff", scope_kind="centre", scope_id=elsewhere.id)
    assert other.post("/notices", jam(centre)).status_code == 404
    assert other.patch(f"/notices/{posted['id']}", {"end": True}).status_code == 404
    assert sign_in().post("/notices", jam(centre)).status_code == 403


@pytest.mark.rule("B31", "B45")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"until": "2026-11-26T08:00:00+08:00"}, "notice_times"),
        ({"from": "2020-01-01T00:00:00+08:00", "until": "2020-01-02T00:00:00+08:00"}, "notice_times"),
        ({"from": "2020-01-01T00:00:00+08:00"}, "notice_too_old"),
        ({"from": "0001-01-01T00:00:00+00:00"}, "notice_too_old"),
        ({"grace_minutes": 241}, "invalid"),
        ({"grace_minutes": -5}, "invalid"),
        ({"grace_minutes": 7}, "invalid"),
        ({"kind": "party"}, "invalid"),
        ({"text": ""}, "invalid"),
        ({"from": "2026-11-26T09:00:00"}, "invalid"),
    ],
)
def test_a_bad_notice_is_refused(
    changes: dict[str, Any], code: str, centre: Centre, shower: Service, staff: Caller
) -> None:
    answer = staff.post("/notices", jam(centre, **changes))
    assert (answer.status_code, answer.json["code"]) == (422, code)
