"""Demands 诉求: write a draft, send it, read one's own."""

from apiflask import APIBlueprint

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.http.paging import PageQuery
from miniprogram_api.schemas.demands import DemandIn, DemandOut, DemandPage
from services import demands

bp = APIBlueprint("demands", __name__, url_prefix="/api/v1", tag="诉求 Demands")


@bp.post("/demands")
@bp.input(DemandIn)
@bp.output(DemandOut, status_code=201)
def create_demand(json_data: DemandIn) -> tuple[DemandOut, int]:
    """Write a draft; the same `client_uuid` again answers 200 with the first one."""
    with deps().unit_of_work() as session:
        demand, is_new = demands.create_demand(session, json_data.to_command(), actor=current_actor(), now=deps().now())
        return DemandOut.of(demand, deps().options.zone), 201 if is_new else 200


@bp.post("/demands/<code>/submit")
@bp.output(DemandOut)
def submit_demand(code: str) -> DemandOut:
    """Send a draft to the office; sending it again changes nothing."""
    with deps().unit_of_work() as session:
        demand = demands.submit_demand(session, code, actor=current_actor(), now=deps().now())
        return DemandOut.of(demand, deps().options.zone)


@bp.get("/demands")
@bp.input(PageQuery, location="query")
@bp.output(DemandPage)
def list_demands(query_data: PageQuery) -> DemandPage:
    """One's own demands, newest first."""
    with deps().read() as session:
        rows, total = demands.own_demands(
            session, actor=current_actor(), offset=query_data.offset, limit=query_data.per_page
        )
        return DemandPage.of_items([DemandOut.of(row, deps().options.zone) for row in rows], total, query_data)


@bp.get("/demands/<code>")
@bp.output(DemandOut)
def show_demand(code: str) -> DemandOut:
    """One of one's own demands, or of one's firm."""
    with deps().read() as session:
        return DemandOut.of(demands.find_own(session, code, actor=current_actor()), deps().options.zone)
