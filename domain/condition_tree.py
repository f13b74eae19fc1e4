"""Conditions put together: all, any, not, at_least with points; soft ones; three-valued.

`sign` is the plain three-valued answer. `settled` goes further: it tries out the values a missing
fact may have, so that tiers which all agree, or a ratio already out of reach, need no question.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.conditions import STRANGER, ConditionError, Leaf, Sign, read_leaf
from domain.facts import FieldFacts
from domain.knowledge import Choices, Knowledge, Possible
from domain.spans import Span

MAX_DEPTH = 12
MAX_LEAVES = 300
TRIES = 4000


@dataclass(frozen=True, slots=True, eq=False)
class All:
    """Every one (同时满足). Without children: open to everyone."""

    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True, eq=False)
class AnyOf:
    """One of them (满足其中一项). Never empty."""

    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Not:
    """Must not be so (不属于)."""

    child: "Node"


@dataclass(frozen=True, slots=True, eq=False)
class AtLeast:
    """So many of them, or so many points (至少满足几项, 不少于几分)."""

    wanted: int
    children: tuple["Node", ...]
    points: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Soft:
    """A preference (优先条件): counts when met, never against the firm. Below a `not` it never counts."""

    child: "Node"
    counts: bool = True


Node = All | AnyOf | Not | AtLeast | Soft | Leaf
Flips = Mapping[int, Sign]  # id(leaf) → the sign it is given, for near misses


def sign(node: Node, known: Knowledge, flips: Flips | None = None) -> Sign | None:
    """The three-valued answer of a node; None for a preference that is not met: it does not count."""
    if isinstance(node, Leaf):
        given = flips.get(id(node)) if flips else None
        return given or node.sign(known)
    if isinstance(node, Soft):
        return Sign.MET if node.counts and sign(node.child, known, flips) is Sign.MET else None
    if isinstance(node, Not):
        inner = sign(node.child, known, flips)
        return inner and inner.swapped()
    if isinstance(node, AtLeast):
        return _enough(node, known, flips)
    worst, best = (Sign.UNMET, Sign.MET) if isinstance(node, All) else (Sign.MET, Sign.UNMET)
    signs = []
    for child in node.children:
        found = sign(child, known, flips)
        if found is worst:
            return worst
        if found is not None:
            signs.append(found)
    if not signs and node.children:
        return None
    return Sign.UNKNOWN if Sign.UNKNOWN in signs else best


def _enough(node: AtLeast, known: Knowledge, flips: Flips | None) -> Sign:
    low = high = reachable = 0
    for child, points in zip(node.children, node.points, strict=True):
        found = sign(child, known, flips)
        reachable += max(points, 0) if not isinstance(child, Soft) else 0
        if found is Sign.MET:
            low, high = low + points, high + points
        elif found is Sign.UNKNOWN:
            low, high = low + min(points, 0), high + max(points, 0)
    wanted = min(node.wanted, reachable)
    if low >= wanted:
        return Sign.MET
    return Sign.UNMET if high < wanted else Sign.UNKNOWN


def settled(node: Node, known: Knowledge, flips: Flips | None = None) -> Sign | None:
    """The answer that stands whatever the missing facts are, else unknown (三值判定)."""
    if flips:
        return _settle(node, known, flips, frozenset(), [TRIES])
    key = ("settled", node)
    if key not in known.memo:
        known.memo[key] = _settle(node, known, None, frozenset(), [TRIES])
    found: Sign | None = known.memo[key]
    return found


def _settle(node: Node, known: Knowledge, flips: Flips | None, split: frozenset[str], tries: list[int]) -> Sign | None:
    tries[0] -= 1
    answer = sign(node, known, flips)
    if answer is not Sign.UNKNOWN or tries[0] <= 0:
        return answer
    code = _shared(node, known, split)
    if code is None:
        return answer
    answers: set[Sign | None] = set()
    for cell in cells(node, code, known):
        answers.add(_settle(node, known.assuming(code, cell), flips, split | {code}, tries))
        if Sign.UNKNOWN in answers or len(answers) > 1:
            return Sign.UNKNOWN
    return answers.pop() if answers else Sign.UNKNOWN


def _shared(node: Node, known: Knowledge, split: frozenset[str]) -> str | None:
    """A missing fact that several undecided conditions hang on; one alone cannot settle by trying."""
    count: Counter[str] = Counter()
    for leaf in undecided(node, known):
        count.update(code for code in leaf.missing(known) if code not in split)
    code, times = max(count.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    return code if times > 1 else None


def cells(node: Node, code: str, known: Knowledge) -> list[Possible]:
    """The values of a missing fact, cut where some condition may change its answer."""
    possible = known.possible(code)
    if isinstance(possible, Span):
        points = [x for leaf in undecided(node, known) for x in leaf.crossings(code, known)]
        return list(possible.cut(points))
    if isinstance(possible, Choices) and possible.complete:
        return [Choices(frozenset((value,))) for value in sorted(possible.values, key=str)]
    if isinstance(possible, Choices) and not possible.values:
        names = {n for leaf in undecided(node, known) if leaf.field.code == code for n in leaf.names}
        return [Choices(frozenset((name,))) for name in (*sorted(names), STRANGER)]
    return [possible]


def leaves(node: Node) -> Iterator[Leaf]:
    """Every condition of a tree, in order."""
    if isinstance(node, Leaf):
        yield node
    elif isinstance(node, Not | Soft):
        yield from leaves(node.child)
    else:
        for child in node.children:
            yield from leaves(child)


def undecided(node: Node, known: Knowledge) -> Iterator[Leaf]:
    """The hard conditions that are still unknown, below nodes that are."""
    if isinstance(node, Soft) or sign(node, known) is not Sign.UNKNOWN:
        return
    if isinstance(node, Leaf):
        yield node
    elif isinstance(node, Not):
        yield from undecided(node.child, known)
    else:
        for child in node.children:
            yield from undecided(child, known)


def asked(node: Node, known: Knowledge) -> set[str]:
    """The missing facts that matter: those below nodes whose answer does not stand without them."""
    if isinstance(node, Soft) or settled(node, known) is not Sign.UNKNOWN:
        return set()
    if isinstance(node, Leaf):
        return set(node.missing(known))
    if isinstance(node, Not):
        return asked(node.child, known)
    return set().union(*(asked(child, known) for child in node.children))


def read_tree(raw: Any, fields: dict[str, FieldFacts]) -> Node:
    """A tree from its file form.

    Raises ConditionError: an empty `any`, an unknown field or operator, a value that does not fit,
    more points wanted than there are, or a tree too deep or too large.
    """
    node = _read(raw, fields, "", 0, negated=False)
    if sum(1 for _ in leaves(node)) > MAX_LEAVES:
        raise ConditionError("", f"条件太多，最多{MAX_LEAVES}条")
    return node


def _read(raw: Any, fields: dict[str, FieldFacts], path: str, depth: int, *, negated: bool) -> Node:
    if not isinstance(raw, dict) or depth > MAX_DEPTH:
        raise ConditionError(path, "条件的格式不对或嵌套太深")
    soft = raw.get("hard") is False
    if "field" in raw:
        node: Node = read_leaf(raw, fields, path)
    else:
        node = _read_group(raw, fields, path, depth, negated=negated)
    return Soft(node, counts=not negated) if soft else node


def _read_group(raw: dict[str, Any], fields: dict[str, FieldFacts], path: str, depth: int, *, negated: bool) -> Node:
    kinds = [k for k in ("all", "any", "not", "at_least") if k in raw]
    if len(kinds) != 1:
        raise ConditionError(path, "每一层只能是 all、any、not、at_least 之一")
    kind = kinds[0]
    if kind == "not":
        return _read_not(raw["not"], fields, f"{path}/not", depth)
    children = raw.get("of") if kind == "at_least" else raw[kind]
    if not isinstance(children, list):
        raise ConditionError(path, f"{kind} 下面应是一组条件")
    if kind == "at_least":
        return _read_at_least(raw["at_least"], children, fields, path, depth, negated=negated)
    if kind == "any" and not children:
        raise ConditionError(path, "any 不能为空：没有一项可以满足")
    read = tuple(
        _read(child, fields, f"{path}/{kind}[{i}]", depth + 1, negated=negated) for i, child in enumerate(children)
    )
    return All(read) if kind == "all" else AnyOf(read)


def _read_not(raw: Any, fields: dict[str, FieldFacts], path: str, depth: int) -> Node:
    child = raw[0] if isinstance(raw, list) and len(raw) == 1 else raw
    return Not(_read(child, fields, path, depth + 1, negated=True))


def _read_at_least(
    wanted: Any, children: list[Any], fields: dict[str, FieldFacts], path: str, depth: int, *, negated: bool
) -> Node:
    nodes, points = [], []
    for i, child in enumerate(children):
        weighed = isinstance(child, dict) and "if" in child
        worth = child.get("points", 1) if weighed else 1
        if not isinstance(worth, int) or isinstance(worth, bool):
            raise ConditionError(path, "分值应是整数")
        nodes.append(_read(child["if"] if weighed else child, fields, f"{path}/of[{i}]", depth + 1, negated=negated))
        points.append(worth)
    total = sum(p for p in points if p > 0)
    if not isinstance(wanted, int) or isinstance(wanted, bool) or not 1 <= wanted <= total:
        raise ConditionError(path, f"at_least 应在 1 和 {total} 之间")
    return AtLeast(wanted, tuple(nodes), tuple(points))
