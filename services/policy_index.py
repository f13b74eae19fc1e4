"""What the text index is built from, and the revision that says when it is old (decision 31)."""

import secrets
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.condition_tree import leaves
from domain.policy_windows import WindowState
from models.platform import Revision
from retrieval.documents import Document
from services.first_wins import insert_if_first
from services.policy_catalogue import PolicyView, published

NAME = "text_index"
STEP = 1 << 12
NAMES_AGAIN = 3


def revision(session: Session) -> int:
    """The state of the published policies; 0 while nothing was ever published."""
    return session.scalar(select(Revision.number).where(Revision.name == NAME)) or 0


def bump_revision(session: Session) -> None:
    """Something searchable changed: every worker reads it again within two seconds.

    Steps are random, so that a database restored from a backup does not arrive at the number of an
    index that another history left on the disk.
    """
    first = insert_if_first(session.get_bind().dialect.name, Revision.__table__)
    session.execute(first, {"name": NAME, "number": 0})
    step = 1 + secrets.randbelow(STEP)
    session.execute(update(Revision).where(Revision.name == NAME).values(number=Revision.number + step))


def policy_documents(session: Session, *, today: date) -> list[Document]:
    """One document per published policy that is not repealed; its id is the policy's code."""
    return [
        Document(policy.code, policy.name, document_text(policy), also=called(policy))
        for policy in published(session, today=today)
        if policy.state is not WindowState.REPEALED
    ]


def called(policy: PolicyView) -> str:
    """The names people use, once more: in a short text they must outweigh its materials and clauses."""
    return "\n".join((policy.name, *policy.keywords) * NAMES_AGAIN)


def document_text(policy: PolicyView) -> str:
    """The policy as continuous text: what it gives, to whom, what to bring, how people call it."""
    lines = [
        policy.name,
        policy.benefit,
        f"别名：{'、'.join(policy.keywords)}" if policy.keywords else "",
        f"类别：{policy.category_name}",
        _conditions(policy),
        f"材料：{'、'.join(policy.materials)}" if policy.materials else "",
        f"步骤：{'、'.join(policy.steps)}" if policy.steps else "",
        f"主管：{policy.department}",
        policy.text,
    ]
    return "\n".join(line for line in lines if line)


def _conditions(policy: PolicyView) -> str:
    clauses = dict.fromkeys(leaf.evidence or leaf.requirement for leaf in leaves(policy.facts.tree))
    return f"条件：{'；'.join(clauses)}" if clauses else "条件：所有企业都可以申请"
