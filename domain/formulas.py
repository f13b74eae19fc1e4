"""Derived facts (推算字段): + − × ÷, min, max and years() over other facts.

A formula is read once and evaluated exactly. With one input missing it also tells at which values
of that input it crosses a threshold, so that a condition stays unknown only where it matters.
"""

import ast
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from domain import spans
from domain.spans import Span, exactly

Polynomial = tuple[Fraction, ...]  # coefficients, lowest first
Lookup = Callable[[str], Span]


class FormulaError(ValueError):
    """A formula that cannot be read; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula: `inputs` are the facts it needs, `dates` those of them that are dates."""

    text: str
    root: ast.expr
    inputs: tuple[str, ...]
    dates: tuple[str, ...]

    def span(self, lookup: Lookup, today: date) -> Span | None:
        """Where the result lies; exactly one point when every input is known; None for x ÷ 0."""
        try:
            return _span(self.root, lookup, today)
        except ZeroDivisionError:
            return None

    def crossings(self, missing: str, lookup: Lookup, today: date, thresholds: list[Fraction]) -> list[Fraction] | None:
        """The values of the one missing input at which the result meets a threshold or a pole.

        None when they cannot be solved for (the input comes in a square): the caller then falls
        back to bounds.
        """
        found: set[Fraction] = set()
        for root in _selections(self.root):
            ratio = _ratio(root, missing, lookup, today)
            if ratio is None:
                return None
            over, under = ratio
            for equation in (under, *(_minus(over, _times((t,), under)) for t in thresholds)):
                root_of = _root(equation)
                if root_of is None and len(_trim(equation)) > 2:
                    return None
                found.update(root_of or ())
        return sorted(found)


def read_formula(text: str) -> Formula:
    """Parses a formula. Raises FormulaError for anything but + − × ÷, min, max, years(), names and numbers."""
    plain = text.replace("×", "*").replace("÷", "/").replace("−", "-").replace("（", "(").replace("）", ")")
    try:
        root = ast.parse(plain.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FormulaError(f"公式读不懂：{text}") from error
    names: list[str] = []
    dates: list[str] = []
    _check(root, names, dates, text)
    return Formula(text, root, tuple(dict.fromkeys(names)), tuple(dict.fromkeys(dates)))


def inline(formula: Formula, others: Mapping[str, Formula]) -> Formula:
    """Puts the formulas of derived inputs in their place. Raises FormulaError for a circle."""

    def replaced(node: ast.expr, above: tuple[str, ...]) -> ast.expr:
        if isinstance(node, ast.Name) and node.id in others:
            if node.id in above:
                raise FormulaError(f"公式互相引用：{formula.text}")
            return replaced(others[node.id].root, (*above, node.id))
        if isinstance(node, ast.BinOp):
            return ast.BinOp(replaced(node.left, above), node.op, replaced(node.right, above))
        if isinstance(node, ast.UnaryOp):
            return ast.UnaryOp(node.op, replaced(node.operand, above))
        if isinstance(node, ast.Call) and _called(node) != "years":
            return ast.Call(node.func, [replaced(a, above) for a in node.args], [])
        return node

    root = replaced(formula.root, ())
    names: list[str] = []
    dates: list[str] = []
    _check(root, names, dates, formula.text)
    return Formula(formula.text, root, tuple(dict.fromkeys(names)), tuple(dict.fromkeys(dates)))


def full_years(since: date, today: date) -> int:
    """Whole years passed (成立满几年); someone founded on 29 February has the birthday on 1 March."""
    return today.year - since.year - ((today.month, today.day) < (since.month, since.day))


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _check(node: ast.expr, names: list[str], dates: list[str], text: str) -> None:
    if isinstance(node, ast.Name):
        names.append(node.id)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
        _check(node.left, names, dates, text)
        _check(node.right, names, dates, text)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        _check(node.operand, names, dates, text)
    elif isinstance(node, ast.Call) and _called(node) == "years" and _date_of(node):
        names.append(_date_of(node))
        dates.append(_date_of(node))
    elif isinstance(node, ast.Call) and _called(node) in ("min", "max") and node.args and not node.keywords:
        for argument in node.args:
            _check(argument, names, dates, text)
    elif not (isinstance(node, ast.Constant) and type(node.value) in (int, float)):
        raise FormulaError(f"公式里只能用加减乘除、min、max 和 years：{text}")


def _date_of(call: ast.Call) -> str:
    """years(today - founded_on) and years(founded_on) both count from founded_on to today."""
    if len(call.args) != 1:
        return ""
    argument = call.args[0]
    if isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.Sub) and isinstance(argument.left, ast.Name):
        argument = argument.right if argument.left.id == "today" else argument
    return argument.id if isinstance(argument, ast.Name) else ""


