"""Demands over HTTP."""

from uuid import uuid4

import pytest

from tests.conftest import Caller, SignIn

BODY = {"category": "energy", "title": "电费太高", "text": "上月涨了两成"}


@pytest.mark.rule("D1", "D2", "D3")
def test_write_send_and_read(sign_in: SignIn) -> None:
    caller, key = sign_in(role="driver"), str(uuid4())
    made = caller.post("/demands", {**BODY, "client_uuid": key})
    assert made.status_code == 201
    assert (made.json["state"], made.json["category_name"]) == ("draft", "能源")
    again = caller.post("/demands", {**BODY, "client_uuid": key})
    assert (again.status_code, again.json["code"]) == (200, made.json["code"])
    other = caller.post("/demands", {**BODY, "title": "别的", "client_uuid": key})
    assert (other.status_code, other.json["code"]) == (409, "client_uuid_reused")
    code = made.json["code"]
    sent = caller.post(f"/demands/{code}/submit")
    assert (sent.status_code, sent.json["state"]) == (200, "submitted")
    assert [e["to"] for e in sent.json["events"]] == ["draft", "submitted"]
    assert sent.json["submitted_at"].endswith("+08:00")
    page = caller.get("/demands?mine=1").json
    assert (page["total"], page["items"][0]["code"]) == (1, code)
    assert caller.get(f"/demands/{code}").json["text"] == BODY["text"]


@pytest.mark.rule("D4")
def test_strangers_find_nothing(sign_in: SignIn, guest: Caller) -> None:
    code = sign_in().post("/demands", {**BODY, "client_uuid": str(uuid4())}).json["code"]
    stranger = sign_in()
    assert stranger.get(f"/demands/{code}").status_code == 404
    assert stranger.post(f"/demands/{code}/submit").status_code == 404
    assert stranger.get("/demands").json["total"] == 0
    assert guest.get(f"/demands/{code}").status_code == 401


@pytest.mark.rule("D5")
@pytest.mark.parametrize(
    "change",
    [
        {"category": "weather"},
        {"title": ""},
        {"title": "长" * 41},
        {"text": "长" * 2001},
        {"text": "有\x00"},
        {"category": 7},
        {"client_uuid": "no"},
        {"client_uuid": None},
    ],
)
def test_bad_bodies_are_refused(sign_in: SignIn, change: dict[str, object]) -> None:
    caller = sign_in()
    answer = caller.post("/demands", {**BODY, "client_uuid": str(uuid4()), **change})
    assert answer.status_code == 422
    assert caller.get("/demands").json["total"] == 0
