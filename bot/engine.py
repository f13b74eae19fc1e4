"""answer(): the one way from a sentence to a reply, the same for every channel.

Special cases first (danger, other people's data, take-over), then what a tap or an answer refers
to, then the intents by score; unsure asks back, twice unsure hands over to a person.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot import phrasing
from bot.acting import ACTIONS, act
from bot.consent import agreed, declined, is_bare
from bot.context import BotContext
from bot.intents import INTENTS
from bot.intents.base import FollowsUp, Intent
from bot.intents.demand import hand_over, show_draft, wants_human
from bot.intents.greeting import starters
from bot.intents.out_of_scope import special_reply
from bot.intents.policy import answer_question, read_answer
from bot.messages import TEXT_MAX, Choices, IncomingMessage, Part, Reply, Text
from bot.turn import Turn, tap
from bot.understanding.meaning import understand
from bot.understanding.special import special_case
from bot.understanding.text import plain
from domain.demand import TEXT_MAX as DRAFT_MAX
from services.conversations import note_unanswered

SURE = 0.6
"""Below this hardly more than half of the guesses were right: better to ask back."""
MAYBE = 0.4
UNSURE_SHOWN = 0.49
MARGIN = 0.12
STRANGE = 0.12
"""Less of the text than this was ever seen: gibberish."""
ELSEWHERE = 0.85
"""A sentence this clear about another subject is no follow-up."""
MISSES = 2
SAID_KEPT = 6
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ufeff\ud800-\udfff]")
_SPLIT = re.compile(r"顺便(再)?(问|说)?一?下?|另外(再)?(问|说)?一?下?|再问一?下|还想问|对了|以及|同时|[？?；;\n]+")
_CORRECTION = re.compile(r"^(不是|不对|错了)[,，。 ]*(我(说|问|要|想问)的?是|是(?!吗)|我想)?")
_ORDINALS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "两": 2}
_PICK = re.compile(r"^第?([1-6一二三四五六])(个|项|条|号)?$")
_FROM_TAP = re.compile(r"^(补充|加上|再加|标题|类别)[:：是为改成 ]*(.+)$")


def answer(message: IncomingMessage, context: BotContext, *, intents: Sequence[Intent] = INTENTS) -> Reply:
    """Answer one message; remembers in `context.memory` what the next one may refer to.

    Deterministic: the same text in the same state gives the same reply. Never raises for any text.
    Raises NotFound `unknown_org`, NotAllowed `not_your_org` for a firm that is not the speaker's.
    """
    text = tidy(message.text)
    message = IncomingMessage(text, message.channel, message.org)
    _forget_other_firm(message, context)
    if not plain(text):
        return _greet_empty()
    special = special_case(plain(text), text)
    if special is not None:
        return special_reply(special)
    turn = Turn(message, understand(text, context.roles), context)
    reply = _referring(turn, intents) or _fresh(turn, intents)
    _remember(turn, reply)
    return reply


def visible(text: str) -> str:
    """Without control characters, direction marks and halves of characters."""
    return _INVISIBLE.sub("", text).strip()


def tidy(text: str) -> str:
    """The visible text, cut to what is read."""
    return visible(text[: 4 * TEXT_MAX])[:TEXT_MAX]


def _greet_empty() -> Reply:
    return Reply("greeting", (starters(phrasing.EMPTY),), 1.0, {"rule": "empty", "matched": []})


def _forget_other_firm(message: IncomingMessage, context: BotContext) -> None:
    """Context never crosses firms: another firm in the request starts a new talk."""
    if message.org and context.memory.get("for_org", message.org) != message.org:
        context.memory.clear()
    if message.org:
        context.remember(for_org=message.org)


# -- what refers to the last reply ---------------------------------------------------------------------


def _referring(turn: Turn, intents: Sequence[Intent]) -> Reply | None:
    """A tap, an answer to a question, a change of the draft, a correction or a follow-up."""
    return (
        _tapped(turn, intents)
        or _answered(turn)
        or _consented(turn, intents)
        or _draft_changed(turn)
        or (hand_over(turn, phrasing.HANDOVER) if wants_human(turn.clean) else None)
        or _corrected(turn, intents)
        or _followed_up(turn, intents)
        or _bare(turn)
    )


def _tapped(turn: Turn, intents: Sequence[Intent]) -> Reply | None:
    """The text of a tap, or the number of one, of the last reply."""
    offered = _offered(turn)
    wanted = plain(turn.text)
    picked = next((item for item in offered if wanted in (plain(item["send"]), plain(item["label"]))), None)
    number = _PICK.match(wanted)
    if picked is None and number and offered and turn.context.memory.get("question") is None:
        at = int(_ORDINALS.get(number[1], number[1])) - 1
        picked = offered[at] if at < len(offered) else None
    if picked is None or picked.get("do") is None:
        return None
    return _do(turn, dict(picked["do"]), intents)


def _offered(turn: Turn) -> list[Mapping[str, Any]]:
    memory = turn.context.memory
    return [item for name in ("taps", "slot_taps", "draft_taps") for item in memory.get(name, [])]


def _consented(turn: Turn, intents: Sequence[Intent]) -> Reply | None:
    """好的, 就这个, 算了: yes or no to the one thing that was offered; among several times one has to be named."""
    offered = _offered(turn)
    do = agreed(turn.clean, offered) or declined(turn.clean, offered)
    if do is not None:
        return _do(turn, dict(do), intents)
    if turn.context.memory.get("slot_taps") and is_bare(turn.clean):
        return turn.reply("booking", [Text(phrasing.PICK_ONE)], rule="pick_one")
    return None


def _bare(turn: Turn) -> Reply | None:
    """好的, 不清楚 with nothing to refer to: no question, hence no miss."""
    if not is_bare(turn.clean):
        return None
    return Reply("greeting", (Text(phrasing.UNDERSTOOD),), 1.0, {"rule": "bare", "matched": []})


def _do(turn: Turn, do: dict[str, Any], intents: Sequence[Intent]) -> Reply:
    if do["do"] == "org":
        turn.context.remember(org=do["org"])
        return _again(turn, str(do["then"]), intents, None)
    if do["do"] == "as":
        return _again(turn, str(do["text"]), intents, str(do["intent"]))
    assert do["do"] in ACTIONS
    return act(turn, do)


def _again(turn: Turn, text: str, intents: Sequence[Intent], wanted: str | None) -> Reply:
    """The earlier sentence once more, now that it is clear what or whom it was about."""
    turn = turn.about(text)
    if wanted is None:
        return _fresh(turn, intents)
    intent = next(i for i in intents if i.name == wanted)
    return intent.answer(turn)


def _answered(turn: Turn) -> Reply | None:
    question: dict[str, Any] | None = turn.context.memory.get("question")
    if question is None:
        return None
    said = read_answer(question, turn.text, plain(turn.text))
    return answer_question(turn, question, said) if said else None


def _draft_changed(turn: Turn) -> Reply | None:
    """补充…: more text for the draft on the table."""
    made: dict[str, str] | None = turn.context.memory.get("draft")
    found = _FROM_TAP.match(turn.text) if made else None
    if made is None or found is None:
        return None
    changed = dict(made)
    if found[1] == "标题":
        changed["title"] = found[2][:40]
    else:
        changed["text"] = f"{made['text']}\n{found[2]}"[:DRAFT_MAX]
    turn.context.remember(draft=changed)
    return turn.reply("demand", show_draft(turn, changed, phrasing.DRAFT_CHANGED), rule="draft")


def _corrected(turn: Turn, intents: Sequence[Intent]) -> Reply | None:
    """不是，我说的是…: the rest is the question."""
    found = _CORRECTION.match(turn.text)
    rest = turn.text[found.end() :].strip("，,。 ") if found else ""
    if not found or len(plain(rest)) < 2 or not turn.context.memory.get("said"):
        return None
    return _fresh(turn.about(rest), intents)


def _followed_up(turn: Turn, intents: Sequence[Intent]) -> Reply | None:
    """A short sentence that only makes sense after the last answer: 那明天呢, 要什么材料, 几点结束."""
    last = turn.context.memory.get("subject")
    if last is None or _says_something_else(turn, str(last)):
        return None
    intent = next((i for i in intents if i.name == last), None)
    return intent.follow_up(turn) if isinstance(intent, FollowsUp) else None


def _says_something_else(turn: Turn, last: str) -> bool:
    """Whether the sentence is clear by itself, and about another subject."""
    return turn.meaning.intent.label != last and turn.meaning.confidence >= ELSEWHERE


# -- a new sentence ------------------------------------------------------------------------------------


def _fresh(turn: Turn, intents: Sequence[Intent]) -> Reply:
    several = _several(turn, intents)
    if several is not None:
        return several
    ranked = sorted(intents, key=lambda intent: -intent.score(turn))
    best, second = ranked[0], ranked[1]
    lead = best.score(turn) - second.score(turn)
    if turn.meaning.familiar < STRANGE and turn.meaning.confidence < 0.9:
        return _missed(turn, "out_of_scope", ())
    if turn.meaning.confidence < SURE or lead < MARGIN:
        likely = tuple(intent.name for intent in ranked[:3])
        return _perhaps_policy(turn, best, likely) or _missed(turn, best.name, likely)
    return best.answer(turn)


def _perhaps_policy(turn: Turn, best: Intent, likely: Sequence[str]) -> Reply | None:
    """Where a subject of policies is named, those policies as a question, with the other meanings beside them."""
    named = any(group.startswith("cat.") for item in turn.meaning.features.found for group in item.groups)
    if best.name != "policy" or turn.meaning.confidence < MAYBE or not named:
        return None
    reply = best.answer(turn)
    if not reply.policies:
        return None
    others = _clarify(turn, [name for name in likely if name != "policy"])
    parts = (Text(phrasing.PERHAPS_POLICY), *reply.parts, Choices(phrasing.PERHAPS_OTHER, others.choices))
    return Reply("policy", parts, min(reply.confidence, UNSURE_SHOWN), {**reply.why, "rule": "perhaps"})


def _several(turn: Turn, intents: Sequence[Intent]) -> Reply | None:
    """Two questions in one message are both answered, in their order."""
    pieces = [piece for piece in _pieces(turn.text) if len(plain(piece)) >= 4]
    if len(pieces) < 2:
        return None
    turns = [turn.about(piece) for piece in pieces]
    sure: dict[str, Turn] = {}
    for part in turns:
        label = part.meaning.intent.label
        if part.meaning.confidence >= 0.75 and label not in ("greeting", "out_of_scope"):
            sure.setdefault(label, part)
    if len(sure) < 2:
        return None
    replies = [next(i for i in intents if i.name == label).answer(part) for label, part in list(sure.items())[:2]]
    parts: list[Part] = [part for reply in replies for part in reply.parts]
    return Reply(
        replies[0].intent,
        tuple(parts),
        min(reply.confidence for reply in replies),
        {"intents": [reply.intent for reply in replies], **replies[0].why},
    )


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    start = 0
    for found in _SPLIT.finditer(text):
        pieces.append(text[start : found.start()])
        start = found.end()
    return [piece.strip("，,。 ") for piece in [*pieces, text[start:]] if piece.strip("，,。 ")]


def _missed(turn: Turn, intent: str, likely: Sequence[str]) -> Reply:
    """Ask back with up to three choices; the second miss in a row offers a person."""
    misses = int(turn.context.memory.get("misses", 0)) + 1
    turn.context.remember(unanswered="unsure")
    if misses >= MISSES:
        made = hand_over(turn, phrasing.HANDOVER_TWICE)
        return Reply(intent, made.parts, turn.meaning.confidence, {**made.why, "rule": "two_misses"}, missed=True)
    lost = intent == "out_of_scope" or not likely
    asked = starters(phrasing.NOT_UNDERSTOOD) if lost else _clarify(turn, likely)
    reply = turn.reply(intent, [asked], rule="unsure")
    return Reply(reply.intent, reply.parts, min(reply.confidence, UNSURE_SHOWN), reply.why, missed=True)


def _clarify(turn: Turn, likely: Sequence[str]) -> Choices:
    taps = tuple(
        tap(phrasing.EXAMPLES[name][0], do="as", intent=name, text=turn.text)
        for name in likely
        if name in phrasing.EXAMPLES
    )
    return Choices(phrasing.WHICH_MEANT, taps) if taps else starters(phrasing.NOT_UNDERSTOOD)


# -- what is kept for the next sentence ------------------------------------------------------------------


def _said(turn: Turn, reply: Reply) -> list[str]:
    """The last questions in the speaker's own words, for a hand-over; taps and 转人工 are none."""
    said: list[str] = list(turn.context.memory.get("said", []))
    is_tap = str(reply.why.get("rule", "")).startswith("tap:") or wants_human(turn.clean)
    return said if is_tap else [*said, turn.text[:200]][-SAID_KEPT:]


def _remember(turn: Turn, reply: Reply) -> None:
    context = turn.context
    memory = context.memory
    context.remember(
        taps=[{"label": c.label, "send": c.send, "do": c.do} for c in reply.choices if c.do] or None,
        misses=int(memory.get("misses", 0)) + 1 if reply.missed else None,
        subject=reply.intent if reply.intent in ("policy", "booking", "checkin", "demand") else memory.get("subject"),
        said=_said(turn, reply),
    )
    if reply.intent != "policy":
        context.remember(question=None, asked=None)
    if reply.intent != "booking":
        context.remember(slot_taps=None)
    if memory.get("rule") != "draft" and reply.intent != "demand":
        context.remember(draft_taps=None)
    reason = memory.pop("unanswered", None)
    if reason and context.conversation_id is not None:
        note_unanswered(
            context.session,
            context.conversation_id,
            turn.text,
            normalised=turn.clean,
            intent=reply.intent,
            category=turn.meaning.category.label if reply.intent == "policy" else None,
            reason=str(reason),
            now=context.now,
        )
