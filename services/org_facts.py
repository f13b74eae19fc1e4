"""Facts of firms (企业画像): what was said, by whom and when; what not to ask again for a while."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.errors import Invalid, NotFound
from domain.facts import Fact, FactError, FieldFacts, to_json
from models.organisation import Org
from models.policy import OrgFact, QuestionPause
from services.first_wins import insert_if_first
from services.policy_catalogue import Fields, fields_in_force

PAUSE_DAYS = 30
Source = Literal["self", "verified", "imported"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A value for a field, or that it is not known or not wanted to be said."""

    field: str
    value: Any = None
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A fact with its field, ready to be shown."""

    about: FieldFacts
    fact: Fact
    current: bool


def find_org(session: Session, code: str) -> Org:
    """The firm of a code, compared without case. Raises NotFound `unknown_org`."""
    org = session.scalar(select(Org).where(func.lower(Org.code) == code.strip().lower()))
    if org is None:
        raise NotFound("unknown_org")
    return org


def facts_of(session: Session, org_id: int, fields: Fields) -> dict[str, Fact]:
    """The newest fact of each field; what its field can no longer read counts as unknown."""
    newest = select(func.max(OrgFact.id)).where(OrgFact.org_id == org_id).group_by(OrgFact.field)
    found: dict[str, Fact] = {}
    for row in session.scalars(select(OrgFact).where(OrgFact.id.in_(newest))):
        about = fields.by_code.get(row.field)
        if about is None:
            continue
        try:
            found[row.field] = Fact(about.read(row.value), row.as_of, row.source, row.for_year)
        except FactError:
            continue
    return found


def known_facts(session: Session, org_id: int, *, today: date) -> list[KnownFact]:
    """A firm's facts in the order of the fields, outdated ones marked."""
    fields = fields_in_force(session)
    facts = facts_of(session, org_id, fields)
    return [
        KnownFact(about, facts[code], facts[code].is_current(about, today))
        for code, about in fields.by_code.items()
        if code in facts
    ]


def record_facts(
    session: Session,
    org_id: int,
    answers: Sequence[Answer],
    *,
    person_id: int | None,
    source: Source,
    today: date,
    now: datetime,
) -> None:
    """Keep what was said; "不清楚" and "不想说" only pause the question for 30 days, no value is kept.

    A yearly figure said today is the last full calendar year's. The same said twice on one day is
    one fact. All answers or none.

    Raises:
        Invalid: `unknown_field`, `fact_invalid` with `field` and `reason`.
    """
    fields = fields_in_force(session)
    before = facts_of(session, org_id, fields)
    for answer in sorted(answers, key=lambda answer: answer.field):  # one order of locks for all
        about = fields.by_code.get(answer.field)
        if about is None:
            raise Invalid("unknown_field", field=answer.field)
        if answer.unanswered:
            _pause(session, org_id, answer.field, now + timedelta(days=PAUSE_DAYS))
            continue
        try:
            value = about.read(answer.value)
        except FactError as error:
            raise Invalid("fact_invalid", field=answer.field, reason=str(error)) from error
        fact = Fact(value, today, source, today.year - 1 if about.year == "last" else None)
        if before.get(answer.field) != fact:
            session.add(_row(org_id, answer.field, fact, person_id, now))
    session.flush()


def _row(org_id: int, field: str, fact: Fact, person_id: int | None, now: datetime) -> OrgFact:
    return OrgFact(
        org_id=org_id,
        field=field,
        value=to_json(fact.value),
        as_of=fact.as_of,
        for_year=fact.for_year,
        source=fact.source,
        by_id=person_id,
        created_at=now,
    )


def stated_facts(fields: Fields, values: Mapping[str, Any], today: date) -> dict[str, Fact]:
    """Facts said for one check only. Raises Invalid `unknown_field`, `fact_invalid`."""
    found: dict[str, Fact] = {}
    for code, value in values.items():
        about = fields.by_code.get(code)
        if about is None:
            raise Invalid("unknown_field", field=code)
        try:
            found[code] = Fact(about.read(value), today)
        except FactError as error:
            raise Invalid("fact_invalid", field=code, reason=str(error)) from error
    return found


def paused_questions(session: Session, org_id: int, *, now: datetime) -> frozenset[str]:
    """The fields not to be asked at the moment."""
    query = select(QuestionPause.field).where(QuestionPause.org_id == org_id, QuestionPause.until > now)
    return frozenset(session.scalars(query))


def _pause(session: Session, org_id: int, field: str, until: datetime) -> None:
    """Two phones at once make one pause."""
    pause = insert_if_first(session.get_bind().dialect.name, QuestionPause.__table__)
    session.execute(pause, {"org_id": org_id, "field": field, "until": until})
    mine = (QuestionPause.org_id == org_id, QuestionPause.field == field)
    session.execute(update(QuestionPause).where(*mine).values(until=until))
