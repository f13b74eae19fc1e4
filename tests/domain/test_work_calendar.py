"""China's working calendar in opening hours: make-up days, holidays, unknown years, in rules and in words."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.file_rows import Unreadable
from domain.hours_file import CLOSED, HourRule, Hours, read_hours, read_timetables, write_hours
from domain.hours_text import hours_text
from domain.opening import Opening, OpeningRule, hours_on
from domain.work_calendar import WEEKENDS_ONLY, SpecialDay, WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY, SATURDAY = date(2027, 2, 8), date(2027, 2, 20)
MADE_UP_SUNDAY, FESTIVAL_SATURDAY = date(2027, 1, 31), date(2027, 2, 6)
CALENDAR = WorkCalendar(
    {
        MONDAY: SpecialDay("holiday", "春节"),
        FESTIVAL_SATURDAY: SpecialDay("holiday", "春节"),
        MADE_UP_SUNDAY: SpecialDay("workday", "春节调休"),
        date(2027, 2, 25): SpecialDay("restday", "区庆"),
    }
)
DAYS = {
    "working Thursday": date(2027, 2, 18), "Thursday off": date(2027, 2, 25), "Saturday": SATURDAY,
    "made-up Sunday": MADE_UP_SUNDAY, "holiday Monday": MONDAY, "holiday Saturday": FESTIVAL_SATURDAY,
}  # fmt: skip


def opening(hours: Hours, calendar: WorkCalendar = CALENDAR, **more: Any) -> Opening:
    rules = tuple(OpeningRule(r.weekday, r.opens, r.closes, date.min, r.day_kind, r.is_closed) for r in hours)
    return Opening(SHANGHAI, rules, calendar=calendar, **more)


def spoken(hours: tuple[tuple[int, int], ...]) -> str:
    return " ".join(f"{opens // 60}-{closes // 60}" for opens, closes in hours) or "closed"


@pytest.mark.rule("B105")
@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ({"workday": "09:00-18:00", "restday": "10:00-16:00"}, "9-18 10-16 10-16 9-18 10-16 10-16"),
        (
            {"workday": "09:00-18:00", "restday": "10:00-16:00", "holiday": "11:00-12:00"},
            "9-18 10-16 10-16 9-18 11-12 11-12",
        ),
        ({"workday": "09:00-18:00"}, "9-18 closed closed 9-18 closed closed"),
        ({"default": "08:00-20:00", "holiday": None}, "8-20 8-20 8-20 8-20 closed closed"),
        ({"default": "08:00-20:00", "restday": "10:00-16:00"}, "8-20 10-16 10-16 8-20 10-16 10-16"),
        (
            {"default": "08:00-20:00", "sat": "10:00-12:00", "holiday": "11:00-12:00"},
            "8-20 8-20 10-12 8-20 11-12 11-12",
        ),
        ("08:00-20:00", "8-20 8-20 8-20 8-20 8-20 8-20"),
    ],
)  # fmt: skip
def test_hours_by_kind_of_day(hours: Any, expected: str) -> None:
    found = opening(read_hours(hours))
    assert {name: spoken(hours_on(found, day)) for name, day in DAYS.items()} == dict(
        zip(DAYS, expected.split(), strict=True)
    )


@pytest.mark.rule("B107")
def test_an_unknown_year_is_weekends_only() -> None:
    found = opening(read_hours({"workday": "09:00-18:00", "restday": "10:00-16:00"}), WEEKENDS_ONLY)
    assert [spoken(hours_on(found, day)) for day in DAYS.values()] == [
        "9-18",
        "9-18",
        "10-16",
        "10-16",
        "9-18",
        "10-16",
    ]
    assert not CALENDAR.knows_year(2027)  # four days entered by hand are not a year
    assert WorkCalendar({date(2027, 1, day): SpecialDay("holiday") for day in range(1, 11)}).knows_year(2027)


@pytest.mark.rule("B104", "B105")
def test_kinds_of_day_belong_to_their_timetable() -> None:
    """An older timetable's holiday rule does not reach into the newer one."""
    old = OpeningRule(None, 0, 0, date(2026, 1, 1), "holiday", True)
    new = OpeningRule(None, 600, 720, date(2027, 2, 7))
    found = Opening(SHANGHAI, (old, OpeningRule(None, 480, 1200, date(2026, 1, 1)), new), calendar=CALENDAR)
    assert [spoken(hours_on(found, day)) for day in (FESTIVAL_SATURDAY, MONDAY)] == ["closed", "10-12"]


