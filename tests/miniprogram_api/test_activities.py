"""Activities over HTTP: status, code, shape."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.activity import Activity, Registration
from models.notification import Notification
from models.organisation import PartyBranch
from tests.conftest import Caller, SignIn
from tests.factories import create_branch, join_branch
from tests.factories_activity import create_activity

HOUR = timedelta(hours=1)


@pytest.fixture
def branch(session: Session) -> PartyBranch:
    return create_branch(session, name="车场支部")


@pytest.fixture
def secretary(sign_in: SignIn, branch: PartyBranch) -> Caller:
    return sign_in(role="branch_secretary", scope_kind="branch", scope_id=branch.id)


@pytest.fixture
def activity(session: Session, branch: PartyBranch, now: datetime) -> Activity:
    made = create_activity(session, now=now, branch=branch, starts_in=HOUR, theme_tags=("红链",), capacity=2)
    session.commit()
    return made


def key() -> dict[str, str]:
    return {"client_uuid": str(uuid4())}


def plan(now: datetime, **changes: Any) -> dict[str, Any]:
    times = {"starts": (now + HOUR).isoformat(), "ends": (now + 3 * HOUR).isoformat()}
    return {"type": "theme_day", "title": "主题党日", "place": "活动室", **times, **key(), **changes}


@pytest.mark.rule("C33")
def test_guest_reads_an_open_activity(guest: Caller, activity: Activity) -> None:
    listed = guest.get("/activities?state=upcoming").json
    assert (listed["total"], listed["page"], [row["code"] for row in listed["items"]]) == (1, 1, [activity.code])
    shown = guest.get(f"/activities/{activity.code.lower()}").json
    assert shown == listed["items"][0]
    assert shown["type_name"] == "主题党日"
    assert shown["hosts"] == [{"kind": "branch", "name": "车场支部"}]
    assert shown["starts"] == "2026-11-25T11:00:00+08:00"
    assert shown["check_in_opens"] == "2026-11-25T10:30:00+08:00"
    assert (shown["state"], shown["phase"]) == ("published", "upcoming")
    assert shown["registration"]["open"] is True
    assert shown["mine"] == {"registration": None, "checked_in_at": None, "grade": None, "leave": None}
    assert shown["i_host"] is False


@pytest.mark.rule("C33")
def test_guest_does_not_see_members_only(guest: Caller, sign_in: SignIn, session: Session, now: datetime) -> None:
    hidden = create_activity(session, now=now, audience="members")
    session.commit()
    assert guest.get("/activities").json["items"] == []
    answer = guest.get(f"/activities/{hidden.code}")
    assert (answer.status_code, answer.json["code"], answer.json["message"]) == (
        404,
        "unknown_activity",
        "没有找到这场活动",
    )
    assert sign_in().get(f"/activities/{hidden.code}").status_code == 200


@pytest.mark.parametrize("query", ["state=soon", "host=you", "page=0", "per_page=1000", "mine=perhaps"])
def test_bad_filters_are_refused(guest: Caller, query: str) -> None:
    assert guest.get(f"/activities?{query}").status_code == 422


@pytest.mark.rule("C30")
def test_secretary_makes_and_publishes(secretary: Caller, guest: Caller, now: datetime) -> None:
    body = plan(now, audience="open", agenda=["学习", "讨论"], capacity=30)
    made = secretary.post("/activities", body)
    assert made.status_code == 201
    assert (made.json["state"], made.json["i_host"], made.json["agenda"]) == ("draft", True, ["学习", "讨论"])
    code = made.json["code"]
    assert secretary.post("/activities", body).status_code == 200
    assert secretary.post("/activities", {**body, "title": "别的"}).json["code"] == "client_uuid_reused"
    assert guest.get(f"/activities/{code}").status_code == 404
    assert [row["code"] for row in secretary.get("/activities?host=me").json["items"]] == [code]
    assert secretary.post(f"/activities/{code}/publish").json["state"] == "published"
    assert guest.get(f"/activities/{code}").status_code == 200


@pytest.mark.rule("C30")
@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"type": "party"}, 422, "unknown_activity_type"),
        ({"starts": "2026-11-25T10:00:00"}, 422, "invalid"),
        ({"ends": "2026-11-25T00:00:00+08:00"}, 422, "times_out_of_order"),
        ({"capacity": 0}, 422, "invalid"),
        ({"capacity": "many"}, 422, "invalid"),
        ({"title": "a\u0000b"}, 422, "control_characters"),
        ({"title": ""}, 422, "invalid"),
        ({"hosts": [{"kind": "branch", "code": "NOSUCH"}]}, 422, "unknown_host"),
        ({"starts": "9999-12-31T23:59:59+00:00", "ends": "9999-12-31T23:59:59.5+00:00"}, 422, "invalid"),
        ({"starts": "0001-01-01T00:00:00+14:00"}, 422, "invalid"),
        ({"client_uuid": "x"}, 422, "invalid"),
    ],
)
def test_bad_plans_are_refused(
    secretary: Caller, now: datetime, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = secretary.post("/activities", plan(now, **changes))
    assert (answer.status_code, answer.json["code"]) == (status, code)


@pytest.mark.rule("C31")
def test_others_cannot_make_or_publish(sign_in: SignIn, secretary: Caller, session: Session, now: datetime) -> None:
    other = create_branch(session)
    stranger = sign_in(role="branch_secretary", scope_kind="branch", scope_id=other.id)
    code = secretary.post("/activities", plan(now)).json["code"]
    assert stranger.post(f"/activities/{code}/publish").status_code == 404
    assert sign_in(role="member").post("/activities", plan(now)).status_code == 403
    assert stranger.post("/activities", plan(now)).status_code == 201


@pytest.mark.rule("C15", "C20", "C27")
def test_register_and_cancel(sign_in: SignIn, activity: Activity, session: Session) -> None:
    first, second, third = sign_in(), sign_in(), sign_in()
    path = f"/activities/{activity.code}/registrations"
    body = key()
    made = first.post(path, body)
    assert made.status_code == 201
    assert made.json == {
        "state": "registered",
        "activity": {"code": activity.code, "title": "主题党日"},
        "registered_at": "2026-11-25T10:00:00+08:00",
    }
    again = first.post(path, body)
    assert (again.status_code, again.json) == (200, made.json)
    assert second.post(path, key()).status_code == 201
    full = third.post(path, key())
    assert (full.status_code, full.json["code"]) == (409, "activity_full")
    assert first.get(f"/activities/{activity.code}").json["mine"]["registration"] == "registered"
    assert [row["code"] for row in first.get("/activities?mine=1").json["items"]] == [activity.code]
    assert first.post(f"{path}/cancel").json["state"] == "cancelled"
    assert third.post(path, key()).status_code == 201
    assert len(session.scalars(select(Registration)).all()) == 3
    assert len(session.scalars(select(Notification)).all()) == 3


def test_stranger_is_asked_to_sign_in(guest: Caller, activity: Activity) -> None:
    for tail in ("registrations", "registrations/cancel", "leave", "check-ins", "head-count", "publish"):
        answer = guest.post(f"/activities/{activity.code}/{tail}", key())
        assert (answer.status_code, answer.json["code"]) == (401, "sign_in_required")


@pytest.mark.rule("C16", "C29")
def test_ask_leave(sign_in: SignIn, session: Session, branch: PartyBranch, activity: Activity) -> None:
    caller = sign_in()
    path = f"/activities/{activity.code}/leave"
    body = {"reason_kind": "work", "reason": "出车", **key()}
    assert caller.post(path, body).json["code"] == "no_home_branch"
    from models.people import Person

    assert caller.actor is not None
    join_branch(session, session.get_one(Person, caller.actor.person_id), branch)
    session.commit()
    made = caller.post(path, body)
    assert (made.status_code, made.json["state"], made.json["reason_kind"]) == (201, "asked", "work")
    assert caller.post(path, body).status_code == 200
    assert caller.post(path, {"reason_kind": "lazy", **key()}).status_code == 422
    assert caller.get(f"/activities/{activity.code}").json["mine"]["leave"] == "asked"
