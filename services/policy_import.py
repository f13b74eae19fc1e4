"""Policies, categories, fact fields and firms' facts from files (导入).

A row that cannot be read is reported with its place and reason, the others go in; the same file a
second time changes nothing. A changed policy becomes a new version; the old one stays as it was.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.condition_tree import leaves, read_tree
from domain.conditions import ConditionError
from domain.facts import FactError, plain, read_field, read_fields
from domain.policy_windows import Window, WindowError, read_window
from models.policy import POLICY_STATES, FactField, Policy, PolicyCategory, PolicyEvent, PolicyVersion
from services.import_report import ImportReport, Outcome
from services.org_facts import Answer, record_facts
from services.policy_catalogue import Fields, code_key, digest_of, fields_in_force
from services.policy_index import bump_revision

EVENT_KINDS = {"active": "resumed", "suspended": "suspended", "repealed": "repealed"}
LIMITS = {"code": 32, "name": 200, "category": 32, "level": 16, "department": 100, "mode": 16, "source_doc": 200}


class BadRow(ValueError):
    """A row that cannot be read; the message says why, in Chinese."""


def import_policies(session: Session, payload: Any, *, today: date, now: datetime) -> ImportReport:
    """`{"categories": […], "fields": […], "policies": […]}`, each part optional.

    Windows "T-30" count from `today`; a policy already in keeps the days of its first import as
    long as its file row says the same.
    """
    report = ImportReport()
    if not isinstance(payload, Mapping):
        report.add("file", "refused", "应是一个对象，含 fields 和 policies")
        return report
    _each(report, payload, "categories", lambda row, at: _category(session, row, at))
    _import_fields(session, report, payload)
    session.flush()
    fields = fields_in_force(session)
    categories = frozenset(session.scalars(select(PolicyCategory.code)))
    before = len(report.rows)
    _each(report, payload, "policies", lambda row, _: _policy(session, row, fields, categories, today=today, now=now))
    session.flush()
    if any(row.outcome in ("added", "changed") for row in report.rows[before:]):
        bump_revision(session)
    return report


def renew_windows(session: Session, payload: Mapping[str, Any], *, today: date, now: datetime) -> int:
    """New versions with windows counted from today, for policies of a file with "T-30" days (演示续期).

    For demonstrations only: once no policy is closing soon, or none is upcoming, those whose window
    lies otherwise than the file says get a new version. Nothing published is changed. Returns how many.
    """
    newest = _newest_versions(session)
    rows = [row for row in payload["policies"] if code_key(row["code"]) in newest]
    wanted = {code_key(row["code"]): read_window(row.get("window"), today) for row in rows}
    present = {Window(v.opens, v.closes).state(today) for _, v in newest.values()}
    if {window.state(today) for window in wanted.values()} <= present:
        return 0
    made = 0
    for key, window in wanted.items():
        policy, version = newest[key]
        if Window(version.opens, version.closes).state(today) is window.state(today):
            continue
        same = {name: getattr(version, name) for name in _KEPT_BY_RENEWAL}
        values = {**same, "opens": window.opens, "closes": window.closes}
        _publish(session, policy, values, number=version.number + 1, today=today, now=now)
        made += 1
    bump_revision(session)
    return made


_KEPT_BY_RENEWAL = (
    "benefit", "max_amount_wan", "conditions", "conditions_digest", "materials", "steps", "days", "source_doc",
    "text", "digest",
)  # fmt: skip


def _newest_versions(session: Session) -> dict[str, tuple[Policy, PolicyVersion]]:
    rows = session.execute(
        select(Policy, PolicyVersion)
        .join(PolicyVersion, PolicyVersion.policy_id == Policy.id)
        .order_by(PolicyVersion.number)
    )
    return {policy.code_key: (policy, version) for policy, version in rows}


def import_org_facts(session: Session, org_id: int, facts: Mapping[str, Any], *, today: date, now: datetime) -> None:
    """A firm's facts from a file, vouched for by the import. Raises Invalid as `record_facts` does."""
    answers = [Answer(code, value) for code, value in facts.items()]
    record_facts(session, org_id, answers, person_id=None, source="imported", today=today, now=now)


