"""A plain yes or no 好的、就这个、算了 to the one thing the last reply offered: as good as its tap."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Do = Mapping[str, Any]

_AGREED = r"好|行|可以|是|对|嗯|要|中|得|系|ok|没问题|确认|确定|同意"
_FILLING = r"那|就|这个|它|这样|吧|了|的|啊|呀|嘞|哦|帮我|给我|麻烦|一下"
# what a tap does → the words that name doing it
_VERBS = {
    "book": r"预约|约|订|定|上",
    "cancel": r"取消|退|掉",
    "late": r"多?留|晚到|保留",
    "extend": r"延长?|加",
    "wait": r"候补|排|等",
    "accept_offer": r"要|订|约|接受",
    "register": r"报名|报|参加",
    "unregister": r"取消|退|报名|掉",
    "leave": r"请假|请|提交",
    "submit_draft": r"提交|发|交|出去|上去",
}
_NO = re.compile(r"^(不用|不要|不必|算|先不|不订|不约|不取消|不提交|不发)(了|吧|啦|提交|取消|订|约)*$")
_IDLE = re.compile(r"^(不(太)?(清楚|知道|晓得|确定|方便说|想说)|唔知|不问|没事|没有?)(了|啦|呢)?$")


def is_yes(clean: str, do: Do) -> bool:
    """Whether a sentence agrees to this tap and to nothing else: `取消吧` is no yes to a booking.

    What was not asked as a question needs its verb or 确认: a bare 好的 only acknowledges.
    """
    verbs = _VERBS.get(str(do["do"]))
    if verbs is None or not re.fullmatch(rf"(?:{_AGREED}|{_FILLING}|{verbs})+", clean):
        return False
    named = rf"确认|确定|{verbs}|^(那)?就(这个|它|这样)"
    return bool(re.search(rf"{named}|{_AGREED}" if do.get("asked") else named, clean))


def agreed(clean: str, offered: Sequence[Mapping[str, Any]]) -> Do | None:
    """The one tap a yes can mean; None where several could be meant."""
    meant: list[Do] = []
    for item in offered:
        do = item.get("do")
        if do and do not in meant and is_yes(clean, do):
            meant.append(do)
    return meant[0] if len(meant) == 1 else None


def declined(clean: str, offered: Sequence[Mapping[str, Any]]) -> Do | None:
    """The tap that leaves everything as it is."""
    if not _NO.match(clean):
        return None
    return next((item["do"] for item in offered if (item.get("do") or {}).get("do") in ("keep", "drop_draft")), None)


def is_bare(clean: str) -> bool:
    """A yes, a no, a don't-know with nothing that it could refer to."""
    bare = re.fullmatch(rf"(?:{_AGREED}|{_FILLING})+", clean) is not None
    return len(clean) <= 8 and bool(bare or _NO.match(clean) or _IDLE.match(clean))
