"""Importing people: by phone or name, again, moved, ended, refused; and claimed by the confirmed phone."""

import copy
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.organisation import Membership, PartyBranch, PartyBranchOrg
from models.people import Grant, Person, StaffCredential
from models.platform import AuditEntry
from server.demo_identities import demo_phone
from server.gateways.cipher import AesCipher
from server.settings import DEMO_SECRET
from services import claims
from services.import_report import ImportReport
from services.people_import import import_people
from services.table_files import read_json
from tests.conftest import SignIn
from tests.factories import create_branch, create_org, create_person, join_branch
from tests.factories_booking import create_centre

CIPHER = AesCipher("test")
TODAY = date(2026, 11, 25)
FILE: dict[str, Any] = {
    "branches": [{"code": "NORTH", "name": "北支部"}, {"code": "SOUTH", "name": "南支部", "kind": "联合"}],
    "people": [
        {"name": "刘书记", "phone": "+86 138-0000-0002", "branch": "NORTH", "role": "支部书记", "from": "2026-01-01"},
        {
            "name": "赵师傅",
            "phone": 13800000003,
            "zone": "男",
            "memberships": [{"branch": "NORTH", "kind": "预备党员"}],
        },
        {"name": "钱师傅", "branch": "SOUTH"},
    ],
}


def run(session: Session, payload: Any, *, now: datetime) -> ImportReport:
    return import_people(session, payload, cipher=CIPHER, today=TODAY, now=now)


def people(session: Session) -> dict[str, Person]:
    return {person.name: person for person in session.scalars(select(Person))}


def held(session: Session, person: Person) -> list[tuple[str, date, date | None]]:
    rows = session.execute(
        select(PartyBranch.code, Membership.from_on, Membership.to_on)
        .join(Membership, Membership.branch_id == PartyBranch.id)
        .where(Membership.person_id == person.id)
        .order_by(Membership.from_on)
    )
    return [(row.code, row.from_on, row.to_on) for row in rows]


def roles(session: Session, person: Person) -> set[tuple[str, str, date | None]]:
    rows = session.scalars(select(Grant).where(Grant.person_id == person.id))
    return {(row.role, row.scope_kind, row.to_on) for row in rows}


@pytest.mark.rule("O20", "O5")
def test_a_list_becomes_people_with_branches_and_roles(session: Session, now: datetime) -> None:
    report = run(session, FILE, now=now)
    assert report.summary() == "5 added, 0 changed, 0 unchanged, 0 refused"
    found = people(session)
    liu, zhao = found["刘书记"], found["赵师傅"]
    assert CIPHER.decrypt(liu.phone_cipher or b"") == "13800000002"
    assert liu.phone_hash == CIPHER.keyed_hash("phone", "13800000002")
    assert b"138" not in (liu.phone_cipher or b"")
    assert held(session, liu) == [("NORTH", date(2026, 1, 1), None)]
    assert roles(session, liu) == {("member", "branch", None), ("branch_secretary", "branch", None)}
    assert (zhao.zone, held(session, zhao)) == ("male", [("NORTH", TODAY, None)])
    assert found["钱师傅"].phone_hash is None


@pytest.mark.rule("O21", "B37")
def test_the_same_list_again_changes_nothing_also_another_day(session: Session, now: datetime) -> None:
    run(session, FILE, now=now)
    again = import_people(session, FILE, cipher=CIPHER, today=date(2027, 3, 1), now=now)
    assert not again.changed_anything
    assert len(people(session)) == 3


@pytest.mark.rule("O21")
def test_what_ended_since_is_not_taken_back_by_the_old_list(session: Session, now: datetime) -> None:
    run(session, FILE, now=now)
    moved = {"memberships": [{"phone": "13800000003", "branch": "SOUTH", "from": "2026-12-01"}]}
    assert run(session, moved, now=now).count("changed") == 1
    zhao = people(session)["赵师傅"]
    both = [("NORTH", TODAY, date(2026, 12, 1)), ("SOUTH", date(2026, 12, 1), None)]
    assert held(session, zhao) == both
    assert roles(session, zhao) == {("member", "branch", date(2026, 12, 1)), ("member", "branch", None)}
    for file in (FILE, moved):
        assert not run(session, file, now=now).changed_anything
    assert held(session, zhao) == both


