"""Every template: complete, within WeChat's limits, never more than three asked for in one tap."""

import re

import pytest

from domain.wechat_values import FIELD_RULES, field_kind
from server.settings import TEMPLATES as CONFIGURED
from services.notification_templates import TEMPLATES, Words, asked_for, message_fields, render

SAMPLE = {
    "thing": "很长的一段话，比二十个字还要长一些，所以要截断",
    "time": "2026-11-25 21:00",
    "character_string": "K7M2QX4P",
}


@pytest.mark.rule("W8")
@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_fields_and_words_use_the_same_values(name: str) -> None:
    template = TEMPLATES[name]
    assert all(field_kind(key) in FIELD_RULES for key in template.fields)
    data = {value: SAMPLE[field_kind(key)] for key, value in template.fields.items()}
    assert set(message_fields(name, data)) == set(template.fields)
    shown = set(re.findall(r"{(\w+)}", template.text))
    assert not template.fields or shown <= set(template.fields.values())
    assert len(template.fields) <= 5


def test_what_can_be_pushed_can_be_configured() -> None:
    assert {name for name, template in TEMPLATES.items() if template.fields} == set(CONFIGURED)


@pytest.mark.rule("W17")
@pytest.mark.parametrize("moment", ["booking", "waitlist", "registration", "follow", "demand"])
def test_one_tap_asks_for_three_at_most(moment: str) -> None:
    assert 1 <= len(asked_for(moment)) <= 3


def test_a_missing_value_leaves_a_gap() -> None:
    assert render("policy_news", {"policy": "扩产奖励"}) == Words("政策有新消息", "扩产奖励：")
    assert render("unheard_of", {}) == Words("通知", "")
