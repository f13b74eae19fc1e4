"""Check-in over HTTP, from the screen to the row."""

from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.activity import Activity, CheckIn
from models.organisation import PartyBranch
from models.platform import AuditEntry
from tests.conftest import Caller, Clock, SignIn
from tests.factories import create_branch
from tests.factories_activity import create_activity


@pytest.fixture
def branch(session: Session) -> PartyBranch:
    return create_branch(session, name="车场支部")


@pytest.fixture
def host(sign_in: SignIn, branch: PartyBranch) -> Caller:
    return sign_in(role="branch_secretary", scope_kind="branch", scope_id=branch.id)


@pytest.fixture
def activity(session: Session, branch: PartyBranch, now: datetime) -> Activity:
    made = create_activity(session, now=now, branch=branch)
    session.commit()
    return made


def scan(caller: Caller, activity: Activity, qr: str) -> str:
    answer = caller.post(f"/activities/{activity.code}/scan-tickets", {"qr": qr})
    assert answer.status_code == 201, answer.json
    ticket: str = answer.json["ticket"]
    return ticket


def shown(host: Caller, activity: Activity) -> str:
    qr: str = host.get(f"/activities/{activity.code}/display-code").json["qr"]
    return qr


def arrival(ticket: str, key: str | None = None) -> dict[str, str]:
    return {"ticket": ticket, "method": "code", "client_uuid": key or str(uuid4())}


@pytest.mark.rule("C18", "C22", "C23")
def test_from_the_screen_to_the_row(
    host: Caller, guest: Caller, sign_in: SignIn, activity: Activity, session: Session, clock: Clock
) -> None:
    member, path = sign_in(name="甲"), f"/activities/{activity.code}/check-ins"
    ticket = scan(guest, activity, shown(host, activity))  # scanned before signing in
    clock.forward(minutes=4)
    body = arrival(ticket)
    first = member.post(path, body)
    assert (first.status_code, first.json) == (
        201,
        {
            "grade": "accepted",
            "reasons": [],
            "state": "attended",
            "at": "2026-11-25T10:00:00+08:00",
            "repeat": False,
            "activity": {"code": activity.code, "title": "主题党日"},
            "host_branch": "车场支部",
        },
    )
    again = member.post(path, body)
    assert (again.status_code, again.json) == (200, {**first.json, "repeat": True})
    other_key = member.post(path, arrival(scan(member, activity, shown(host, activity))))
    assert (other_key.status_code, other_key.json["grade"]) == (200, "accepted")
    assert [row.grade for row in session.scalars(select(CheckIn))] == ["accepted", "accepted"]


@pytest.mark.rule("C32")
def test_display_code_is_for_the_host(host: Caller, guest: Caller, sign_in: SignIn, activity: Activity) -> None:
    path = f"/activities/{activity.code}/display-code"
    answer = host.get(path).json
    assert answer["qr"].startswith(f"http://testserver/q/checkin/{activity.code}.")
    assert (answer["step_seconds"], answer["server_time"]) == (20, "2026-11-25T10:00:00+08:00")
    assert answer["valid_until"] == answer["next"][0]["valid_from"] == "2026-11-25T10:00:20+08:00"
    assert len(answer["next"]) == 15
    assert answer["counts"] == {"registered": 0, "checked_in": 0}
    assert sign_in(role="member").get(path).status_code == 403
    assert guest.get(path).status_code == 401
    other = sign_in(role="branch_secretary", scope_kind="branch", scope_id=10**6)
    assert (other.get(path).status_code, other.get(path).json["code"]) == (403, "not_host")
    assert host.get("/activities/NOSUCH/display-code").status_code == 404


@pytest.mark.rule("C2", "C3", "C4", "C5", "C12")
def test_scans_that_give_no_ticket(
    host: Caller, guest: Caller, activity: Activity, branch: PartyBranch, session: Session, clock: Clock
) -> None:
    other = create_activity(session, now=clock.now, branch=branch)
    session.commit()
    path, qr = f"/activities/{activity.code}/scan-tickets", shown(host, activity)

    def refusal(body: dict[str, object]) -> tuple[int, str]:
        answer = guest.post(path, body)
        return answer.status_code, answer.json["code"]

    assert refusal({"qr": qr[:-4] + "AAAA"}) == (422, "code_forged")
    assert refusal({"qr": "hello"}) == (422, "code_forged")
    assert refusal({"qr": "http://[bad"}) == (422, "code_forged")
    assert refusal({"qr": shown(host, other)}) == (409, "code_wrong_activity")
    assert refusal({"qr": ""}) == (422, "invalid")
    assert refusal({"qr": 5}) == (422, "invalid")
    assert refusal({"qr": "x" * 501}) == (422, "invalid")
    assert refusal({"qr": qr + "\x00"}) == (422, "control_characters")
    assert refusal({}) == (422, "invalid")
    clock.forward(seconds=41)
    assert refusal({"qr": qr}) == (409, "code_expired")
    clock.now = activity.ends
    assert refusal({"qr": qr}) == (409, "check_in_closed")
    clock.now = activity.starts
    clock.forward(minutes=-31)
    early = guest.post(path, {"qr": qr}).json
    assert (early["code"], early["details"]["opens_at"]) == ("check_in_not_open", "2026-11-25T09:30:00+08:00")
    assert early["message"] == "11月25日 09:30 开始签到，到时再扫一次"
    assert guest.post("/activities/NOSUCH/scan-tickets", {"qr": qr}).status_code == 404


