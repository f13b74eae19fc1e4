"""Days and clock times in a sentence (日期时间): 下周二下午三点, 今晚十点, 明早, 七点半, 11月25号, 半小时后.

Everything is read relative to a given local `now`; there is no clock here. A clock time without
morning or evening is `ambiguous`: the coming one is taken, and who asks may confirm.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from domain.numerals import plain_number
from domain.quantities import parse_minutes

_N = r"[\d〇零一二两三四五六七八九十]"
_WEEKDAY = {c: i for i, c in enumerate("一二三四五六日")} | {"天": 6, **{str(i + 1): i for i in range(7)}}
_DAY_WORDS = {
    "大后天": 3,
    "大前天": -3,
    **dict.fromkeys(("今天", "今日", "今儿", "当天"), 0),
    **dict.fromkeys(("明天", "明日", "明儿", "听日", "聽日"), 1),
    **dict.fromkeys(("后天", "后日", "後天"), 2),
    **dict.fromkeys(("昨天", "昨日", "昨儿", "琴日", "寻日"), -1),
    "前天": -2,
}
_SHORT_DAYS = {"今": 0, "明": 1, "后": 2, "昨": -1}
_PARTS = {
    **dict.fromkeys(("凌晨", "清晨"), "dawn"),
    **dict.fromkeys(("早上", "早晨", "上午", "朝早", "大早", "早"), "morning"),
    **dict.fromkeys(("中午", "正午", "晌午", "午间"), "noon"),
    **dict.fromkeys(("下午", "午后", "下昼"), "afternoon"),
    **dict.fromkeys(("晚上", "傍晚", "晚间", "夜晚", "今夜", "晚黑", "晚"), "evening"),
    **dict.fromkeys(("半夜", "深夜", "夜里", "夜间", "午夜", "通宵", "过夜"), "night"),
}
# From when to when a part of the day lasts, in hours from local midnight.
PART_HOURS = {
    "dawn": (0, 6),
    "morning": (6, 12),
    "noon": (11, 14),
    "afternoon": (12, 18),
    "evening": (18, 24),
    "night": (20, 33),
}
_LONG_PARTS = "|".join(sorted((p for p in _PARTS if len(p) > 1), key=len, reverse=True))

_DAY = re.compile(
    rf"(?P<word>{'|'.join(sorted(_DAY_WORDS, key=len, reverse=True))})"
    r"|(?P<week>下下|下个?|这个?|本|上个?)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天1-7])(?![\d月])"
    rf"|(?:(?P<year>20\d\d|二[〇零]{_N}{{2}})[年/-])?(?P<month>{_N}{{1,3}})[月/-](?P<day>{_N}{{1,3}})(?:[号日]|(?![\d.%万亿个人年-]))"
    rf"|(?P<only_day>{_N}{{1,3}})[号日](?!人|员|线|楼|床|位|门|机|车|柜|库)"
    rf"|(?P<days_later>{_N}{{1,3}})天(?:之?后|以后)"
    r"|(?P<short>[今明后昨])(?=[早晚]|凌晨|上午|下午|中午|夜)"
)
_PART = re.compile(rf"(?P<part>{_LONG_PARTS}|早(?=[上晨]?{_N}{{1,3}}[点:])|(?<=[今明后昨])[早晚])")
_CLOCK = re.compile(
    rf"(?<!{_N})(?P<hour>{_N}{{1,3}})(?::(?P<minute>\d\d)(?!\d)|[点时](?:钟|整)?"
    rf"(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<spoken>{_N}{{1,3}})(?:分|(?![\d个天年月万亿人小分])))?)"
)
_LATER = re.compile(rf"(?P<span>(?:{_N}|半|个|点)+\s*(?:小时|钟头|个钟|分钟|分|刻钟)半?)(?:之?后|以后)(?!天)")
_NOW = re.compile(r"现在|马上|立刻|立即|这会儿|而家|依家")
_GLUE = re.compile(r"[\s,，、的在大概约左右]*")


@dataclass(frozen=True, slots=True)
class Moment:
    """What a sentence says of a point in time; each part is None where it says nothing."""

    day: date | None
    at: time | None
    part: str | None
    ambiguous: bool
    start: int
    end: int
    text: str
    exact: datetime | None = None  # said relative to now: 半小时后, 现在

    def when(self, now: datetime) -> datetime | None:
        """The instant in the zone of `now`, or None while no clock time was said.

        Without a day the coming one is meant; a clock time without part of the day is the coming
        one of the two today, and from 07:00 to 18:59 on another day.
        """
        if self.exact:
            return self.exact
        if self.at is None:
            return None
        candidates = list(self._candidates(now))
        return (
            next((c for c in candidates if c > now), candidates[-1])
            if self.day in (None, now.date())
            else candidates[0]
        )

    def earliest_after(self, start: datetime) -> datetime | None:
        """For the end of a span: the first reading that lies after its beginning."""
        if self.exact or self.at is None:
            return self.exact
        day = self.day or start.date()
        readings = [_at(start, day, self.at, plus) for plus in ((0, 12, 24) if self.ambiguous else (0, 24))]
        if self.day is not None:
            readings = [r for r in readings if r.date() == self.day] or readings[:1]
        return next((r for r in sorted(readings) if r > start), None)

    def _candidates(self, now: datetime) -> Iterator[datetime]:
        assert self.at is not None
        day = self.day or now.date()
        if not self.ambiguous:
            yield _at(now, day, self.at, 0)
        elif day == now.date():
            yield _at(now, day, self.at, 0)
            yield _at(now, day, self.at, 12)
        else:
            yield _at(now, day, self.at, 12 if self.at.hour < 7 else 0)
        if self.day is None:
            yield _at(now, day, self.at, 36 if self.ambiguous and self.at.hour < 7 else 24)


def find_moments(text: str, now: datetime) -> list[Moment]:
    """Every point in time a sentence names, in order; a later one inherits nothing."""
    text = unicodedata.normalize("NFKC", text)
    found: list[Moment] = []
    position = 0
    while position < len(text):
        moment = _moment_at(text, position, now)
        if moment:
            found.append(moment)
            position = moment.end
        else:
            position += 1
    return found


def parse_moment(text: str, now: datetime) -> Moment | None:
    """The first point in time a sentence names."""
    return next(iter(find_moments(text, now)), None)


def parse_span(text: str, now: datetime) -> tuple[datetime, datetime] | None:
    """From when to when (下午三点到五点, 今晚十点到明早六点, 三点起一个半小时), or None if one side is missing."""
    moments = find_moments(text, now)
    start = next(((i, w) for i, m in enumerate(moments) if (w := m.when(now))), None)
    if start is None:
        return None
    index, begin = start
    between = unicodedata.normalize("NFKC", text)
    for later in moments[index + 1 :]:
        joint = between[moments[index].end : later.start]
        if re.search(r"[到至~—-]", joint):
            end = _with_part_of(moments[index], later).earliest_after(begin)
            return (begin, end) if end else None
    minutes = parse_minutes(text)
    return (begin, begin + timedelta(minutes=minutes)) if minutes and not moments[index].exact else None


def _with_part_of(first: Moment, second: Moment) -> Moment:
    """下午三点到五点: the second hour belongs to the same afternoon."""
    if second.ambiguous and second.day is None and first.part in ("afternoon", "noon") and second.at:
        return replace(second, at=second.at.replace(hour=second.at.hour % 12 + 12), ambiguous=False)
    return second


def _moment_at(text: str, start: int, now: datetime) -> Moment | None:
    relative = _relative_at(text, start, now)
    if relative:
        return relative
    position = start
    day_match = _DAY.match(text, position)
    day = _day(day_match, now) if day_match else None
    if day_match and day:
        position = day_match.end()
    part_match = _PART.match(text, _skip(text, position) if day else position)
    if part_match:
        position = part_match.end()
    clock_match = _CLOCK.match(text, _skip(text, position) if day or part_match else position)
    clock = _clock(clock_match) if clock_match else None
    if clock_match and clock:
        position = clock_match.end()
    if position == start:
        return None
    part = _PARTS.get(part_match["part"]) if part_match else None
    day, at, ambiguous = _resolve(day, part, clock, clock_match, now)
    return Moment(day, at, part, ambiguous, start, position, text[start:position])


def _relative_at(text: str, start: int, now: datetime) -> Moment | None:
    later = _LATER.match(text, start)
    minutes = parse_minutes(later["span"]) if later else None
    match = later if minutes else _NOW.match(text, start)
    if not match:
        return None
    exact = (now + timedelta(minutes=minutes or 0)).replace(second=0, microsecond=0)
    return Moment(exact.date(), exact.timetz().replace(tzinfo=None), None, False, start, match.end(), match[0], exact)


def _skip(text: str, position: int) -> int:
    glue = _GLUE.match(text, position)
    return glue.end() if glue else position


def _int(text: str | None) -> int | None:
    number = plain_number(text) if text else None
    return int(number) if number is not None else None


def _day(match: re.Match[str], now: datetime) -> date | None:
    today = now.date()
    if match["word"]:
        return today + timedelta(days=_DAY_WORDS[match["word"]])
    if match["short"]:
        return today + timedelta(days=_SHORT_DAYS[match["short"]])
    if match["days_later"]:
        return today + timedelta(days=_int(match["days_later"]) or 0)
    if match["weekday"]:
        return _weekday(match["week"] or "", _WEEKDAY[match["weekday"]], today)
    if match["month"]:
        return _month_day(_int(match["year"]), _int(match["month"]), _int(match["day"]), today)
    return _day_of_month(_int(match["only_day"]), today)


def _weekday(which: str, weekday: int, today: date) -> date:
    """周二 is the coming one (today counts); 下周二 is in the week after this one, weeks begin on Monday."""
    monday = today - timedelta(days=today.weekday())
    weeks = {"下下": 2, "下": 1, "下个": 1, "上": -1, "上个": -1}.get(which, 0)
    day = monday + timedelta(weeks=weeks, days=weekday)
    return day + timedelta(weeks=1) if not which and day < today else day


def _safe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month_day(year: int | None, month: int | None, day: int | None, today: date) -> date | None:
    """Without a year: this year's, or next year's once it is more than 60 days past."""
    if not month or not day:
        return None
    said = _safe(year or today.year, month, day)
    if said and year is None and said < today - timedelta(days=60):
        return _safe(today.year + 1, month, day)
    return said


def _day_of_month(day: int | None, today: date) -> date | None:
    """25号 is this month's, or the next month's once it has passed."""
    if not day or day > 31:
        return None
    year, month = today.year, today.month
    for _ in range(3):
        found = _safe(year, month, day)
        if found and found >= today:
            return found
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return None


def _clock(match: re.Match[str]) -> tuple[int, int] | None:
    hour = _int(match["hour"])
    minute = _int(match["minute"] or match["spoken"]) or 0
    if match["half"]:
        minute = 30
    if match["quarter"]:
        minute = 15 if match["quarter"] == "一" else 45
    if hour is None or hour > 24 or minute > 59:
        return None
    return hour, minute


def _resolve(
    day: date | None,
    part: str | None,
    clock: tuple[int, int] | None,
    match: re.Match[str] | None,
    now: datetime,
) -> tuple[date | None, time | None, bool]:
    """Brings hour and part of the day together; after midnight belongs to the next day."""
    if clock is None:
        return day, None, False
    hour, minute = clock
    next_day = hour == 24
    if part in ("evening", "night") and (hour == 12 or hour < (5 if part == "evening" else 7)):
        hour, next_day = hour % 12, True
    elif part == "dawn" and hour == 12:
        hour = 0
    elif hour < {"afternoon": 12, "evening": 12, "night": 12, "noon": 10}.get(part or "", 0):
        hour += 12
    if next_day:
        day = (day or now.date()) + timedelta(days=1)
    digital = match is not None and match["minute"] is not None and match["hour"].startswith("0")
    ambiguous = part is None and 1 <= hour <= 11 and not digital
    return day, time(hour % 24, minute), ambiguous


def _at(now: datetime, day: date, at: time, plus_hours: int) -> datetime:
    moved = datetime.combine(day, at, tzinfo=now.tzinfo)
    return moved + timedelta(hours=plus_hours)
