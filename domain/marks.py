"""Marks 爽约记录: no-shows and late cancels, never points: three within thirty days narrow booking for a week.

Overnight rest is never refused for it, walking in is never touched, and a waived mark counts for nothing
(product brief §6; public rules forbid punishing lists of people).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import Conflict
from domain.local_time import iso
from domain.service_types import ServiceFacts

HALVES = {"no_show": 2, "late_cancel": 1}
LIMIT_HALVES = 6
LASTS = timedelta(days=30)
NARROWED = timedelta(days=7)
SAME_HOUR = timedelta(minutes=60)
LOOK_BACK = LASTS + NARROWED
"""Marks older than this can no longer matter."""


@dataclass(frozen=True, slots=True)
class MarkFacts:
    """One mark that was not waived."""

    at: datetime
    halves: int


def restricted_until(marks: Sequence[MarkFacts], *, now: datetime) -> datetime | None:
    """Until when somebody may only walk in or book within the hour; None where they may book as usual."""
    ends = [
        last.at + NARROWED
        for last in marks
        if last.at <= now < last.at + NARROWED
        and sum(m.halves for m in marks if last.at - LASTS < m.at <= last.at) >= LIMIT_HALVES
    ]
    return max(ends, default=None)


def matters(mark: MarkFacts, marks: Sequence[MarkFacts], *, now: datetime) -> bool:
    """Whether a mark still counts: within its thirty days, or as one of the three behind a week that is not over."""
    if mark not in marks:
        return False
    others = list(marks)
    others.remove(mark)
    return now < mark.at + LASTS or restricted_until(others, now=now) != restricted_until(marks, now=now)


def check_marks(service: ServiceFacts, marks: Sequence[MarkFacts], start: datetime, *, now: datetime) -> None:
    """Three marks within thirty days: for a week only the coming hour. Raises Conflict `restricted`."""
    if not marks or service.is_overnight or start - now <= SAME_HOUR:
        return
    until = restricted_until(marks, now=now)
    if until is not None:
        raise Conflict("restricted", until=iso(until, service.opening.tz))
