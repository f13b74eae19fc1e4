"""One condition of a policy (申报条件): a fact field, an operator, a wanted value.

To add an operator write one function here with `@operator(...)`: it says when the condition holds
for a known value, and the phrase says the requirement. Unknown values are tried out by the leaf
itself: where every possible value gives the same answer, nothing is asked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from domain.facts import FactError, FieldFacts, FieldType, Value, as_fraction
from domain.formulas import Formula
from domain.knowledge import Choices, Knowledge, Listed, Possible, Unlisted
from domain.spans import Span
from domain.statements import as_statement


class Sign(StrEnum):
    """Three-valued answer (满足, 不满足, 还不清楚)."""

    MET = "met"
    UNMET = "unmet"
    UNKNOWN = "unknown"

    def swapped(self) -> "Sign":
        """not: met and unmet change places, unknown stays."""
        return {Sign.MET: Sign.UNMET, Sign.UNMET: Sign.MET}.get(self, self)


class ConditionError(ValueError):
    """A condition that cannot be read; `path` says where, the message why, in Chinese."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path or '条件'}：{reason}")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Operator:
    """When a known value fulfils the wanted one, and how the requirement reads."""

    name: str
    phrase: str
    fits: frozenset[FieldType]
    many: bool
    holds: Callable[[Any, Any], bool]


CONDITION_OPS: dict[str, Operator] = {}
STRANGER = "\0"  # stands for every text no condition names
_MEASURED = frozenset({FieldType.NUMBER, FieldType.MONEY, FieldType.PERCENT, FieldType.DATE, FieldType.ENUM})
_SINGLE = frozenset(FieldType) - {FieldType.LIST}
_LIST = frozenset({FieldType.LIST})


