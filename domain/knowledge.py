"""What is known when a policy is judged: for every fact field, the values it may have.

A known fact is one value; a missing or outdated one may be any value of its field. Assumptions
narrow a field without touching the facts: that is how "would any answer change the outcome?" is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.facts import Answer, Fact, FieldFacts, FieldType, Value, as_fraction
from domain.spans import ANYTHING, Span, exactly


@dataclass(frozen=True, slots=True)
class Choices:
    """One of these values; `complete` says that there are no others."""

    values: frozenset[Answer]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Listed:
    """A known list, for `has` and `has_any`."""

    items: tuple[str, ...]


class Unlisted:
    """A list nobody has told us."""


UNLISTED = Unlisted()
Possible = Span | Choices | Listed | Unlisted


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The current facts of one firm on one day, with assumptions."""

    fields: Mapping[str, FieldFacts]
    facts: Mapping[str, Fact]
    today: date
    assumed: Mapping[str, Possible] = field(default_factory=dict)
    before: "Knowledge | None" = None  # without the last assumption
    last: str = ""  # the field it was made on
    memo: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, fields: Mapping[str, FieldFacts], facts: Mapping[str, Fact], today: date) -> "Knowledge":
        """Leaves out what is too old, of the wrong year or of no known field (too old = unknown)."""
        current = {c: f for c, f in facts.items() if c in fields and f.is_current(fields[c], today)}
        return cls(fields, current, today)

    def assuming(self, code: str, possible: Possible) -> "Knowledge":
        assumed = {**self.assumed, code: possible}
        return Knowledge(self.fields, self.facts, self.today, assumed, self, code)

    def before_assuming(self, needed: frozenset[str]) -> "Knowledge":
        """The oldest knowledge that says the same about these fields: what was judged there still holds."""
        known = self
        while known.before is not None and known.last not in needed:
            known = known.before
        return known

    def told(self, code: str) -> Possible | None:
        """What was said or assumed of a field; None when nothing was."""
        if code in self.assumed:
            return self.assumed[code]
        fact = self.facts.get(code)
        return _possible(fact.value) if fact else None

    def possible(self, code: str) -> Possible:
        told = self.told(code)
        return self.anything(code) if told is None else told

    def anything(self, code: str) -> Possible:
        """Every value the field allows."""
        about = self.fields[code]
        if about.type is FieldType.BOOL:
            return Choices(frozenset((True, False)))
        if about.numeric:
            low, high = (None if x is None else Fraction(x) for x in (about.low, about.high))
            return Span(low, high)
        if about.type is FieldType.DATE:
            return ANYTHING
        if about.type is FieldType.LIST:
            return UNLISTED
        return Choices(frozenset(about.options), complete=bool(about.options))

    def span(self, code: str) -> Span:
        possible = self.possible(code)
        return possible if isinstance(possible, Span) else ANYTHING


def _possible(value: Value) -> Possible:
    if isinstance(value, bool | str):
        return Choices(frozenset((value,)))
    if isinstance(value, tuple):
        return Listed(value)
    assert isinstance(value, Decimal | date)
    return exactly(as_fraction(value))
