"""Policy 政策: which policies fit, their conditions, windows, materials; the firm's signs; the next question."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot import firms, phrasing, policy_search
from bot.messages import Choices, Part, Policies, Reply, Text
from bot.turn import Turn, tap
from bot.understanding.facts import stated_facts
from domain.facts import FactError
from domain.policy_matching import DISCLAIMER
from domain.policy_windows import WindowState
from services.org_facts import Answer, record_facts
from services.policies import Question, check_policy
from services.policy_catalogue import PolicyView, fields_in_force

SHOWN = 3
MOST_QUESTIONS = 5
SURE_CATEGORY = 0.45

_GENERAL = re.compile(
    r"(什么|哪些|哪种|啥|咩|有没有(什么|啥)?|有(什么|啥|咩)|几个?)(新?的?)?(补贴|补助|政策|扶持|优惠|奖励|支持|资助|资金|红利)"
    r"|(适合|符合|匹配|能(申请|享受|报|领|拿)|可以(申请|享受|报|领|拿)).{0,6}(什么|哪些|啥|咩|的政策|政策)|政策体检|体检|匹配|重新算|看看能(享受|申请|报)|新政策|最近.{0,4}政策"
)
_ASPECTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "window",
        re.compile(
            r"截止|到期|什么时候|几时|几号|哪天|多久开|还能报|还能申|来得及|几月|窗口|开始报|何时|报名时间|申报时间|过期|还有几天"
        ),
    ),
    ("materials", re.compile(r"材料|资料|准备(什么|啥|哪些)|带什么|交什么|哪些东西|清单|附件")),
    (
        "steps",
        re.compile(
            r"流程|步骤|怎么(申请|申报|办|弄|报|领)|咋(申请|办|弄|报)|如何(申请|申报|办)|点样(申请|攞)|在哪(申请|申报|报|办)|去哪(申请|报|办|里)"
        ),
    ),
    (
        "benefit",
        re.compile(
            r"多少钱|补多少|奖多少|给多少|多少(万|补贴|奖励)|几万|额度|比例|封顶|上限|百分之|几个点|能拿多少|领多少"
        ),
    ),
    ("department", re.compile(r"哪个部门|什么部门|找谁|归谁|哪里管|谁负责|联系电话|咨询电话")),
)
_FOLLOW = re.compile(
    r"^(那|那么|咁|这个|那个|它|该|这项|那项|这|前面|刚才|上面|第[一二三1-3](个|项|条)|还有|然后|要|需要|什么时候|几号|多少|怎么|材料|条件|流程|截止|我们(够|符合|能)|够不够|为什么|为啥)"
)
_ORDINAL = re.compile(r"第?([一二三123])(个|项|条)|^第?([一二三123])$|最后一?(个|项)")
_MORE = re.compile(
    r"(还有|有没有|有)(没有)?(别的|其他|其它|另外|更多)|^(那)?(别的|其他的?|其它的?)(呢|有吗|政策)?$|换(一批|几个|一个)|下一(批|页)|更多"
)
_REMIND = re.compile(r"提醒|订阅|通知我|关注")
_FIT = re.compile(
    r"够不够|够条件|符不符合|符合(条件)?[吗不]|能不能(申请|报|享受|评)|能(申请|报|享受|评)[吗不]|够格|可以(申请|报|享受)[吗不]|条件|要求|门槛|为什么|为啥|差什么|差多少|缺什么"
)
_NUMERALS = {"一": 0, "二": 1, "三": 2, "1": 0, "2": 1, "3": 2}


class PolicyIntent:
    name = "policy"

    def score(self, turn: Turn) -> float:
        return turn.meaning.intent.of(self.name)

    def answer(self, turn: Turn) -> Reply:
        """A follow-up on what was just shown, a general question, or a search."""
        if other := firms.another_named(turn):
            return self._other_firm(turn, other)
        asked_of = firms.resolve(turn)
        if isinstance(asked_of, Choices):
            return turn.reply(self.name, [asked_of])
        stated = {**turn.context.memory.get("stated", {}), **stated_facts(turn.text)}
        turn.context.remember(stated=stated or None)
        if _REMIND.search(turn.clean) and not _specific(turn):
            return turn.reply(self.name, [Text(phrasing.REMIND)])
        if (_GENERAL.search(turn.clean) or stated_facts(turn.text)) and not _specific(turn):
            return self._general(turn, asked_of)
        return self._search(turn, asked_of)

    def follow_up(self, turn: Turn) -> Reply | None:
        """An answer about the policies of the last minutes; None where the sentence is about something else."""
        shown: list[str] = turn.context.memory.get("policies", [])
        if not shown or not is_follow_up(turn):
            return None
        if other := firms.another_named(turn):
            return self._other_firm(turn, other)
        asked_of = firms.resolve(turn)
        if isinstance(asked_of, Choices):
            return turn.reply(self.name, [asked_of])
        if _MORE.search(turn.clean):
            return self._general(turn, asked_of, seen=turn.context.memory.get("seen", shown))
        if _REMIND.search(turn.clean):
            return turn.reply(self.name, [Text(phrasing.REMIND)], follow_up=True)
        found = _ORDINAL.search(turn.clean)
        at = (_NUMERALS.get(found[1] or found[3] or "", len(shown) - 1)) if found else 0
        picked = policy_search.views(turn.context, shown[min(at, len(shown) - 1) :][:1])
        if not picked:
            return None
        turn.context.remember(policies=[picked[0].code, *[c for c in shown if c != picked[0].code]])
        aspect = _aspect(turn.clean)
        if aspect and not _FIT.search(turn.clean):
            reply = turn.reply(self.name, [Text(_about(picked[0], aspect, turn))], follow_up=True)
            return replace(reply, refs=(guest_card(picked[0], turn),))
        return turn.reply(self.name, _card(turn, picked, asked_of), follow_up=True)

    def _other_firm(self, turn: Turn, name: str) -> Reply:
        """Only its own people may know how a firm stands."""
        return turn.reply(self.name, [Text(phrasing.OTHER_FIRM.format(org=name))], refused="another_firm")

    def _general(self, turn: Turn, org: firms.Firm | None, *, seen: Sequence[str] = ()) -> Reply:
        """The policies most worth a look, best first; those after what was seen where more are wanted."""
        category = turn.meaning.category
        wanted = category.label if category.share >= SURE_CATEGORY and _names_category(turn, category.label) else None
        policies = [v for v in policy_search.all_views(turn.context, wanted) if v.code not in seen]
        if seen and not policies:
            return turn.reply(self.name, [Text(phrasing.POLICY_NO_MORE)])
        stated = turn.context.memory.get("stated", {})
        if org is None and not stated:
            shown = _open_first(policies)[:SHOWN]
            if not shown:
                return turn.reply(self.name, [Text(phrasing.POLICY_NONE_OPEN)])
            lead = [] if seen else [Text(phrasing.POLICY_GUEST)]
            return self._show(turn, lead, [guest_card(v, turn) for v in shown], None, seen=seen)
        result = policy_search.assess(turn.context, policies, org_id=org.id if org else None, stated=stated)
        said = Text(
            phrasing.POLICY_STATED.format(facts=_facts_text(turn, stated))
            if stated
            else phrasing.POLICY_MATCHED.format(org=org.name if org else "")
        )
        question = result.question if org else None
        lead = [Text(phrasing.POLICY_MORE)] if seen else [said]
        return self._show(turn, lead, [j.to_json() for j in result.items[:SHOWN]], question, scope="general", seen=seen)

    def _search(self, turn: Turn, org: firms.Firm | None) -> Reply:
        found = policy_search.find(turn.meaning, turn.context)
        policies = policy_search.views(turn.context, [c.code for c in found])
        if not policies:
            turn.context.remember(unanswered="no_policy")
            choices = (tap(*phrasing.EXAMPLES["policy"]), tap(phrasing.TO_HUMAN))
            return turn.reply(self.name, [Choices(phrasing.NO_POLICY, choices)], category=_shares(turn))
        aspect = _aspect(turn.clean)
        parts: list[Part] = [Text(_about(policies[0], aspect, turn))] if aspect else []
        cards = _card(turn, policies, org)
        reply = turn.reply(
            self.name,
            [*parts, *cards],
            category=_shares(turn),
            policies=[{"code": c.code, "score": c.score, "matched": list(c.matched)} for c in found],
        )
        codes = [view.code for view in policies]
        turn.context.remember(policies=codes, seen=codes)
        return reply

    def _show(
        self,
        turn: Turn,
        lead: Sequence[Part],
        cards: list[dict[str, Any]],
        question: Question | None,
        scope: str = "",
        seen: Sequence[str] = (),
    ) -> Reply:
        codes = [card["code"] for card in cards]
        turn.context.remember(policies=codes, seen=[*seen, *codes])
        asked = ask(turn, question, policy=None)
        return turn.reply(self.name, [*lead, Policies(tuple(cards), asked)], category=_shares(turn), scope=scope)


def is_follow_up(turn: Turn) -> bool:
    """Short, pointing back, and naming no subject of its own."""
    clean = turn.clean
    if len(clean) > 18 or _specific(turn) or turn.meaning.has_group("booking.service"):
        return False
    if _MORE.search(clean) or (_REMIND.search(clean) and len(clean) <= 10):
        return True
    if _GENERAL.search(clean):
        return False
    return bool(_FOLLOW.search(clean) or _ORDINAL.search(clean) or (_aspect(clean) and len(clean) <= 8))


def _specific(turn: Turn) -> bool:
    """Whether the sentence names a subject of policies."""
    return any(group.startswith("cat.") for item in turn.meaning.features.found for group in item.groups)


def _names_category(turn: Turn, category: str) -> bool:
    return turn.meaning.has_group(f"cat.{category}")


def _aspect(clean: str) -> str | None:
    return next((name for name, pattern in _ASPECTS if pattern.search(clean)), None)


def _shares(turn: Turn) -> list[list[Any]]:
    return [[label, share] for label, share in turn.meaning.category.shares[:3]]


def _about(view: PolicyView, aspect: str, turn: Turn) -> str:
    """The one thing asked about a policy."""
    window = view.window.words(turn.context.today, view.state)
    if aspect == "window":
        return phrasing.POLICY_WINDOW.format(title=view.name, window=window)
    if aspect == "materials":
        if not view.materials:
            return phrasing.POLICY_NO_MATERIALS.format(title=view.name)
        return phrasing.POLICY_MATERIALS.format(title=view.name, materials="、".join(view.materials))
    if aspect == "steps" and view.steps:
        return phrasing.POLICY_STEPS.format(title=view.name, steps="；".join(view.steps))
    if aspect == "steps":
        return phrasing.POLICY_WINDOW.format(
            title=view.name,
            window=f"{window}，向{view.department}申报，材料有{'、'.join(view.materials) or '通知所列'}",
        )
    if aspect == "benefit":
        return phrasing.POLICY_BENEFIT.format(title=view.name, benefit=view.benefit)
    return phrasing.POLICY_DEPARTMENT.format(title=view.name, department=view.department)


def _card(turn: Turn, policies: Sequence[PolicyView], org: firms.Firm | None) -> list[Part]:
    """Cards with the firm's signs; a check of the first is kept, its question asked."""
    stated: dict[str, str] = turn.context.memory.get("stated", {})
    if org is None and not stated:
        return [Policies(tuple(guest_card(view, turn) for view in policies))]
    if org is None:
        judged = policy_search.assess(turn.context, policies, org_id=None, stated=stated, keep_order=True).items
        return [Policies(tuple(item.to_json() for item in judged))]
    actor = turn.context.actor
    checked = check_policy(
        turn.context.session,
        policies[0].code,
        org.id,
        stated,
        now=turn.context.now,
        timezone=turn.context.timezone,
        person_id=actor.person_id if actor else None,
    )
    others = policies[1:]
    judged = (
        policy_search.assess(turn.context, others, org_id=org.id, stated=stated, keep_order=True).items
        if others
        else ()
    )
    question = ask(turn, checked.question, policy=policies[0].code)
    return [Policies((checked.judged.to_json(), *(item.to_json() for item in judged)), question)]