def operator(
    name: str, phrase: str, fits: frozenset[FieldType] = _MEASURED, *, many: bool = False
) -> Callable[[Callable[[Any, Any], bool]], Callable[[Any, Any], bool]]:
    """Registers an operator; `many` = the wanted value is a list."""

    def register(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
        CONDITION_OPS[name] = Operator(name, phrase, fits, many, holds)
        return holds

    return register


@operator("eq", "{field}：{wanted}", _SINGLE)
def equals(value: Any, wanted: Any) -> bool:
    return bool(value == wanted)


@operator("ne", "{field}：不是{wanted}", _SINGLE)
def differs(value: Any, wanted: Any) -> bool:
    return bool(value != wanted)


@operator("in", "{field}：{wanted}", _SINGLE, many=True)
def is_one_of(value: Any, wanted: Any) -> bool:
    return value in wanted


@operator("ge", "{field} ≥ {wanted}")
def at_least(value: Any, wanted: Any) -> bool:
    return bool(value >= wanted)


@operator("gt", "{field} > {wanted}")
def more_than(value: Any, wanted: Any) -> bool:
    return bool(value > wanted)


@operator("le", "{field} ≤ {wanted}")
def at_most(value: Any, wanted: Any) -> bool:
    return bool(value <= wanted)


@operator("lt", "{field} < {wanted}")
def less_than(value: Any, wanted: Any) -> bool:
    return bool(value < wanted)


@operator("between", "{field}在{wanted}之间", many=True)
def within(value: Any, wanted: Any) -> bool:
    low, high = wanted
    return bool(low <= value <= high)


@operator("has", "{field}：有{wanted}", _LIST)
def has(value: Any, wanted: Any) -> bool:
    return wanted in value


@operator("has_any", "{field}：有{wanted}之一", _LIST, many=True)
def has_any(value: Any, wanted: Any) -> bool:
    return any(w in value for w in wanted)


@operator("exists", "{field}：{wanted}", frozenset(FieldType))
def exists(value: Any, wanted: Any) -> bool:
    """A known value that is not an empty list or text; a missing one stays unknown."""
    return (value not in ((), "")) is wanted


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """One condition, ready to be judged."""

    field: FieldFacts
    op: Operator
    shown: str  # the wanted value in words
    wanted: Any  # the wanted value on the comparing scale
    thresholds: tuple[Fraction, ...]
    evidence: str
    hard: bool

    @property
    def requirement(self) -> str:
        """The requirement in words: 资产负债率 ≤ 70%, 未列入失信."""
        if self.field.type is FieldType.BOOL and self.op.name in ("eq", "ne"):
            return as_statement(self.field.label, self.wanted == (self.op.name == "eq"))
        ranked = self.field.type is FieldType.ENUM
        phrase = _RANKED_PHRASES.get(self.op.name, self.op.phrase) if ranked else self.op.phrase
        return phrase.format(field=self.field.label, wanted=self.shown)

    @property
    def needs(self) -> frozenset[str]:
        """Every fact it may look at."""
        return frozenset((self.field.code, *(self.field.formula.inputs if self.field.formula else ())))

    def sign(self, known: Knowledge) -> Sign:
        """Met or unmet when every possible value says so, else unknown."""
        known = known.before_assuming(self.needs) if known.before else known
        found: Sign | None = known.memo.get(self)
        if found is None:
            found = known.memo[self] = self._judge(known)
        return found

    def _judge(self, known: Knowledge) -> Sign:
        answers: set[bool] = set()
        for value in self._values(known):
            answers.add(value is not None and self.op.holds(value, self.wanted))
            if len(answers) == 2:
                return Sign.UNKNOWN
        if not answers:
            return Sign.UNKNOWN
        return Sign.MET if answers.pop() else Sign.UNMET

    def missing(self, known: Knowledge) -> tuple[str, ...]:
        """The facts one could ask to settle it."""
        if self.field.formula is None:
            return () if _is_known(known.told(self.field.code)) else (self.field.code,)
        if self._stated(known) is not None and _is_known(self._stated(known)):
            return ()
        missing = tuple(i for i in self.field.formula.inputs if known.span(i).point is None)
        return (self.field.code,) if set(missing) & set(self.field.formula.dates) else missing

    def crossings(self, code: str, known: Knowledge) -> list[Fraction]:
        """The values of a missing number at which this condition may change its answer."""
        if code == self.field.code:
            return list(self.thresholds)
        formula = self.field.formula
        if formula is None or self.missing(known) != (code,):
            return []
        return formula.crossings(code, known.span, known.today, list(self.thresholds)) or []

    def number(self, known: Knowledge) -> Fraction | None:
        """The firm's own figure, where it is one and known."""
        span = self._span(known) if self.field.numeric else None
        return span.point if span else None

    def _stated(self, known: Knowledge) -> Possible | None:
        """A derived fact that was said outright counts while its inputs are not all known."""
        formula = self.field.formula
        if formula is not None and all(known.span(i).point is not None for i in formula.inputs):
            return None
        return known.told(self.field.code)

    def _span(self, known: Knowledge) -> Span | None:
        formula = self.field.formula
        stated = self._stated(known) if formula else known.possible(self.field.code)
        if isinstance(stated, Span):
            return stated
        return formula.span(known.span, known.today) if formula else None

    def _values(self, known: Knowledge) -> Iterator[Any]:
        """Sample values, one for every stretch over which the answer cannot change; None = no such value."""
        if self.field.numeric or self.field.type is FieldType.DATE:
            yield from self._numbers(known)
            return
        possible = known.possible(self.field.code)
        if isinstance(possible, Listed):
            yield possible.items
        elif isinstance(possible, Choices):
            if self.op.name == "exists" and len(possible.values) != 1:
                return
            yield from (self._rank(v) for v in possible.values)
            if not possible.complete:
                yield from self._strangers()

    def _numbers(self, known: Knowledge) -> Iterator[Fraction | None]:
        formula = self.field.formula
        missing = self.missing(known)
        if self.op.name == "exists" and missing:
            return
        if formula and len(missing) == 1 and missing[0] != self.field.code and self._stated(known) is None:
            points = formula.crossings(missing[0], known.span, known.today, list(self.thresholds))
            if points is not None:
                yield from self._along(formula, missing[0], points, known)
                return
        span = self._span(known)
        if span is None:
            yield None
            return
        yield from (piece.sample() for piece in span.cut(self.thresholds))

    def _along(
        self, formula: Formula, code: str, points: list[Fraction], known: Knowledge
    ) -> Iterator[Fraction | None]:
        """The derived value for each stretch of its one missing input; a pole has no value and is left out."""
        for piece in known.span(code).cut(points):
            at = formula.span(known.assuming(code, Span(piece.sample(), piece.sample())).span, known.today)
            if at is not None and at.point is not None:
                yield at.point

    def _rank(self, value: Any) -> Any:
        if self.field.order and self.op.name in _RANKED_PHRASES:
            return Fraction(self.field.order.index(value)) if value in self.field.order else Fraction(-1)
        return value

    def _strangers(self) -> Iterator[str]:
        """For a field without a list of options: the wanted values and one that is none of them."""
        yield from self.names
        yield STRANGER

    @property
    def names(self) -> tuple[str, ...]:
        """The wanted texts."""
        wanted = self.wanted if isinstance(self.wanted, tuple) else (self.wanted,)
        return tuple(w for w in wanted if isinstance(w, str))


_RANKED_PHRASES = {
    "ge": "{field}不低于{wanted}",
    "gt": "{field}高于{wanted}",
    "le": "{field}不高于{wanted}",
    "lt": "{field}低于{wanted}",
    "between": "{field}在{wanted}之间",
}


def read_leaf(raw: dict[str, Any], fields: dict[str, FieldFacts], path: str) -> Leaf:
    """One condition from its file form. Raises ConditionError for what cannot be judged."""
    about = fields.get(str(raw.get("field")))
    op = CONDITION_OPS.get(str(raw.get("op")))
    if about is None:
        raise ConditionError(path, f"没有这个字段：{raw.get('field')}")
    if op is None:
        raise ConditionError(path, f"没有这种比较：{raw.get('op')}")
    if about.type not in op.fits or (op.name in _RANKED_PHRASES and about.type is FieldType.ENUM and not about.order):
        raise ConditionError(path, f"{about.label}不能用“{op.name}”比较")
    values = _wanted(raw, about, op, path)
    scale = [_scaled(v, about, op) for v in values]
    numbers = tuple(x for x in scale if isinstance(x, Fraction))
    joiner = "至" if op.name == "between" else "、"
    return Leaf(
        field=about,
        op=op,
        shown=joiner.join("已有" if op.name == "exists" and v else about.show(v) for v in values),
        wanted=tuple(scale) if op.many else scale[0],
        thresholds=numbers if about.type is not FieldType.ENUM else (),
        evidence=str(raw.get("evidence") or ""),
        hard=raw.get("hard") is not False,
    )


def _wanted(raw: dict[str, Any], about: FieldFacts, op: Operator, path: str) -> list[Value]:
    if op.name == "exists":
        if not isinstance(raw.get("value", True), bool):
            raise ConditionError(path, "exists 的值应为 true 或 false")
        return [raw.get("value", True)]
    given = raw.get("value")
    items = given if op.many else [given]
    if not isinstance(items, list) or not items or (op.name == "between" and len(items) != 2):
        raise ConditionError(path, "between 要两个值，in 和 has_any 要一组值")
    unbounded = replace(about, low=None, high=None)
    try:
        return [_item(unbounded, item) for item in items]
    except FactError as error:
        raise ConditionError(path, str(error)) from error


def _item(about: FieldFacts, item: Any) -> Value:
    if about.type is not FieldType.LIST:
        return about.read(item)
    read = about.read([item])
    assert isinstance(read, tuple)
    return read[0]


def _scaled(value: Value, about: FieldFacts, op: Operator) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal | date):
        return as_fraction(value)
    if op.name in _RANKED_PHRASES and about.order:
        return Fraction(about.order.index(str(value)))
    return value


def _is_known(possible: Possible | None) -> bool:
    if possible is None or isinstance(possible, Unlisted):
        return False
    if isinstance(possible, Span):
        return possible.point is not None
    return isinstance(possible, Listed) or len(possible.values) == 1
