"""Greeting 寒暄: hello, thanks, bye, what can you do."""

import re

from bot import phrasing
from bot.messages import Choices, Reply, Text
from bot.turn import Turn, tap

_ABILITIES = re.compile(
    r"什么功能|会(什么|啥|些)|能(做|干|帮|办|问)|可以(做|干|帮|问|办)|怎么用|咋用|有(什么|啥)用|帮助|help|使用说明|介绍|你是(谁|什么|哪|干)|叫什么|菜单|功能|哪些用|点用|做咩"
)
_THANKS = re.compile(r"谢|多谢|感谢|唔该|辛苦|感恩|赞|真棒|厉害|不错|非常好")
_BYE = re.compile(r"再见|拜|bye|回头|下次|走了|晚安|88|先这样|没事了|没问题了|不用了|就这些")
_OK = re.compile(r"^(好的?|好嘞|行|ok|嗯+|收到|明白|知道了?|了解|懂了?|清楚了?|可以了?|晓得).{0,4}$")


class Greeting:
    name = "greeting"

    def score(self, turn: Turn) -> float:
        return turn.meaning.intent.of(self.name)

    def answer(self, turn: Turn) -> Reply:
        return turn.reply(self.name, _parts(turn.clean))


def _parts(clean: str) -> list[Text | Choices]:
    if _ABILITIES.search(clean):
        return [Text(phrasing.ABILITIES), starters(phrasing.WHICH_MEANT)]
    if _BYE.search(clean):
        return [Text(phrasing.BYE)]
    if _THANKS.search(clean):
        return [Text(phrasing.THANKS)]
    if _OK.search(clean):
        return [Text(phrasing.UNDERSTOOD)]
    return [starters(phrasing.GREETING)]


def starters(text: str, intents: tuple[str, ...] = ("policy", "booking", "checkin")) -> Choices:
    """Up to three things to begin with."""
    return Choices(text, tuple(tap(*phrasing.EXAMPLES[name]) for name in intents[:3]))
