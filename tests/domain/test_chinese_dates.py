from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from domain.chinese_dates import find_moments, parse_moment, parse_span

NOW = datetime(2026, 11, 21, 15, 20, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Saturday


@pytest.mark.rule("P32")
@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("下周二下午三点", "11-24 15:00"),
        ("今晚十点", "11-21 22:00"),
        ("想订个七点半的淋浴间", "11-21 19:30"),
        ("两点", "11-22 14:00"),
        ("明天上午9点", "11-22 09:00"),
        ("25号上午9点", "11-25 09:00"),
        ("周日晚上八点半", "11-22 20:30"),
        ("晚上十二点", "11-22 00:00"),
        ("今晚一点", "11-22 01:00"),
        ("后天下午2点半", "11-23 14:30"),
        ("听日下昼三点", "11-22 15:00"),
        ("11-25 09:00", "11-25 09:00"),
        ("半小时后", "11-21 15:50"),
        ("现在", "11-21 15:20"),
        ("10点一刻", "11-21 22:15"),
    ],
)
def test_points_in_time_are_read_relative_to_now(text: str, when: str) -> None:
    moment = parse_moment(text, NOW)
    assert moment is not None
    read = moment.when(NOW)
    assert read is not None
    assert read.strftime("%m-%d %H:%M") == when
    assert read.tzinfo == NOW.tzinfo


@pytest.mark.rule("P32")
@pytest.mark.parametrize(
    ("text", "day", "part"),
    [
        ("明早", "2026-11-22", "morning"),
        ("11月25号", "2026-11-25", None),
        ("后天中午", "2026-11-23", "noon"),
        ("星期五", "2026-11-27", None),
        ("这周五", "2026-11-20", None),
        ("三天后", "2026-11-24", None),
        ("3月5号", "2027-03-05", None),
        ("31号", "2026-12-31", None),
    ],
)
def test_a_day_without_a_clock_time_stays_a_day(text: str, day: str, part: str | None) -> None:
    moment = parse_moment(text, NOW)
    assert moment is not None
    assert (str(moment.day), moment.part, moment.when(NOW)) == (day, part, None)


@pytest.mark.rule("P32")
@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("今晚十点到明早六点", "11-21 22:00", "11-22 06:00"),
        ("下午三点到五点", "11-22 15:00", "11-22 17:00"),
        ("22:00-06:00", "11-21 22:00", "11-22 06:00"),
        ("晚上10点到早上6点", "11-21 22:00", "11-22 06:00"),
        ("下午四点起一个半小时", "11-21 16:00", "11-21 17:30"),
        ("今晚八点到十点", "11-21 20:00", "11-21 22:00"),
    ],
)
def test_spans_end_at_the_first_reading_after_their_start(text: str, start: str, end: str) -> None:
    span = parse_span(text, NOW)
    assert span is not None
    assert [moment.strftime("%m-%d %H:%M") for moment in span] == [start, end]


def test_a_bare_hour_is_marked_as_open_to_two_readings() -> None:
    moment = parse_moment("七点半", NOW)
    assert moment is not None
    assert moment.ambiguous


@pytest.mark.parametrize("text", ["晚到四十分钟", "12号床", "一般纳税人", "月亮", "13月40号的25点"])
def test_what_names_no_time_gives_none(text: str) -> None:
    assert [m for m in find_moments(text, NOW) if m.when(NOW) or m.day] == []
