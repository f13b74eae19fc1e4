"""Marks 爽约记录: three within thirty days narrow booking for a week, and nothing else."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.errors import Conflict
from domain.marks import LASTS, LOOK_BACK, NARROWED, MarkFacts, check_marks, matters, restricted_until
from domain.opening import Opening
from domain.service_types import ServiceFacts

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
DAY, HOUR, MOMENT = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)
OPENING = Opening(ZoneInfo("Asia/Shanghai"), (), (), (), ())
SHOWER = ServiceFacts(1, "c.shower", "淋浴", "unit", 30, OPENING)
REST = ServiceFacts(2, "c.rest", "过夜休息", "unit", 480, OPENING, is_overnight=True)


def marks(*days_ago: float, halves: int = 2) -> list[MarkFacts]:
    return [MarkFacts(NOW - timedelta(days=days), halves) for days in days_ago]


@pytest.mark.rule("B82")
@pytest.mark.parametrize(
    ("given", "until"),
    [
        ([], None),
        (marks(1, 2), None),
        (marks(1, 2, 3), NOW + 6 * DAY),
        (marks(1, 2) + marks(0.5, halves=1), None),
        (marks(1, 2) + marks(0.5, 0.25, halves=1), NOW - timedelta(days=0.25) + NARROWED),
        (marks(0, 1, 29.9), NOW + NARROWED),
        (marks(0, 1, 30), None),
        (marks(6.99, 8, 9), NOW - timedelta(days=6.99) + NARROWED),
        (marks(7, 8, 9), None),
        (marks(5, 34, 34.5), NOW + 2 * DAY),
        (marks(1, 2, 3, 4), NOW + 6 * DAY),
    ],
    ids=[
        "none", "two", "three", "two and a half", "two and two halves", "the first nearly expired", "the first expired",
        "the week nearly over", "the week over", "the week outlasts the first marks", "the last of four counts",
    ],
)  # fmt: skip
def test_three_marks_within_thirty_days_narrow_booking_for_seven(
    given: list[MarkFacts], until: datetime | None
) -> None:
    assert restricted_until(given, now=NOW) == until


@pytest.mark.rule("B82")
def test_the_coming_hour_can_be_booked_and_overnight_rest_is_never_refused() -> None:
    three = marks(1, 2, 3)
    check_marks(SHOWER, three, NOW + HOUR, now=NOW)
    check_marks(REST, three, NOW + 10 * HOUR, now=NOW)
    check_marks(SHOWER, marks(1, 2), NOW + DAY, now=NOW)
    with pytest.raises(Conflict, match="restricted") as caught:
        check_marks(SHOWER, three, NOW + HOUR + MOMENT, now=NOW)
    assert caught.value.details == {"until": "2026-12-01T10:00:00+08:00"}


@pytest.mark.rule("B82")
def test_marks_older_than_we_look_back_cannot_matter() -> None:
    """The oldest mark that can still be one of three behind a week that is not over."""
    newest = NOW - NARROWED + MOMENT
    oldest = newest - LASTS + MOMENT
    assert restricted_until([MarkFacts(t, 2) for t in (oldest, newest, newest)], now=NOW) is not None
    assert oldest > NOW - LOOK_BACK


@pytest.mark.rule("B83")
def test_a_mark_matters_within_its_thirty_days_and_as_one_of_the_three() -> None:
    old, young = marks(34)[0], marks(29)[0]
    assert matters(young, [young], now=NOW)
    assert not matters(old, [old], now=NOW)
    assert matters(old, [old, *marks(5, 6)], now=NOW), "without it the week would be over"
    assert not matters(old, marks(5, 6), now=NOW), "waived"
