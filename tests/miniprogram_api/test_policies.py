from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.platform import AuditEntry
from models.policy import OrgFact
from retrieval.bigram_index import BigramIndex
from server.container import Container
from services.policy_import import import_org_facts
from services.policy_index import policy_documents
from tests.conftest import Caller, Clock, SignIn
from tests.factories import create_chain, create_org
from tests.services.test_policies import TODAY, leaf, load, policy


@pytest.fixture
def library(session: Session, container: Container, now: Any) -> None:
    """Three policies and an index of them."""
    load(
        session,
        policy(),
        policy("F01", name="小微企业贷款贴息", category="finance", keywords=["贷款利息"], window={"kind": "always"},
               conditions={"any": [leaf("employees", "ge", 10), {"not": leaf("hightech", "eq", False)}]}),
        policy("C01", name="早先的政策", window={"kind": "range", "opens": "T-30", "closes": "T-3"}),
        now=now,
    )  # fmt: skip
    session.commit()
    object.__setattr__(container, "text_index", BigramIndex.build(policy_documents(session, today=TODAY)))


@pytest.fixture
def contact(session: Session, sign_in: SignIn, now: Any) -> tuple[Caller, str]:
    """A firm's contact and the firm's code."""
    org = create_org(session, now=now, name="试验物流有限公司")
    return sign_in(role="enterprise_contact", scope_kind="org", scope_id=org.id), org.code


@pytest.mark.usefixtures("library")
def test_guests_read_list_detail_and_search(guest: Caller) -> None:
    page = guest.get("/policies").get_json()
    assert (page["total"], [item["code"] for item in page["items"]]) == (3, ["Q01", "F01", "C01"])
    first = page["items"][0]
    assert {k: first[k] for k in ("state", "opens", "closes", "days_left", "title", "category_name")} == {
        "state": "open",
        "opens": "2026-10-26",
        "closes": "2026-12-20",
        "days_left": 25,
        "title": "Q01高新技术企业认定奖励",
        "category_name": "资质认定",
    }
    assert [i["code"] for i in guest.get("/policies?category=finance").get_json()["items"]] == ["F01"]
    assert [i["code"] for i in guest.get("/policies?state=closed").get_json()["items"]] == ["C01"]
    assert [i["code"] for i in guest.get("/policies?q=贷款利息").get_json()["items"]][:1] == ["F01"]
    assert guest.get("/policies?per_page=1&page=2").get_json()["items"][0]["code"] == "F01"
    detail = guest.get("/policies/f01").get_json()
    assert detail["conditions"][0]["kind"] == "any"
    assert [c["requirement"] for c in detail["conditions"][0]["children"]] == ["员工人数 ≥ 10人", "不属于以下情形"]
    assert detail["window"] == {"kind": "always", "opens": None, "closes": None}
    found = guest.get("/policies/search?q=贷款利息怎么补&limit=1").get_json()["items"]
    assert (found[0]["code"], found[0]["matched"]) == ("F01", ["贷款利息"])
    assert guest.get("/policy-categories").get_json()["items"][0]["code"] == "qualification"


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/policies/NO", 404),
        ("/policies?state=never", 422),
        ("/policies?page=0", 422),
        ("/policies/search", 422),
        ("/policies/search?q=x&limit=999", 422),
        ("/policies/search?q=" + "a" * 501, 422),
        ("/policies/search?q=%00", 422),
        ("/policies/search?q=", 200),
        ("/policies/" + "x" * 3000, 404),
    ],
)
def test_bad_requests_have_a_stable_answer(guest: Caller, path: str, status: int) -> None:
    answer = guest.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)


@pytest.mark.rule("P12", "P17", "P19")
@pytest.mark.usefixtures("library")
def test_a_contact_asks_answers_and_checks(contact: tuple[Caller, str]) -> None:
    caller, org = contact
    asked = caller.post("/policies/match", {"org": org}).get_json()
    assert {i["code"]: i["verdict"] for i in asked["items"]} == {
        "Q01": "undetermined",
        "F01": "undetermined",
        "C01": "undetermined",
    }
    assert asked["next_question"]["field"] == "hightech"
    saved = caller.post(
        f"/orgs/{org}/facts",
        {"facts": [{"field": "hightech", "value": True}, {"field": "revenue", "value": "1.2亿"}]},
    )
    assert saved.status_code == 200
    assert [(f["field"], f["value"], f["value_text"], f["source"]) for f in saved.get_json()["facts"]] == [
        ("revenue", "12000", "1.2亿元", "self"),
        ("hightech", True, "是", "self"),
    ]
    checked = caller.post("/policies/F01/check", {"org": org.upper()}).get_json()
    assert (checked["verdict"], checked["verdict_text"], checked["next_question"]) == (
        "eligible_open",
        "符合条件，现在可以申报",
        None,
    )
    assert checked["conditions"][0]["children"][0]["requirement"] == "不属于以下情形"
    assert checked["disclaimer"] == "仅供参考，以主管部门审核为准"
    again = caller.get(f"/policy-checks/{checked['check_id']}").get_json()
    assert {k: again[k] for k in ("verdict", "conditions", "version")} == {
        k: checked[k] for k in ("verdict", "conditions", "version")
    }


