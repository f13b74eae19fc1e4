"""Closures 停用与停业: of a unit, a service or a whole centre, with an end or until somebody reopens it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

WORDS = {"broken": "设施坏了", "cleaning": "临时清洁", "closed": "临时安排"}


@dataclass(frozen=True, slots=True)
class ClosureFacts:
    """Closed over [start, end); no `end`: until reopened. No `unit_id`: the whole service."""

    id: int
    unit_id: int | None
    start: datetime
    end: datetime | None
    kind: str
    reason: str = ""

    @property
    def why(self) -> str:
        """The reason in words, also where none was written."""
        return self.reason or WORDS.get(self.kind, WORDS["closed"])

    def touches(self, start: datetime, until: datetime) -> bool:
        """Whether anything of [start, until) is closed."""
        return self.start < until and (self.end is None or start < self.end)


def closure_over(
    closures: Sequence[ClosureFacts], unit_id: int | None, start: datetime, until: datetime
) -> ClosureFacts | None:
    """The closure that keeps a unit (None: the whole service) from being used in [start, until)."""
    for closure in closures:
        if (closure.unit_id is None or closure.unit_id == unit_id) and closure.touches(start, until):
            return closure
    return None


Span = tuple[datetime, datetime]


def gaps(span: Span, taken: Iterable[Span]) -> list[Span]:
    """What of a stretch of time is left by others, in order."""
    found: list[Span] = []
    start, end = span
    for busy_start, busy_end in sorted(taken):
        if busy_start >= end:
            break
        if busy_start > start:
            found.append((start, busy_start))
        start = max(start, busy_end)
    if start < end:
        found.append((start, end))
    return found