@pytest.mark.rule("C10")
def test_scan_works_with_a_token_that_ran_out(guest: Caller, host: Caller, activity: Activity) -> None:
    guest.token = "ran-out-long-ago"
    scan(guest, activity, shown(host, activity))


@pytest.mark.rule("C10", "C11", "C14")
def test_refused_check_ins_are_answered_and_kept(
    host: Caller, sign_in: SignIn, activity: Activity, session: Session, clock: Clock, branch: PartyBranch
) -> None:
    member, friend = sign_in(), sign_in()
    path = f"/activities/{activity.code}/check-ins"
    ticket = scan(member, activity, shown(host, activity))
    assert member.post(path, arrival(ticket)).status_code == 201
    refusals = [friend.post(path, arrival(ticket)), friend.post(path, arrival("ST1.zzz"))]
    fresh = scan(friend, activity, shown(host, activity))
    clock.forward(minutes=5)
    refusals.append(friend.post(path, arrival(fresh)))
    assert [(r.status_code, r.json["code"]) for r in refusals] == [
        (409, "ticket_used"),
        (422, "ticket_invalid"),
        (409, "ticket_expired"),
    ]
    closed = create_activity(session, now=clock.now, branch=branch, audience="members")
    session.commit()
    outsider = friend.post(f"/activities/{closed.code}/check-ins", arrival(scan(friend, closed, shown(host, closed))))
    assert (outsider.status_code, outsider.json["code"]) == (403, "not_in_audience")
    kept = [row.reasons for row in session.scalars(select(CheckIn).order_by(CheckIn.id))]
    assert kept == [[], ["ticket_used"], ["ticket_invalid"], ["ticket_expired"], ["not_in_audience"]]


@pytest.mark.rule("C24")
def test_one_device_one_person(host: Caller, sign_in: SignIn, activity: Activity) -> None:
    path = f"/activities/{activity.code}/check-ins"

    def arrive(device: str | None) -> tuple[int, str, list[str]]:
        caller = sign_in()
        ticket = scan(caller, activity, shown(host, activity))
        caller.device = device or ""
        answer = caller.post(path, arrival(ticket))
        return answer.status_code, answer.json["grade"], answer.json["reasons"]

    assert arrive("phone-1") == (201, "accepted", [])
    assert arrive("phone-1") == (201, "review", ["shared_device"])
    assert arrive("phone-2") == (201, "accepted", [])
    assert arrive(None) == (201, "accepted", [])
    assert arrive(None) == (201, "accepted", [])


@pytest.mark.parametrize(
    "body",
    [
        {"ticket": "x"},
        {"client_uuid": str(uuid4())},
        {"ticket": "x", "client_uuid": str(uuid4()), "method": "make_up"},
        {"ticket": {"a": 1}, "client_uuid": str(uuid4())},
        {"ticket": "x" * 201, "client_uuid": str(uuid4())},
        [],
        "text",
    ],
)
def test_bad_bodies_are_refused(sign_in: SignIn, activity: Activity, body: object) -> None:
    assert sign_in().post(f"/activities/{activity.code}/check-ins", body).status_code in (400, 422)


@pytest.mark.rule("C23")
def test_key_with_another_body_is_refused(host: Caller, sign_in: SignIn, activity: Activity) -> None:
    member, path, key = sign_in(), f"/activities/{activity.code}/check-ins", str(uuid4())
    assert member.post(path, arrival(scan(member, activity, shown(host, activity)), key)).status_code == 201
    answer = member.post(path, arrival(scan(member, activity, shown(host, activity)), key))
    assert (answer.status_code, answer.json["code"]) == (409, "client_uuid_reused")


@pytest.mark.rule("C31", "C34")
def test_attendance_is_for_the_host_and_every_look_is_audited(
    host: Caller, sign_in: SignIn, activity: Activity, session: Session
) -> None:
    member, path = sign_in(name="甲"), f"/activities/{activity.code}/attendance"
    member.post(f"/activities/{activity.code}/check-ins", arrival(scan(member, activity, shown(host, activity))))
    answer = host.get(path)
    assert (answer.status_code, answer.json["total"]) == (200, 1)
    row = answer.json["items"][0]
    assert (row["name"], row["state"], row["grade"], row["method"], row["repeat_scans"]) == (
        "甲", "attended", "accepted", "code", 0,
    )  # fmt: skip
    assert row["at"] == "2026-11-25T10:00:00+08:00"
    assert answer.json["counts"]["attended"] == 1
    assert member.get(path).status_code == 403
    entry = session.scalars(select(AuditEntry)).one()
    assert host.actor is not None
    assert (entry.action, entry.person_id, entry.subject_id) == ("attendance.read", host.actor.person_id, activity.id)


@pytest.mark.rule("C36")
def test_head_count(host: Caller, sign_in: SignIn, activity: Activity) -> None:
    path = f"/activities/{activity.code}/head-count"
    body = {"heads": 3, "client_uuid": str(uuid4())}
    made = host.post(path, body)
    assert (made.status_code, made.json["heads"], made.json["gap"]) == (201, 3, 3)
    assert host.post(path, body).status_code == 200
    assert host.post(path, {**body, "heads": 4}).json["code"] == "client_uuid_reused"
    assert host.post(path, {"heads": -1, "client_uuid": str(uuid4())}).status_code == 422
    assert sign_in(role="member").post(path, body).status_code == 403