@pytest.mark.rule("P18")
@pytest.mark.usefixtures("library")
def test_a_declined_question_is_not_stored_and_not_asked(session: Session, contact: tuple[Caller, str]) -> None:
    caller, org = contact
    first = caller.post("/policies/match", {"org": org}).get_json()["next_question"]["field"]
    assert caller.post(f"/orgs/{org}/facts", {"facts": [{"field": first, "answer": "declined"}]}).status_code == 200
    second = caller.post("/policies/match", {"org": org}).get_json()["next_question"]["field"]
    assert second != first
    assert session.scalars(select(OrgFact)).all() == []


@pytest.mark.rule("P29")
@pytest.mark.usefixtures("library")
def test_a_firms_facts_are_for_its_own_people_and_each_look_is_written_down(
    session: Session, contact: tuple[Caller, str], sign_in: SignIn, now: Any
) -> None:
    caller, org = contact
    assert caller.actor is not None
    org_id = next(g.scope_id for g in caller.actor.grants)
    assert org_id is not None
    import_org_facts(session, org_id, {"employees": 30}, today=TODAY, now=now)
    other = create_org(session, now=now)
    stranger = sign_in(role="enterprise_contact", scope_kind="org", scope_id=other.id)
    for answer in (
        stranger.get(f"/orgs/{org}"),
        stranger.post(f"/orgs/{org}/facts", {"facts": [{"field": "employees", "value": 1}]}),
        stranger.post("/policies/match", {"org": org}),
        stranger.post("/policies/Q01/check", {"org": org}),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (403, "not_allowed")
    adviser = sign_in(role="adviser", scope_kind="org", scope_id=org_id)
    shown = adviser.get(f"/orgs/{org}").get_json()
    assert (shown["name"], [f["value_text"] for f in shown["facts"]]) == ("试验物流有限公司", ["30人"])
    assert adviser.post(f"/orgs/{org}/facts", {"facts": [{"field": "employees", "value": 1}]}).status_code == 403
    caller.post("/policies/match", {"org": org})
    check = caller.post("/policies/Q01/check", {"org": org}).get_json()["check_id"]
    assert stranger.get(f"/policy-checks/{check}").status_code == 404
    entries = session.execute(
        select(AuditEntry.person_id, AuditEntry.action, AuditEntry.subject_id).order_by(AuditEntry.id)
    ).all()
    assert adviser.actor is not None
    assert [tuple(e) for e in entries] == [
        (adviser.actor.person_id, "org.show", org_id),
        (caller.actor.person_id, "policy.match", org_id),
        (caller.actor.person_id, "policy.check", org_id),
    ]


def test_the_office_of_a_chain_reads_the_firms_on_it(session: Session, sign_in: SignIn, now: Any) -> None:
    from models.organisation import OrgStage

    org, chain = create_org(session, now=now), create_chain(session)
    session.add(OrgStage(org_id=org.id, chain_id=chain.id))
    office = sign_in(role="chain_office", scope_kind="chain", scope_id=chain.id)
    shown = office.get(f"/orgs/{org.code}").get_json()
    assert shown["chains"] == [{"code": chain.code, "name": chain.name}]
    assert office.get(f"/orgs/{create_org(session, now=now).code}").status_code == 403


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"facts": []}, "invalid"),
        ({"facts": [{"field": "hightech"}]}, "invalid"),
        ({"facts": [{"field": "hightech", "value": True, "answer": "unknown"}]}, "invalid"),
        ({"facts": [{"field": "colour", "value": "red"}]}, "unknown_field"),
        ({"facts": [{"field": "hightech", "value": "也许"}]}, "fact_invalid"),
        ({"facts": [{"field": "revenue", "value": 1e308}]}, "fact_invalid"),
        ({"facts": [{"field": "revenue", "value": "9" * 201}]}, "invalid"),
        ({"facts": [{"field": "revenue", "value": {"a": 1}}]}, "invalid"),
        ({"facts": "x"}, "invalid"),
        ({"facts": [{"field": "revenue", "value": "1\x00"}]}, "control_characters"),
    ],
)
def test_facts_that_make_no_sense_are_refused(contact: tuple[Caller, str], body: Any, code: str) -> None:
    caller, org = contact
    answer = caller.post(f"/orgs/{org}/facts", body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)


@pytest.mark.usefixtures("library")
def test_unknown_firm_and_policy_are_said(contact: tuple[Caller, str]) -> None:
    caller, org = contact
    assert caller.post("/policies/match", {"org": "org_nobody"}).get_json()["code"] == "unknown_org"
    assert caller.post("/policies/NO/check", {"org": org}).get_json()["code"] == "unknown_policy"
    assert caller.post("/policies/match", {}).status_code == 422
    assert caller.get("/policy-checks/999999").get_json()["code"] == "unknown_check"


@pytest.mark.rule("P11")
def test_a_window_opens_at_the_districts_own_midnight(
    guest: Caller, container: Container, session: Session, clock: Clock
) -> None:
    load(session, policy(window={"kind": "range", "opens": "2026-11-26", "closes": "2026-12-25"}), now=clock.now)
    session.commit()
    clock.now = datetime(2026, 11, 25, 17, tzinfo=UTC)
    assert guest.get("/policies/Q01").json["state"] == "open", "one o'clock in Shanghai"
    object.__setattr__(container, "options", replace(container.options, timezone="Europe/London"))
    assert guest.get("/policies/Q01").json["state"] == "upcoming", "five in the afternoon before"
