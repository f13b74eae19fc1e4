"""Policies for people (惠企政策): list, search, match, check. Only published versions answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from domain.errors import NotFound
from domain.facts import FieldFacts, to_json
from domain.knowledge import Knowledge
from domain.local_time import local_day
from domain.policy_matching import DISCLAIMER, PolicyMatch, best_first, match_policy, next_question
from domain.policy_signs import own_values
from domain.policy_windows import WindowState
from models.policy import PolicyCheck
from retrieval.port import TextIndex
from services.org_facts import facts_of, paused_questions, stated_facts
from services.policy_catalogue import Fields, PolicyView, code_key, fields_in_force, published

WEAK = 0.25
LISTED_STATES = frozenset(WindowState) - {WindowState.REPEALED}


@dataclass(frozen=True, slots=True)
class Judged:
    """One policy with the verdict on it (匹配结论)."""

    policy: PolicyView
    match: PolicyMatch
    window_text: str

    @property
    def verdict(self) -> str:
        return self.match.verdict.value

    def to_json(self) -> dict[str, Any]:
        """The verdict as sent and as kept with a check."""
        return {
            "code": self.policy.code,
            "title": self.policy.name,
            "category": self.policy.category,
            "category_name": self.policy.category_name,
            "benefit": self.policy.benefit,
            "version": self.policy.version,
            "verdict": self.verdict,
            "verdict_text": self.match.text,
            "state": self.policy.state.value,
            "near": list(self.match.near),
            "conditions": [line.to_json() for line in self.match.conditions],
            "department": self.policy.department,
            "materials": list(self.policy.materials),
            "window_text": self.window_text,
            "disclaimer": DISCLAIMER,
        }


@dataclass(frozen=True, slots=True)
class Question:
    """The one question to ask next (下一个问题)."""

    field: str
    question: str
    type: str
    unit: str
    options: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, about: FieldFacts) -> "Question":
        return cls(about.code, about.question, about.type.value, about.unit, tuple(about.choices()))

    def to_json(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "question": self.question,
            "type": self.type,
            "unit": self.unit,
            "options": list(self.options),
        }


@dataclass(frozen=True, slots=True)
class OrgMatch:
    """All policies for one firm, best first."""

    items: tuple[Judged, ...]
    question: Question | None
    calculated_at: datetime


@dataclass(frozen=True, slots=True)
class Checked:
    """One policy checked; `check_id` is None where nothing was kept (no firm)."""

    judged: Judged
    question: Question | None
    check_id: int | None


@dataclass(frozen=True, slots=True)
class FoundPolicy:
    """One search result; `judged` where a firm asked."""

    policy: PolicyView
    score: float
    matched: tuple[str, ...]
    passage: str
    judged: Judged | None


def list_policies(
    session: Session,
    *,
    now: datetime,
    timezone: ZoneInfo,
    category: str | None = None,
    chain: str | None = None,
    state: str | None = None,
    codes: Sequence[str] | None = None,
) -> list[PolicyView]:
    """Published policies by category (also further ones), chain (or for every chain) and state of today.

    Repealed ones are listed only when asked for by state.
    """
    found = published(session, today=local_day(now, timezone), codes=codes)
    states = {state} if state else {s.value for s in LISTED_STATES}
    if state == WindowState.OPEN.value:
        states.add(WindowState.CLOSING_SOON.value)
    return [
        p
        for p in found
        if p.state.value in states
        and (category is None or p.is_in(category))
        and (chain is None or not p.chains or chain in p.chains)
    ]


def get_policy(session: Session, code: str, *, now: datetime, timezone: ZoneInfo) -> PolicyView:
    """One policy in its version of today. Raises NotFound `unknown_policy`."""
    found = published(session, today=local_day(now, timezone), codes=[code])
    if not found:
        raise NotFound("unknown_policy")
    return found[0]


def match_org(
    session: Session, org_id: int, *, now: datetime, timezone: ZoneInfo, category: str | None = None
) -> OrgMatch:
    """Every policy against a firm's current facts, best first, with the question that would settle most.

    Repealed policies are left out. Questions paused for this firm are not asked.
    """
    fields = fields_in_force(session)
    known = _known(session, fields, org_id, {}, now=now, timezone=timezone)
    policies = [
        p
        for p in published(session, today=known.today, fields=fields)
        if p.state is not WindowState.REPEALED and (category is None or p.is_in(category))
    ]
    by_code = {p.code: p for p in policies}
    matches = best_first(match_policy(p.facts, known) for p in policies)
    asked = next_question(matches, known, skip=paused_questions(session, org_id, now=now))
    items = tuple(_judged(by_code[m.policy.code], m, known) for m in matches)
    return OrgMatch(items, Question.of(fields.by_code[asked]) if asked else None, now)


def check_policy(
    session: Session,
    policy_code: str,
    org_id: int | None = None,
    facts: Mapping[str, Any] | None = None,
    *,
    now: datetime,
    timezone: ZoneInfo,
    person_id: int | None = None,
) -> Checked:
    """One policy for a firm, for facts said just now, or both (what is said now counts first).

    For a firm the check is kept with version, facts used and time (政策体检), so that it can be
    shown again; that needs a writing session.

    Raises:
        NotFound: `unknown_policy`. Invalid: `unknown_field`, `fact_invalid`.
    """
    fields = fields_in_force(session)
    known = _known(session, fields, org_id, facts or {}, now=now, timezone=timezone)
    found = published(session, today=known.today, fields=fields, codes=[policy_code])
    if not found:
        raise NotFound("unknown_policy")
    match = match_policy(found[0].facts, known)
    judged = _judged(found[0], match, known)
    skip = paused_questions(session, org_id, now=now) if org_id is not None else frozenset()
    asked = next_question([match], known, skip=skip, closed_too=True)
    check_id = None if org_id is None else _keep(session, judged, known, org_id, person_id, now)
    return Checked(judged, Question.of(fields.by_code[asked]) if asked else None, check_id)


def search_policies(
    session: Session,
    query: str,
    *,
    org_id: int | None,
    index: TextIndex,
    limit: int = 5,
    now: datetime,
    timezone: ZoneInfo,
) -> list[FoundPolicy]:
    """Published policies by their text, best first; with the verdict where a firm asks.

    What scores under a quarter of the best only shares common words and is left out.
    """
    fields = fields_in_force(session)
    hits = list(index.search(query, limit=limit + 5)) if query.strip() else []
    if not hits:
        return []
    today = local_day(now, timezone)
    views = {
        code_key(p.code): p for p in published(session, today=today, fields=fields, codes=[h.doc_id for h in hits])
    }
    known = None if org_id is None else _known(session, fields, org_id, {}, now=now, timezone=timezone)
    found: list[FoundPolicy] = []
    for hit in hits:
        view = views.get(code_key(hit.doc_id))
        if view is None or view.state is WindowState.REPEALED or hit.score < hits[0].score * WEAK:
            continue
        judged = _judged(view, match_policy(view.facts, known), known) if known else None
        found.append(FoundPolicy(view, hit.score, hit.matched, hit.passage, judged))
    return found[:limit]


def kept_check(session: Session, check_id: int) -> PolicyCheck:
    """A check as it was, whatever changed since. Raises NotFound `unknown_check`."""
    row = session.get(PolicyCheck, check_id)
    if row is None:
        raise NotFound("unknown_check")
    return row


def _known(
    session: Session,
    fields: Fields,
    org_id: int | None,
    stated: Mapping[str, Any],
    *,
    now: datetime,
    timezone: ZoneInfo,
) -> Knowledge:
    today = local_day(now, timezone)
    facts = facts_of(session, org_id, fields) if org_id is not None else {}
    return Knowledge.of(fields.by_code, facts | stated_facts(fields, stated, today), today)


def _judged(policy: PolicyView, match: PolicyMatch, known: Knowledge) -> Judged:
    return Judged(policy, match, policy.window.words(known.today, match.state))


def _keep(session: Session, judged: Judged, known: Knowledge, org_id: int, person_id: int | None, now: datetime) -> int:
    used = own_values(judged.policy.facts.tree, known)
    row = PolicyCheck(
        org_id=org_id,
        person_id=person_id,
        version_id=judged.policy.version_id,
        at=now,
        facts={
            code: {"value": to_json(value), "as_of": known.facts[code].as_of.isoformat()}
            for code, value in used.items()
        },
        verdict=judged.verdict,
        result=judged.to_json(),
    )
    session.add(row)
    session.flush()
    return row.id
