"""Centres 服务中心, services and free places. A guest may look at all of it."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify

from domain.geo import read_place
from miniprogram_api.http.auth import optional_actor
from miniprogram_api.http.context import deps
from miniprogram_api.http.paging import PageQuery
from miniprogram_api.schemas.centres import (
    AvailabilityOut,
    AvailabilityQuery,
    CentreDetailOut,
    CentreOut,
    CentrePage,
    CentresQuery,
    MonthOut,
    MonthQuery,
    ServiceOut,
    ServicePage,
    availability_body,
)
from services.centre import centres

bp = APIBlueprint("centres", __name__, url_prefix="/api/v1", tag="服务中心 Centres")


@bp.get("/centres")
@bp.input(CentresQuery, location="query")
@bp.output(CentrePage)
def list_centres(query_data: CentresQuery) -> CentrePage:
    """Centres with what is open and free now; nearest first where `near` is given. The position is not kept."""
    now = deps().now()
    near = read_place(query_data.near) if query_data.near else None
    with deps().read() as session:
        found = centres.list_centres(session, near=near, now=now)
    items = [CentreOut.of(centre, now=now) for centre in query_data.cut(found)]
    return CentrePage.of_items(items, len(found), query_data)


@bp.get("/centres/<code>")
@bp.output(CentreDetailOut)
def show_centre(code: str) -> CentreDetailOut:
    """One centre with its services, its notices, duty phone and way in."""
    now = deps().now()
    with deps().read() as session:
        return CentreDetailOut.of(centres.get_centre(session, code, now=now), now=now)


@bp.get("/centres/<code>/services")
@bp.input(PageQuery, location="query")
@bp.output(ServicePage)
def list_services(code: str, query_data: PageQuery) -> ServicePage:
    """The services of a centre."""
    now = deps().now()
    with deps().read() as session:
        found = centres.get_centre(session, code, now=now).services
    items = [ServiceOut.of(service, now=now) for service in query_data.cut(found)]
    return ServicePage.of_items(items, len(found), query_data)


@bp.get("/services/<code>")
@bp.output(ServiceOut)
def show_service(code: str) -> ServiceOut:
    """One service."""
    now = deps().now()
    with deps().read() as session:
        return ServiceOut.of(centres.get_service(session, code, now=now), now=now)


@bp.get("/services/<code>/availability")
@bp.input(AvailabilityQuery, location="query")
@bp.output(AvailabilityOut)
def show_availability(code: str, query_data: AvailabilityQuery) -> Response:
    """Every start of one local day; `free` is what anyone of that zone can book now, full and past starts have 0."""
    with deps().read() as session:
        found = centres.availability(session, code, query_data.day, **_wish(query_data), now=deps().now())
    return jsonify(availability_body(found))


@bp.get("/services/<code>/availability/month")
@bp.input(MonthQuery, location="query")
@bp.output(MonthOut)
def show_month(code: str, query_data: MonthQuery) -> MonthOut:
    """How many starts have a place, day by day."""
    with deps().read() as session:
        strip = centres.month_strip(
            session, code, query_data.first, query_data.days, **_wish(query_data), now=deps().now()
        )
    return MonthOut.of(code, strip)


def _wish(query: AvailabilityQuery | MonthQuery) -> dict[str, Any]:
    actor = optional_actor()
    return {
        "minutes": query.minutes,
        "zone": query.zone,
        "saved_zone": actor.zone if actor else None,
        "accessible": query.accessible,
    }
