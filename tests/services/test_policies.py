from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from domain.errors import Invalid, NotFound
from models.policy import FactField, OrgFact, Policy, PolicyEvent, PolicyVersion, QuestionPause
from retrieval.bigram_index import BigramIndex
from services.org_facts import Answer, known_facts, paused_questions, record_facts
from services.policies import (
    check_policy,
    get_policy,
    kept_check,
    list_policies,
    match_org,
    search_policies,
)
from services.policy_import import import_org_facts, import_policies, renew_windows
from services.policy_index import bump_revision, policy_documents, revision
from tests.factories import create_org

CHINA = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 25)
CATEGORIES = [{"code": "qualification", "zh": "资质认定"}, {"code": "finance", "zh": "融资支持"}]
FIELDS: list[dict[str, Any]] = [
    {
        "code": "revenue",
        "zh": "上年度营业收入",
        "type": "money",
        "unit": "万元",
        "year": "last",
        "question": "上年营收多少万元？",
    },
    {"code": "rd_expense", "zh": "上年度研发费用", "type": "money", "unit": "万元", "question": "研发费用多少？"},
    {"code": "rd_ratio", "zh": "研发费用占比", "type": "percent", "unit": "%", "derived": "rd_expense / revenue * 100"},
    {
        "code": "employees",
        "zh": "员工人数",
        "type": "number",
        "unit": "人",
        "ttl_days": 180,
        "question": "现在多少人？",
    },
    {"code": "hightech", "zh": "高新技术企业", "type": "bool", "question": "是高新技术企业吗？"},
]


def leaf(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value, "evidence": f"{field}条款", "hard": True}


def policy(code: str = "Q01", **changes: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": f"{code}高新技术企业认定奖励",
        "category": "qualification",
        "also_categories": [],
        "level": "city",
        "department": "科技创新部门",
        "mode": "apply",
        "benefit": "一次性奖励",
        "max_amount_wan": 20,
        "conditions": {"all": [leaf("rd_ratio", "ge", 5), leaf("hightech", "eq", True)]},
        "window": {"kind": "range", "opens": "T-30", "closes": "T+25"},
        "materials": ["营业执照"],
        "keywords": ["高企"],
        "source_doc": "示例文件",
        **changes,
    }


def load(session: Session, *policies: dict[str, Any], now: datetime, today: date = TODAY) -> Any:
    return import_policies(
        session, {"categories": CATEGORIES, "fields": FIELDS, "policies": list(policies)}, today=today, now=now
    )


@pytest.fixture
def org_id(session: Session, now: datetime) -> int:
    return create_org(session, now=now).id


@pytest.mark.rule("P25")
def test_a_second_import_of_a_file_changes_nothing(session: Session, now: datetime) -> None:
    first = load(session, policy(), now=now)
    assert (first.count("added"), first.refused) == (8, [])
    before = revision(session)
    second = load(session, policy(), now=now, today=TODAY + timedelta(days=9))
    assert (second.count("unchanged"), second.changed_anything) == (8, False)
    assert revision(session) == before
    assert get_policy(session, "q01", now=now, timezone=CHINA).window.closes == TODAY + timedelta(days=25)


@pytest.mark.rule("P25")
def test_a_row_that_cannot_be_read_is_reported_and_the_others_go_in(session: Session, now: datetime) -> None:
    report = load(
        session,
        policy("GOOD"),
        policy("B1", conditions={"any": []}),
        policy("B2", conditions=leaf("nothing", "eq", 1)),
        policy("B3", window={"kind": "range", "opens": "soon"}),
        policy("B4", max_amount_wan="lots"),
        policy("B5", category="nowhere"),
        policy("B6", state="gone"),
        policy("B7", name=""),
        policy("B8", materials="营业执照"),
        policy("B9", conditions=[1]),
        now=now,
    )
    assert [row.where.split()[-1] for row in report.refused] == [f"B{n}" for n in range(1, 10)]
    assert session.scalars(select(Policy.code)).all() == ["GOOD"]
    assert "policies[2] B1: " in report.summary()


