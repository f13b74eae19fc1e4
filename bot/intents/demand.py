"""Demands 诉求: problems, needs and resources become a draft; nothing is stored before the person says so."""

import re

from bot import phrasing
from bot.messages import Choices, Handover, Part, Reply, Text
from bot.turn import Turn, tap
from bot.understanding.meaning import understand
from bot.understanding.text import plain
from domain.demand import CATEGORIES, STATE_TEXT, TEXT_MAX, title_from
from services.demands import own_demands

_HUMAN = re.compile(
    r"转(接|给)?(一下)?.{0,3}(人工|客服|工作人员|真人)|(找|要|叫|请|换|接).{0,4}(人工|真人|客服|工作人员|活人|专人|管理员|领导)|^(人工|客服|真人|不对|答错了?|答非所问|听不懂)$|(答|回答)(的|得)?(都)?(不对|错|不是)|不是(我要的|这个意思|这意思|我问的|问这个)|没(听|看)?懂我|你没(理解|明白)|牛头不对马嘴|人工服务|跟人说|换(个)?人|派个人|打(个)?电话给我|给我(打|回)(个)?电话|叫个人"
)
_STATUS = re.compile(
    r"进(度|展)|到哪|哪一步|结果|下文|有(没有)?(回复|答复)|办(得|的)?(怎么样|咋样|好了没|完了)|处理(得|到|好|完)(?!意)|怎么样了|状态|谁在(办|处理)|什么时候(能)?(答复|回复|办)|跟进"
)
_URGE = re.compile(r"催|快(点|些)|没人(理|管|联系|回)|超期|还没(处理|办|回)|多久|等了(很|好)?(久|几)|没动静|没有?消息")
_REOPEN = re.compile(r"不满意|没解决|没修好|又坏|重(新)?(办|处理|开)|不认可|不同意|不接受|其实没办|问题还在|不到位")
_WITHDRAW = re.compile(r"撤(回|销|诉|了|掉)|不(投诉|反映|用办|用处理|用管)了?|诉求不要|关掉|已经解决")
_MERGE = re.compile(r"合并|并(到|在)一起|同一件事|一样的(问题|情况)|也(遇到|是这)")
_SUPPLEMENT = re.compile(r"补充|补(几张|材料)|再说一点|更正")
_RATE = re.compile(r"很满意|五星|打(个)?分|评价|处理得很好")
_OWN = re.compile(r"我的|上次|上回|上周|之前|前几天|昨天|那个|刚才|诉求|投诉|反映的|提的|报的|工单|这(个|事)|处理|办")
FOLLOW_UP_MAX = 8
TELLING = 5
"""Shorter sentences name no subject that a title could take."""
_LATER = re.compile(r"^(那)?(催|撤|进度|到哪|结果|怎么样|办好|有人(管|处理)|什么时候|多久|谁(在)?(办|管))")
_ANONYMOUS = re.compile(r"匿名|不(留|写|署)(姓)?名|保密|怕(报复|被)|(不想|别)让.{0,6}知道|泄露")


class DemandIntent:
    name = "demand"

    def score(self, turn: Turn) -> float:
        return turn.meaning.intent.of(self.name)

    def follow_up(self, turn: Turn) -> Reply | None:
        """撤了吧, 催一下, 到哪一步了: about one's own demand of a moment ago."""
        if len(turn.clean) > FOLLOW_UP_MAX or not _LATER.match(turn.clean):
            return None
        action = "withdraw" if turn.clean.startswith("撤") else "urge" if turn.clean.startswith("催") else "status"
        return turn.reply(self.name, _about_own(turn, action), action=action, follow_up=True)

    def answer(self, turn: Turn) -> Reply:
        action = action_of(turn)
        if action == "handoff":
            return hand_over(turn, phrasing.HANDOVER)
        if action != "new":
            return turn.reply(self.name, _about_own(turn, action), action=action, category=_shares(turn))
        lead = [Text(phrasing.ANONYMOUS)] if _ANONYMOUS.search(turn.clean) else []
        return turn.reply(
            self.name, [*lead, *draft(turn, turn.text, phrasing.DRAFT)], action=action, category=_shares(turn)
        )


def action_of(turn: Turn) -> str:
    """What is to be done about a demand: words first, else what the examples say."""
    clean = turn.clean
    if wants_human(clean):
        return "handoff"
    own = bool(_OWN.search(clean))
    for action, pattern in (
        ("withdraw", _WITHDRAW),
        ("merge", _MERGE),
        ("reopen", _REOPEN),
        ("supplement", _SUPPLEMENT),
        ("rate", _RATE),
    ):
        if pattern.search(clean):
            return action
    guess = turn.meaning.action("demand")
    if own and _STATUS.search(clean):
        return "status"
    if guess in ("urge", "status") and (_URGE.search(clean) or _STATUS.search(clean)):
        return "urge" if _URGE.search(clean) and not _STATUS.search(clean) else "status"
    return "new"


def wants_human(clean: str) -> bool:
    """转人工: the words for wanting a person."""
    return bool(_HUMAN.search(clean))


def _shares(turn: Turn) -> list[list[object]]:
    return [[label, share] for label, share in turn.meaning.demand_category.shares[:3]]


def hand_over(turn: Turn, text: str) -> Reply:
    """To a person, with what was said so far."""
    said = [str(entry) for entry in turn.context.memory.get("said", [])]
    own = "" if wants_human(turn.clean) else turn.text
    whole = "\n".join([*said[-5:], own]).strip() or turn.text
    telling = [text for text in said if len(plain(text)) >= TELLING]
    last = own if len(plain(own)) >= TELLING else next(reversed(telling), own or phrasing.ASKS_FOR_HUMAN)
    return turn.reply("demand", draft(turn, whole, text, about=last), action="handoff", category=_shares(turn))


def draft(turn: Turn, text: str, lead: str, *, about: str | None = None) -> list[Part]:
    """A draft with a guessed category and title, kept for 15 minutes until it is confirmed."""
    about = about or text
    category = understand(about).demand_category.label
    made = {
        "category": category,
        "category_name": CATEGORIES[category],
        "title": title_from(about),
        "text": text[:TEXT_MAX],
    }
    turn.context.remember(draft=made)
    return show_draft(turn, made, lead)


def show_draft(turn: Turn, made: dict[str, str], lead: str) -> list[Part]:
    """The draft with its taps; the app's own card brings its own."""
    taps = (
        tap(phrasing.SUBMIT, do="submit_draft"),
        tap(phrasing.SAVE_DRAFT, do="save_draft"),
        tap(phrasing.DROP, do="drop_draft"),
    )
    turn.context.remember(draft_taps=[{"label": t.label, "send": t.send, "do": t.do} for t in taps])
    card = Handover(lead, made)
    return [card] if turn.message.channel == "app" else [card, Choices("", taps)]


def _about_own(turn: Turn, action: str) -> list[Part]:
    context = turn.context
    if context.actor is None:
        return [Text(phrasing.SIGN_IN_FOR.format(what="查自己的诉求"))]
    found, _ = own_demands(context.session, actor=context.actor, offset=0, limit=3)
    if not found:
        return [Text(phrasing.NO_DEMANDS)]
    lines = [phrasing.DEMAND_LINE.format(code=d.code, title=d.title, state=STATE_TEXT[d.state]) for d in found]
    parts: list[Part] = [Text("\n".join([phrasing.MY_DEMANDS, *lines]))]
    if action != "status":
        parts.append(Choices(phrasing.DEMAND_MOVES, (tap("再补充一条", "我要反映问题"), tap(phrasing.TO_HUMAN))))
    return parts
