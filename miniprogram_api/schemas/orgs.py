"""Shapes of firms and their facts."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, model_validator

from domain.facts import to_json
from miniprogram_api.schemas.base import RequestModel
from services.org_facts import Answer, KnownFact

Text = Annotated[str, Field(max_length=200)]
Said = StrictBool | StrictInt | StrictFloat | Text | list[Text]


class FactIn(RequestModel):
    """A value, or `answer`: "unknown" (不清楚) or "declined" (不想说)."""

    field: str = Field(min_length=1, max_length=48)
    value: Said | None = None
    answer: Literal["unknown", "declined"] | None = None

    @model_validator(mode="after")
    def one_of_both(self) -> "FactIn":
        if (self.value is None) == (self.answer is None):
            raise ValueError("give either value or answer")
        return self

    def to_answer(self) -> Answer:
        return Answer(self.field, self.value, unanswered=self.answer is not None)


class FactsIn(RequestModel):
    facts: list[FactIn] = Field(min_length=1, max_length=100)


class FactOut(BaseModel):
    """A fact as it counts today; an outdated one (`current` false) counts as unknown."""

    field: str
    label: str
    value: bool | str | list[str]
    value_text: str
    unit: str
    as_of: date
    source: Literal["self", "verified", "imported"]
    current: bool

    @classmethod
    def of(cls, known: KnownFact) -> "FactOut":
        value: Any = to_json(known.fact.value)
        return cls(
            field=known.about.code,
            label=known.about.label,
            value=value,
            value_text=known.about.show(known.fact.value),
            unit=known.about.unit,
            as_of=known.fact.as_of,
            source=known.fact.source,
            current=known.current,
        )


class OrgFactsOut(BaseModel):
    org: str
    facts: list[FactOut]


class OrgChainOut(BaseModel):
    code: str
    name: str


class OrgOut(BaseModel):
    code: str
    name: str
    kind: str
    region: str | None
    chains: list[OrgChainOut]
    facts: list[FactOut]
