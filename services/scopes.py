"""Scopes of a grant as people write them: `district`, `centre:DRIVER_HOME`, `branch:YARD_BRANCH`."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.centre import Centre
from models.organisation import Chain, Department, Org, PartyBranch

SCOPES = {
    "department": (Department.id, Department.code),
    "chain": (Chain.id, Chain.code),
    "branch": (PartyBranch.id, PartyBranch.code),
    "org": (Org.id, Org.code),
    "centre": (Centre.id, Centre.code),
}


class UnknownScope(ValueError):
    """A scope that is none, or of something that is not there; the text says which."""


def find_scope(session: Session, scope: str) -> tuple[str, int | None]:
    """`district`, or `kind:code` without case, as a grant stores it. Raises UnknownScope."""
    if scope == "district":
        return "district", None
    kind, _, code = scope.partition(":")
    if kind not in SCOPES:
        raise UnknownScope(f"a scope is district or one of {', '.join(SCOPES)} with :CODE")
    id_, code_column = SCOPES[kind]
    found = session.scalars(select(id_).where(func.lower(code_column) == code.strip().lower())).all()
    if len(found) != 1:
        raise UnknownScope(f"no {kind} {code}")
    return kind, found[0]


def scope_text(session: Session, kind: str, id_: int | None) -> str:
    """The written form of a stored scope."""
    if id_ is None:
        return kind
    column, code = SCOPES[kind]
    return f"{kind}:{session.scalars(select(code).where(column == id_)).one()}"
