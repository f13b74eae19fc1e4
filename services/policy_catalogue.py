"""Published policies as the rules and the pages need them (政策库).

Condition trees are compiled once per content: the cache is keyed by digests, never by row ids, so
that no process can judge by a tree that is not in its database.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, defer

from domain.condition_tree import Node, read_tree
from domain.facts import FieldFacts, read_fields
from domain.policy_matching import PolicyFacts
from domain.policy_windows import Window, WindowState
from models.policy import FactField, Policy, PolicyCategory, PolicyVersion

Made = TypeVar("Made")
KEPT = 4096


@dataclass(frozen=True, slots=True)
class PolicyView:
    """One policy in its version of today."""

    id: int
    code: str
    name: str
    category: str
    category_name: str
    also_categories: tuple[str, ...]
    level: str
    department: str
    mode: str
    chains: tuple[str, ...]
    keywords: tuple[str, ...]
    illustrative: bool
    version_id: int
    version: int
    effective_from: date
    benefit: str
    max_amount_wan: str | None
    materials: tuple[str, ...]
    steps: tuple[str, ...]
    days: int | None
    source_doc: str
    text: str
    window: Window
    state: WindowState
    facts: PolicyFacts

    def is_in(self, category: str) -> bool:
        """A policy also belongs to its further categories."""
        return category == self.category or category in self.also_categories


def code_key(code: str) -> str:
    """Codes are kept verbatim and compared without case (decision 16)."""
    return code.strip().casefold()


def digest_of(value: Any) -> str:
    """A short text that changes with the content."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class Kept(Generic[Made]):
    """What was made from a content, for the next one who needs it; the oldest goes when it is full."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: OrderedDict[object, Made] = OrderedDict()
        self._lock = Lock()

    def get(self, key: object) -> Made | None:
        with self._lock:
            found = self._items.get(key)
            if found is not None:
                self._items.move_to_end(key)
            return found

    def put(self, key: object, value: Made) -> Made:
        with self._lock:
            self._items[key] = value
            while len(self._items) > self._most:
                self._items.popitem(last=False)
            return value


_fields: Kept[dict[str, FieldFacts]] = Kept(8)
_trees: Kept[Node] = Kept(KEPT)


@dataclass(frozen=True, slots=True)
class Fields:
    """The fact fields in force; `digest` names this state of them."""

    digest: str
    by_code: dict[str, FieldFacts]


def fields_in_force(session: Session) -> Fields:
    """All fact fields; definitions are read only when one of them changed."""
    rows = session.execute(select(FactField.code, FactField.digest).order_by(FactField.position, FactField.id)).all()
    digest = digest_of([tuple(row) for row in rows])
    found = _fields.get(digest)
    if found is None:
        definitions = session.scalars(select(FactField.definition).order_by(FactField.position, FactField.id))
        found = _fields.put(digest, read_fields(list(definitions)))
    return Fields(digest, found)


def published(
    session: Session, *, today: date, fields: Fields | None = None, codes: Iterable[str] | None = None
) -> list[PolicyView]:
    """Every policy with a version in force on the day, in order of import (or only those of `codes`)."""
    fields = fields or fields_in_force(session)
    query = _current(today)
    if codes is not None:
        query = query.where(Policy.code_key.in_([code_key(code) for code in codes]))
    rows = session.execute(query.order_by(Policy.id)).all()
    trees = _compiled(session, rows, fields)
    return [_view(row, trees[row.PolicyVersion.conditions_digest], today) for row in rows]


def _current(today: date) -> Select[Policy, PolicyVersion, str]:
    """Policies joined with their highest version in force; conditions are left out, they are compiled."""
    newest = (
        select(PolicyVersion.policy_id, func.max(PolicyVersion.number).label("number"))
        .where(PolicyVersion.effective_from <= today)
        .group_by(PolicyVersion.policy_id)
        .subquery()
    )
    version = PolicyVersion
    return (
        select(Policy, version, PolicyCategory.name.label("category_name"))
        .join(newest, newest.c.policy_id == Policy.id)
        .join(version, and_(version.policy_id == Policy.id, version.number == newest.c.number))
        .outerjoin(PolicyCategory, PolicyCategory.code == Policy.category)
        .options(defer(version.conditions, raiseload=True))
    )


def _compiled(session: Session, rows: Sequence[Any], fields: Fields) -> dict[str, Node]:
    """The tree of each version; conditions are read only for contents not compiled yet."""
    found: dict[str, Node] = {}
    missing: dict[str, int] = {}
    for row in rows:
        digest = row.PolicyVersion.conditions_digest
        tree = _trees.get((digest, fields.digest))
        if tree is None:
            missing[digest] = row.PolicyVersion.id
        else:
            found[digest] = tree
    if missing:
        query = select(PolicyVersion.conditions_digest, PolicyVersion.conditions)
        for digest, conditions in session.execute(query.where(PolicyVersion.id.in_(missing.values()))):
            found[digest] = _trees.put((digest, fields.digest), read_tree(conditions, fields.by_code))
    return found


def _view(row: Any, tree: Node, today: date) -> PolicyView:
    policy: Policy = row.Policy
    version: PolicyVersion = row.PolicyVersion
    window = Window(version.opens, version.closes)
    suspended, repealed = policy.state == "suspended", policy.state == "repealed"
    return PolicyView(
        id=policy.id,
        code=policy.code,
        name=policy.name,
        category=policy.category,
        category_name=row.category_name or policy.category,
        also_categories=tuple(policy.also_categories),
        level=policy.level,
        department=policy.department,
        mode=policy.mode,
        chains=tuple(policy.chains),
        keywords=tuple(policy.keywords),
        illustrative=policy.illustrative,
        version_id=version.id,
        version=version.number,
        effective_from=version.effective_from,
        benefit=version.benefit,
        max_amount_wan=version.max_amount_wan,
        materials=tuple(version.materials),
        steps=tuple(version.steps),
        days=version.days,
        source_doc=version.source_doc,
        text=version.text,
        window=window,
        state=window.state(today, suspended=suspended, repealed=repealed),
        facts=PolicyFacts(policy.code, tree, window, suspended, repealed),
    )