@pytest.mark.rule("O21")
def test_a_role_and_a_membership_end_on_the_day_the_list_says(session: Session, now: datetime) -> None:
    run(session, FILE, now=now)
    ended = copy.deepcopy(FILE)
    ended["people"][0]["to"] = "2027-01-01"
    assert run(session, ended, now=now).count("changed") == 1
    liu = people(session)["刘书记"]
    assert held(session, liu) == [("NORTH", date(2026, 1, 1), date(2027, 1, 1))]
    assert {to_on for _, _, to_on in roles(session, liu)} == {date(2027, 1, 1)}


@pytest.mark.rule("O20")
def test_a_phone_comes_to_who_was_known_by_name_alone(session: Session, now: datetime) -> None:
    run(session, FILE, now=now)
    known = people(session)["钱师傅"].id
    report = run(session, {"people": [{"name": "钱师傅", "phone": "13800000009", "branch": "SOUTH"}]}, now=now)
    assert report.count("changed") == 1
    assert people(session)["钱师傅"].id == known
    assert people(session)["钱师傅"].phone_hash == CIPHER.keyed_hash("phone", "13800000009")


@pytest.mark.rule("O20", "B102")
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"name": "无名", "phone": "12345"}, "phone is no mobile number"),
        ({"name": "无名", "branch": "EAST"}, "no branch EAST"),
        ({"name": "无名", "role": "king", "scope": "district"}, "role is none of"),
        ({"name": "无名", "role": "centre_staff"}, "scope is missing"),
        ({"name": "无名", "role": "centre_staff", "scope": "centre:NOWHERE"}, "no centre NOWHERE"),
        ({"name": "无名", "branch": "NORTH", "from": "soon"}, "from is no day"),
        ({"name": "无名", "branch": "NORTH", "from": "2027-01-01", "to": "2026-01-01"}, "to is not after from"),
        ({"name": "无名", "branch": "NORTH", "to": "2026-01-01"}, "to is not after from"),
        ({"phone": "13900000000"}, "nobody has that phone"),
        ({"name": "李四", "phone": "13800000002", "branch": "SOUTH"}, "somebody of another name"),
        ({"name": "重名", "branch": "NORTH"}, "two people of that name"),
        ({}, "neither name nor phone"),
        ({"name": "无名"}, "a name alone is nobody"),
        ("nonsense", "is not an object"),
        ({"name": "x\u0000"}, "name is missing"),
    ],
)
def test_a_bad_row_is_said_without_name_or_phone_and_leaves_nothing(
    session: Session, now: datetime, row: Any, reason: str
) -> None:
    run(session, FILE, now=now)
    north = session.scalars(select(PartyBranch).where(PartyBranch.code == "NORTH")).one()
    for _ in range(2):
        join_branch(session, create_person(session, now=now, name="重名"), north)
    before = len(session.scalars(select(Person)).all())
    report = run(session, {"people": [row, {"name": "好人", "branch": "NORTH"}]}, now=now)
    assert [line.outcome for line in report.rows] == ["refused", "added"]
    assert reason in report.refused[0].reason
    assert not any(secret in report.summary() for secret in ("无名", "李四", "13800000002", "12345"))
    assert len(session.scalars(select(Person)).all()) == before + 1


@pytest.mark.rule("B102")
def test_a_list_that_is_none_is_said(session: Session, now: datetime) -> None:
    assert run(session, [], now=now).refused
    report = run(session, {"poeple": [], "people": "x"}, now=now)
    assert [row.where for row in report.refused] == ["poeple", "people"]