@pytest.mark.parametrize("payload", [[], "x", {"policies": {}}, {"policies": [None, 3]}, {"fields": [{"code": 1}]}])
def test_a_file_of_another_form_is_refused_not_broken(session: Session, now: datetime, payload: Any) -> None:
    report = import_policies(session, payload, today=TODAY, now=now)
    assert report.refused
    assert session.scalar(select(func.count()).select_from(Policy)) == 0


@pytest.mark.rule("P26")
def test_a_changed_policy_is_a_new_version_with_its_event(session: Session, now: datetime) -> None:
    load(session, policy(), now=now)
    before = revision(session)
    report = load(session, policy(benefit="两次奖励"), now=now)
    assert (report.count("changed"), revision(session) > before) == (1, True)
    assert [v.benefit for v in session.scalars(select(PolicyVersion).order_by(PolicyVersion.number))] == [
        "一次性奖励",
        "两次奖励",
    ]
    assert get_policy(session, "Q01", now=now, timezone=CHINA).version == 2
    assert [(e.seq, e.kind) for e in session.scalars(select(PolicyEvent).order_by(PolicyEvent.seq))] == [
        (1, "published"),
        (2, "published"),
    ]


@pytest.mark.rule("P26")
def test_a_version_counts_from_its_day(session: Session, now: datetime) -> None:
    load(session, policy(), now=now)
    load(session, policy(benefit="以后"), now=now, today=TODAY + timedelta(days=1))
    assert get_policy(session, "Q01", now=now, timezone=CHINA).version == 1
    assert get_policy(session, "Q01", now=now + timedelta(days=1), timezone=CHINA).version == 2


@pytest.mark.rule("P11")
def test_suspended_and_repealed_change_with_their_event(session: Session, now: datetime, org_id: int) -> None:
    load(session, policy(), now=now)
    load(session, policy(state="suspended"), now=now)
    assert get_policy(session, "Q01", now=now, timezone=CHINA).state.value == "suspended"
    load(session, policy(state="repealed"), now=now)
    kinds = session.execute(select(PolicyEvent.kind, PolicyEvent.from_state, PolicyEvent.to_state))
    assert [tuple(k) for k in kinds] == [
        ("published", None, "active"),
        ("suspended", "active", "suspended"),
        ("repealed", "suspended", "repealed"),
    ]
    assert list_policies(session, now=now, timezone=CHINA) == []
    assert [p.code for p in list_policies(session, now=now, timezone=CHINA, state="repealed")] == ["Q01"]
    assert match_org(session, org_id, now=now, timezone=CHINA).items == ()
    assert policy_documents(session, today=TODAY) == []


def test_lists_filter_by_category_chain_and_state(session: Session, now: datetime) -> None:
    load(
        session,
        policy("A", also_categories=["finance"], chains=["PORT"]),
        policy("B", category="finance", window={"kind": "always"}),
        policy("C", window={"kind": "range", "opens": "T+3", "closes": "T+9"}),
        policy("D", window={"kind": "range", "opens": "T-3", "closes": "T+7"}),
        now=now,
    )

    def codes(**wanted: str) -> list[str]:
        return [p.code for p in list_policies(session, now=now, timezone=CHINA, **wanted)]

    assert codes() == ["A", "B", "C", "D"]
    assert codes(category="finance") == ["A", "B"]
    assert codes(chain="JEWEL") == ["B", "C", "D"]
    assert codes(state="open") == ["A", "B", "D"]
    assert codes(state="closing_soon") == ["D"]
    assert codes(state="upcoming") == ["C"]


@pytest.mark.rule("P12", "P17")
def test_matching_a_firm_gives_verdicts_and_one_question(session: Session, now: datetime, org_id: int) -> None:
    load(session, policy(), policy("F01", conditions={"all": []}, window={"kind": "always"}), now=now)
    import_org_facts(session, org_id, {"revenue": 1000, "rd_expense": 60}, today=TODAY, now=now)
    found = match_org(session, org_id, now=now, timezone=CHINA)
    assert [(i.policy.code, i.verdict) for i in found.items] == [("F01", "eligible_open"), ("Q01", "undetermined")]
    assert found.question is not None
    assert (found.question.field, found.question.options) == (
        "hightech",
        ({"value": True, "label": "是"}, {"value": False, "label": "否"}),
    )
    assert found.items[1].to_json()["window_text"] == "10月26日—12月20日，还有25天"
    assert found.items[1].to_json()["conditions"][0]["value"] == "6%"
    assert [i.policy.code for i in match_org(session, org_id, now=now, timezone=CHINA, category="finance").items] == []


