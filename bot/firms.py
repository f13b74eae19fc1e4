"""For which firm a policy question is asked 哪家企业: named in the request, the only one, or chosen by a tap."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from bot import phrasing
from bot.messages import Choices
from bot.turn import Turn, tap
from domain.errors import NotAllowed
from domain.permissions import Scope, may
from models.organisation import Org
from services.org_facts import find_org
from services.org_names import orgs_mentioned

MOST = 3


@dataclass(frozen=True, slots=True)
class Firm:
    id: int
    code: str
    name: str


def another_named(turn: Turn) -> str | None:
    """The name of a firm in the sentence that is not the speaker's own: its facts are not for them."""
    found = orgs_mentioned(turn.context.session, turn.text)
    if found is None:
        return None
    ids, name = found
    actor = turn.context.actor
    own = actor is not None and may(actor, "org.read", [Scope("org", org_id) for org_id in ids])
    return None if own else name


def resolve(turn: Turn) -> Firm | Choices | None:
    """The firm, None for who acts for none, or the question which one.

    Raises NotFound `unknown_org`, NotAllowed `not_your_org` for a firm named in the request.
    """
    context = turn.context
    if context.actor is None:
        return None
    code = turn.message.org or context.memory.get("org")
    if code:
        org = find_org(context.session, code)
        if not may(context.actor, "org.act", [Scope("org", org.id)]):
            raise NotAllowed("not_your_org")
        return Firm(org.id, org.code, org.name_on(context.today))
    own = context.actor.scopes("enterprise_contact", "org")
    rows = context.session.scalars(
        select(Org).where(Org.id.in_(own)).options(selectinload(Org.names)).order_by(Org.id)
    ).all()
    firms = [Firm(row.id, row.code, row.name_on(context.today)) for row in rows]
    if len(firms) <= 1:
        return firms[0] if firms else None
    choices = tuple(tap(firm.name, do="org", org=firm.code, then=turn.text) for firm in firms[:MOST])
    return Choices(phrasing.WHICH_FIRM, choices)
