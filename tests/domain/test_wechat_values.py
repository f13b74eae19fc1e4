"""What WeChat takes as a value, by the vectors, and how ours are made to fit."""

from typing import Any

import pytest

from domain.wechat_values import FIELD_RULES, accepts, fit_field, is_scene
from tests.wechat_vectors import section


@pytest.mark.rule("W8")
@pytest.mark.parametrize("case", section("field_rules"), ids=lambda case: case["id"])
def test_field(case: dict[str, Any]) -> None:
    ok = accepts(case["key"], case["value"])
    assert case["ok"] == "any" or ok is case["ok"]


@pytest.mark.rule("W9")
@pytest.mark.parametrize("case", section("scene_rules"), ids=lambda case: case["value"] or "empty")
def test_scene(case: dict[str, Any]) -> None:
    ok = is_scene(case["value"])
    assert case["ok"] == "any" or ok is case["ok"]


@pytest.mark.rule("W8")
@pytest.mark.parametrize(
    ("key", "value", "fitted"),
    [
        ("thing1", "短", "短"),
        ("thing1", "字" * 21, "字" * 19 + "…"),
        ("thing2", "第一行\n第二行", "第一行 第二行"),
        ("character_string1", "A" * 40, "A" * 32),
        ("name1", "王" * 12, "王" * 9 + "…"),
    ],
)
def test_fit(key: str, value: str, fitted: str) -> None:
    assert fit_field(key, value) == fitted
    assert accepts(key, fitted)


@pytest.mark.rule("W8")
@pytest.mark.parametrize(("key", "value"), [("thing1", " "), ("time1", "明天"), ("date1", "周二"), ("unknown1", "x")])
def test_what_cannot_fit_is_our_mistake(key: str, value: str) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        fit_field(key, value)


def test_every_rule_has_a_vector() -> None:
    assert {case["key"].rstrip("0123456789") for case in section("field_rules")} == set(FIELD_RULES)