@pytest.mark.rule("P18")
def test_a_question_left_unanswered_rests_for_thirty_days(session: Session, now: datetime, org_id: int) -> None:
    load(session, policy(), now=now)
    import_org_facts(session, org_id, {"revenue": 1000, "rd_expense": 60}, today=TODAY, now=now)
    _say(session, org_id, Answer("hightech", unanswered=True), now=now)
    assert match_org(session, org_id, now=now, timezone=CHINA).question is None
    assert session.scalars(select(OrgFact.field).where(OrgFact.field == "hightech")).all() == []
    assert match_org(session, org_id, now=now + timedelta(days=29), timezone=CHINA).question is None
    assert paused_questions(session, org_id, now=now + timedelta(days=31)) == frozenset()
    _say(session, org_id, Answer("hightech", unanswered=True), now=now + timedelta(days=40))
    assert session.scalar(select(func.count()).select_from(QuestionPause)) == 1


def _say(session: Session, org_id: int, *answers: Answer, now: datetime, today: date = TODAY) -> None:
    record_facts(session, org_id, answers, person_id=None, source="self", today=today, now=now)


@pytest.mark.rule("P14")
def test_the_newest_fact_counts_and_the_old_one_stays(session: Session, now: datetime, org_id: int) -> None:
    load(session, policy(), now=now)
    _say(session, org_id, Answer("employees", "八十来号人"), now=now)
    _say(session, org_id, Answer("employees", 90), now=now)
    (known,) = known_facts(session, org_id, today=TODAY)
    assert (str(known.fact.value), known.current) == ("90", True)
    assert session.scalar(select(func.count()).select_from(OrgFact)) == 2
    (later,) = known_facts(session, org_id, today=TODAY + timedelta(days=181))
    assert later.current is False


def test_answers_go_in_together_or_not_at_all(session: Session, now: datetime, org_id: int) -> None:
    load(session, policy(), now=now)
    with pytest.raises(Invalid, match="unknown_field"):
        _say(session, org_id, Answer("colour", "red"), now=now)
    with pytest.raises(Invalid, match="fact_invalid") as refused:
        _say(session, org_id, Answer("revenue", "很多"), now=now)
    assert refused.value.details["reason"] == "上年度营业收入请填数字，单位是万元"


@pytest.mark.rule("P19")
def test_a_check_is_kept_as_it_was(session: Session, now: datetime, org_id: int) -> None:
    load(session, policy(), now=now)
    import_org_facts(session, org_id, {"revenue": "1000.5", "rd_expense": 60, "hightech": True}, today=TODAY, now=now)
    checked = check_policy(session, "q01", org_id, now=now, timezone=CHINA)
    assert checked.check_id is not None
    assert checked.judged.verdict == "eligible_open"
    load(session, policy(conditions={"all": [leaf("employees", "ge", 500)]}), now=now)
    session.expire_all()
    row = kept_check(session, checked.check_id)
    assert row.facts["revenue"] == {"value": "1000.5", "as_of": "2026-11-25"}
    assert row.result == checked.judged.to_json()
    assert row.result["version"] == 1
    assert get_policy(session, "Q01", now=now, timezone=CHINA).version == 2


def test_what_is_said_now_counts_for_this_check_only(session: Session, now: datetime, org_id: int) -> None:
    load(session, policy(), now=now)
    said = {"revenue": "1亿", "rd_expense": "600万", "hightech": "是"}
    assert check_policy(session, "Q01", None, said, now=now, timezone=CHINA).judged.verdict == "eligible_open"
    assert check_policy(session, "Q01", None, said, now=now, timezone=CHINA).check_id is None
    assert check_policy(session, "Q01", org_id, now=now, timezone=CHINA).judged.verdict == "undetermined"
    with pytest.raises(NotFound, match="unknown_policy"):
        check_policy(session, "NO", org_id, now=now, timezone=CHINA)
    with pytest.raises(Invalid, match="unknown_field"):
        check_policy(session, "Q01", None, {"x": 1}, now=now, timezone=CHINA)