def _number(node: ast.Constant) -> Fraction:
    return Fraction(str(node.value))


def _years(node: ast.Call, lookup: Lookup, today: date) -> Span:
    since = lookup(_date_of(node)).point
    if since is None:
        return Span(Fraction(0), None)
    return exactly(Fraction(full_years(date.fromordinal(int(since)), today)))


def _span(node: ast.expr, lookup: Lookup, today: date) -> Span:
    if isinstance(node, ast.Constant):
        return exactly(_number(node))
    if isinstance(node, ast.Name):
        return lookup(node.id)
    if isinstance(node, ast.UnaryOp):
        return spans.negate(_span(node.operand, lookup, today))
    if isinstance(node, ast.Call):
        if _called(node) == "years":
            return _years(node, lookup, today)
        parts = [_span(argument, lookup, today) for argument in node.args]
        return spans.least(parts) if _called(node) == "min" else spans.greatest(parts)
    assert isinstance(node, ast.BinOp)
    left, right = _span(node.left, lookup, today), _span(node.right, lookup, today)
    if isinstance(node.op, ast.Add):
        return spans.add(left, right)
    if isinstance(node.op, ast.Sub):
        return spans.add(left, spans.negate(right))
    if isinstance(node.op, ast.Mult):
        return spans.multiply(left, right)
    quotient = spans.divide(left, right)
    if quotient is None:
        raise ZeroDivisionError
    return quotient


def _selections(node: ast.expr) -> Iterator[ast.expr]:
    """The formula with each min and max replaced by each of its arguments in turn.

    The result always equals one of these, so every crossing of it is a crossing of one of them.
    """
    if isinstance(node, ast.BinOp):
        for left, right in itertools.product(_selections(node.left), _selections(node.right)):
            yield ast.BinOp(left, node.op, right)
    elif isinstance(node, ast.UnaryOp):
        for operand in _selections(node.operand):
            yield ast.UnaryOp(node.op, operand)
    elif isinstance(node, ast.Call) and _called(node) != "years":
        for argument in node.args:
            yield from _selections(argument)
    else:
        yield node


def _ratio(node: ast.expr, missing: str, lookup: Lookup, today: date) -> tuple[Polynomial, Polynomial] | None:
    """The formula as one polynomial over another in the missing input."""
    one: Polynomial = (Fraction(1),)
    if isinstance(node, ast.Name) and node.id == missing:
        return (Fraction(0), Fraction(1)), one
    if isinstance(node, ast.UnaryOp):
        inner = _ratio(node.operand, missing, lookup, today)
        return inner and (_times((Fraction(-1),), inner[0]), inner[1])
    if not isinstance(node, ast.BinOp):
        point = _span(node, lookup, today).point
        return None if point is None else ((point,), one)
    left = _ratio(node.left, missing, lookup, today)
    right = _ratio(node.right, missing, lookup, today)
    return _joined(node.op, left, right) if left and right else None


def _joined(
    op: ast.operator, left: tuple[Polynomial, Polynomial], right: tuple[Polynomial, Polynomial]
) -> tuple[Polynomial, Polynomial]:
    (a, b), (c, d) = left, right
    if isinstance(op, ast.Mult):
        return _times(a, c), _times(b, d)
    if isinstance(op, ast.Div):
        return _times(a, d), _times(b, c)
    if isinstance(op, ast.Sub):
        c = _times((Fraction(-1),), c)
    return (_plus(a, c), b) if b == d else (_plus(_times(a, d), _times(c, b)), _times(b, d))


def _plus(p: Polynomial, q: Polynomial) -> Polynomial:
    return tuple(x + y for x, y in itertools.zip_longest(p, q, fillvalue=Fraction(0)))


def _minus(p: Polynomial, q: Polynomial) -> Polynomial:
    return _plus(p, _times((Fraction(-1),), q))


def _times(p: Polynomial, q: Polynomial) -> Polynomial:
    out = [Fraction(0)] * (len(p) + len(q) - 1)
    for i, x in enumerate(p):
        for j, y in enumerate(q):
            out[i + j] += x * y
    return tuple(out)


def _trim(p: Polynomial) -> Polynomial:
    while len(p) > 1 and p[-1] == 0:
        p = p[:-1]
    return p


def _root(p: Polynomial) -> tuple[Fraction, ...] | None:
    """The zero of a straight line; none for a constant; None beyond a line."""
    p = _trim(p)
    if len(p) == 1:
        return ()
    return (-p[0] / p[1],) if len(p) == 2 else None
