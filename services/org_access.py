"""Who may see and change what is known of a firm; every look at its facts is written down."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import NotAllowed
from domain.permissions import Actor, Scope, may
from models.organisation import Org, OrgStage
from services import audit
from services.org_facts import find_org


def org_for(session: Session, code: str, actor: Actor, action: str) -> Org:
    """The firm of a code, if the actor may do `action` ("org.read", "org.act") to it.

    Raises NotFound `unknown_org`, NotAllowed `not_allowed`.
    """
    org = find_org(session, code)
    if not may(actor, action, _scopes(session, org)):
        raise NotAllowed("not_allowed")
    return org


def may_read(session: Session, org_id: int, actor: Actor) -> bool:
    """Whether the actor may see this firm's facts."""
    org = session.get(Org, org_id)
    return org is not None and may(actor, "org.read", _scopes(session, org))


def note_read(session: Session, org_id: int, actor: Actor, what: str, *, now: datetime) -> None:
    """The audit row of a look at a firm's facts; in its own short transaction where the read had none (decision 12)."""
    audit.record(session, person_id=actor.person_id, action=what, subject_kind="org", subject_id=org_id, now=now)


def _scopes(session: Session, org: Org) -> list[Scope]:
    """The firm itself and the chains it stands on."""
    chains = session.scalars(select(OrgStage.chain_id).where(OrgStage.org_id == org.id))
    return [Scope("org", org.id), *(Scope("chain", chain_id) for chain_id in chains)]