@pytest.mark.rule("B106")
def test_closed_goes_before_other_hours_of_that_day_and_may_be_all() -> None:
    both = frozenset({HourRule(None, 480, 1200), HourRule(6, 0, 0, None, True)})
    assert spoken(hours_on(opening(both, WEEKENDS_ONLY), date(2027, 2, 21))) == "closed"
    assert spoken(hours_on(opening(both, WEEKENDS_ONLY), MONDAY)) == "8-20"
    assert read_hours({"default": None}) == CLOSED
    assert hours_on(opening(CLOSED), MONDAY) == ()


@pytest.mark.rule("B105", "B106")
@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ({"workday": "09:00-18:00", "restday": "10:00-16:00"}, "工作日 09:00–18:00；休息日 10:00–16:00"),
        ({"workday": "09:00-18:00", "restday": "09:00-18:00", "holiday": None}, "每天 09:00–18:00；节假日 休息"),
        ({"workday": "09:00-18:00"}, "工作日 09:00–18:00"),
        ({"default": "00:00-24:00", "holiday": "10:00-16:00"}, "全天开放；节假日 10:00–16:00"),
        ({"wed": "14:00-17:00", "holiday": None}, "周三 14:00–17:00；节假日 休息"),
        ({"default": None}, "暂未开放"),
        ({"holiday": "10:00-16:00"}, "节假日 10:00–16:00"),
        ({"mon-fri": "09:00-18:00"}, "周一至周五 09:00–18:00"),
        ({"workday": "20:00-06:00", "restday": None}, "工作日 20:00–次日06:00"),
    ],
)  # fmt: skip
def test_hours_in_words(hours: Any, said: str) -> None:
    assert hours_text(opening(read_hours(hours)), MONDAY) == said


@pytest.mark.rule("B101")
@pytest.mark.parametrize(
    "hours",
    [
        "09:00-21:00", ["06:30-09:00", "20:00-02:00"], {"wed": "14:00-17:00"},
        {"周一至周五": "9:00—18:00，19：00至20:00"},
        {"default": "08:00-20:00", "sat": None}, {"工作日": "09:00-18:00", "节假日": "休息"}, {"default": None},
        {"mon;wed": ["09:00-10:00", "11:00-12:00"]}, {"default": "09:00-10:00", "sun": "closed", "holiday": None},
    ],
)  # fmt: skip
def test_hours_are_written_as_they_are_read(hours: Any) -> None:
    rules = read_hours(hours)
    assert read_hours(write_hours(rules)) == rules


@pytest.mark.rule("B101")
def test_hours_of_every_day_and_of_one_day_both_count_and_are_written_so() -> None:
    """Rules that staff laid side by side, which no file says."""
    rules = frozenset({HourRule(None, 480, 600), HourRule(2, 720, 780)})
    again = read_hours(write_hours(rules))
    for day in (date(2027, 2, 17), date(2027, 2, 18)):
        assert hours_on(opening(again), day) == hours_on(opening(rules), day)


@pytest.mark.rule("B104")
def test_timetables_by_their_first_day() -> None:
    found = read_timetables([{"default": "09:00-18:00"}, {"from": "2027-3-1", "default": "10:00-18:00"}])
    assert {day.isoformat(): sorted(rules)[0].opens for day, rules in found.items()} == {
        "2000-01-01": 540,
        "2027-03-01": 600,
    }
    for bad in ([{"mon": "09:00-18:00"}, {"tue": "09:00-18:00"}], {"from": "soon", "mon": "09:00-18:00"}, [{}, "x"]):
        with pytest.raises(Unreadable):
            read_timetables(bad)
