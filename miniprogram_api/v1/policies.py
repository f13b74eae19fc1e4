"""Policies 惠企政策: list, search, check, match."""

from datetime import date

from apiflask import APIBlueprint
from sqlalchemy import select

from domain.errors import NotFound
from domain.policy_matching import DISCLAIMER
from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.policies import (
    CategoriesOut,
    CategoryOut,
    CheckIn,
    CheckOut,
    FoundListOut,
    FoundOut,
    KeptCheckOut,
    MatchIn,
    MatchOut,
    PolicyDetailOut,
    PolicyOut,
    PolicyPage,
    PolicyQuery,
    SearchQuery,
)
from models.policy import PolicyCategory
from services import policies
from services.org_access import may_read, note_read, org_for

bp = APIBlueprint("policies", __name__, url_prefix="/api/v1", tag="政策 Policies")
MOST_FOUND = 100


@bp.get("/policies")
@bp.input(PolicyQuery, location="query")
@bp.output(PolicyPage)
def list_policies(query_data: PolicyQuery) -> PolicyPage:
    """Published policies by category, chain and state; with `q` by their text, best first."""
    now, today = deps().now(), _today()
    codes: list[str] | None = None
    if query_data.q and query_data.q.strip():
        codes = [hit.doc_id for hit in deps().text_index.search(query_data.q, limit=MOST_FOUND)]
    with deps().read() as session:
        found = policies.list_policies(
            session,
            now=now,
            timezone=deps().options.zone,
            category=query_data.category,
            chain=query_data.chain,
            state=query_data.state,
            codes=codes,
        )
    if codes is not None:
        place = {code: number for number, code in enumerate(codes)}
        found.sort(key=lambda policy: place.get(policy.code, MOST_FOUND))
    items = [PolicyOut.of(policy, today) for policy in query_data.cut(found)]
    return PolicyPage.of_items(items, len(found), query_data)


@bp.get("/policy-categories")
@bp.output(CategoriesOut)
def list_categories() -> CategoriesOut:
    """The categories, for filters."""
    with deps().read() as session:
        rows = session.scalars(select(PolicyCategory).order_by(PolicyCategory.position, PolicyCategory.id))
        return CategoriesOut(items=[CategoryOut.of(row) for row in rows])


@bp.get("/policies/search")
@bp.input(SearchQuery, location="query")
@bp.output(FoundListOut)
def search(query_data: SearchQuery) -> FoundListOut:
    """Policies by their text, with the words that matched and the clause."""
    with deps().read() as session:
        found = policies.search_policies(
            session,
            query_data.q,
            org_id=None,
            index=deps().text_index,
            limit=query_data.limit,
            now=deps().now(),
            timezone=deps().options.zone,
        )
    return FoundListOut(items=[FoundOut.of(item) for item in found])


@bp.get("/policies/<code>")
@bp.output(PolicyDetailOut)
def show_policy(code: str) -> PolicyDetailOut:
    """One policy with its conditions in words."""
    with deps().read() as session:
        policy = policies.get_policy(session, code, now=deps().now(), timezone=deps().options.zone)
    return PolicyDetailOut.whole(policy, _today(), DISCLAIMER)


@bp.post("/policies/<code>/check")
@bp.input(CheckIn)
@bp.output(CheckOut)
def check(code: str, json_data: CheckIn) -> CheckOut:
    """Check one policy 政策体检 for a firm one may act for or advises; the check is kept."""
    actor, now = current_actor(), deps().now()
    with deps().unit_of_work() as session:
        org = org_for(session, json_data.org, actor, "org.read")
        checked = policies.check_policy(
            session, code, org.id, now=now, timezone=deps().options.zone, person_id=actor.person_id
        )
        note_read(session, org.id, actor, "policy.check", now=now)
    return CheckOut.made(checked)


@bp.get("/policy-checks/<int:check_id>")
@bp.output(KeptCheckOut)
def show_check(check_id: int) -> KeptCheckOut:
    """A check as it was made, whatever changed since."""
    actor = current_actor()
    with deps().read() as session:
        row = policies.kept_check(session, check_id)
        if row.org_id is None or not may_read(session, row.org_id, actor):
            raise NotFound("unknown_check")
    with deps().unit_of_work() as session:
        note_read(session, row.org_id, actor, "policy.check.show", now=deps().now())
    return KeptCheckOut.model_validate({**row.result, "check_id": row.id, "at": row.at})


@bp.post("/policies/match")
@bp.input(MatchIn)
@bp.output(MatchOut)
def match(json_data: MatchIn) -> MatchOut:
    """Every policy for a firm, best first, and the one question that would settle most."""
    actor, now = current_actor(), deps().now()
    with deps().read() as session:
        org = org_for(session, json_data.org, actor, "org.read")
        found = policies.match_org(session, org.id, now=now, timezone=deps().options.zone, category=json_data.category)
    with deps().unit_of_work() as session:
        note_read(session, org.id, actor, "policy.match", now=now)
    return MatchOut.of(found)


def _today() -> date:
    return deps().options.today(deps().now())
