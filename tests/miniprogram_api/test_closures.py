"""Closures, hours and rosters over HTTP: shapes, codes, whose desk."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from miniprogram_api.schemas.closures import ChangeAnswer, ClosureAnswer, ClosureList, ClosureOut
from miniprogram_api.schemas.opening_changes import OpeningOut
from miniprogram_api.schemas.rosters import RosterList, RosterOut
from models.centre import Centre, Closure, Hold, Service
from server.container import Container
from server.jobs.closure_jobs import keep
from tests.conftest import Caller, Clock, SignIn
from tests.factories_booking import create_centre, create_service

START = "2026-11-26T10:00:00+08:00"


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def shower(session: Session, centre: Centre, now: datetime) -> Service:
    made = create_service(session, centre, units=(("S1", None),), now=now)
    session.commit()
    return made


@pytest.fixture
def staff(sign_in: SignIn, centre: Centre) -> Caller:
    return sign_in(role="centre_staff", scope_kind="centre", scope_id=centre.id)


def book(caller: Caller, service: Service, **changes: Any) -> Any:
    wish = {"service": service.code, "start": START, "minutes": 30, "client_uuid": str(uuid4()), **changes}
    return caller.post("/bookings", wish)


@pytest.mark.rule("B125", "B127")
def test_look_then_close_then_take_back(
    centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock
) -> None:
    driver = sign_in(name="张师傅")
    code = book(driver, shower).json["code"]
    url, wish = (
        f"/desk/{centre.code}/closures",
        {"service": shower.code, "unit": "S1", "kind": "broken", "reason": "漏水"},
    )
    looked = staff.post(url, wish)
    assert looked.status_code == 200
    ClosureAnswer.model_validate(looked.json)
    assert looked.json["closure"] is None
    assert looked.json["proposal"]["affected"] == [
        {
            "code": code,
            "who": "张师傅",
            "service": {"code": shower.code, "name": shower.name},
            "unit": "S1",
            "start": START,
            "end": "2026-11-26T10:30:00+08:00",
            "proposal": {"kind": "choose", "unit": None, "nearest": None},
        }
    ]
    blind = staff.post(url, {**wish, "apply": True})
    assert (blind.status_code, blind.json["code"]) == (409, "proposal_changed")
    assert blind.json["details"]["proposal"]["seen"] == looked.json["proposal"]["seen"]
    done = staff.post(url, {**wish, "apply": True, "seen": looked.json["proposal"]["seen"]})
    assert done.status_code == 201
    ClosureAnswer.model_validate(done.json)
    closure = done.json["closure"]
    assert (closure["unit"], closure["until"], closure["kind"]) == ("S1", None, "broken")
    assert driver.get(f"/bookings/{code}").json["state"] == "displaced"
    listed = staff.get(url)
    ClosureList.model_validate(listed.json)
    assert [item["id"] for item in listed.json["items"]] == [closure["id"]]
    back = staff.post(f"{url}/{closure['id']}/undo")
    ClosureOut.model_validate(back.json)
    assert back.json["undo_until"] is None
    assert driver.get(f"/bookings/{code}").json["state"] == "confirmed"
    clock.forward(minutes=20)
    assert staff.post(f"{url}/{closure['id']}/end").json["ended_at"] == back.json["ended_at"]
    assert staff.get(url).json["items"] == []


@pytest.mark.rule("B132")
def test_a_repeat_answers_200_with_the_first_closure(centre: Centre, shower: Service, staff: Caller) -> None:
    url = f"/desk/{centre.code}/closures"
    wish = {"service": shower.code, "apply": True, "client_uuid": str(uuid4())}
    first, again = staff.post(url, wish), staff.post(url, wish)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["closure"]["id"] == first.json["closure"]["id"]
    assert staff.post(url, {**wish, "kind": "broken"}).json["code"] == "client_uuid_reused"
    refused = book(staff, shower)
    assert (refused.status_code, refused.json["code"]) == (409, "closed_now")
    assert "：。" not in refused.json["message"], "nobody wrote a reason: the kind says why"


@pytest.mark.rule("B31", "B132")
@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"service": "nowhere"}, 404, "unknown_service"),
        ({"unit": "S9"}, 404, "unknown_unit"),
        ({"service": None, "unit": "S1"}, 422, "closure_scope"),
        ({"start": START, "until": START}, 422, "closure_times"),
        ({"until": "2020-01-01T10:00:00+08:00"}, 422, "closure_times"),
        ({"until": "9999-12-31T10:00:00+08:00"}, 422, "closure_times"),
        ({"start": "2026-11-26T10:00:00"}, 422, "invalid"),
        ({"kind": "tired"}, 422, "invalid"),
        ({"reason": "x" * 101}, 422, "invalid"),
        ({"reason": "a\u0000"}, 422, "control_characters"),
        ({"seen": 7}, 422, "invalid"),
    ],
)
def test_a_closure_that_makes_no_sense_is_refused(
    change: dict[str, Any], status: int, code: str, centre: Centre, shower: Service, staff: Caller
) -> None:
    answer = staff.post(f"/desk/{centre.code}/closures", {"service": shower.code, "apply": True, **change})
    assert (answer.status_code, answer.json["code"]) == (status, code)


@pytest.mark.rule("B33")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "closures"),
        ("POST", "closures"),
        ("POST", "closures/1/end"),
        ("POST", "closures/1/undo"),
        ("GET", "hours"),
        ("POST", "hours"),
        ("POST", "exceptions"),
        ("DELETE", "exceptions/1"),
        ("GET", "rosters"),
        ("POST", "rosters"),
        ("DELETE", "rosters/1"),
    ],
)
def test_only_the_desk_of_the_centre(
    method: str,
    path: str,
    centre: Centre,
    shower: Service,
    sign_in: SignIn,
    guest: Caller,
    session: Session,
    now: datetime,
) -> None:
    body = {
        "effective_from": "2026-12-02", "hours": "09:00-18:00", "from": "2026-12-02", "service": shower.code,
        "unit": "S1", "who": "王律师", "opens": "09:00", "closes": "12:00",
    }  # fmt: skip
    abroad = create_centre(session, now=now)
    session.commit()
    other = sign_in(role="centre_staff", scope_kind="centre", scope_id=abroad.id)
    assert guest.call(method, f"/desk/{centre.code}/{path}", body).status_code == 401
    assert sign_in(role="driver").call(method, f"/desk/{centre.code}/{path}", body).status_code == 403
    assert other.call(method, f"/desk/{centre.code}/{path}", body).status_code == 403
    assert session.scalars(select(Closure)).all() == []


@pytest.mark.rule("B133", "B135")
def test_hours_and_single_days(centre: Centre, shower: Service, staff: Caller, sign_in: SignIn) -> None:
    code = book(sign_in(), shower, start="2026-12-02T19:00:00+08:00").json["code"]
    url, wish = f"/desk/{centre.code}/hours", {"effective_from": "2026-12-01", "hours": {"default": "09:00-18:00"}}
    looked = staff.post(url, wish)
    ChangeAnswer.model_validate(looked.json)
    assert (looked.status_code, looked.json["applied"]) == (200, False)
    assert looked.json["proposal"]["affected"][0]["proposal"]["nearest"]["start"] == "2026-12-02T17:30:00+08:00"
    done = staff.post(url, {**wish, "apply": True, "seen": looked.json["proposal"]["seen"]})
    assert (done.status_code, done.json["applied"]) == (201, True)
    assert [row["code"] for row in done.json["proposal"]["affected"]] == [code]
    closed = {"from": "2026-12-05", "to": "2026-12-06", "reason": "检修", "apply": True}
    assert staff.post(f"/desk/{centre.code}/exceptions", closed).status_code == 201
    shown = staff.get(url)
    OpeningOut.model_validate(shown.json)
    assert [(i["effective_from"], i["hours"]) for i in shown.json["items"]] == [
        ("2000-01-01", {"default": ["00:00-24:00"]}),
        ("2026-12-01", {"default": ["09:00-18:00"]}),
    ]
    (special,) = shown.json["exceptions"]
    assert (special["from"], special["to"], special["hours"]) == ("2026-12-05", "2026-12-06", None)
    path = f"/desk/{centre.code}/exceptions/{special['id']}"
    assert staff.call("DELETE", path, {"apply": True}).json["applied"]
    assert staff.get(url).json["exceptions"] == []


@pytest.mark.rule("B31")
@pytest.mark.parametrize(
    "hours", ["", "9 to 5", 7, ["09:00"], {"mon": 7}, {"x": "09:00-18:00"}, {"mon": {"a": 1}}, "24:30-25:00"]
)
def test_hours_nobody_can_read_are_refused(hours: Any, centre: Centre, staff: Caller) -> None:
    answer = staff.post(f"/desk/{centre.code}/hours", {"effective_from": "2026-12-01", "hours": hours, "apply": True})
    assert answer.status_code == 422
    assert answer.json["code"] in ("invalid", "hours_unreadable")


@pytest.mark.rule("B136", "B137")
def test_the_roster_of_a_desk(centre: Centre, staff: Caller, sign_in: SignIn, session: Session, now: datetime) -> None:
    desk = create_service(session, centre, kind="desk", units=(("1号窗", None), ("2号窗", None)), now=now)
    session.commit()
    url = f"/desk/{centre.code}/rosters"
    wish = {"service": desk.code, "unit": "1号窗", "who": "王律师", "opens": "09:00", "closes": "12:00"}
    made = staff.post(url, wish)
    RosterOut.model_validate(made.json)
    assert (made.status_code, staff.post(url, wish).status_code) == (201, 200)
    single = staff.post(url, {**wish, "unit": "2号窗", "date": "2026-11-26"}).json
    assert (single["date"], single["from"], single["to"]) == ("2026-11-26", "2026-11-26", "2026-11-27")
    listed = staff.get(url).json
    RosterList.model_validate(listed)
    assert [item["unit"] for item in listed["items"]] == ["1号窗", "2号窗"]
    code = book(sign_in(), desk).json["code"]
    looked = staff.call("DELETE", f"{url}/{made.json['id']}", {"apply": False}).json["proposal"]
    assert looked["affected"][0]["proposal"] == {"kind": "unit", "unit": "2号窗", "nearest": None}
    gone = staff.call("DELETE", f"{url}/{made.json['id']}", {"apply": True, "seen": looked["seen"]})
    assert gone.json["applied"]
    assert staff.get(f"/bookings/{code}").json["unit"] == "2号窗"


@pytest.mark.rule("B130")
def test_the_job_keeps_closures_held_and_retires_old_ones(
    centre: Centre, shower: Service, staff: Caller, container: Container, clock: Clock, session: Session
) -> None:
    wish = {"service": shower.code, "until": "2026-11-25T12:00:00+08:00", "apply": True}
    staff.post(f"/desk/{centre.code}/closures", wish)
    assert keep(container) == "1 centres kept, 0 retired"
    clock.forward(days=3)
    assert keep(container) == "1 centres kept, 1 retired"
    assert keep(container) == "0 centres kept, 0 retired"
    session.expire_all()
    assert session.scalars(select(Hold.is_open)).all() == [False]
