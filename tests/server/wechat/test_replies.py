"""Passive replies: well formed whatever the text, and never longer than WeChat takes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from server.wechat.push import Push
from server.wechat.replies import SUCCESS, Article, news_reply, text_reply
from tests.wechat_vectors import section

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
PUSH = Push({"ToUserName": "gh_ours", "FromUserName": "oSender", "MsgType": "text"}, "xml")


def text_of(case_input: str | dict[str, Any]) -> str:
    if isinstance(case_input, dict):
        return str(case_input["unit"]) * int(case_input["count"]) + str(case_input["tail"])
    if case_input.startswith("a\\ud83db"):
        return "a\ud83db"
    return case_input


def content(root: Element) -> str:
    return root.findtext("Content") or ""


CHECKS: dict[str, Callable[[Element, str], bool]] = {
    "well_formed": lambda root, given: root.tag == "xml",
    "no_exception": lambda root, given: True,
    "content_equals_input": lambda root, given: content(root) == given,
    "single_MsgType": lambda root, given: len(root.findall(".//MsgType")) == 1,
    "content_is:abc": lambda root, given: content(root) == "abc",
    "utf8_bytes<=2048": lambda root, given: len(content(root).encode()) <= 2048,
    "cut_on_character": lambda root, given: given.startswith(content(root)) and len(content(root).encode()) > 2040,
    "ToUserName_is_sender": lambda root, given: root.findtext("ToUserName") == "oSender",
    "FromUserName_is_original_id": lambda root, given: root.findtext("FromUserName") == "gh_ours",
    "CreateTime_is_int": lambda root, given: root.findtext("CreateTime") == str(int(NOW.timestamp())),
}


@pytest.mark.rule("W6")
@pytest.mark.parametrize("case", section("reply_cases"), ids=lambda case: case["id"])
def test_reply(case: dict[str, Any]) -> None:
    given = text_of(case["input"])
    answer = text_reply(PUSH, given, now=NOW)
    if case["checks"] == ["body_is_empty_or_success"]:
        assert answer == SUCCESS
        return
    root = fromstring(answer)
    for check in case["checks"]:
        assert CHECKS[check](root, given), check


@pytest.mark.rule("W6")
@pytest.mark.parametrize(("kind", "shown"), [("text", 1), ("image", 1), ("event", 8)])
def test_news_shows_no_more_than_wechat_takes(kind: str, shown: int) -> None:
    push = Push({"ToUserName": "gh_ours", "FromUserName": "oSender", "MsgType": kind}, "xml")
    articles = [Article(f"政策{n}", "]]>", "https://example.org/?a=1&b=2") for n in range(10)]
    root = fromstring(news_reply(push, articles, now=NOW))
    assert root.findtext("ArticleCount") == str(shown)
    assert len(root.findall("Articles/item")) == shown
    assert root.findtext("Articles/item/Description") == "]]>"


@pytest.mark.rule("W6")
def test_no_cards_is_no_answer() -> None:
    assert news_reply(PUSH, [], now=NOW) == SUCCESS
