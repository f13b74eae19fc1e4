"""Which firm a sentence names 提到的企业."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.organisation import OrgName
from retrieval.names import mentioned


def org_mentioned(session: Session, text: str) -> tuple[int, str] | None:
    """The firm a text names, by any name it ever had: (id, that name); None for none. One query."""
    names = {row.name: row.org_id for row in session.execute(select(OrgName.name, OrgName.org_id))}
    name = mentioned(text, names)
    return None if name is None else (names[name], name)
