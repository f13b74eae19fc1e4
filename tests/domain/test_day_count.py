"""A day counted in one pass says what each start says for itself."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.availability import Busy, Timeline, day_slots, slot_at
from domain.opening import Opening, OpeningRule
from domain.service_types import ServiceFacts, UnitFacts

TZ = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 26)
MIDNIGHT = datetime(2026, 11, 26, tzinfo=TZ).astimezone(UTC)
ZONES = (None, "any", "male", "female", "family")


@st.composite
def services(draw: st.DrawFn) -> ServiceFacts:
    opens = draw(st.sampled_from([(0, 1440), (540, 1260), (1200, 540), (545, 1000)]))
    units = tuple(
        UnitFacts(number, f"U{number}", zone, is_accessible=number % 3 == 0)
        for number, zone in enumerate(draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=6)), 1)
    )
    return ServiceFacts(
        id=1,
        code="C.s",
        name="s",
        kind="unit",
        slot_minutes=30,
        opening=Opening(TZ, (OpeningRule(None, *opens),)),
        step_minutes=draw(st.sampled_from([5, 30, 60])),
        max_minutes=480,
        cleaning_minutes=draw(st.sampled_from([0, 10, 45])),
        walkin_permille=draw(st.sampled_from([0, 250, 500, 1000])),
        is_bookable=draw(st.booleans()),
        window_days=draw(st.sampled_from([1, 14])),
        units=units,
    )


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Intervals of a unit that may touch but never overlap, as the database keeps them."""
    rows = []
    for unit_id in range(1, 7):
        cuts = sorted(draw(st.lists(st.integers(-400, 2000), unique=True, max_size=8)))
        for start, end in zip(cuts[::2], cuts[1::2], strict=False):
            rows.append(Busy(unit_id, MIDNIGHT + timedelta(minutes=start), MIDNIGHT + timedelta(minutes=end)))
    draw(st.randoms(use_true_random=False)).shuffle(rows)
    return Timeline.of(rows)


@pytest.mark.rule("B1", "B47")
@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    services(), timelines(), st.sampled_from([30, 60, 480]), st.sampled_from([None, "male", "female"]),
    st.integers(-3000, 1500),
)  # fmt: skip
def test_a_day_counted_at_once_is_each_start_counted_alone(
    service: ServiceFacts, timeline: Timeline, minutes: int, zone: str | None, after: int
) -> None:
    now = MIDNIGHT + timedelta(minutes=after)
    counted = day_slots(service, timeline, DAY, minutes, zone=zone, now=now)
    assert list(counted) == [slot_at(service, timeline, slot.start, minutes, zone=zone, now=now) for slot in counted]
