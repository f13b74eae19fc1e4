"""Sign-in, tokens, own record, invitations."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.people import AuthToken, Person, SignInAttempts, StaffCredential, WeChatAccount
from models.platform import AuditEntry
from server.app import create_app
from server.container import Container
from services import claims
from services.people import drop_old_tokens
from services.staff import MOST_ATTEMPTS, create_staff, drop_old_attempts, totp
from tests.conftest import Caller, Clock, SignIn
from tests.factories import create_branch, create_org, join_branch


@pytest.mark.rule("O1")
def test_one_wechat_account_is_one_person_however_often_they_sign_in(guest: Caller, session: Session) -> None:
    first = guest.post("/sign-in", {"code": "demo:driver"})
    second = guest.post("/sign-in", {"code": "demo:driver"})
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json["person"]["id"] == second.json["person"]["id"]
    assert first.json["token"] != second.json["token"]
    assert session.scalar(select(func.count()).select_from(Person)) == 1


@pytest.mark.rule("O1")
def test_two_accounts_of_one_unionid_are_one_person(guest: Caller, session: Session) -> None:
    mini = guest.post("/sign-in", {"code": "demo:driver"}).json
    web = guest.post("/sign-in/web", {"code": "demo:driver"}).json
    assert mini["person"]["id"] == web["person"]["id"]
    assert session.scalar(select(func.count()).select_from(WeChatAccount)) == 2


def test_a_code_that_wechat_does_not_know_is_refused(guest: Caller) -> None:
    answer = guest.post("/sign-in", {"code": "nonsense"})
    assert (answer.status_code, answer.json["code"]) == (409, "sign_in_failed")


@pytest.mark.rule("O3")
def test_a_token_is_stored_only_as_its_hash(guest: Caller, session: Session) -> None:
    token = guest.post("/sign-in", {"code": "demo:driver"}).json["token"]
    assert token not in session.scalars(select(AuthToken.token_hash)).all()


@pytest.mark.rule("O3")
def test_signing_out_ends_the_token_at_once(guest: Caller) -> None:
    guest.token = guest.post("/sign-in", {"code": "demo:driver"}).json["token"]
    assert guest.get("/me").status_code == 200
    assert guest.post("/sign-out").status_code == 204
    answer = guest.get("/me")
    assert (answer.status_code, answer.json["code"]) == (401, "session_expired")


@pytest.mark.rule("O3")
def test_a_token_ends_after_thirty_days(guest: Caller, clock: Clock) -> None:
    guest.token = guest.post("/sign-in", {"code": "demo:driver"}).json["token"]
    clock.forward(days=30)
    assert guest.get("/me").status_code == 401


def test_a_blocked_person_cannot_sign_in(guest: Caller, session: Session) -> None:
    guest.post("/sign-in", {"code": "demo:driver"})
    session.scalars(select(Person)).one().state = "blocked"
    session.commit()
    answer = guest.post("/sign-in", {"code": "demo:driver"})
    assert (answer.status_code, answer.json["code"]) == (403, "sign_in_blocked")


@pytest.mark.rule("O4")
def test_a_grant_counts_only_between_its_dates(sign_in: SignIn, session: Session, clock: Clock) -> None:
    secretary = sign_in(role="branch_secretary", scope_kind="district")
    assert [r["role"] for r in secretary.get("/me").json["roles"]] == ["branch_secretary"]
    person = session.get_one(Person, secretary.get("/me").json["id"])
    person.grants[0].to_on = clock.now.date()
    session.commit()
    assert secretary.get("/me").json["roles"] == []


def test_own_record_can_be_changed_and_the_rest_stays(sign_in: SignIn) -> None:
    me = sign_in(name="林师傅")
    changed = me.patch("/me", {"zone": "female", "settings": {"large_text": True}}).json
    assert (changed["zone"], changed["name"], changed["settings"]) == ("female", "林师傅", {"large_text": True})


@pytest.mark.rule("O5")
def test_the_phone_is_stored_encrypted_and_shown_masked(sign_in: SignIn, session: Session) -> None:
    me = sign_in()
    shown = me.post("/me/phone", {"code": "driver"}).json["phone_masked"]
    assert shown.startswith("199")
    assert "****" in shown
    person = session.get_one(Person, me.get("/me").json["id"])
    assert b"199" not in (person.phone_cipher or b"")
    assert len(person.phone_hash or "") == 64


@pytest.mark.rule("O6")
def test_an_invitation_makes_a_firms_contact_once(sign_in: SignIn, session: Session, clock: Clock) -> None:
    org = create_org(session, now=clock.now, name="示范公司")
    code, _ = claims.invite(session, org_id=org.id, now=clock.now)
    session.commit()
    me, other = sign_in(), sign_in()
    assert me.post("/me/claims", {"code": code.lower()}).json["name"] == "示范公司"
    seen = me.get("/me").json
    assert [o["name"] for o in seen["orgs"]] == ["示范公司"]
    assert [(r["role"], r["scope_name"]) for r in seen["roles"]] == [("enterprise_contact", "示范公司")]
    assert [r["scope_code"] for r in seen["roles"]] == [seen["orgs"][0]["code"]]
    assert other.post("/me/claims", {"code": code}).json["code"] == "claim_invalid"


@pytest.mark.rule("O6")
def test_an_invitation_of_a_branch_makes_a_member(sign_in: SignIn, session: Session, clock: Clock) -> None:
    branch = create_branch(session, name="车场党支部")
    code, _ = claims.invite(session, branch_id=branch.id, now=clock.now)
    session.commit()
    me = sign_in()
    me.post("/me/claims", {"code": code})
    assert me.get("/me").json["branch"]["name"] == "车场党支部"


@pytest.mark.rule("O6")
def test_an_old_invitation_is_refused(sign_in: SignIn, session: Session, clock: Clock) -> None:
    branch = create_branch(session)
    code, until = claims.invite(session, branch_id=branch.id, now=clock.now)
    session.commit()
    clock.now = until
    assert sign_in().post("/me/claims", {"code": code}).json["code"] == "claim_invalid"


@pytest.mark.rule("O7")
def test_a_link_code_joins_a_bare_account_to_a_person(sign_in: SignIn, guest: Caller, session: Session) -> None:
    me = sign_in(role="driver")
    code = me.post("/me/link-code").json["code"]
    guest.token = guest.post("/sign-in", {"code": "demo:driver"}).json["token"]
    assert guest.post("/me/claims", {"code": code}).json["kind"] == "link"
    assert guest.get("/me").status_code == 401
    again = guest.post("/sign-in", {"code": "demo:driver"})
    assert again.json["person"]["id"] == me.get("/me").json["id"]


@pytest.mark.rule("O7")
def test_a_person_with_a_record_is_not_merged_by_a_code(sign_in: SignIn) -> None:
    code = sign_in(role="driver").post("/me/link-code").json["code"]
    answer = sign_in(role="member").post("/me/claims", {"code": code})
    assert (answer.status_code, answer.json["code"]) == (409, "link_needs_merge")


@pytest.mark.rule("O7")
def test_a_person_who_wrote_a_demand_is_not_merged_by_a_code(sign_in: SignIn, guest: Caller) -> None:
    code = sign_in(role="driver").post("/me/link-code").json["code"]
    guest.token = guest.post("/sign-in", {"code": "demo:driver"}).json["token"]
    demand = {"category": "other", "title": "路灯", "text": "停车场的路灯坏了", "client_uuid": str(uuid4())}
    assert guest.post("/demands", demand).status_code == 201
    answer = guest.post("/me/claims", {"code": code})
    assert (answer.status_code, answer.json["code"]) == (409, "link_needs_merge")
    assert guest.get("/demands").json["total"] == 1


@pytest.mark.rule("O8")
def test_staff_sign_in_by_password_and_one_time_code(guest: Caller, session: Session, clock: Clock, container) -> None:  # type: ignore[no-untyped-def]
    person = create_staff(session, name="周师傅", login="zhou", password="a long password", now=clock.now)
    session.commit()
    ok = guest.post("/sign-in/staff", {"name": "Zhou", "password": "a long password"})
    assert ok.json["person"]["id"] == person.id
    secret = "JBSWY3DPEHPK3PXP"
    session.scalars(select(StaffCredential)).one().totp_cipher = container.cipher.encrypt(secret)
    session.commit()
    without = guest.post("/sign-in/staff", {"name": "zhou", "password": "a long password"})
    assert (without.status_code, without.json["code"]) == (401, "staff_sign_in_failed")
    with_code = {"name": "zhou", "password": "a long password", "otp": totp(secret, clock.now)}
    assert guest.post("/sign-in/staff", with_code).status_code == 200


@pytest.mark.rule("O8")
@pytest.mark.parametrize("body", [{"name": "zhou", "password": "wrong"}, {"name": "nobody", "password": "x"}])
def test_a_wrong_name_and_a_wrong_password_sound_the_same(
    guest: Caller, session: Session, clock: Clock, body: dict[str, str]
) -> None:
    create_staff(session, name="周师傅", login="zhou", password="a long password", now=clock.now)
    session.commit()
    answer = guest.post("/sign-in/staff", body)
    assert (answer.status_code, answer.json["code"]) == (401, "staff_sign_in_failed")


def _guess(caller: Caller, login: str = "zhou", *, address: str = "203.0.113.7", **headers: str) -> int:
    body = {"name": login, "password": "wrong"}
    answer = caller.post("/sign-in/staff", body, headers=headers, environ_base={"REMOTE_ADDR": address})
    return int(answer.status_code)


@pytest.mark.rule("O17")
def test_guessing_a_staff_password_is_put_off(guest: Caller, session: Session, clock: Clock) -> None:
    create_staff(session, name="周师傅", login="zhou", password="a long password", now=clock.now)
    session.commit()
    assert {_guess(guest) for _ in range(MOST_ATTEMPTS)} == {401}
    clock.forward(minutes=5)
    right = {"name": "ZHOU", "password": "a long password"}
    answer = guest.post("/sign-in/staff", right, environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_requests")
    assert answer.headers["Retry-After"] == "600"
    assert _guess(guest, "wang") == _guess(guest, address="203.0.113.8") == 401, "another login, another address"
    clock.forward(minutes=10)
    answer = guest.post("/sign-in/staff", right, environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert answer.status_code == 200


@pytest.mark.rule("O17")
def test_who_gets_in_starts_anew(guest: Caller, session: Session, clock: Clock) -> None:
    create_staff(session, name="周师傅", login="zhou", password="a long password", now=clock.now)
    session.commit()
    assert {_guess(guest) for _ in range(MOST_ATTEMPTS - 1)} == {401}
    right = {"name": "zhou", "password": "a long password"}
    assert guest.post("/sign-in/staff", right, environ_base={"REMOTE_ADDR": "203.0.113.7"}).status_code == 200
    assert _guess(guest) == 401


@pytest.mark.rule("O17")
def test_a_failed_staff_sign_in_leaves_a_trace_without_name_or_address(
    guest: Caller, session: Session, clock: Clock
) -> None:
    person = create_staff(session, name="周师傅", login="zhou", password="a long password", now=clock.now)
    session.commit()
    _guess(guest)
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.subject_id, entry.details) == ("staff.sign_in_failed", person.id, {})
    kept = session.scalars(select(SignInAttempts)).one()
    assert re.fullmatch("[0-9a-f]{64}", kept.key_hash), "a keyed hash and nothing else"
    assert drop_old_attempts(session, now=clock.now) == 0
    assert drop_old_attempts(session, now=clock.now + timedelta(minutes=15)) == 1


@pytest.mark.rule("O17")
def test_only_ones_own_proxy_is_believed_about_the_address(
    app: APIFlask, container: Container, session: Session, clock: Clock
) -> None:
    create_staff(session, name="周师傅", login="zhou", password="a long password", now=clock.now)
    session.commit()
    bare = Caller(app.test_client())
    answers = {_guess(bare, **{"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(MOST_ATTEMPTS)}
    assert answers == {401}
    assert _guess(bare, **{"X-Forwarded-For": "198.51.100.99"}) == 429, "a header anyone can write changes nothing"
    behind = create_app(replace(container.settings, proxies=1), container)
    proxied = Caller(behind.test_client())
    assert _guess(proxied, **{"X-Forwarded-For": "1.2.3.4, 198.51.100.1"}) == 401, "the last entry is our proxy's word"


@pytest.mark.rule("O10")
def test_settings_do_not_grow_without_end(sign_in: SignIn) -> None:
    me = sign_in(role="driver")
    assert me.patch("/me", {"settings": {f"s{n}": True for n in range(20)}}).status_code == 200
    assert me.patch("/me", {"settings": {"s0": False}}).json["settings"]["s0"] is False
    assert me.patch("/me", {"settings": {"one more": True}}).status_code == 422
    assert me.patch("/me", {"settings": {"x" * 41: True}}).status_code == 422


@pytest.mark.rule("O3")
def test_ended_tokens_are_deleted(sign_in: SignIn, session: Session, clock: Clock) -> None:
    sign_in(role="driver")
    assert drop_old_tokens(session, now=clock.forward(days=29)) == 0
    assert drop_old_tokens(session, now=clock.forward(days=1)) == 1


@pytest.mark.rule("O19")
def test_a_name_on_a_roster_is_not_changed_by_its_owner(sign_in: SignIn, session: Session) -> None:
    me = sign_in(name="陈建国")
    assert me.patch("/me", {"name": "老陈"}).json["name"] == "老陈"
    person = session.get_one(Person, me.get("/me").json["id"])
    join_branch(session, person, create_branch(session))
    session.commit()
    answer = me.patch("/me", {"name": "黄永红"})
    assert (answer.status_code, answer.json["code"]) == (409, "name_registered")
    assert me.patch("/me", {"name": "老陈", "zone": "male"}).json["zone"] == "male"
