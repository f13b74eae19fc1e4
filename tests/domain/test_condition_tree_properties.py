"""The settled answer against every world there is: it may never be wrong, nor ask without need."""

import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.condition_tree import settled
from domain.conditions import Sign
from tests.domain.policy_builders import known, leaf, tree

THRESHOLDS = (10, 20, 30)
NUMBERS = ("5", "10", "15", "20", "25", "30", "35")
WORLDS: dict[str, tuple[Any, ...]] = {
    "employees": NUMBERS,
    "debt_ratio": NUMBERS,
    "hightech": (True, False),
    "size": ("micro", "small", "large"),
}
number_leaf = st.builds(
    leaf,
    st.sampled_from(["employees", "debt_ratio"]),
    st.sampled_from(["ge", "gt", "le", "lt", "eq", "ne"]),
    st.sampled_from(THRESHOLDS),
)
any_leaf = (
    number_leaf
    | st.builds(leaf, st.just("hightech"), st.just("eq"), st.booleans())
    | st.builds(
        leaf, st.just("size"), st.just("in"), st.lists(st.sampled_from(["micro", "small", "large"]), min_size=1)
    )
)
trees = st.recursive(
    any_leaf,
    lambda inner: st.one_of(
        st.builds(lambda c: {"all": c}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda c: {"any": c}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda c: {"not": c}, inner),
        st.builds(lambda c: {"at_least": 2, "of": c}, st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=6,
)


@pytest.mark.rule("P07")
@settings(max_examples=150, deadline=None, derandomize=True)
@given(trees, st.sets(st.sampled_from(sorted(WORLDS))), st.randoms(use_true_random=False))
def test_an_answer_stands_exactly_when_every_world_gives_it(raw: dict[str, Any], told: set[str], random: Any) -> None:
    facts: dict[str, Any] = {code: random.choice(WORLDS[code]) for code in sorted(told)}
    node = tree(raw)
    free = [code for code in WORLDS if code not in told]
    answers = {
        settled(node, known(**facts, **dict(zip(free, world, strict=True))))
        for world in itertools.product(*(WORLDS[code] for code in free))
    }
    assert Sign.UNKNOWN not in answers
    assert settled(node, known(**facts)) is (answers.pop() if len(answers) == 1 else Sign.UNKNOWN)


@pytest.mark.rule("P06", "P07")
@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.sampled_from(["rd_ratio", "growth", "best_two"]),
    st.sampled_from(["ge", "gt", "le", "lt"]),
    st.integers(-60, 60),
    st.integers(0, 50),
    st.sampled_from(["revenue", "rd_expense", "revenue_before"]),
)
def test_a_derived_answer_that_stands_is_never_contradicted(
    field: str, op: str, wanted: int, value: int, told: str
) -> None:
    node = tree(leaf(field, op, wanted))
    said: dict[str, Any] = {told: value}
    without = settled(node, known(**said))
    worlds = [Fraction(n, 4) for n in (1, 20, 60, 100, 159, 160, 161, 400, 100000)]
    for other in itertools.product(worlds, repeat=2):
        free = [c for c in ("revenue", "rd_expense", "revenue_before") if c != told]
        facts: dict[str, Any] = {told: value, **{c: str(float(x)) for c, x in zip(free, other, strict=True)}}
        if without is not Sign.UNKNOWN:
            assert settled(node, known(**facts)) is without
