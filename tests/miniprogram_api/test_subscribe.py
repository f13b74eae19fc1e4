"""Consents for subscribe messages: asked for at the moment, counted, never required."""

import pytest
from sqlalchemy.orm import Session

from server.container import Container
from tests.conftest import Caller, Clock, SignIn
from tests.factories import create_wechat_account


@pytest.mark.rule("W17")
def test_each_moment_has_its_templates(guest: Caller) -> None:
    answer = guest.get("/subscribe-templates?for=booking")
    assert answer.status_code == 200
    assert [t["name"] for t in answer.json["templates"]] == [
        "booking_confirmed",
        "booking_reminder",
        "booking_cancelled",
    ]
    assert all(t["id"] and t["title"] for t in answer.json["templates"])
    assert guest.get("/subscribe-templates?for=nothing").status_code == 422


@pytest.fixture
def driver(sign_in: SignIn, session: Session, container: Container, clock: Clock) -> Caller:
    from models.people import Person

    caller = sign_in(role="driver")
    assert caller.actor is not None
    person = session.get_one(Person, caller.actor.person_id)
    create_wechat_account(session, person, now=clock.now, appid=container.options.mp_appid, openid="oDriver")
    session.commit()
    return caller


@pytest.mark.rule("W17")
def test_accepts_add_up_and_refusals_change_nothing(driver: Caller) -> None:
    ids = [t["id"] for t in driver.get("/subscribe-templates?for=booking").json["templates"]]
    first = driver.post("/subscribe-consents", {"template_ids": {ids[0]: "accept", ids[1]: "reject", ids[2]: "ban"}})
    assert first.status_code == 200
    assert first.json["allowances"] == {ids[0]: 1, ids[1]: 0, ids[2]: 0}
    again = driver.post("/subscribe-consents", {"template_ids": {ids[0]: "accept"}})
    assert again.json["allowances"] == {ids[0]: 2}


@pytest.mark.rule("W17")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"template_ids": {}},
        {"template_ids": {"x": "maybe"}},
        {"template_ids": ["x"]},
        {"template_ids": {"x" * 99: "accept"}},
    ],
)
def test_nonsense_is_refused(driver: Caller, body: object) -> None:
    assert driver.post("/subscribe-consents", body).status_code == 422


@pytest.mark.rule("W17")
def test_who_has_no_wechat_account_is_told(sign_in: SignIn) -> None:
    caller = sign_in(role="driver")
    template_id = caller.get("/subscribe-templates?for=booking").json["templates"][0]["id"]
    answer = caller.post("/subscribe-consents", {"template_ids": {template_id: "accept"}})
    assert (answer.status_code, answer.json["code"]) == (409, "no_wechat_account")