@pytest.mark.rule("B102")
def test_a_json_row_is_said_with_its_line(session: Session, now: datetime, tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    file.write_text(json.dumps({"people": [{"phone": "1"}, {"phone": "1"}]}, indent=1), "utf-8")
    assert [row.where for row in run(session, read_json(file), now=now).refused] == [
        "line 3, people[1]",
        "line 6, people[2]",
    ]


@pytest.mark.rule("O20")
def test_branches_get_their_firms_and_renamed(session: Session, now: datetime) -> None:
    org = create_org(session, now=now)
    rows = {"branches": [{"code": "NORTH", "name": "新名", "orgs": org.code}]}
    run(session, FILE, now=now)
    assert run(session, rows, now=now).count("changed") == 1
    assert not run(session, rows, now=now).changed_anything
    assert session.scalars(select(PartyBranchOrg.org_id)).all() == [org.id]


@pytest.mark.rule("O21")
def test_an_activist_who_becomes_a_member_changes_role(session: Session, now: datetime) -> None:
    file = {"people": [{"name": "孙师傅", "phone": "13800000004", "branch": "NORTH", "kind": "积极分子"}]}
    run(session, FILE, now=now)
    import_people(session, file, cipher=CIPHER, today=date(2026, 1, 1), now=now)
    sun = people(session)["孙师傅"]
    assert roles(session, sun) == {("activist", "branch", None)}
    file["people"][0]["kind"] = "预备党员"
    assert run(session, file, now=now).count("changed") == 1
    assert roles(session, sun) == {("activist", "branch", TODAY), ("member", "branch", None)}
    assert not run(session, file, now=now).changed_anything


@pytest.mark.rule("O20")
def test_a_corrected_name_comes_in_within_the_branch(session: Session, now: datetime) -> None:
    run(session, FILE, now=now)
    rows = {"people": [{"name": "刘树记", "phone": "13800000002", "branch": "NORTH"}]}
    assert run(session, rows, now=now).count("changed") == 1
    assert "刘树记" in people(session)


@pytest.mark.rule("O22")
def test_who_confirms_the_phone_becomes_the_person_of_the_list(
    sign_in: SignIn, session: Session, now: datetime
) -> None:
    centre = create_centre(session, now=now)
    branch = create_branch(session, code="NORTH")
    me = sign_in(name="微信用户")
    assert me.actor is not None
    rows = {
        "people": [
            {"name": "陈站长", "phone": demo_phone("driver"), "branch": "NORTH", "zone": "男",
             "grants": [{"role": "centre_staff", "scope": f"centre:{centre.code}"}]},
        ]
    }  # fmt: skip
    cipher = AesCipher(DEMO_SECRET)
    assert import_people(session, rows, cipher=cipher, today=TODAY, now=now).count("added") == 1
    listed = people(session)["陈站长"].id
    session.commit()
    shown = me.post("/me/phone", {"code": "driver"}).json
    assert (shown["name"], shown["branch"]["code"]) == ("陈站长", branch.code)
    assert {role["role"] for role in shown["roles"]} == {"centre_staff", "member"}
    session.expire_all()
    gone = session.get_one(Person, listed)
    assert (gone.state, gone.phone_hash, gone.phone_cipher, gone.name) == ("erased", None, None, "已并入")
    kept = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.claimed")).one()
    assert (kept.person_id, kept.subject_id) == (me.actor.person_id, listed)
    assert not import_people(session, rows, cipher=cipher, today=TODAY, now=now).changed_anything
    assert me.get("/me").json["zone"] == "male"


@pytest.mark.rule("O22", "O7")
@pytest.mark.parametrize("why", ["two listed", "has an account", "other branch", "none listed"])
def test_a_phone_alone_joins_nobody_it_is_not_sure_of(session: Session, now: datetime, why: str) -> None:
    phone_hash = CIPHER.keyed_hash("phone", "13800000002")
    if why != "none listed":
        run(session, FILE, now=now)
    me = create_person(session, now=now, phone_hash=phone_hash)
    listed = create_person(session, now=now, name="列表", phone_hash=phone_hash if why == "two listed" else None)
    if why == "has an account":
        listed = people(session)["刘书记"]
        session.add(StaffCredential(person_id=listed.id, login="liu", password_hash="x", created_at=now))
    if why == "other branch":
        join_branch(session, me, create_branch(session))
    session.flush()
    assert not claims.claim_by_phone(session, me.id, now=now)
    assert listed.state == "active"
