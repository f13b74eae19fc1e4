"""Passive replies (被动回复): what may be answered in the same response, within WeChat's limits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.wechat import xml_text
from server.wechat.envelope import SealedAnswer
from server.wechat.push import Format, Push

TEXT_BYTES = 2048
# WeChat shows one article in answer to what the user sent, eight in answer to an event.
ARTICLES_TO_MESSAGE = 1
ARTICLES_TO_EVENT = 8
SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class Article:
    """One card of a news reply (图文)."""

    title: str
    description: str
    url: str
    picture: str = ""


def fit(text: str, limit: int = TEXT_BYTES) -> str:
    """The text without forbidden characters, cut to `limit` bytes of UTF-8 on a character."""
    return xml_text.clean(text).encode("utf-8")[:limit].decode("utf-8", "ignore")


def text_reply(push: Push, text: str, *, now: datetime) -> str:
    """A text answer, addresses swapped; `success` where there is nothing to say, since empty Content is refused."""
    content = fit(text)
    if not content.strip():
        return SUCCESS
    return xml_text.document({**_head(push, "text", now), "Content": content})


def news_reply(push: Push, articles: Sequence[Article], *, now: datetime) -> str:
    """Cards; more than WeChat shows are left out, since one too many makes it drop the whole answer."""
    limit = ARTICLES_TO_EVENT if push.text("MsgType") == "event" else ARTICLES_TO_MESSAGE
    shown = articles[:limit]
    if not shown:
        return SUCCESS
    items = "".join(
        "<item>"
        + "".join(
            xml_text.element(name, value)
            for name, value in (
                ("Title", article.title),
                ("Description", article.description),
                ("PicUrl", article.picture),
                ("Url", article.url),
            )
        )
        + "</item>"
        for article in shown
    )
    head = {**_head(push, "news", now), "ArticleCount": len(shown)}
    return xml_text.document(head, tail=f"<Articles>{items}</Articles>")


def sealed_reply(answer: SealedAnswer, form: Format) -> str:
    """An encrypted answer in the form of the request: the same four names in XML and in JSON."""
    if form == "json":
        return json.dumps(
            {
                "Encrypt": answer.encrypt,
                "MsgSignature": answer.signature,
                "TimeStamp": answer.timestamp,
                "Nonce": answer.nonce,
            }
        )
    return xml_text.document(
        {
            "Encrypt": answer.encrypt,
            "MsgSignature": answer.signature,
            "TimeStamp": answer.timestamp,
            "Nonce": answer.nonce,
        }
    )


def _head(push: Push, kind: str, now: datetime) -> dict[str, str | int]:
    return {
        "ToUserName": push.openid,
        "FromUserName": push.original_id,
        "CreateTime": int(now.timestamp()),
        "MsgType": kind,
    }
