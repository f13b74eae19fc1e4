"""The catalogue of a centre as plain facts, kept per process under its revision number.

Triggers give `centres.catalogue_revision` a new random number whenever anything in the catalogue
changes, so facts kept under the number in the row are never stale, and a rolled back change never
leaves its facts behind.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from domain.closures import ClosureFacts
from domain.codes import code_key
from domain.errors import NotFound
from domain.geo import Place
from domain.local_time import zone_named
from domain.opening import Opening, OpeningException, OpeningRule
from domain.rosters import RosterFacts
from domain.service_types import Congestion, ServiceFacts, UnitFacts
from domain.work_calendar import WEEKENDS_ONLY, WorkCalendar
from models.centre import Centre, CentreNotice, Closure, RosterRule, Service, Unit
from models.centre import OpeningException as OpeningExceptionRow
from models.centre import OpeningRule as OpeningRuleRow
from services.centre.work_calendar import work_calendar

KEPT_CENTRES = 2000
AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """A notice of a centre, with the time it stands."""

    id: int
    kind: str
    text: str
    start: datetime
    end: datetime | None
    grace_minutes: int = 0

    def stands_at(self, now: datetime) -> bool:
        return self.start <= now and (self.end is None or now < self.end)


@dataclass(frozen=True, slots=True, eq=False)
class CentreFacts:
    """A centre with all its services."""

    id: int
    code: str
    name: str
    place: str
    tz: ZoneInfo
    position: Place | None
    contact: str | None
    way_in: str | None
    is_free: bool
    opening: Opening
    services: tuple[ServiceFacts, ...]
    notices: tuple[NoticeFacts, ...]

    def service(self, service_id: int) -> ServiceFacts:
        return next(service for service in self.services if service.id == service_id)

    def service_named(self, code: str) -> ServiceFacts:
        """One of its services by code, without case. Raises NotFound `unknown_service`."""
        wanted = code.strip().casefold()
        found = next((service for service in self.services if service.code.casefold() == wanted), None)
        if found is None:
            raise NotFound("unknown_service")
        return found


_kept: dict[int, CentreFacts] = {}

_CENTRES = select(Centre.__table__.c.id, Centre.__table__.c.catalogue_revision).order_by(
    Centre.__table__.c.position, Centre.__table__.c.id
)
_CENTRE_BY_CODE = select(Centre.__table__.c.id, Centre.__table__.c.catalogue_revision).where(
    Centre.__table__.c.code_key == bindparam("key")
)
_service = Service.__table__.c
_SERVICE_BY_CODE: Select[tuple[int, int, int]] = select(
    _service.id, _service.centre_id, _service.catalogue_revision
).where(_service.code_key == bindparam("key"))
_SERVICE_BY_ID: Select[tuple[int, int, int]] = (
    select(_service.id, _service.centre_id, _service.catalogue_revision)
    .where(_service.id == bindparam("id"))
    .with_for_update(key_share=True)
)
_CENTRE_TO_CHANGE: Select[tuple[int]] = (
    select(Centre.__table__.c.id).where(Centre.__table__.c.code_key == bindparam("key")).with_for_update(key_share=True)
)
_SERVICES_TO_CHANGE: Select[tuple[int]] = (
    select(_service.id)
    .where(_service.centre_id == bindparam("centre_id"))
    .order_by(_service.id)
    .with_for_update(key_share=True)
)
# FOR NO KEY UPDATE: bookings of one service queue here, so each sees the one before it; SQLite has one writer anyway.
_SERVICE_TO_BOOK = _SERVICE_BY_CODE.with_for_update(key_share=True)


def all_centres(session: Session) -> list[CentreFacts]:
    """Every centre, in its order."""
    return [centre_facts(session, row.id, row.catalogue_revision) for row in session.execute(_CENTRES)]


def centre_by_code(session: Session, code: str) -> CentreFacts:
    """A centre by its code, without case. Raises NotFound `unknown_centre`."""
    key = code_key(code)
    row = session.execute(_CENTRE_BY_CODE, {"key": key}).one_or_none() if key else None
    if row is None:
        raise NotFound("unknown_centre")
    return centre_facts(session, row.id, row.catalogue_revision)


def service_by_code(session: Session, code: str, *, to_book: bool = False) -> ServiceFacts:
    """A service by its code, without case; `to_book` makes bookings of that service wait for one another.

    Raises NotFound `unknown_service`.
    """
    key = code_key(code)
    row = (
        session.execute(_SERVICE_TO_BOOK if to_book else _SERVICE_BY_CODE, {"key": key}).one_or_none() if key else None
    )
    if row is None:
        raise NotFound("unknown_service")
    return centre_facts(session, row.centre_id, row.catalogue_revision).service(row.id)


def lock_service(session: Session, service_id: int) -> ServiceFacts:
    """A service with its row locked: whatever takes, changes or frees a place of it queues here, before anything else.

    Raises NotFound `unknown_service`.
    """
    row = session.execute(_SERVICE_BY_ID, {"id": service_id}).one_or_none()
    if row is None:
        raise NotFound("unknown_service")
    return centre_facts(session, row.centre_id, row.catalogue_revision).service(row.id)


def lock_centre(session: Session, code: str) -> CentreFacts:
    """A centre with itself and then all its services locked, in the order in which the catalogue's triggers write them.

    For what changes the catalogue and its bookings together: a closure, other hours, a roster.
    Raises NotFound `unknown_centre`.
    """
    key = code_key(code)
    centre_id = session.scalar(_CENTRE_TO_CHANGE, {"key": key}) if key else None
    if centre_id is None:
        raise NotFound("unknown_centre")
    session.execute(_SERVICES_TO_CHANGE, {"centre_id": centre_id}).all()
    return centre_by_code(session, code)


def centre_facts(session: Session, centre_id: int, revision: int) -> CentreFacts:
    """The facts of a centre under that revision, read where this process does not have them yet."""
    facts = _kept.get(revision)
    if facts is None:
        if len(_kept) >= KEPT_CENTRES:
            _kept.clear()
        facts = _kept[revision] = _read(session, centre_id)
    return facts


def _read(session: Session, centre_id: int) -> CentreFacts:
    centre = session.execute(select(Centre.__table__).where(Centre.id == centre_id)).one()
    tz = zone_named(centre.tz)
    rules = session.execute(select(OpeningRuleRow.__table__).where(OpeningRuleRow.centre_id == centre_id)).all()
    exceptions = session.execute(
        select(OpeningExceptionRow.__table__).where(OpeningExceptionRow.centre_id == centre_id)
    ).all()
    units = session.execute(
        select(Unit.__table__)
        .join(Service, Unit.service_id == Service.id)
        .where(Service.centre_id == centre_id)
        .order_by(Unit.position, Unit.id)
    ).all()
    services = session.execute(
        select(Service.__table__).where(Service.centre_id == centre_id).order_by(Service.position, Service.id)
    ).all()
    notices = session.execute(
        select(CentreNotice.__table__)
        .where(CentreNotice.centre_id == centre_id, CentreNotice.is_past.is_(False))
        .order_by(CentreNotice.id)
    ).all()
    closures = session.execute(
        select(Closure.__table__)
        .where(Closure.centre_id == centre_id, Closure.is_past.is_(False))
        .order_by(Closure.starts_at, Closure.id)
    ).all()
    rosters = session.execute(
        select(RosterRule.__table__).where(RosterRule.centre_id == centre_id).order_by(RosterRule.id)
    ).all()
    congestion = tuple(Congestion(n.starts_at, n.ends_at, n.grace_minutes) for n in notices if n.kind == "congestion")
    calendar = work_calendar(session) if any(rule.day_kind for rule in rules) else WEEKENDS_ONLY
    opening = _opening(tz, calendar, rules, exceptions, None)
    return CentreFacts(
        id=centre.id,
        code=centre.code,
        name=centre.name,
        place=centre.place,
        tz=tz,
        position=Place(centre.lat, centre.lon) if centre.lat is not None and centre.lon is not None else None,
        contact=centre.contact,
        way_in=centre.way_in,
        is_free=centre.is_free,
        opening=opening,
        services=tuple(
            _service_facts(
                row,
                centre,
                _opening(tz, calendar, rules, exceptions, row.id),
                [u for u in units if u.service_id == row.id],
                [c for c in closures if c.service_id in (None, row.id)],
                [r for r in rosters if r.service_id == row.id],
                congestion,
            )
            for row in services
        ),
        notices=tuple(NoticeFacts(n.id, n.kind, n.message, n.starts_at, n.ends_at, n.grace_minutes) for n in notices),
    )


def _service_facts(
    row: AnyRow,
    centre: AnyRow,
    opening: Opening,
    units: Sequence[AnyRow],
    closures: Sequence[AnyRow],
    rosters: Sequence[AnyRow],
    congestion: tuple[Congestion, ...],
) -> ServiceFacts:
    return ServiceFacts(
        id=row.id,
        code=row.code,
        name=row.name,
        kind=row.kind,
        slot_minutes=row.slot_minutes,
        opening=opening,
        step_minutes=row.step_minutes,
        cell_minutes=row.cell_minutes,
        min_minutes=row.min_minutes,
        max_minutes=row.max_minutes,
        cleaning_minutes=row.cleaning_minutes,
        grace_minutes=row.grace_minutes,
        capacity=row.capacity,
        walkin_permille=row.walkin_permille,
        booking_required=row.booking_required,
        is_bookable=row.is_bookable,
        who_may_book=tuple(row.who_may_book) if row.who_may_book is not None else None,
        max_future_per_person=row.max_future_per_person,
        max_party=row.max_party,
        is_overnight=row.is_overnight,
        window_days=row.window_days,
        hold_minutes=row.hold_minutes,
        units=tuple(UnitFacts(u.id, u.no, u.zone, u.is_accessible, u.state, u.seats) for u in units),
        centre_id=centre.id,
        centre_code=centre.code,
        centre_name=centre.name,
        centre_place=centre.place,
        closures=tuple(ClosureFacts(c.id, c.unit_id, c.starts_at, c.ends_at, c.kind, c.reason) for c in closures),
        rosters=tuple(
            RosterFacts(r.id, r.unit_id, r.who, r.weekday, r.opens_minutes, r.closes_minutes, r.from_on, r.to_on)
            for r in rosters
        ),
        congestion=congestion,
    )


def _opening(
    tz: ZoneInfo,
    calendar: WorkCalendar,
    rules: Sequence[AnyRow],
    exceptions: Sequence[AnyRow],
    service_id: int | None,
) -> Opening:
    def rules_of(wanted: int | None) -> tuple[OpeningRule, ...]:
        return tuple(
            OpeningRule(r.weekday, r.opens_minutes, r.closes_minutes, r.effective_from, r.day_kind, r.is_closed)
            for r in rules
            if r.service_id == wanted
        )

    def exceptions_of(wanted: int | None) -> tuple[OpeningException, ...]:
        return tuple(
            OpeningException(e.from_on, e.to_on, None if e.is_closed else (e.opens_minutes, e.closes_minutes), e.reason)
            for e in exceptions
            if e.service_id == wanted
        )

    if service_id is None:
        return Opening(tz, rules_of(None), (), exceptions_of(None), (), calendar)
    return Opening(tz, rules_of(None), rules_of(service_id), exceptions_of(None), exceptions_of(service_id), calendar)
