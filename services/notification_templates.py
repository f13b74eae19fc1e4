"""The news we send (通知模板): what the inbox says, and which subscribe-message fields carry it.

One entry per template. The values come from `data` of the outbox row; a field that lacks its value is our mistake
and is found by the test of this table, not by WeChat's 47003.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.wechat_values import fit_field


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of news. `title` and `text` are for the inbox; `fields` maps WeChat's keys to names in `data`."""

    name: str
    title: str
    text: str
    fields: Mapping[str, str]
    asked_for: tuple[str, ...] = ()
    is_urgent: bool = False
    """Rings at night too: by morning it would be too late."""
    stale_after: timedelta | None = None
    """Not sent any more when it could not be sent for so long."""


TEMPLATES: Mapping[str, Template] = {
    template.name: template
    for template in (
        Template(
            name="booking_confirmed",
            title="预约成功",
            text="{service}，{time}，地点：{place}。到了请出示预约码。",
            fields={"thing1": "service", "time2": "time", "thing3": "place", "character_string4": "code"},
            asked_for=("booking",),
        ),
        Template(
            name="booking_requested",
            title="申请已提交",
            text="{service}，{time}。位置先为您留着，中心同意后会再告诉您。",
            fields={},
        ),
        Template(
            name="booking_reminder",
            title="预约快到了",
            text="{service}，{time}，地点：{place}。来不了请先取消，把位置让给别人。",
            fields={"thing1": "service", "time2": "time", "thing3": "place"},
            asked_for=("booking",),
            stale_after=timedelta(minutes=60),
        ),
        Template(
            name="booking_kept",
            title="路上不急，位置多留一会儿",
            text="{service}，{time}。{place}一带拥堵，已为您留到 {until}。",
            fields={},
        ),
        Template(
            name="booking_cancelled",
            title="预约已取消",
            text="{service}，{time}。{reason}",
            fields={"thing1": "service", "time2": "time", "thing3": "reason"},
            asked_for=("booking",),
        ),
        Template(
            name="booking_changed",
            title="预约有变动",
            text="{service}，{time}。{news}",
            fields={},
        ),
        Template(
            name="booking_moved",
            title="预约改好了",
            text="{service}，改到 {time}，地点：{place}。原来的位置已让出。",
            fields={},
        ),
        Template(
            name="booking_overstayed",
            title="时间到了",
            text="{service}，{time}。还需要的话请点“延长”，或到前台说一声。",
            fields={},
        ),
        Template(
            name="mark_decided",
            title="爽约记录有答复",
            text="{service}，{time}。{news}",
            fields={},
        ),
        Template(
            name="waitlist_offer",
            title="有空位了",
            text="{service}，{time} 有空位，请在 {deadline} 前确认。",
            fields={"thing1": "service", "time2": "time", "time3": "deadline"},
            asked_for=("waitlist",),
            is_urgent=True,
            stale_after=timedelta(minutes=20),
        ),
        Template(
            name="activity_registered",
            title="报名成功",
            text="{activity}，{time}，地点：{place}。到场扫屏幕上的码签到；来不了请先取消或请假。",
            fields={},
        ),
        Template(
            name="activity_reminder",
            title="活动快开始了",
            text="{activity}，{time}，地点：{place}。",
            fields={"thing1": "activity", "time2": "time", "thing3": "place"},
            asked_for=("registration",),
        ),
        Template(
            name="policy_news",
            title="政策有新消息",
            text="{policy}：{news}",
            fields={"thing1": "policy", "thing2": "news"},
            asked_for=("follow",),
        ),
        Template(
            name="demand_news",
            title="诉求有新进展",
            text="{title}：{news}",
            fields={"thing1": "title", "thing2": "news"},
            asked_for=("demand",),
        ),
        Template(
            name="late_answer",
            title="您刚才问的有回复了",
            text="{text}",
            fields={},
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Words:
    """Title and sentence of one piece of news."""

    title: str
    text: str


def render(name: str, data: Mapping[str, object]) -> Words:
    """What the inbox (站内信) shows. A missing value leaves a gap, never an error."""
    template = TEMPLATES.get(name)
    if template is None:
        return Words("通知", "")
    return Words(template.title, template.text.format_map(_Gaps(data)))


def is_urgent(name: str) -> bool:
    """Whether such news rings at night."""
    template = TEMPLATES.get(name)
    return template is not None and template.is_urgent


def is_stale(name: str, age: timedelta) -> bool:
    """Whether such news is too old to be sent; the inbox keeps it."""
    template = TEMPLATES.get(name)
    return template is not None and template.stale_after is not None and age >= template.stale_after


def message_fields(name: str, data: Mapping[str, object]) -> dict[str, str]:
    """The values of a subscribe message, made to fit. Raises ValueError for a value WeChat would refuse."""
    return {key: fit_field(key, str(data.get(value, ""))) for key, value in TEMPLATES[name].fields.items()}


def asked_for(moment: str) -> tuple[str, ...]:
    """The templates whose consent is asked for in one tap (预约、候补、报名、关注时征求): never more than three."""
    return tuple(name for name, template in TEMPLATES.items() if moment in template.asked_for)[:3]


class _Gaps(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return ""