@pytest.mark.rule("P17")
def test_a_check_of_a_closed_policy_still_asks(session: Session, now: datetime, org_id: int) -> None:
    load(session, policy(window={"kind": "range", "opens": "T-30", "closes": "T-5"}), now=now)
    assert match_org(session, org_id, now=now, timezone=CHINA).question is None
    question = check_policy(session, "Q01", org_id, now=now, timezone=CHINA).question
    assert question is not None


@pytest.mark.rule("P20", "P21")
def test_search_answers_from_published_policies_only(session: Session, now: datetime, org_id: int) -> None:
    load(session, policy(), policy("F01", name="小微企业贷款贴息", keywords=["贷款利息"]), now=now)
    index = BigramIndex.build(policy_documents(session, today=TODAY))
    load(session, policy("F01", name="小微企业贷款贴息", keywords=["贷款利息"], state="repealed"), now=now)
    assert "F01" not in [
        f.policy.code for f in search_policies(session, "贷款利息", org_id=None, index=index, now=now, timezone=CHINA)
    ]
    (found,) = search_policies(session, "高企能拿多少", org_id=org_id, index=index, now=now, timezone=CHINA)
    assert (found.policy.code, found.matched) == ("Q01", ("高企",))
    assert found.judged is not None
    assert found.judged.verdict == "undetermined"
    assert search_policies(session, "  ", org_id=None, index=index, now=now, timezone=CHINA) == []


@pytest.mark.rule("P27")
def test_a_field_that_would_break_a_policy_is_refused(session: Session, now: datetime) -> None:
    load(session, policy(), now=now)
    changed = {**FIELDS[4], "type": "number"}
    report = import_policies(session, {"fields": [changed]}, today=TODAY, now=now)
    assert report.refused
    definition = session.scalars(select(FactField.definition).where(FactField.code == "hightech")).one()
    assert definition["type"] == "bool"


def test_the_revision_only_grows(session: Session) -> None:
    assert revision(session) == 0
    seen = []
    for _ in range(3):
        bump_revision(session)
        seen.append(revision(session))
    assert seen == sorted(set(seen))


@pytest.mark.rule("P28")
def test_matching_all_policies_takes_a_handful_of_queries(session: Session, now: datetime, org_id: int) -> None:
    load(session, *(policy(f"P{n}", conditions={"all": [leaf("employees", "ge", n)]}) for n in range(30)), now=now)
    match_org(session, org_id, now=now, timezone=CHINA)
    statements: list[str] = []
    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", lambda *args: statements.append(args[2]))
    session.expunge_all()
    match_org(session, org_id, now=now, timezone=CHINA)
    assert len(statements) <= 4, statements


@pytest.mark.rule("P30")
def test_the_demos_windows_are_renewed_by_new_versions_once_a_kind_is_missing(session: Session, now: datetime) -> None:
    def dated(code: str, opens: str, closes: str) -> dict[str, Any]:
        return policy(code, window={"kind": "range", "opens": opens, "closes": closes})

    rows = [dated("OPEN", "T-30", "T+60"), dated("SOON", "T-30", "T+5"), dated("LATER", "T+20", "T+40")]
    load(session, *rows, now=now)
    for days in (0, 3, 5):
        day = TODAY + timedelta(days=days)
        assert renew_windows(session, {"policies": rows}, today=day, now=now) == 0
    later = TODAY + timedelta(days=6)
    assert renew_windows(session, {"policies": rows}, today=later, now=now) == 1  # only the one that has closed
    moment = now + timedelta(days=6)
    assert {p.code: p.state.value for p in list_policies(session, now=moment, timezone=CHINA)} == {
        "OPEN": "open",
        "SOON": "closing_soon",
        "LATER": "upcoming",
    }
    assert load(session, *rows, now=now).count("changed") == 0
    assert session.scalar(select(func.count()).select_from(PolicyVersion)) == 4
