"""Slots of a booking wish: which service, when, for how long, in which zone."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.chinese_dates import PART_HOURS, Moment, find_moments, parse_span
from domain.quantities import parse_minutes

# kind of service → how people call it; the first that is found counts
SERVICE_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "shower",
        re.compile(
            r"冲(个|完|下|一下)?(凉|澡)|沖涼|洗(个|完|一下)?(热水)?澡|淋浴|淋育|沐浴|洗浴|浴室|澡堂|花洒|女浴|男浴|洗(一)?个热水|最早.{0,3}能洗|能洗吗"
        ),
    ),
    ("laundry", re.compile(r"洗衣|洗(一下|几件)?衣服|烘干|干衣|衣服.{0,6}(洗|晾|烘)")),
    (
        "bay",
        re.compile(
            r"车位|停车|泊车|泊位|停(个|一下|一)?(大|小|货|拖|挂)?车|缓冲区|停(多久|一晚|到|放|几个|在哪|哪)|能停|挂车|拖头"
        ),
    ),
    (
        "meal",
        re.compile(
            r"食堂|餐厅|吃(个)?(饭|早|午|晚|夜)|就餐|用餐|饭堂|(早|午|晚|中)(饭|餐)|夜宵|开饭|开餐|餐位|饭菜|套餐|菜单|盒饭|食饭|有饭"
        ),
    ),
    ("legal", re.compile(r"律师|法律|打官司|法务|仲裁咨询")),
    (
        "room",
        re.compile(
            r"会议室|培训室|多功能厅|路演厅|会场|会客|组织生活室|场地|开会|借(个|间|一间)?(房|屋|教室)|间房|活动室开会|(借|订|约|用)(个|一间|间)?活动室|活动室.{0,12}(开会|支部|借|空|培训)|党(员|群)活动室"
        ),
    ),
    ("desk", re.compile(r"惠企(服务)?窗口|服务窗口|办事窗口|窗口")),
    ("leisure", re.compile(r"休闲|娱乐|健身|乒乓|台球|桌球|打球|棋牌|按摩椅|图书|阅览|活动室|看书|打牌")),
    (
        "rest_night",
        re.compile(
            r"过夜|住(一)?(晚|夜|宿)|通宵|留宿|睡(到|一晚|一夜|整晚)|今晚.{0,6}(睡|床|铺)|床|铺位|铺|住(吗|不|得|下|在)|能住|半夜.{0,6}(住|睡|到)"
        ),
    ),
    (
        "rest_short",
        re.compile(
            r"小憩|午休|午睡|眯|躺|打盹|打个盹|歇|瞓|休息(一|下|会|室|位|区|两|几)?|睡(一)?(会|下|觉|两|几|个)|补觉|困了|想睡"
        ),
    ),
)
_DAYTIME_REST = re.compile(r"小憩|午休|午睡|眯|两个?(小时|钟)|打盹|歇|躺一?(会|下|躺)")
_DAY = re.compile(r"[今明后大昨听]天|[今明后听]日|[今明后当听](早|晚|夜|朝)|周|星期|礼拜|号|月")
NIGHT = timedelta(hours=8)
"""睡到明早六点: a night before the hour that was said."""
_UNTIL = re.compile(r"[到至]")
_ZONE = (("female", re.compile(r"女")), ("male", re.compile(r"男")))


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wishes to book, as far as it was said."""

    service: str | None
    day: date | None
    start: datetime | None
    minutes: int | None
    part: str | None
    zone: str | None
    is_day_said: bool = False

    @property
    def window(self) -> tuple[int, int] | None:
        """The hours of the part of the day that was said, from local midnight."""
        return PART_HOURS.get(self.part) if self.part and self.start is None else None


def service_of(clean: str) -> str | None:
    """The kind of service a plain text is about."""
    if _DAYTIME_REST.search(clean) and not re.search(r"过夜|今晚|晚上|明早|一晚", clean):
        return "rest_short"
    return next((kind for kind, words in SERVICE_WORDS if words.search(clean)), None)


def _between(text: str, moments: list[Moment]) -> str:
    return text[moments[0].end : moments[1].start]


def read_wish(text: str, clean: str, local_now: datetime) -> Wish:
    """Service, day, time, length and zone of a sentence; None for what was not said."""
    moments = find_moments(text, local_now)
    span = parse_span(text, local_now)
    timed = next((when for m in moments if (when := m.when(local_now))), None)
    start, minutes = timed, parse_minutes(text)
    if span is not None:
        start, minutes = span[0], int((span[1] - span[0]).total_seconds() // 60)
    if span is None and len(moments) > 1 and moments[0].at is None and _UNTIL.search(_between(text, moments)):
        start = None  # 今晚到明天六点: only the end has a clock time
        if timed is not None and service_of(clean) == "rest_night":
            start, minutes = timed - NIGHT, NIGHT // timedelta(minutes=1)
    day = start.date() if start else next((m.day for m in moments if m.day), None)
    part = next((m.part for m in moments if m.part), None)
    zone = next((name for name, words in _ZONE if words.search(clean)), None)
    return Wish(service_of(clean), day, start, minutes, part, zone, _DAY.search(clean) is not None)
