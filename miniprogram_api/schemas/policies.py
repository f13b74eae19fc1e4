"""Shapes of policies, verdicts and questions."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.policy_signs import requirements
from miniprogram_api.http.paging import Page, PageQuery
from miniprogram_api.schemas.base import RequestModel
from models.policy import PolicyCategory
from services.policies import Checked, FoundPolicy, Judged, OrgMatch, Question
from services.policy_catalogue import PolicyView

State = Literal["open", "closing_soon", "upcoming", "closed", "suspended", "repealed"]
Verdict = Literal["eligible_open", "eligible_upcoming", "eligible_closed", "ineligible", "undetermined", "near_miss"]


class PolicyQuery(PageQuery):
    """Filters of the list; `open` includes what closes soon."""

    q: str | None = Field(None, max_length=500)
    category: str | None = Field(None, max_length=32)
    chain: str | None = Field(None, max_length=32)
    state: State | None = None


class SearchQuery(BaseModel):
    q: str = Field(max_length=500)
    limit: int = Field(5, ge=1, le=50)


class CheckIn(RequestModel):
    org: str = Field(min_length=1, max_length=32)


class MatchIn(CheckIn):
    category: str | None = Field(None, max_length=32)


class PolicyOut(BaseModel):
    code: str
    name: str
    title: str
    category: str
    category_name: str
    level: str
    department: str
    benefit: str
    max_amount_wan: str | None
    state: State
    opens: date | None
    closes: date | None
    days_left: int | None
    window_text: str
    chains: list[str]
    illustrative: bool

    @classmethod
    def of(cls, policy: PolicyView, today: date) -> "PolicyOut":
        return cls(**cls.fields_of(policy, today))

    @staticmethod
    def fields_of(policy: PolicyView, today: date) -> dict[str, Any]:
        left = policy.window.days_left(today)
        return {
            "code": policy.code,
            "name": policy.name,
            "title": policy.name,
            "category": policy.category,
            "category_name": policy.category_name,
            "level": policy.level,
            "department": policy.department,
            "benefit": policy.benefit,
            "max_amount_wan": policy.max_amount_wan,
            "state": policy.state.value,
            "opens": policy.window.opens,
            "closes": policy.window.closes,
            "days_left": None if left is None or left < 0 else left,
            "window_text": policy.window.words(today, policy.state),
            "chains": list(policy.chains),
            "illustrative": policy.illustrative,
        }


class PolicyPage(Page[PolicyOut]):
    """One page of the list."""


class RequirementOut(BaseModel):
    """One condition in words, every branch unfolded."""

    kind: Literal["leaf", "all", "any", "not", "at_least"]
    requirement: str
    hard: bool
    field: str | None = None
    clause: str | None = None
    children: list["RequirementOut"] = []


class WindowOut(BaseModel):
    kind: Literal["always", "range"]
    opens: date | None
    closes: date | None


class PolicyDetailOut(PolicyOut):
    version: int
    effective_from: date
    mode: str
    window: WindowOut
    materials: list[str]
    steps: list[str]
    days: int | None
    conditions: list[RequirementOut]
    source_doc: str
    keywords: list[str]
    text: str
    disclaimer: str

    @classmethod
    def whole(cls, policy: PolicyView, today: date, disclaimer: str) -> "PolicyDetailOut":
        always = policy.window.opens is None and policy.window.closes is None
        return cls(
            **cls.fields_of(policy, today),
            version=policy.version,
            effective_from=policy.effective_from,
            mode=policy.mode,
            window=WindowOut(
                kind="always" if always else "range", opens=policy.window.opens, closes=policy.window.closes
            ),
            materials=list(policy.materials),
            steps=list(policy.steps),
            days=policy.days,
            conditions=[RequirementOut.model_validate(row) for row in requirements(policy.facts.tree)],
            source_doc=policy.source_doc,
            keywords=list(policy.keywords),
            text=policy.text,
            disclaimer=disclaimer,
        )


class FoundOut(BaseModel):
    """One search result with the words that matched and the clause that answers best."""

    code: str
    title: str
    score: float
    matched: list[str]
    category: str
    category_name: str
    state: State
    passage: str

    @classmethod
    def of(cls, found: FoundPolicy) -> "FoundOut":
        return cls(
            code=found.policy.code,
            title=found.policy.name,
            score=round(found.score, 4),
            matched=list(found.matched),
            category=found.policy.category,
            category_name=found.policy.category_name,
            state=found.policy.state.value,
            passage=found.passage,
        )


class FoundListOut(BaseModel):
    items: list[FoundOut]


class SignOut(BaseModel):
    """One line of a verdict: the sign, the requirement, the firm's own value and its date."""

    kind: Literal["leaf", "all", "any", "not", "at_least"]
    sign: Literal["met", "unmet", "unknown"]
    requirement: str
    hard: bool
    field: str | None = None
    value: str | None = None
    as_of: date | None = None
    clause: str = ""
    children: list["SignOut"] = []


class VerdictOut(BaseModel):
    code: str
    title: str
    category: str
    category_name: str
    benefit: str
    version: int
    verdict: Verdict
    verdict_text: str
    state: State
    near: list[str]
    conditions: list[SignOut]
    department: str
    materials: list[str]
    window_text: str
    disclaimer: str

    @classmethod
    def of(cls, judged: Judged) -> "VerdictOut":
        return cls.model_validate(judged.to_json())


class OptionOut(BaseModel):
    value: bool | str
    label: str


class QuestionOut(BaseModel):
    """The one question to ask next; answer it with `POST /orgs/{code}/facts`."""

    field: str
    question: str
    type: Literal["bool", "enum", "number", "money", "percent", "date", "list", "text"]
    unit: str
    options: list[OptionOut]

    @classmethod
    def of(cls, question: Question | None) -> "QuestionOut | None":
        return cls.model_validate(question.to_json()) if question else None


class CheckOut(VerdictOut):
    check_id: int | None
    next_question: QuestionOut | None

    @classmethod
    def made(cls, checked: Checked) -> "CheckOut":
        question = checked.question.to_json() if checked.question else None
        return cls.model_validate({**checked.judged.to_json(), "check_id": checked.check_id, "next_question": question})


class KeptCheckOut(VerdictOut):
    """A check as it was made, whatever changed since."""

    model_config = ConfigDict(extra="ignore")

    check_id: int
    at: datetime


class MatchOut(BaseModel):
    items: list[VerdictOut]
    next_question: QuestionOut | None
    calculated_at: datetime

    @classmethod
    def of(cls, found: OrgMatch) -> "MatchOut":
        return cls(
            items=[VerdictOut.of(item) for item in found.items],
            next_question=QuestionOut.of(found.question),
            calculated_at=found.calculated_at,
        )


class CategoryOut(BaseModel):
    code: str
    name: str
    scope: str

    @classmethod
    def of(cls, row: PolicyCategory) -> "CategoryOut":
        return cls(code=row.code, name=row.name, scope=row.scope)


class CategoriesOut(BaseModel):
    items: list[CategoryOut]
