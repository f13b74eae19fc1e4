"""Which policies a question is about: text search, category and the policies' own keywords together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from bot.context import BotContext
from bot.understanding.meaning import Meaning
from bot.understanding.text import plain, sounds_of
from domain.knowledge import Knowledge
from domain.policy_matching import best_first, match_policy, next_question
from domain.policy_windows import WindowState
from models.policy import Policy
from services.org_facts import facts_of, paused_questions
from services.org_facts import stated_facts as read_stated
from services.policies import Judged, Question
from services.policy_catalogue import PolicyView, code_key, fields_in_force, published

HITS = 12
LIKELY_CATEGORY = 0.2
TEXT, CATEGORY, KEYWORD, WORDS = 0.8, 1.0, 0.9, 0.5
ENOUGH = 0.42
"""Below this nothing fits."""
COMMON = frozenset(
    "的了吗呢么啊有没不是我们你能可以要想怎什多少哪些几给拿领补贴助奖励政策申请报企业公司厂上下在和到钱条件刚新"
)
"""Characters that every question has tell nothing."""
# What people say → the field's own word, where neither letters nor sounds are alike.
ALIASES: dict[str, str] = {
    "上规": "小升规",
    "纳统": "小升规",
    "小孩": "子女",
    "孩子": "子女",
    "读书": "入学",
    "上学": "入学",
    "电车": "新能源货车",
    "换电": "换电重卡",
    "拖车": "货车",
    "借钱": "贷款",
    "房租": "租金",
    "摊位": "展位费",
    "开发票": "发票",
    "考证": "技能培训",
    "应届生": "毕业生",
    "招博士": "引才",
    "挖人": "引才",
    "洋专利": "发明专利",
    "仿冒": "维权",
    "山寨": "维权",
    "开店": "创业",
    "注册": "初创",
    "机器人": "技术改造",
    "自动化": "技术改造",
    "上云": "数字化",
    "省电": "节能",
    "太阳能": "光伏",
    "客栈": "民宿",
    "投标": "政府采购",
    "还贷": "转贷",
    "续不上": "转贷",
}
NEAR_BEST = 0.62
"""Others are shown only when they are this near the best."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy with the reasons for it."""

    code: str
    score: float
    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """Policies judged for one firm or for what was said, best first, and what to ask next."""

    items: tuple[Judged, ...]
    question: Question | None


def find(meaning: Meaning, context: BotContext, *, limit: int = 3) -> list[Candidate]:
    """The policies a question is about, best first; none where nothing fits well enough."""
    query = with_aliases(meaning.features.text)
    hits = {code_key(hit.doc_id): hit for hit in context.index.search(query, limit=HITS)}
    best_hit = max((hit.score for hit in hits.values()), default=0.0) or 1.0
    likely = [label for label, share in meaning.category.shares[:3] if share >= LIKELY_CATEGORY]
    rows = context.session.execute(
        select(Policy.code, Policy.name, Policy.category, Policy.also_categories, Policy.keywords).where(
            or_(Policy.category.in_(likely), Policy.code_key.in_(list(hits))), Policy.state != "repealed"
        )
    ).all()
    found: list[Candidate] = []
    for row in rows:
        hit = hits.get(code_key(row.code))
        keyword, words = _keyword(row.keywords, query), _overlap(query, row.name, row.keywords)
        share = max([meaning.category.of(row.category)] + [0.8 * meaning.category.of(c) for c in row.also_categories])
        text = hit.score / best_hit if hit else 0.0
        score = (TEXT * text + CATEGORY * share + KEYWORD * keyword[0] + WORDS * words) / (
            TEXT + CATEGORY + KEYWORD + WORDS
        )
        matched = (*([keyword[1]] if keyword[1] else []), *(hit.matched if hit else ()))
        found.append(Candidate(row.code, round(score, 4), tuple(dict.fromkeys(matched))[:6]))
    found.sort(key=lambda c: (-c.score, c.code))
    return [c for c in found if c.score >= max(ENOUGH * 0.5, NEAR_BEST * found[0].score)][:limit]


def with_aliases(query: str) -> str:
    """The question with the field's own words for what was said."""
    return query + "".join(word for said, word in ALIASES.items() if said in query and word not in query)


def _keyword(keywords: Sequence[str], query: str) -> tuple[float, str]:
    """How much of the question a keyword of the policy covers, by letter or by sound."""
    best, word = 0.0, ""
    sounds = sounds_of(query)
    for keyword in keywords:
        clean = plain(keyword)
        if len(clean) < 2:
            continue
        if clean in query:
            worth = min(1.0, 0.4 + len(clean) / 6)
        elif len(clean) >= 3 and _within(sounds_of(clean), sounds):
            worth = min(0.8, 0.2 + len(clean) / 6)
        else:
            continue
        if worth > best:
            best, word = worth, keyword
    return best, word


def _within(part: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    return any(whole[at : at + len(part)] == part for at in range(len(whole) - len(part) + 1))


def _overlap(query: str, name: str, keywords: Sequence[str]) -> float:
    """Share of the question's character pairs, and of its telling characters, in the policy's name and keywords."""
    pairs = {query[at : at + 2] for at in range(len(query) - 1)}
    own = plain(name + " ".join(keywords))
    held = {own[at : at + 2] for at in range(len(own) - 1)}
    telling = set(query) - COMMON
    of_pairs = len(pairs & held) / len(pairs) if pairs else 0.0
    of_chars = len(telling & set(own)) / len(telling) if telling else 0.0
    return 0.6 * of_pairs + 0.4 * of_chars


def views(context: BotContext, codes: Sequence[str]) -> list[PolicyView]:
    """Published policies in the order of the codes."""
    by_code = {code_key(v.code): v for v in published(context.session, today=context.today, codes=codes)}
    return [by_code[code_key(code)] for code in codes if code_key(code) in by_code]


def all_views(context: BotContext, category: str | None = None) -> list[PolicyView]:
    """Published policies that were not repealed, of one category or of all."""
    return [
        view
        for view in published(context.session, today=context.today)
        if view.state is not WindowState.REPEALED and (category is None or view.is_in(category))
    ]


def assess(
    context: BotContext,
    policies: Sequence[PolicyView],
    *,
    org_id: int | None,
    stated: Mapping[str, Any],
    keep_order: bool = False,
) -> Assessment:
    """Judge policies by a firm's facts and by what was just said, and choose the one next question."""
    fields = fields_in_force(context.session)
    facts = facts_of(context.session, org_id, fields) if org_id is not None else {}
    said = {code: value for code, value in stated.items() if code in fields.by_code}
    known = Knowledge.of(fields.by_code, facts | read_stated(fields, said, context.today), context.today)
    by_code = {view.code: view for view in policies}
    matches = [match_policy(view.facts, known) for view in policies]
    skip = paused_questions(context.session, org_id, now=context.now) if org_id is not None else frozenset()
    asked = next_question(matches, known, skip=skip, closed_too=keep_order)
    ordered = matches if keep_order else best_first(matches)
    items = tuple(
        Judged(by_code[m.policy.code], m, by_code[m.policy.code].window.words(known.today, m.state)) for m in ordered
    )
    return Assessment(items, Question.of(fields.by_code[asked]) if asked else None)
