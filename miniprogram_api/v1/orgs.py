"""Firms 单位 and what is known of them."""

from apiflask import APIBlueprint
from sqlalchemy import select
from sqlalchemy.orm import Session

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.orgs import FactOut, FactsIn, OrgChainOut, OrgFactsOut, OrgOut
from models.organisation import Chain, Org, OrgStage
from services.org_access import note_read, org_for
from services.org_facts import known_facts, record_facts

bp = APIBlueprint("orgs", __name__, url_prefix="/api/v1", tag="单位 Organisations")


@bp.get("/orgs/<code>")
@bp.output(OrgOut)
def show_org(code: str) -> OrgOut:
    """A firm with its facts, for its contacts and those who advise it; every look is written down."""
    actor, now = current_actor(), deps().now()
    with deps().read() as session:
        org = org_for(session, code, actor, "org.read")
        chains = session.scalars(
            select(Chain).join(OrgStage, OrgStage.chain_id == Chain.id).where(OrgStage.org_id == org.id).distinct()
        )
        shown = OrgOut(
            code=org.code,
            name=org.name_on(deps().options.today(now)),
            kind=org.kind,
            region=org.region,
            chains=[OrgChainOut(code=chain.code, name=chain.name) for chain in chains],
            facts=_facts(session, org),
        )
    with deps().unit_of_work() as session:
        note_read(session, org.id, actor, "org.show", now=now)
    return shown


@bp.post("/orgs/<code>/facts")
@bp.input(FactsIn)
@bp.output(OrgFactsOut)
def save_facts(code: str, json_data: FactsIn) -> OrgFactsOut:
    """Say facts of one's own firm; "unknown" and "declined" only pause the question for 30 days."""
    actor, now = current_actor(), deps().now()
    with deps().unit_of_work() as session:
        org = org_for(session, code, actor, "org.act")
        record_facts(
            session,
            org.id,
            [fact.to_answer() for fact in json_data.facts],
            person_id=actor.person_id,
            source="self",
            today=deps().options.today(now),
            now=now,
        )
        note_read(session, org.id, actor, "org.facts", now=now)
        return OrgFactsOut(org=org.code, facts=_facts(session, org))


def _facts(session: Session, org: Org) -> list[FactOut]:
    return [FactOut.of(known) for known in known_facts(session, org.id, today=deps().options.today(deps().now()))]
