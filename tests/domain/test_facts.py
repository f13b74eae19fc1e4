from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.facts import FactError, read_field, read_fields, show_amount, to_json
from domain.formulas import FormulaError, read_formula
from tests.domain.policy_builders import FIELDS


@pytest.mark.rule("P31")
@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        ("revenue", "1.2亿", Decimal(12000)),
        ("revenue", "300多万元", Decimal(300)),
        ("revenue", 6200, Decimal(6200)),
        ("revenue", 5.1, Decimal("5.1")),
        ("employees", "八十来号人", Decimal(80)),
        ("debt_ratio", "百分之四点几", Decimal(4)),
        ("debt_ratio", "三成", Decimal(30)),
        ("hightech", "是", True),
        ("hightech", False, False),
        ("founded_on", "2021年6月", date(2021, 6, 1)),
        ("level", "小巨人", "giant"),
        ("honours", ["高企"], ("高企",)),
        ("city", "杭州", "杭州"),
    ],
)
def test_values_are_read_as_they_are_said(field: str, raw: Any, value: Any) -> None:
    assert FIELDS[field].read(raw) == value


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("revenue", "很多"),
        ("revenue", True),
        ("revenue", -1),
        ("revenue", float("nan")),
        ("revenue", "9" * 300),
        ("revenue", 10**400),
        ("revenue", "50万美元"),
        ("hightech", "也许"),
        ("hightech", 1),
        ("founded_on", "2021-13"),
        ("founded_on", {"y": 1}),
        ("level", "giants"),
        ("honours", "高企"),
        ("honours", [1]),
        ("city", None),
        ("city", "\u6d77" * 500),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(field: str, raw: Any) -> None:
    with pytest.raises(FactError, match=FIELDS[field].label):
        FIELDS[field].read(raw)


def test_amounts_are_shown_short() -> None:
    assert show_amount(Decimal(12000), "万元") == "1.2亿元"
    assert show_amount(Decimal(6200), "万元") == "6200万元"
    assert show_amount(Decimal("4.1666"), "%") == "4.17%"
    assert show_amount(Decimal(20000), "万美元") == "2亿美元"


def test_values_are_stored_without_rounding() -> None:
    assert to_json(Decimal("2.9999999999999999")) == "2.9999999999999999"
    assert to_json(Decimal("1E+3")) == "1000"
    assert [to_json(v) for v in (True, date(2026, 1, 2), ("a",), "x")] == [True, "2026-01-02", ["a"], "x"]


def test_formulas_of_formulas_come_down_to_what_can_be_asked() -> None:
    fields = read_fields(
        [
            {"code": "a", "type": "number"},
            {"code": "b", "type": "number"},
            {"code": "sum", "type": "number", "derived": "a + b"},
            {"code": "twice", "type": "number", "derived": "sum * 2 - min(a, b)"},
        ]
    )
    formula = fields["twice"].formula
    assert formula is not None
    assert set(formula.inputs) == {"a", "b"}


@pytest.mark.parametrize(
    "text", ["a +", "a ** 2", "open('x')", "a.b", "years(a, b)", "a if b else c", "'x'", "min()", "a and b"]
)
def test_a_formula_is_arithmetic_and_nothing_else(text: str) -> None:
    with pytest.raises(FormulaError):
        read_formula(text)


def test_fields_that_make_no_sense_are_refused() -> None:
    with pytest.raises(FactError):
        read_field({"code": "x", "type": "colour"})
    with pytest.raises(FactError):
        read_fields([{"code": "x", "type": "number", "derived": "y + 1"}])
    with pytest.raises(FactError):
        read_fields(
            [{"code": "x", "type": "number", "derived": "y + 1"}, {"code": "y", "type": "number", "derived": "x"}]
        )
