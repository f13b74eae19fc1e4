"""Opening hours in words: 全天开放 · 每天 20:00–次日09:00 · 周三 14:00–17:00."""

from datetime import date

from domain.local_time import DAY_MINUTES
from domain.opening import Opening, rules_in_effect

WEEKDAYS = "一二三四五六日"


def hours_text(opening: Opening, day: date) -> str:
    """The weekly hours in effect on a day, as one short line."""
    rules = rules_in_effect(opening.service_rules, day) or rules_in_effect(opening.centre_rules, day)
    by_hours: dict[tuple[tuple[int, int], ...], list[int]] = {}
    for weekday in range(7):
        hours = tuple(sorted((r.opens, r.closes) for r in rules if r.weekday is None or r.weekday == weekday))
        if hours:
            by_hours.setdefault(hours, []).append(weekday)
    if not by_hours:
        return "暂未开放"
    return "；".join(_line(days, hours) for hours, days in sorted(by_hours.items(), key=lambda item: item[1]))


def _line(days: list[int], hours: tuple[tuple[int, int], ...]) -> str:
    if hours == ((0, DAY_MINUTES),) or hours == ((0, 0),):
        return "全天开放" if len(days) == 7 else f"{_days(days)} 全天"
    return f"{_days(days)} " + "、".join(f"{clock(opens)}–{_closing(opens, closes)}" for opens, closes in hours)


def _closing(opens: int, closes: int) -> str:
    return clock(closes) if closes > opens else f"次日{clock(closes)}"


def _days(days: list[int]) -> str:
    if len(days) == 7:
        return "每天"
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"周{WEEKDAYS[days[0]]}至周{WEEKDAYS[days[-1]]}"
    return "、".join(f"周{WEEKDAYS[day]}" for day in days)


def clock(minute: int) -> str:
    """A minute of the day as 08:30; midnight at the end of a day is 24:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