def _each(
    report: ImportReport, payload: Mapping[str, Any], part: str, keep: Callable[[Mapping[str, Any], int], Outcome]
) -> None:
    rows = payload.get(part, [])
    if not isinstance(rows, list):
        report.add(part, "refused", "应是一组")
        return
    for number, row in enumerate(rows, 1):
        place = f"{part}[{number}]"
        try:
            if not isinstance(row, Mapping):
                raise BadRow("应是一个对象")
            place = f"{part}[{number}] {row.get('code', '')}".strip()
            outcome = keep(row, number)
        except (BadRow, ConditionError, WindowError, FactError) as error:
            report.add(place, "refused", str(error))
            continue
        report.add(place, outcome)


def _text(row: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = row.get(name, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise BadRow(f"缺少 {name}")
    if len(value) > LIMITS.get(name, 20_000):
        raise BadRow(f"{name} 太长")
    return value.strip()


def _texts(row: Mapping[str, Any], name: str) -> list[str]:
    values = row.get(name) or []
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise BadRow(f"{name} 应是一组文字")
    return values


def _category(session: Session, row: Mapping[str, Any], position: int) -> Outcome:
    code, name, scope = _text(row, "code"), _text(row, "zh"), _text(row, "scope", "")
    found = session.scalar(select(PolicyCategory).where(PolicyCategory.code == code))
    if found is None:
        session.add(PolicyCategory(code=code, name=name, scope=scope, position=position))
        session.flush()
        return "added"
    if (found.name, found.scope) == (name, scope):
        return "unchanged"
    found.name, found.scope = name, scope
    return "changed"


def _import_fields(session: Session, report: ImportReport, payload: Mapping[str, Any]) -> None:
    """Fields hang together by their formulas, and policies by their fields: all are tried before one goes in."""
    known = {row.code: row for row in session.scalars(select(FactField))}
    definitions: dict[str, Mapping[str, Any]] = {code: row.definition for code, row in known.items()}
    trees = list(session.scalars(select(PolicyVersion.conditions))) if known else []

    def keep(row: Mapping[str, Any], position: int) -> Outcome:
        one = read_field(row)
        found = known.get(one.code)
        if found is not None and found.digest == digest_of(row):
            return "unchanged"
        trial = read_fields([*(d for c, d in definitions.items() if c != one.code), row, *_later(payload, position)])
        for tree in trees if found is not None else ():
            read_tree(tree, trial)
        definitions[one.code] = row
        if found is None:
            known[one.code] = FactField(code=one.code, definition=dict(row), digest=digest_of(row), position=position)
            session.add(known[one.code])
            return "added"
        found.definition, found.digest = dict(row), digest_of(row)
        return "changed"

    _each(report, payload, "fields", keep)


def _later(payload: Mapping[str, Any], position: int) -> list[Mapping[str, Any]]:
    """Rows further down: a formula may name a field that comes after it."""
    rows = payload["fields"][position:]
    return [row for row in rows if isinstance(row, Mapping) and not row.get("derived") and row.get("code")]


def _policy(
    session: Session,
    row: Mapping[str, Any],
    fields: Fields,
    categories: frozenset[str],
    *,
    today: date,
    now: datetime,
) -> Outcome:
    values = _policy_values(row, categories)
    version = _version_values(row, fields, today)
    key = code_key(values["code"])
    policy = session.scalar(select(Policy).where(Policy.code_key == key))
    if policy is None:
        policy = Policy(**values, code_key=key, state="active", created_at=now)
        session.add(policy)
        session.flush()
        _publish(session, policy, version, number=1, today=today, now=now)
        _move(session, policy, row, now=now)
        return "added"
    changed = any(getattr(policy, name) != value for name, value in values.items() if name != "code")
    for name, value in values.items():
        if name != "code":
            setattr(policy, name, value)
    newest = session.scalars(
        select(PolicyVersion).where(PolicyVersion.policy_id == policy.id).order_by(PolicyVersion.number.desc())
    ).first()
    if newest is None or newest.digest != version["digest"]:
        _publish(session, policy, version, number=newest.number + 1 if newest else 1, today=today, now=now)
        changed = True
    return "changed" if _move(session, policy, row, now=now) or changed else "unchanged"


def _policy_values(row: Mapping[str, Any], categories: frozenset[str]) -> dict[str, Any]:
    if row.get("state", "active") not in POLICY_STATES:
        raise BadRow(f"没有这种状态：{row['state']}")
    if categories and row.get("category") not in categories:
        raise BadRow(f"没有这个类别：{row.get('category')}")
    return {
        "code": _text(row, "code"),
        "name": _text(row, "name"),
        "category": _text(row, "category"),
        "also_categories": _texts(row, "also_categories"),
        "level": _text(row, "level", "district"),
        "department": _text(row, "department", ""),
        "mode": _text(row, "mode", "apply"),
        "chains": _texts(row, "chains"),
        "keywords": _texts(row, "keywords"),
        "illustrative": row.get("illustrative") is True,
    }


def _version_values(row: Mapping[str, Any], fields: Fields, today: date) -> dict[str, Any]:
    conditions = row.get("conditions") or {"all": []}
    tree = read_tree(conditions, fields.by_code)
    window = read_window(row.get("window"), today)
    days = row.get("days")
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= 3650):
        raise BadRow("days 应是天数")
    if not isinstance(conditions, dict) or not all(len(leaf.evidence) <= 500 for leaf in leaves(tree)):
        raise BadRow("条件的依据太长")
    said = ("benefit", "max_amount_wan", "conditions", "window", "materials", "steps", "days", "source_doc", "text")
    return {
        "benefit": _text(row, "benefit", ""),
        "max_amount_wan": _amount(row.get("max_amount_wan")),
        "conditions": conditions,
        "conditions_digest": digest_of(conditions),
        "opens": window.opens,
        "closes": window.closes,
        "materials": _texts(row, "materials"),
        "steps": _texts(row, "steps"),
        "days": days,
        "source_doc": _text(row, "source_doc", ""),
        "text": _text(row, "text", ""),
        "digest": digest_of({name: row.get(name) for name in said}),
    }


def _amount(raw: Any) -> str | None:
    if raw is None:
        return None
    try:
        amount = Decimal(str(raw))
    except InvalidOperation as error:
        raise BadRow("max_amount_wan 应是数字") from error
    if isinstance(raw, bool) or not amount.is_finite() or not 0 <= amount < Decimal(10) ** 12:
        raise BadRow("max_amount_wan 应是数字")
    return plain(amount)


def _publish(
    session: Session, policy: Policy, values: dict[str, Any], *, number: int, today: date, now: datetime
) -> None:
    session.add(PolicyVersion(policy_id=policy.id, number=number, effective_from=today, created_at=now, **values))
    _event(session, policy, "published", policy.state, version_number=number, reason="import", now=now)


def _move(session: Session, policy: Policy, row: Mapping[str, Any], *, now: datetime) -> bool:
    """The state a file names (active, suspended, repealed); one that names none leaves it alone."""
    wanted = row.get("state")
    if wanted is None or wanted == policy.state:
        return False
    _event(session, policy, EVENT_KINDS[wanted], wanted, version_number=None, reason="import", now=now)
    return True


def _event(
    session: Session,
    policy: Policy,
    kind: str,
    to_state: str,
    *,
    version_number: int | None,
    reason: str,
    now: datetime,
) -> None:
    """The one place where the state of a policy changes, together with its event (decision 11)."""
    seq = session.scalar(select(func.max(PolicyEvent.seq)).where(PolicyEvent.policy_id == policy.id)) or 0
    session.add(
        PolicyEvent(
            policy_id=policy.id,
            seq=seq + 1,
            at=now,
            kind=kind,
            from_state=policy.state if seq else None,
            to_state=to_state,
            version_number=version_number,
            reason=reason,
        )
    )
    policy.state = to_state
    session.flush()
