from datetime import date
from typing import Any

import pytest

from domain.condition_tree import settled
from domain.conditions import CONDITION_OPS, ConditionError, Sign
from tests.domain.policy_builders import TODAY, known, leaf, tree

MET, UNMET, UNKNOWN = Sign.MET, Sign.UNMET, Sign.UNKNOWN


def answer(raw: dict[str, Any], today: date = TODAY, **values: Any) -> Sign | None:
    return settled(tree(raw), known(today, **values))


@pytest.mark.rule("P01")
@pytest.mark.parametrize(
    ("op", "wanted", "met", "unmet"),
    [
        ("eq", 100, 100, 101),
        ("ne", 100, 99, 100),
        ("in", [100, 200], 200, 150),
        ("ge", 100, 100, "99.99"),
        ("gt", 100, "100.01", 100),
        ("le", 100, 100, "100.01"),
        ("lt", 100, "99.99", 100),
        ("between", [100, 200], 200, "200.01"),
    ],
)
def test_every_number_operator_is_exact_at_its_edge(op: str, wanted: Any, met: Any, unmet: Any) -> None:
    assert answer(leaf("revenue", op, wanted), revenue=met) is MET
    assert answer(leaf("revenue", op, wanted), revenue=unmet) is UNMET
    assert answer(leaf("revenue", op, wanted)) is UNKNOWN


@pytest.mark.rule("P01")
def test_lists_are_asked_for_what_they_hold() -> None:
    assert answer(leaf("honours", "has", "高企"), honours=["高企", "小巨人"]) is MET
    assert answer(leaf("honours", "has", "高企"), honours=[]) is UNMET
    assert answer(leaf("honours", "has_any", ["高企", "雏鹰"]), honours=["雏鹰"]) is MET
    assert answer(leaf("honours", "has_any", ["高企"])) is UNKNOWN


def test_exists_is_met_by_a_known_value_and_unknown_without_one() -> None:
    assert answer(leaf("revenue", "exists", True), revenue=0) is MET
    assert answer(leaf("honours", "exists", True), honours=[]) is UNMET
    for field in ("revenue", "hightech", "city", "honours", "rd_ratio"):
        assert answer(leaf(field, "exists", True)) is UNKNOWN


def test_the_registry_holds_the_operators_of_the_file_format() -> None:
    assert set(CONDITION_OPS) == {
        "eq", "ne", "in", "ge", "gt", "le", "lt", "between", "exists", "has", "has_any",
    }  # fmt: skip


@pytest.mark.rule("P02")
def test_ranked_choices_compare_by_rank_not_by_letter() -> None:
    assert answer(leaf("level", "ge", "srdi"), level="giant") is MET
    assert answer(leaf("level", "ge", "srdi"), level="none") is UNMET
    assert answer(leaf("level", "ge", "none")) is MET  # every level fulfils it: nothing to ask


@pytest.mark.rule("P03")
def test_all_any_and_not_are_three_valued() -> None:
    yes, no, open_ = leaf("hightech", "eq", True), leaf("listed", "eq", True), leaf("size", "eq", "micro")
    facts: dict[str, Any] = {"hightech": True, "listed": False}
    assert answer({"all": [yes, no, open_]}, **facts) is UNMET
    assert answer({"all": [yes, open_]}, **facts) is UNKNOWN
    assert answer({"any": [no, yes, open_]}, **facts) is MET
    assert answer({"any": [no, open_]}, **facts) is UNKNOWN
    assert answer({"not": no}, **facts) is MET
    assert answer({"not": open_}, **facts) is UNKNOWN
    assert answer({"any": [{"all": [yes, {"any": [no, open_]}]}, {"not": yes}]}, **facts) is UNKNOWN


@pytest.mark.rule("P04")
def test_no_condition_means_open_to_everyone() -> None:
    assert answer({"all": []}) is MET


