"""What a number may be: exactly one value, or everything between two bounds.

Exact fractions throughout, so that a ratio of two amounts is compared as by multiplication and no
verdict ever hangs on a rounding. `None` as a bound means without end.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

Bound = Fraction | None


@dataclass(frozen=True, slots=True)
class Span:
    """All x with low ≤ x ≤ high; an `open` end leaves the bound itself out."""

    low: Bound = None
    high: Bound = None
    low_open: bool = False
    high_open: bool = False

    @property
    def point(self) -> Fraction | None:
        """The one value it can be, if it is one."""
        return self.low if self.low is not None and self.low == self.high else None

    def holds(self, x: Fraction) -> bool:
        above = self.low is None or x > self.low or (x == self.low and not self.low_open)
        below = self.high is None or x < self.high or (x == self.high and not self.high_open)
        return above and below

    def cut(self, points: Iterable[Fraction]) -> list["Span"]:
        """The pieces between and at the given points, from low to high."""
        if self.point is not None:
            return [self]
        pieces: list[Span] = []
        low, low_open = self.low, self.low_open
        for x in sorted({p for p in points if self.holds(p)}):
            if low is None or x > low:
                pieces.append(Span(low, x, low_open, True))
            pieces.append(exactly(x))
            low, low_open = x, True
        if low is None or self.high is None or low < self.high:
            pieces.append(Span(low, self.high, low_open, self.high_open))
        return pieces

    def sample(self) -> Fraction:
        """Any value inside."""
        if self.low is not None and self.high is not None:
            return (self.low + self.high) / 2
        if self.low is not None:
            return self.low + 1
        return self.high - 1 if self.high is not None else Fraction(0)


def exactly(x: Fraction) -> Span:
    return Span(x, x)


ANYTHING = Span()


def add(a: Span, b: Span) -> Span:
    return Span(_sum(a.low, b.low), _sum(a.high, b.high))


def negate(a: Span) -> Span:
    return Span(None if a.high is None else -a.high, None if a.low is None else -a.low)


def multiply(a: Span, b: Span) -> Span:
    if a.point == 0 or b.point == 0:
        return exactly(Fraction(0))
    if a.point is not None:
        return _scale(b, a.point)
    if b.point is not None:
        return _scale(a, b.point)
    if not (_positive(a) and _positive(b)):
        return ANYTHING
    assert a.low is not None
    assert b.low is not None
    return Span(a.low * b.low, None if a.high is None or b.high is None else a.high * b.high)


def divide(a: Span, b: Span) -> Span | None:
    """a ÷ b over every b that is not zero; None when b is exactly zero: there is no such ratio."""
    if b.point == 0:
        return None
    if b.low is not None and b.low >= 0:
        inverse = Span(Fraction(0) if b.high is None else 1 / b.high, None if b.low == 0 else 1 / b.low)
    elif b.high is not None and b.high <= 0:
        inverse = Span(None if b.high == 0 else 1 / b.high, Fraction(0) if b.low is None else 1 / b.low)
    else:
        return exactly(Fraction(0)) if a.point == 0 else ANYTHING
    return multiply(a, inverse)


def least(spans: list[Span]) -> Span:
    """min(…): below every low only if some low is missing."""
    lows, highs = [s.low for s in spans], [s.high for s in spans if s.high is not None]
    low = None if None in lows else min(x for x in lows if x is not None)
    return Span(low, min(highs) if highs else None)


def greatest(spans: list[Span]) -> Span:
    return negate(least([negate(s) for s in spans]))


def _sum(x: Bound, y: Bound) -> Bound:
    return None if x is None or y is None else x + y


def _scale(a: Span, by: Fraction) -> Span:
    low, high = (None if x is None else x * by for x in (a.low, a.high))
    return Span(low, high) if by > 0 else Span(high, low)


def _positive(a: Span) -> bool:
    return a.low is not None and a.low >= 0
