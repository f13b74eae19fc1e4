"""Opening hours: over midnight, all day, exceptions, other timetables, clocks that change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.errors import Invalid
from domain.hours_text import hours_text
from domain.local_time import iso, to_utc
from domain.opening import Opening, OpeningException, OpeningRule, grid, is_open, is_open_at, windows_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = date(2026, 11, 25)
ALWAYS = OpeningRule(None, 0, 1440)
NIGHT = OpeningRule(None, 1200, 540)


def opening(*rules: OpeningRule, tz: ZoneInfo = SHANGHAI, **more: tuple[object, ...]) -> Opening:
    return Opening(tz, rules, **more)  # type: ignore[arg-type]


def local(text: str, tz: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=tz).astimezone(UTC)


def starts(found: tuple[datetime, ...], tz: ZoneInfo = SHANGHAI) -> list[str]:
    return [f"{start.astimezone(tz):%H:%M}" for start in found]


@pytest.mark.rule("B13")
def test_starts_count_from_the_opening_of_each_window() -> None:
    meals = opening(OpeningRule(None, 390, 540), OpeningRule(None, 1020, 1110))
    assert starts(grid(meals, WEDNESDAY, 30)) == [
        "06:30",
        "07:00",
        "07:30",
        "08:00",
        "08:30",
        "17:00",
        "17:30",
        "18:00",
    ]
    odd = opening(OpeningRule(None, 515, 600))
    assert starts(grid(odd, WEDNESDAY, 20)) == ["08:35", "08:55", "09:15", "09:35", "09:55"]


@pytest.mark.rule("B13", "B15")
def test_open_all_day_counts_from_local_midnight_and_never_closes() -> None:
    always = opening(ALWAYS)
    assert starts(grid(always, WEDNESDAY, 30))[:2] == ["00:00", "00:30"]
    assert len(grid(always, WEDNESDAY, 30)) == 48
    assert is_open(always, local("2026-11-25T22:00"), local("2026-11-26T10:00"))
    assert is_open(opening(OpeningRule(None, 0, 0)), local("2026-11-25T23:45"), local("2026-11-26T00:15"))


@pytest.mark.rule("B14", "B15")
def test_a_night_window_belongs_to_its_evening_and_its_small_hours_to_the_next_date() -> None:
    night = opening(NIGHT)
    assert starts(grid(night, WEDNESDAY, 60)) == [f"{h:02d}:00" for h in (*range(9), *range(20, 24))]
    assert is_open(night, local("2026-11-25T22:00"), local("2026-11-26T06:00"))
    assert not is_open(night, local("2026-11-26T02:00"), local("2026-11-26T10:00"))
    assert is_open_at(night, local("2026-11-26T08:59"))
    assert not is_open_at(night, local("2026-11-26T09:00"))


@pytest.mark.rule("B15")
def test_windows_that_do_not_touch_are_two() -> None:
    split = opening(OpeningRule(None, 540, 720), OpeningRule(None, 780, 1020))
    assert not is_open(split, local("2026-11-25T11:30"), local("2026-11-25T13:30"))
    touching = opening(OpeningRule(None, 540, 720), OpeningRule(None, 720, 1020))
    assert is_open(touching, local("2026-11-25T11:30"), local("2026-11-25T13:30"))


@pytest.mark.rule("B17", "B18")
def test_rules_of_a_service_stand_in_place_of_its_centres() -> None:
    lawyer = opening(ALWAYS, service_rules=(OpeningRule(2, 840, 1020),))
    assert starts(grid(lawyer, WEDNESDAY, 30)) == ["14:00", "14:30", "15:00", "15:30", "16:00", "16:30"]
    assert grid(lawyer, WEDNESDAY + timedelta(days=1), 30) == ()
    assert hours_text(lawyer, WEDNESDAY) == "周三 14:00–17:00"


@pytest.mark.rule("B17")
def test_the_timetable_that_took_effect_last_counts() -> None:
    changing = opening(OpeningRule(None, 540, 1260), OpeningRule(None, 600, 720, date(2026, 12, 1)))
    assert starts(grid(changing, date(2026, 11, 30), 60))[0] == "09:00"
    assert starts(grid(changing, date(2026, 12, 1), 60)) == ["10:00", "11:00"]


@pytest.mark.rule("B16")
def test_exceptions_go_first_and_last_night_still_ends() -> None:
    shut = OpeningException(WEDNESDAY, WEDNESDAY + timedelta(days=1), None, "设备检修")
    closed = opening(NIGHT, centre_exceptions=(shut,))
    assert windows_of(closed, WEDNESDAY) == ()
    assert starts(grid(closed, WEDNESDAY, 60)) == [f"{h:02d}:00" for h in range(9)]
    assert starts(grid(closed, WEDNESDAY + timedelta(days=1), 60)) == ["20:00", "21:00", "22:00", "23:00"]
    own = OpeningException(WEDNESDAY, WEDNESDAY + timedelta(days=1), (600, 720))
    assert starts(grid(opening(NIGHT, centre_exceptions=(shut,), service_exceptions=(own,)), WEDNESDAY, 60)) == [
        *(f"{h:02d}:00" for h in range(9)),
        "10:00",
        "11:00",
    ]


@pytest.mark.rule("B40")
def test_clocks_that_change_make_a_day_of_23_or_25_hours() -> None:
    always = opening(ALWAYS, tz=BERLIN)
    assert len(grid(always, date(2026, 3, 29), 60)) == 23
    assert len(grid(always, date(2026, 10, 25), 60)) == 25
    night = opening(NIGHT, tz=BERLIN)
    window = windows_of(night, date(2026, 3, 28))[0]
    assert window.end - window.start == timedelta(hours=12)
    assert iso(window.end, BERLIN) == "2026-03-29T09:00:00+02:00"


@pytest.mark.rule("B40")
@pytest.mark.parametrize("day", [date(2028, 2, 29), date(2026, 12, 31), date(2027, 1, 1)])
def test_leap_day_and_new_year(day: date) -> None:
    assert len(grid(opening(ALWAYS), day, 30)) == 48
    evening = local(f"{day.isoformat()}T23:30")
    assert is_open(opening(ALWAYS), evening, evening + timedelta(hours=1))


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ((ALWAYS,), "全天开放"),
        ((NIGHT,), "每天 20:00–次日09:00"),
        ((OpeningRule(None, 390, 540), OpeningRule(None, 660, 810)), "每天 06:30–09:00、11:00–13:30"),
        (tuple(OpeningRule(day, 540, 1260) for day in range(5)), "周一至周五 09:00–21:00"),
        (
            (OpeningRule(0, 540, 600), OpeningRule(2, 540, 600), OpeningRule(5, 0, 1440)),
            "周一、周三 09:00–10:00；周六 全天",
        ),
        ((), "暂未开放"),
    ],
)
def test_hours_in_words(rules: tuple[OpeningRule, ...], text: str) -> None:
    assert hours_text(opening(*rules), WEDNESDAY) == text


@pytest.mark.rule("B31")
def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(Invalid, match="naive_time"):
        to_utc(datetime(2026, 11, 25, 10, 0))  # noqa: DTZ001 - what is refused