@pytest.mark.rule("P04")
@pytest.mark.parametrize(
    "raw",
    [
        {"any": []},
        {"all": [{"not": {"any": []}}]},
        leaf("nothing", "eq", 1),
        leaf("revenue", "like", 1),
        leaf("revenue", "has", "x"),
        leaf("size", "ge", "small"),
        leaf("revenue", "ge", "很多"),
        leaf("size", "eq", "huge"),
        leaf("revenue", "between", [1]),
        leaf("revenue", "in", []),
        {"all": [], "any": []},
        {"at_least": 3, "of": [leaf("hightech", "eq", True)]},
        {"at_least": 0, "of": [leaf("hightech", "eq", True)]},
        {},
        "revenue > 3",
    ],
)
def test_what_cannot_be_judged_is_refused_with_its_place(raw: Any) -> None:
    with pytest.raises(ConditionError):
        tree(raw)


def test_a_tree_nested_without_end_is_refused() -> None:
    raw: dict[str, Any] = {"all": []}
    for _ in range(50):
        raw = {"all": [raw]}
    with pytest.raises(ConditionError):
        tree(raw)


@pytest.mark.rule("P05")
def test_at_least_counts_items_or_points() -> None:
    raw = {
        "at_least": 5,
        "of": [
            {"points": 3, "if": leaf("hightech", "eq", True)},
            {"points": 2, "if": leaf("employees", "ge", 50)},
            leaf("listed", "eq", False),
        ],
    }
    assert answer(raw, hightech=True, employees=60) is MET
    assert answer(raw, hightech=True, listed=False) is UNKNOWN
    assert answer(raw, hightech=False) is UNMET  # the rest gives 3 at most: nothing to ask
    assert answer(raw, employees=10) is UNMET


@pytest.mark.rule("P06")
def test_ratios_are_compared_by_multiplication() -> None:
    raw = leaf("rd_ratio", "ge", 3)
    assert answer(raw, rd_expense=3, revenue=100) is MET
    # 0.1 / 3.3 * 100 = 3.0303…; 2.9999999999999999 of 100 is below, by the last digit
    assert answer(raw, rd_expense="2.9999999999999999", revenue=100) is UNMET
    assert answer(leaf("rd_ratio", "eq", 10), rd_expense="0.3", revenue=3) is MET  # floats would say 9.999…


def test_a_ratio_to_nothing_fulfils_nothing() -> None:
    assert answer(leaf("rd_ratio", "ge", 3), rd_expense=5, revenue=0) is UNMET
    assert answer(leaf("rd_ratio", "lt", 3), rd_expense=5, revenue=0) is UNMET


@pytest.mark.rule("P07")
def test_a_missing_input_matters_only_where_it_can_change_the_outcome() -> None:
    assert answer(leaf("rd_ratio", "ge", 5), rd_expense=10) is UNKNOWN
    assert answer(leaf("rd_ratio", "ge", 5), rd_expense=0) is UNMET
    assert answer(leaf("rd_ratio", "ge", 0), revenue=500) is MET
    assert answer(leaf("growth", "ge", -100), revenue_before=80) is MET  # revenue is never negative
    assert answer(leaf("best_two", "ge", 500), revenue=800) is MET
    assert answer(leaf("best_two", "ge", 500), revenue=300) is UNKNOWN


@pytest.mark.rule("P07")
def test_an_input_that_occurs_twice_is_solved_for_not_guessed() -> None:
    assert answer(leaf("growth", "ge", -100), revenue=100) is MET  # whatever the year before was
    assert answer(leaf("growth", "ge", -99), revenue=0) is UNMET
    assert answer(leaf("growth", "ge", 10), revenue=100) is UNKNOWN


@pytest.mark.rule("P07")
def test_two_missing_inputs_are_judged_by_their_bounds() -> None:
    assert answer(leaf("two_year_share", "ge", 5), rd_expense=0) is UNMET
    assert answer(leaf("two_year_share", "ge", 600), rd_expense=5) is UNKNOWN
    assert answer(leaf("two_year_share", "ge", 5), rd_expense=4, revenue=100) is UNMET


