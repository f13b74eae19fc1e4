"""Out of scope 无关: small talk, gibberish, other people's data, take-over attempts, emergencies."""

from bot import phrasing
from bot.intents.greeting import starters
from bot.messages import Emergency, Part, Reply, Text
from bot.turn import Turn
from bot.understanding.special import Special


class OutOfScope:
    name = "out_of_scope"

    def score(self, turn: Turn) -> float:
        return turn.meaning.intent.of(self.name)

    def answer(self, turn: Turn) -> Reply:
        return turn.reply(self.name, [starters(phrasing.SMALL_TALK)])


def special_reply(special: Special) -> Reply:
    """Emergency numbers first and no form; a polite no that reveals nothing."""
    kind, _, detail = special.kind.partition(":")
    parts: tuple[Part, ...]
    if kind == "emergency":
        parts = (Emergency(phrasing.EMERGENCY[detail], special.numbers),)
    else:
        parts = (Text(phrasing.PRIVACY if kind == "privacy" else phrasing.TAKEOVER),)
    return Reply("out_of_scope", parts, 1.0, {"rule": special.kind, "matched": [special.matched]})
