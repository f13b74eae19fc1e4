"""Moving, coming late, extending and marks over HTTP: shapes, codes, bad input."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from miniprogram_api.schemas.bookings import BookingOut
from miniprogram_api.schemas.marks import DeskMarksOut, OwnMarksOut
from models.centre import Booking, BookingEvent, Centre, Mark, Service
from server.container import Container
from server.jobs import booking_jobs
from services.booking.passes import verify_pass
from tests.conftest import Caller, Clock, SignIn
from tests.factories_booking import create_centre, create_service

NOON = "2026-11-25T12:00:00+08:00"
ONE, TWO = "2026-11-25T13:00:00+08:00", "2026-11-25T14:00:00+08:00"


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def shower(session: Session, centre: Centre, now: datetime) -> Service:
    made = create_service(session, centre, units=(("U1", None),), now=now)
    session.commit()
    return made


@pytest.fixture
def driver(sign_in: SignIn) -> Caller:
    return sign_in(name="张伟")


@pytest.fixture
def staff(sign_in: SignIn, centre: Centre) -> Caller:
    return sign_in(role="centre_staff", scope_kind="centre", scope_id=centre.id)


def book(caller: Caller, service: Service, start: str = NOON, **changes: Any) -> dict[str, Any]:
    answer = caller.post("/bookings", {"service": service.code, "start": start, "client_uuid": str(uuid4()), **changes})
    assert answer.status_code == 201, answer.json
    body: dict[str, Any] = answer.json
    return body


@pytest.mark.rule("B70", "B72")
def test_a_move_answers_with_the_new_booking_and_its_pass(
    shower: Service, driver: Caller, container: Container, session: Session
) -> None:
    old, body = book(driver, shower), {"start": ONE, "client_uuid": str(uuid4())}
    answer = driver.post(f"/bookings/{old['code']}/move", body)
    assert answer.status_code == 200
    new = answer.json
    BookingOut.model_validate(new)
    assert (new["state"], new["start"], new["can_move"]) == ("confirmed", ONE, True)
    facts = verify_pass(new["pass"], {container.signer.key_id: container.signer.public_key()})
    assert facts.code == new["code"]
    assert driver.post(f"/bookings/{old['code']}/move", body).json == new
    gone = driver.get(f"/bookings/{old['code']}").json
    assert (gone["state"], gone["moved_to"], gone["can_move"], gone["pass"]) == ("moved", new["code"], False, None)
    assert driver.get(f"/bookings/{new['code']}").json["moved_from"] == old["code"]
    assert session.scalar(select(func.count()).select_from(Booking)) == 2


@pytest.mark.rule("B71")
def test_a_refused_move_changes_nothing(shower: Service, driver: Caller, sign_in: SignIn) -> None:
    old = book(driver, shower)
    book(sign_in(), shower, ONE)
    before = driver.get(f"/bookings/{old['code']}").json
    answer = driver.post(f"/bookings/{old['code']}/move", {"start": ONE})
    assert (answer.status_code, answer.json["code"]) == (409, "slot_full")
    assert NOON in [slot["start"] for slot in answer.json["details"]["alternatives"]]
    assert driver.get(f"/bookings/{old['code']}").json == before


@pytest.mark.rule("B31", "B71")
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"start": "2026-11-25T13:00:00"}, 422, "invalid"),
        ({"start": "9999-12-31T23:59:59-23:59"}, 422, "invalid"),
        ({"start": 12}, 422, "invalid"),
        ({"start": "2026-11-25T13:07:00+08:00"}, 422, "off_grid"),
        ({"start": "2026-12-25T13:00:00+08:00"}, 422, "beyond_window"),
        ({"start": "2026-11-25T09:00:00+08:00"}, 422, "start_in_past"),
        ({"start": ONE, "minutes": 45}, 422, "minutes_out_of_range"),
        ({"start": ONE, "minutes": 0}, 422, "minutes_out_of_range"),
        ({"start": ONE, "minutes": 10**30}, 422, "minutes_out_of_range"),
        ({"start": ONE, "party_size": 2}, 422, "party_size"),
        ({"start": ONE, "party_size": 10**30}, 422, "party_size"),
        ({"start": ONE, "zone": "elsewhere"}, 422, "invalid"),
        ({"start": ONE, "client_uuid": "x"}, 422, "invalid"),
        ({"start": NOON}, 409, "nothing_to_move"),
        ([], 422, "invalid"),
    ],
)
def test_a_bad_wish_for_a_move_has_a_code_and_leaves_nothing(
    shower: Service, driver: Caller, session: Session, body: Any, status: int, code: str
) -> None:
    old = book(driver, shower)
    answer = driver.post(f"/bookings/{old['code']}/move", body)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert session.scalar(select(func.count()).select_from(BookingEvent)) == 1


@pytest.mark.rule("B73", "B75")
def test_late_answers_with_the_new_deadline_or_with_choices_and_what_is_kept(
    shower: Service, driver: Caller, sign_in: SignIn
) -> None:
    mine = book(driver, shower, minutes=60)
    assert (mine["late"], mine["grace_until"]) == (
        {"minutes": 0, "possible": True, "max": 90},
        "2026-11-25T12:15:00+08:00",
    )
    book(sign_in(), shower, "2026-11-25T13:30:00+08:00")
    path = f"/bookings/{mine['code']}/late"
    refused = driver.post(path, {"minutes": 40})
    assert (refused.status_code, refused.json["code"]) == (409, "late_conflict")
    details = refused.json["details"]
    assert details["kept_until"] == "2026-11-25T12:55:00+08:00"
    assert [choice["choice"] for choice in details["choices"]] == ["shorten", "later"]
    assert details["choices"][0] == {"choice": "shorten", "end": "2026-11-25T13:20:00+08:00", "minutes": 40}
    assert details["choices"][1]["alternatives"][0]["start"] == "2026-11-25T14:30:00+08:00"
    kept = driver.get(f"/bookings/{mine['code']}").json
    assert (kept["grace_until"], kept["end"]) == (details["kept_until"], mine["end"]), "committed with the refusal"
    chosen = driver.post(path, {"minutes": 40, "choice": "shorten"})
    assert chosen.status_code == 200
    BookingOut.model_validate(chosen.json)
    assert (chosen.json["end"], chosen.json["late"]) == (
        "2026-11-25T13:20:00+08:00",
        {"minutes": 40, "possible": False, "max": 90},
    )
    used = driver.post(path, {"minutes": 5})
    assert (used.status_code, used.json["code"]) == (409, "late_used")


@pytest.mark.rule("B31", "B73")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid"),
        ({"minutes": 7}, "late_minutes"),
        ({"minutes": 95}, "late_minutes"),
        ({"minutes": -5}, "late_minutes"),
        ({"minutes": 10**30}, "late_minutes"),
        ({"minutes": "x"}, "invalid"),
        ({"minutes": 30, "choice": "later"}, "invalid"),
        ({"minutes": 30, "choice": "stay\u0000"}, "control_characters"),
    ],
)
def test_bad_lateness_has_a_code(shower: Service, driver: Caller, body: Any, code: str) -> None:
    mine = book(driver, shower)
    answer = driver.post(f"/bookings/{mine['code']}/late", body)
    assert (answer.status_code, answer.json["code"]) == (422, code)


@pytest.mark.rule("B76", "B77")
def test_extend_answers_with_the_new_end_or_how_much_is_possible(
    shower: Service, driver: Caller, staff: Caller, clock: Clock
) -> None:
    mine = book(driver, shower)
    path = f"/bookings/{mine['code']}/extend"
    early = driver.post(path, {"minutes": 30})
    assert (early.status_code, early.json["code"]) == (409, "booking_state")
    clock.forward(hours=2)
    assert staff.post(f"/bookings/{mine['code']}/check-in").status_code == 200
    body = {"minutes": 60, "seen_end": mine["end"]}
    longer = driver.post(path, body)
    assert (longer.status_code, longer.json["end"]) == (200, "2026-11-25T13:30:00+08:00")
    assert driver.post(path, body).json == longer.json, "sent twice"
    more = driver.post(path, {"minutes": 60})
    assert (more.status_code, more.json["code"], more.json["details"]) == (
        409, "extend_conflict", {"max_minutes": 30},
    )  # fmt: skip
    assert "30" in more.json["message"]
    assert staff.post(path, {"minutes": 30}).json["end"] == TWO
    for minutes in (0, -5, 7, 1445, 10**30):
        wrong = driver.post(path, {"minutes": minutes})
        assert (wrong.status_code, wrong.json["code"]) == (422, "minutes_out_of_range")


@pytest.mark.rule("B32", "B33")
@pytest.mark.parametrize("act", ["move", "late", "extend"])
def test_someone_elses_booking_is_not_there(
    shower: Service, driver: Caller, sign_in: SignIn, session: Session, now: datetime, act: str
) -> None:
    mine = book(driver, shower)
    body = {"start": ONE, "minutes": 30}
    other_desk = sign_in(role="centre_staff", scope_kind="centre", scope_id=create_centre(session, now=now).id)
    for caller in (sign_in(), other_desk):
        answer = caller.post(f"/bookings/{mine['code']}/{act}", body)
        assert (answer.status_code, answer.json["code"]) == (404, "unknown_booking")
    assert driver.post(f"/bookings/22222222/{act}", body).status_code == 404


@pytest.mark.rule("B83", "B84")
def test_a_mark_is_seen_contested_and_answered(
    shower: Service, driver: Caller, staff: Caller, centre: Centre, clock: Clock, container: Container, session: Session
) -> None:
    empty = driver.get("/me/marks").json
    assert empty == {"items": [], "sum": 0.0, "limit": 3, "restricted_until": None}
    mine = book(driver, shower)
    clock.forward(hours=2, minutes=15)
    assert booking_jobs.release_no_shows(container) == "1 released"
    seen = driver.get("/me/marks").json
    OwnMarksOut.model_validate(seen)
    mark = seen["items"][0]
    assert (seen["sum"], mark["booking"], mark["kind"], mark["counts"]) == (1.0, mine["code"], "no_show", 1.0)
    assert (mark["at"], mark["expires_at"]) == ("2026-11-25T12:15:00+08:00", "2026-12-25T12:15:00+08:00")
    assert (mark["can_contest"], mark["waived_at"]) == (True, None)
    contest = f"/me/marks/{mark['id']}/contest"
    for text in ("", "   ", "x" * 301, 5, None):
        assert driver.post(contest, {"text": text}).status_code == 422
    assert staff.post(contest, {"text": "不是我的"}).status_code == 404
    said = driver.post(contest, {"text": "隧道封闭"})
    assert (said.status_code, said.json["can_contest"]) == (200, False)

    desk = f"/desk/{centre.code}/marks"
    listed = staff.get(desk + "?contested=1").json
    DeskMarksOut.model_validate(listed)
    assert [(m["id"], m["who"], m["contest_text"]) for m in listed["items"]] == [(mark["id"], "张师傅", "隧道封闭")]
    assert staff.post(f"{desk}/{mark['id']}/waive", {"reason": " "}).status_code == 422
    assert driver.post(f"{desk}/{mark['id']}/waive", {"reason": "我自己"}).status_code == 403
    done = staff.post(f"{desk}/{mark['id']}/waive", {"reason": "确有封路"})
    assert (done.status_code, done.json["waive_reason"]) == (200, "确有封路")
    kept = staff.post(f"{desk}/{mark['id']}/keep", {"reason": "又想了想"})
    assert (kept.status_code, kept.json["code"]) == (409, "mark_decided")
    assert staff.get(desk).json == {"items": []}
    assert driver.get("/me/marks").json["sum"] == 0
    assert "隧道" not in str(list(session.scalars(select(BookingEvent.reason)))), "words are no part of the history"
    assert staff.actor
    assert session.scalars(select(Mark.decided_by_id)).one() == staff.actor.person_id
    assert driver.get("/inbox").json["items"][0]["text"].endswith("这次不算了：确有封路")


@pytest.mark.rule("B81")
def test_a_late_cancel_over_http_is_half_a_mark(shower: Service, driver: Caller, clock: Clock) -> None:
    mine = book(driver, shower)
    clock.forward(hours=1, minutes=51)
    assert driver.post(f"/bookings/{mine['code']}/cancel").json["late_cancel"] is True
    assert driver.get("/me/marks").json["sum"] == 0.5
