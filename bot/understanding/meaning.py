"""One sentence understood: intent and what belongs to it, each with its share."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from bot.understanding.classifier import Guess, classifier
from bot.understanding.features import Features, features_of
from bot.understanding.text import plain

_POLITE = re.compile(
    r"^(你好[呀啊]?|您好|哈[啰喽罗]|在吗|在么|hi|hello|喂|请问一?下?|请教一?下?|麻烦问一?下|我?想问一?下|想咨询一?下"
    r"|我?想请教一?下|问一?下|咨询一?下|打扰一?下|打扰了|那个|这个嘛|嗯+|呃+|师傅|老师|小姐姐|亲|唔该|劳驾|小驿|链驿|小助手|早上好|上午好|中午好|下午好|晚上好|早安|小同志|同志们?|大姐|大哥|美女|帅哥)+"
)
_TAIL = re.compile(r"(谢谢你?|多谢|感谢|唔该晒?|麻烦了|辛苦了|拜托了?|谢了|急急急|急|在线等|小驿|小助手)+$")
INTENTS = ("policy", "booking", "checkin", "demand", "greeting", "out_of_scope")
# How much likelier a role makes an intent: decides only between meanings that are near each other.
LIKELY_FOR: dict[str, dict[str, float]] = {
    "driver": {"booking": 1.5, "demand": 1.2, "checkin": 0.7},
    "member": {"checkin": 2.0, "policy": 0.7},
    "activist": {"checkin": 2.0, "policy": 0.7},
    "branch_secretary": {"checkin": 2.0, "policy": 0.7},
    "enterprise_contact": {"policy": 1.5, "demand": 1.3, "checkin": 0.7},
}
_COMPLAINS = re.compile(r"投诉|举报|(?<!被)反映(?!了没)")
COMPLAINS = 6.0
"""Who says 投诉 complains, whatever it is about."""
FAMILIAR = 0.3
"""Below this share of known features a text is gibberish to us."""


@dataclass
class Meaning:
    """What the classifiers make of a text; heads are read only when asked for."""

    text: str
    features: Features
    roles: frozenset[str] = frozenset()

    @cached_property
    def intent(self) -> Guess:
        """What is wanted; where a sentence leaves it open, what people of this role usually want."""
        guess = classifier().guess("intent", self.features)
        if _COMPLAINS.search(self.features.text):
            return guess.weighted({"demand": COMPLAINS})
        weights = {name: LIKELY_FOR[role].get(name, 1.0) for role in self.roles & LIKELY_FOR.keys() for name in INTENTS}
        return guess.weighted(weights) if weights else guess

    @cached_property
    def category(self) -> Guess:
        return classifier().guess("policy.category", self.features)

    @cached_property
    def demand_category(self) -> Guess:
        return classifier().guess("demand.category", self.features)

    @cached_property
    def familiar(self) -> float:
        return classifier().known_share(self.features)

    def action(self, intent: str) -> str:
        """What is to be done: cancel, delay, leave, status, …"""
        return classifier().guess(f"{intent}.action", self.features).label

    @property
    def confidence(self) -> float:
        """The share of the best intent, less sure where most of the text was never seen."""
        known = min(1.0, self.familiar / FAMILIAR)
        return self.intent.share * (0.4 + 0.6 * known)

    def words(self, *prefixes: str) -> list[str]:
        """The known words that speak for a meaning, in the order of the text."""
        return [
            item.word
            for item in self.features.found
            if not prefixes or any(group.startswith(prefixes) for group in item.groups)
        ]

    def has_group(self, group: str) -> bool:
        return any(group in item.groups for item in self.features.found)


def without_politeness(text: str) -> str:
    """The question without greeting and thanks around it; the text itself where nothing else is in it."""
    clean = plain(text)
    core = _TAIL.sub("", _POLITE.sub("", clean))
    return core if len(core) >= 2 else clean


@lru_cache(maxsize=1024)
def understand(text: str, roles: frozenset[str] = frozenset()) -> Meaning:
    """Deterministic: the same text of the same kind of person gives the same meaning."""
    known = roles & LIKELY_FOR.keys()
    return Meaning(text, features_of(without_politeness(text)), known if len(known) == 1 else frozenset())
