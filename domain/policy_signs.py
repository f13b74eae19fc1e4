"""The reasons of a verdict (逐条结论): one sign per condition, in words, with the firm's own value.

Of an `any` only the branch nearest to success is unfolded.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.condition_tree import All, AnyOf, AtLeast, Node, Not, Soft, leaves, settled, sign
from domain.conditions import Leaf, Sign
from domain.facts import Value, show_amount
from domain.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class ConditionSign:
    """One line of the answer, with the lines below it."""

    kind: str  # leaf, all, any, not, at_least
    sign: Sign
    requirement: str
    hard: bool = True
    field: str | None = None
    value: str | None = None
    as_of: date | None = None
    clause: str = ""
    children: tuple["ConditionSign", ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As stored with a check and sent to clients."""
        out: dict[str, Any] = {
            "kind": self.kind,
            "sign": self.sign.value,
            "requirement": self.requirement,
            "hard": self.hard,
            "field": self.field,
            "value": self.value,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "clause": self.clause,
        }
        if self.kind != "leaf":
            out["children"] = [child.to_json() for child in self.children]
        return out


def explain(node: Node, known: Knowledge) -> list[ConditionSign]:
    """The lines of a tree; the outermost `all` is left out, its children are the list."""
    if isinstance(node, All):
        return [_line(child, known) for child in node.children]
    return [_line(node, known)]


def _line(node: Node, known: Knowledge, *, hard: bool = True) -> ConditionSign:
    if isinstance(node, Soft):
        return _line(node.child, known, hard=False)
    if isinstance(node, Leaf):
        return _leaf(node, known, hard=hard and node.hard)
    found = settled(node, known) or Sign.MET
    if isinstance(node, Not):
        return ConditionSign("not", found, "不属于以下情形", hard, children=(_line(node.child, known),))
    if isinstance(node, AtLeast):
        counted = sum(p for p in node.points if p > 0) != len(node.points)
        words = f"以下合计不少于{node.wanted}分" if counted else f"以下至少满足{node.wanted}项"
        return ConditionSign("at_least", found, words, hard, children=_lines(node.children, known))
    if isinstance(node, All):
        return ConditionSign("all", found, "同时满足", hard, children=_lines(node.children, known))
    return _any(node, known, found, hard=hard)


def _lines(nodes: tuple[Node, ...], known: Knowledge) -> tuple[ConditionSign, ...]:
    return tuple(_line(node, known) for node in nodes)


def _any(node: AnyOf, known: Knowledge, found: Sign, *, hard: bool) -> ConditionSign:
    if found is not Sign.UNKNOWN and sign(node, known) is Sign.UNKNOWN:
        words = "各档要求结果一致，不用再补充情况"
        return ConditionSign("any", found, words, hard)
    nearest = max(node.children, key=lambda child: _nearness(child, known))
    words = f"满足其中一项（共{len(node.children)}项）" if len(node.children) > 1 else "需满足"
    return ConditionSign("any", found, words, hard, children=(_line(nearest, known),))


def _nearness(node: Node, known: Knowledge) -> tuple[int, Fraction, int]:
    """Met before unknown before unmet; then the larger share of met conditions, then fewer unmet."""
    rank = {Sign.MET: 2, Sign.UNKNOWN: 1, Sign.UNMET: 0}[sign(node, known) or Sign.MET]
    signs = [leaf.sign(known) for leaf in leaves(node)]
    share = Fraction(signs.count(Sign.MET), len(signs)) if signs else Fraction(1)
    return rank, share, -signs.count(Sign.UNMET)


def _leaf(leaf: Leaf, known: Knowledge, *, hard: bool) -> ConditionSign:
    value, as_of = _own(leaf, known)
    return ConditionSign("leaf", leaf.sign(known), leaf.requirement, hard, leaf.field.code, value, as_of, leaf.evidence)


def _own(leaf: Leaf, known: Knowledge) -> tuple[str | None, date | None]:
    """The firm's value in words and the day it dates from (of several inputs the oldest)."""
    fact = known.facts.get(leaf.field.code)
    if leaf.field.formula is not None:
        number = leaf.number(known)
        if number is None:
            return None, None
        inputs = [known.facts[i].as_of for i in leaf.field.formula.inputs if i in known.facts]
        dates = inputs if len(inputs) == len(leaf.field.formula.inputs) or not fact else [fact.as_of]
        return show_amount(_decimal(number, leaf), leaf.field.unit, exact=True), min(dates, default=None)
    return (leaf.field.show(fact.value), fact.as_of) if fact else (None, None)


def _decimal(number: Fraction, leaf: Leaf) -> Decimal:
    """Two places, more where two would hide on which side of the threshold the value lies."""
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    for places in (2, 4, 8):
        rounded = exact.quantize(Decimal(1).scaleb(-places))
        if Fraction(rounded) == number or Fraction(rounded) not in leaf.thresholds:
            break
    return rounded


def requirements(node: Node) -> list[dict[str, Any]]:
    """The conditions as readable text without a firm, every branch unfolded."""
    if isinstance(node, All):
        return [_requirement(child) for child in node.children]
    return [_requirement(node)]


def _requirement(node: Node, *, hard: bool = True) -> dict[str, Any]:
    if isinstance(node, Soft):
        return _requirement(node.child, hard=False)
    if isinstance(node, Leaf):
        return {
            "kind": "leaf",
            "requirement": node.requirement,
            "field": node.field.code,
            "clause": node.evidence,
            "hard": hard and node.hard,
        }
    if isinstance(node, Not):
        return {"kind": "not", "requirement": "不属于以下情形", "hard": hard, "children": [_requirement(node.child)]}
    words = {All: "同时满足", AnyOf: "满足其中一项"}.get(type(node)) or f"以下至少{getattr(node, 'wanted', 1)}项（分）"
    kind = {All: "all", AnyOf: "any"}.get(type(node), "at_least")
    return {"kind": kind, "requirement": words, "hard": hard, "children": [_requirement(c) for c in node.children]}


def own_values(node: Node, known: Knowledge) -> dict[str, Value]:
    """The facts a tree looked at, for keeping with a check."""
    codes = {i for leaf in leaves(node) for i in (leaf.field.code, *_inputs(leaf))}
    return {code: known.facts[code].value for code in sorted(codes) if code in known.facts}


def _inputs(leaf: Leaf) -> tuple[str, ...]:
    return leaf.field.formula.inputs if leaf.field.formula else ()
