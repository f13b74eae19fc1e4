from decimal import Decimal

import pytest

from domain.numerals import read_number
from domain.quantities import find_quantities, parse_minutes, parse_quantity


@pytest.mark.rule("P31")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一千二百", 1200),
        ("三万五", 35000),
        ("1亿2000万", 120000000),
        ("两亿三千万", 230000000),
        ("一千零五", 1005),
        ("两百五", 250),
        ("二十六", 26),
        ("二〇二六", 2026),
        ("1,200", 1200),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, value: int) -> None:
    number = read_number(text)
    assert number is not None
    assert (number.value, number.approximate) == (Decimal(value), False)


@pytest.mark.parametrize("text", ["万", "", "个", "一百x"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert read_number(text) is None


@pytest.mark.rule("P31")
@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("十几", 10, 20), ("三四十", 30, 40), ("300多万", 3000000, 4000000), ("八十来", 75, 85), ("四点几", 4, 5)],
)
def test_a_vague_number_keeps_its_bounds(text: str, low: int, high: int) -> None:
    number = read_number(text)
    assert number is not None
    assert (number.low, number.high) == (Decimal(low), Decimal(high))


@pytest.mark.rule("P31")
@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("去年营收1.2亿", "万元", "12000"),
        ("营收大概300多万", "万元", "300"),
        ("一千二百万", "万元", "1200"),
        ("3000元", "万元", "0.3"),
        ("6200", "万元", "6200"),
        ("出口50万美元", "万美元", "50"),
        ("我们八十来号人", "人", "80"),
        ("26个人", "人", "26"),
        ("百分之四点几", "%", "4"),
        ("三成", "%", "30"),
        ("成立满两年", "年", "2"),
        ("两年半了", "年", "2.5"),
        ("发明专利6件", "项", "6"),
        ("20辆车", "辆", "20"),
        ("800平米", "㎡", "800"),
    ],
)
def test_figures_come_in_the_unit_a_fact_wants(text: str, unit: str, value: str) -> None:
    assert parse_quantity(text, unit) == Decimal(value)


@pytest.mark.rule("P31")
def test_dollars_are_never_taken_for_yuan() -> None:
    assert parse_quantity("出口50万美元", "万元") is None
    assert parse_quantity("营收50万元", "万美元") is None


def test_several_figures_of_one_sentence_stay_apart() -> None:
    found = find_quantities("去年营收5000万，研发投了155.5万，员工12人，其中搞研发的3-5人")
    assert [(q.value, q.unit) for q in found] == [
        (Decimal(50000000), ""),
        (Decimal(1555000), ""),
        (Decimal(12), "人"),
        (Decimal(3), "人"),
    ]
    assert (found[3].low, found[3].high) == (Decimal(3), Decimal(5))


@pytest.mark.parametrize(
    "text", ["2025年11月25号七点半", "14:30", "七点三十分", "下午三点到五点", "一般纳税人", "二十六号"]
)
def test_dates_and_words_are_no_figures(text: str) -> None:
    assert find_quantities(text) == []


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("晚到四十分钟", 40),
        ("半小时", 30),
        ("一个半小时", 90),
        ("1小时20分", 80),
        ("两个钟", 120),
        ("三刻钟", 45),
        ("你好", None),
    ],
)
def test_spans_of_time_come_in_minutes(text: str, minutes: int | None) -> None:
    assert parse_minutes(text) == minutes
