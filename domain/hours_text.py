"""Opening hours in words: 全天开放 · 每天 20:00–次日09:00 · 周三 14:00–17:00 · 工作日 09:00–18:00；节假日 休息."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from domain.local_time import DAY_MINUTES
from domain.opening import Opening, OpeningRule, hours_by_rules, rules_in_effect
from domain.work_calendar import DAY_KIND_LABELS, SATURDAY

WEEKDAYS = "一二三四五六日"
CLOSED = "休息"
Hours = tuple[tuple[int, int], ...]


@lru_cache(maxsize=4096)
def hours_text(opening: Opening, day: date) -> str:
    """The weekly hours in effect on a day, as one short line."""
    rules = rules_in_effect(opening.service_rules, day) or rules_in_effect(opening.centre_rules, day)
    by_hours: dict[Hours, list[int]] = {}
    for weekday in range(7):
        hours = hours_by_rules(rules, weekday, "restday" if weekday >= SATURDAY else "workday")
        if hours:
            by_hours.setdefault(hours, []).append(weekday)
    follows = any(rule.day_kind in ("workday", "restday") for rule in rules)
    lines = [_line(days, hours, follows) for hours, days in sorted(by_hours.items(), key=lambda item: item[1])]
    return "；".join([*lines, *_holiday(rules)]) if lines else "；".join(_holiday(rules)) or "暂未开放"


def _holiday(rules: Sequence[OpeningRule]) -> list[str]:
    """What public holidays have of their own; closed ones are worth saying only where other days are not."""
    if not any(rule.day_kind == "holiday" for rule in rules):
        return []
    hours = hours_by_rules([rule for rule in rules if rule.day_kind == "holiday"], 0, "holiday")
    is_ever_open = any(not rule.is_closed for rule in rules)
    return [f"{DAY_KIND_LABELS['holiday']} {_spans(hours) if hours else CLOSED}"] if is_ever_open else []


def _line(days: list[int], hours: Hours, follows: bool) -> str:
    if hours == ((0, DAY_MINUTES),) or hours == ((0, 0),):
        return "全天开放" if len(days) == 7 else f"{_days(days, follows)} 全天"
    return f"{_days(days, follows)} {_spans(hours)}"


def _spans(hours: Hours) -> str:
    return "、".join(f"{clock(opens)}–{_closing(opens, closes)}" for opens, closes in hours)


def _closing(opens: int, closes: int) -> str:
    return clock(closes) if closes > opens else f"次日{clock(closes)}"


def _days(days: list[int], follows: bool) -> str:
    if len(days) == 7:
        return "每天"
    if follows and days == list(range(SATURDAY)):
        return DAY_KIND_LABELS["workday"]
    if follows and days == [SATURDAY, SATURDAY + 1]:
        return DAY_KIND_LABELS["restday"]
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"周{WEEKDAYS[days[0]]}至周{WEEKDAYS[days[-1]]}"
    return "、".join(f"周{WEEKDAYS[day]}" for day in days)


def clock(minute: int) -> str:
    """A minute of the day as 08:30; midnight at the end of a day is 24:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