def ask(turn: Turn, question: Question | None, *, policy: str | None) -> dict[str, Any] | None:
    """Remember the question that is asked, at most five in a row."""
    asked = int(turn.context.memory.get("asked", 0))
    if question is None or asked >= MOST_QUESTIONS:
        turn.context.remember(question=None)
        return None
    turn.context.remember(question={**question.to_json(), "policy": policy}, asked=asked + 1)
    return question.to_json()


def _open_first(policies: Sequence[PolicyView]) -> list[PolicyView]:
    """What can be applied for now, soonest closing first."""
    order = {WindowState.CLOSING_SOON: 0, WindowState.OPEN: 1, WindowState.UPCOMING: 2}
    coming = [view for view in policies if view.state in order]
    return sorted(coming, key=lambda v: (order[v.state], str(v.window.closes or "9"), v.code))


def guest_card(view: PolicyView, turn: Turn) -> dict[str, Any]:
    """A policy without a verdict: nobody's facts are known."""
    return {
        "code": view.code,
        "title": view.name,
        "category": view.category,
        "category_name": view.category_name,
        "benefit": view.benefit,
        "verdict": None,
        "verdict_text": None,
        "state": view.state.value,
        "near": [],
        "conditions": [],
        "department": view.department,
        "materials": list(view.materials),
        "window_text": view.window.words(turn.context.today, view.state),
        "disclaimer": DISCLAIMER,
    }


