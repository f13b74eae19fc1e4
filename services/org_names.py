"""Which firm a sentence names 提到的企业."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.organisation import OrgName
from retrieval.names import mentioned


def orgs_mentioned(session: Session, text: str) -> tuple[frozenset[int], str] | None:
    """The firms that have, or had, the name a text mentions: (ids, that name); None for none. One query.

    Two firms may share a name; the name alone cannot tell which is meant.
    """
    names: dict[str, set[int]] = {}
    for row in session.execute(select(OrgName.name, OrgName.org_id)):
        names.setdefault(row.name, set()).add(row.org_id)
    name = mentioned(text, names)
    return None if name is None else (frozenset(names[name]), name)
