"""Small fields and firms for the tests of policy rules."""

from datetime import date
from typing import Any

from domain.condition_tree import Node, read_tree
from domain.facts import Fact, FieldFacts, read_fields
from domain.knowledge import Knowledge
from domain.policy_matching import PolicyFacts, PolicyMatch, match_policy
from domain.policy_windows import Window

TODAY = date(2026, 11, 21)
FIELDS: dict[str, FieldFacts] = read_fields(
    [
        {
            "code": "revenue",
            "zh": "上年度营业收入",
            "type": "money",
            "unit": "万元",
            "year": "last",
            "question": "上一年度营收多少万元？",
        },
        {"code": "rd_expense", "zh": "上年度研发费用", "type": "money", "unit": "万元", "question": "研发费用多少？"},
        {
            "code": "rd_ratio",
            "zh": "研发费用占比",
            "type": "percent",
            "unit": "%",
            "derived": "rd_expense / revenue * 100",
        },
        {"code": "revenue_before", "zh": "前年营业收入", "type": "money", "unit": "万元"},
        {
            "code": "growth",
            "zh": "营收增长率",
            "type": "percent",
            "unit": "%",
            "derived": "(revenue - revenue_before) ÷ revenue_before × 100",
        },
        {
            "code": "best_two",
            "zh": "两年较高营收",
            "type": "money",
            "unit": "万元",
            "derived": "max(revenue, revenue_before)",
        },
        {
            "code": "two_year_share",
            "zh": "两年研发占比",
            "type": "percent",
            "unit": "%",
            "derived": "rd_expense / (revenue + revenue_before) * 100",
        },
        {"code": "founded_on", "zh": "成立日期", "type": "date"},
        {"code": "age_years", "zh": "成立年限", "type": "number", "unit": "年", "derived": "years(today - founded_on)"},
        {
            "code": "employees",
            "zh": "员工人数",
            "type": "number",
            "unit": "人",
            "ttl_days": 180,
            "question": "多少人？",
        },
        {"code": "debt_ratio", "zh": "资产负债率", "type": "percent", "unit": "%"},
        {"code": "hightech", "zh": "高新技术企业", "type": "bool", "question": "是高新技术企业吗？"},
        {"code": "listed", "zh": "是否列入失信", "type": "bool", "question": "列入失信名录吗？"},
        {
            "code": "level",
            "zh": "专精特新层级",
            "type": "enum",
            "options": ["none", {"value": "srdi", "zh": "省级专精特新"}, {"value": "giant", "zh": "小巨人"}],
            "order": ["none", "srdi", "giant"],
        },
        {"code": "size", "zh": "规模", "type": "enum", "options": ["micro", "small", "large"]},
        {"code": "city", "zh": "城市", "type": "text"},
        {"code": "honours", "zh": "资质", "type": "list"},
    ]
)


def known(today: date = TODAY, **values: Any) -> Knowledge:
    """A firm that said these values today."""
    facts = {code: Fact(FIELDS[code].read(value), today) for code, value in values.items()}
    return Knowledge.of(FIELDS, facts, today)


def tree(raw: dict[str, Any]) -> Node:
    return read_tree(raw, FIELDS)


def leaf(field: str, op: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value, **more}


def match(raw: dict[str, Any], window: Window | None = None, **values: Any) -> PolicyMatch:
    return match_policy(PolicyFacts("P", tree(raw), window or Window()), known(**values))