def _facts_text(turn: Turn, stated: dict[str, str]) -> str:
    fields = fields_in_force(turn.context.session).by_code
    shown: list[str] = []
    for code, value in stated.items():
        if code in fields:
            shown.append(f"{fields[code].label}{fields[code].show(fields[code].read(value))}")
    return "，".join(shown)


# -- answers to the next question ----------------------------------------------------------------------

_YES = re.compile(
    r"^(是的?|有的?|对的?|嗯+|没错|当然|已经?(有|是|办|投|做).{0,4}|yes|系|有啊|是啊|符合|有过?|办了|做了|投了)$"
)
_NO = re.compile(r"^(不是的?|没有?的?|否|不|没|还没有?|无|no|冇|唔系|没办|没做|从来没有|不符合|没有过)$")
_UNKNOWN = re.compile(r"不清楚|不知道|不晓得|不太清楚|不确定|唔知|没算过|忘了|说不清|不了解")
_DECLINED = re.compile(r"不想说|不方便|保密|不告诉|跳过|下一个|先不说|不说")
ANSWER_MAX = 16


def read_answer(question: dict[str, Any], text: str, clean: str) -> Answer | None:
    """What a short sentence says to the question asked; None where it is no answer to it."""
    field, kind = question["field"], question["type"]
    if len(clean) > ANSWER_MAX:
        return None
    if _UNKNOWN.search(clean) or _DECLINED.search(clean):
        return Answer(field, unanswered=True)
    if kind == "bool":
        value = True if _YES.match(clean) else False if _NO.match(clean) else None
        return None if value is None else Answer(field, value)
    if kind == "enum":
        picked = next(
            (o["value"] for o in question["options"] if o["label"] and o["label"].lower() in text.lower()), None
        )
        return Answer(field, picked) if picked is not None else None
    if kind in ("number", "money", "percent", "date") and re.search(r"\d|[零一二两三四五六七八九十百千万亿半]", clean):
        return Answer(field, text.strip())
    return None