TIERS = {
    "any": [
        {"all": [leaf("revenue", "le", 5000), leaf("rd_ratio", "ge", 5)]},
        {"all": [leaf("revenue", "gt", 5000), leaf("revenue", "le", 20000), leaf("rd_ratio", "ge", 4)]},
        {"all": [leaf("revenue", "gt", 20000), leaf("rd_ratio", "ge", 3)]},
    ]
}


@pytest.mark.rule("P07")
def test_tiers_that_all_agree_need_no_answer() -> None:
    assert answer(TIERS, rd_ratio=6) is MET
    assert answer(TIERS, rd_ratio=2) is UNMET
    assert answer(TIERS, rd_ratio=4) is UNKNOWN
    assert answer(TIERS, rd_expense=0) is UNMET
    assert answer({"any": [leaf("hightech", "eq", True), leaf("hightech", "eq", False)]}) is MET
    assert answer({"all": [leaf("employees", "gt", 9), leaf("employees", "lt", 5)]}) is UNMET


@pytest.mark.rule("P07")
def test_tiers_by_city_agree_without_a_list_of_cities() -> None:
    raw = {
        "any": [
            {"all": [leaf("city", "eq", "杭州"), leaf("employees", "ge", 10)]},
            {"all": [leaf("city", "ne", "杭州"), leaf("employees", "ge", 20)]},
        ]
    }
    assert answer(raw, employees=30) is MET
    assert answer(raw, employees=15) is UNKNOWN
    assert answer(raw, employees=5) is UNMET


@pytest.mark.rule("P08")
def test_years_count_full_years_only() -> None:
    raw = leaf("age_years", "ge", 2)
    assert answer(raw, founded_on="2024-11-21") is MET
    assert answer(raw, founded_on="2024-11-22") is UNMET
    assert answer(leaf("age_years", "ge", 1), date(2025, 2, 28), founded_on="2024-02-29") is UNMET
    assert answer(leaf("age_years", "ge", 1), date(2025, 3, 1), founded_on="2024-02-29") is MET
    assert answer(raw, age_years=3) is MET  # said outright, the day itself is not needed
    assert answer(raw) is UNKNOWN


@pytest.mark.rule("P09")
def test_a_preference_never_makes_a_firm_ineligible() -> None:
    soft = leaf("hightech", "eq", True, hard=False)
    assert answer({"all": [leaf("employees", "ge", 10), soft]}, employees=20, hightech=False) is MET
    assert answer({"all": [soft]}) in (None, MET)
    assert answer({"not": {"any": [soft, leaf("employees", "ge", 10)]}}, employees=5, hightech=True) is MET
    assert answer({"at_least": 2, "of": [soft, leaf("employees", "ge", 10)]}, employees=20, hightech=False) is MET


@pytest.mark.rule("P10")
@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (leaf("debt_ratio", "le", 70), "资产负债率 ≤ 70%"),
        (leaf("revenue", "ge", 10000), "上年度营业收入 ≥ 1亿元"),
        (leaf("revenue", "between", [500, "2000.5"]), "上年度营业收入在500万元至2000.5万元之间"),
        (leaf("level", "ge", "srdi"), "专精特新层级不低于省级专精特新"),
        (leaf("listed", "eq", False), "未列入失信"),
        (leaf("listed", "ne", False), "列入失信"),
        (leaf("honours", "has_any", ["高企", "雏鹰"]), "资质：有高企、雏鹰之一"),
        (leaf("founded_on", "ge", "2024-01-02"), "成立日期 ≥ 2024年1月2日"),
    ],
)
def test_requirements_read_as_people_speak(raw: dict[str, Any], text: str) -> None:
    assert tree(raw).requirement == text  # type: ignore[union-attr]