def answer_question(turn: Turn, question: dict[str, Any], answer: Answer) -> Reply | None:
    """Keep what was said as a fact of the firm and show the check again. None where no firm asked."""
    context, actor = turn.context, turn.context.actor
    org = firms.resolve(turn)
    if org is None or isinstance(org, Choices) or actor is None:
        return None
    about = fields_in_force(context.session).by_code.get(answer.field)
    if about is None:
        return None
    if not answer.unanswered:
        try:
            about.read(answer.value)
        except FactError as error:
            return turn.reply("policy", [Text(phrasing.FACT_WRONG.format(reason=error))], question=answer.field)
    record_facts(
        context.session,
        org.id,
        [answer],
        person_id=actor.person_id,
        source="self",
        today=context.today,
        now=context.now,
    )
    lead = Text(phrasing.FACT_SKIPPED if answer.unanswered else phrasing.FACT_KEPT)
    return turn.reply("policy", [lead, *_again(turn, question, org)], question=answer.field)


def _again(turn: Turn, question: dict[str, Any], org: firms.Firm) -> list[Part]:
    """The same policy, or the same match, with what is known now."""
    if question.get("policy"):
        return _card(turn, policy_search.views(turn.context, [question["policy"]]), org)
    result = policy_search.assess(
        turn.context, policy_search.all_views(turn.context), org_id=org.id, stated=turn.context.memory.get("stated", {})
    )
    shown = [j.to_json() for j in result.items[:SHOWN]]
    turn.context.remember(policies=[card["code"] for card in shown])
    return [Policies(tuple(shown), ask(turn, result.question, policy=None))]
