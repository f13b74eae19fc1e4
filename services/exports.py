"""Exports 导出: centres, people and the calendar in the form their imports read; bookings as a list."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.codes import code_key
from domain.errors import NotFound
from domain.hours_file import EVERY_DAY, SINCE, HourRule, write_hours
from domain.local_time import at_minute, iso, zone_named
from domain.plates import mask_plate
from models.calendar import CalendarDay
from models.centre import Booking, Centre, OpeningRule, RosterRule, Service, Unit
from models.organisation import Chain, Membership, Org, PartyBranch, PartyBranchOrg
from models.people import Grant, Person
from services.ports import Cipher
from services.scopes import scope_text

Row = dict[str, Any]
Parts = dict[str, list[Row]]


def export_calendar(session: Session) -> Parts:
    """What the district entered itself."""
    days = session.scalars(select(CalendarDay).order_by(CalendarDay.day))
    return {"days": [{"date": row.day.isoformat(), "kind": row.kind, "name": row.name} for row in days]}


def export_centres(session: Session) -> list[Row]:
    """Every centre in the nested form of the import."""
    return [_centre(session, centre) for centre in session.scalars(select(Centre).order_by(Centre.position, Centre.id))]


def _centre(session: Session, centre: Centre) -> Row:
    services = session.scalars(
        select(Service).where(Service.centre_id == centre.id).order_by(Service.position, Service.id)
    ).all()
    own = {service.id: service.code.removeprefix(f"{centre.code}.") for service in services}
    timetables: dict[tuple[int | None, date], set[HourRule]] = {}
    for rule in session.scalars(
        select(OpeningRule).where(OpeningRule.centre_id == centre.id).order_by(OpeningRule.effective_from)
    ):
        read = HourRule(rule.weekday, rule.opens_minutes, rule.closes_minutes, rule.day_kind, rule.is_closed)
        timetables.setdefault((rule.service_id, rule.effective_from), set()).add(read)
    hours: dict[str, list[Row]] = {}
    for (service_id, first), rules in timetables.items():
        begins = {} if first == SINCE else {"from": first.isoformat()}
        name = EVERY_DAY if service_id is None else own[service_id]
        hours.setdefault(name, []).append(begins | write_hours(frozenset(rules)))
    return _said(
        {
            "code": centre.code,
            "name": centre.name,
            "place": centre.place,
            "tz": centre.tz,
            "lat": centre.lat,
            "lon": centre.lon,
            "contact": centre.contact,
            "way_in": centre.way_in,
            "free_of_charge": centre.is_free,
            "hours": hours,
            "services": [_service(session, service, own[service.id]) for service in services],
        }
    )


def _service(session: Session, service: Service, code: str) -> Row:
    units = session.scalars(select(Unit).where(Unit.service_id == service.id).order_by(Unit.position, Unit.id)).all()
    return _said(
        {
            "code": code,
            "name": service.name,
            "kind": service.kind,
            "slot_minutes": service.slot_minutes,
            "start_step_minutes": service.step_minutes,
            "min_minutes": service.min_minutes,
            "max_minutes": service.max_minutes,
            "cleaning_minutes": service.cleaning_minutes,
            "grace_minutes": service.grace_minutes,
            "capacity": service.capacity,
            "walkin_share": service.walkin_permille / 1000,
            "booking_required": service.booking_required,
            "bookable": service.is_bookable,
            "who": service.who_may_book,
            "max_future": service.max_future_per_person,
            "max_party": service.max_party,
            "overnight": service.is_overnight,
            "window_days": service.window_days,
            "units": [
                _said({"no": u.no, "zone": u.zone, "accessible": u.is_accessible, "capacity": u.seats}) for u in units
            ],
            "roster": list(_roster(session, service, {unit.id: unit.no for unit in units})),
        }
    )


def _roster(session: Session, service: Service, numbers: Mapping[int, str]) -> Iterator[Row]:
    shifts: dict[tuple[int, str, date, date | None], set[HourRule]] = {}
    for row in session.scalars(
        select(RosterRule).where(RosterRule.service_id == service.id).order_by(RosterRule.from_on, RosterRule.id)
    ):
        rules = shifts.setdefault((row.unit_id, row.who, row.from_on, row.to_on), set())
        rules.add(HourRule(row.weekday, row.opens_minutes, row.closes_minutes))
    for (unit_id, who, from_on, to_on), rules in shifts.items():
        yield _said(
            {
                "unit": numbers[unit_id],
                "who": who,
                "hours": write_hours(frozenset(rules)),
                "from": None if from_on == SINCE else from_on.isoformat(),
                "to": to_on.isoformat() if to_on else None,
            }
        )


def _said(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def export_people(session: Session, *, cipher: Cipher) -> Parts:
    """Branches, and everyone with a branch or a role. With phones, which the import finds people by."""
    known = select(Membership.person_id).union(select(Grant.person_id))
    people = {
        person.id: person
        for person in session.scalars(
            select(Person).where(Person.state == "active", Person.id.in_(known)).order_by(Person.id)
        )
    }
    phones = {id_: cipher.decrypt(p.phone_cipher) if p.phone_cipher else None for id_, p in people.items()}
    branch_codes = {row.id: row.code for row in session.execute(select(PartyBranch.id, PartyBranch.code))}
    scopes: dict[tuple[str, int | None], str] = {}

    def scope_of(grant: Grant) -> str:
        key = (grant.scope_kind, grant.scope_id)
        if key not in scopes:
            scopes[key] = scope_text(session, *key)
        return scopes[key]

    def who(id_: int) -> Row:
        return {"name": people[id_].name, "phone": phones[id_]}

    def days(row: Membership | Grant) -> Row:
        return {"from": row.from_on.isoformat(), "to": row.to_on.isoformat() if row.to_on else None}

    memberships = session.scalars(select(Membership).order_by(Membership.from_on, Membership.id))
    grants = session.scalars(select(Grant).order_by(Grant.from_on, Grant.id))
    return {
        "branches": [
            _branch(session, branch) for branch in session.scalars(select(PartyBranch).order_by(PartyBranch.id))
        ],
        "people": [who(id_) | {"zone": person.zone} for id_, person in people.items() if phones[id_]],
        "memberships": [
            who(m.person_id) | {"branch": branch_codes[m.branch_id], "kind": m.kind} | days(m)
            for m in memberships
            if m.person_id in people
        ],
        "grants": [
            who(g.person_id) | {"role": g.role, "scope": scope_of(g)} | days(g) for g in grants if g.person_id in people
        ],
    }


def _branch(session: Session, branch: PartyBranch) -> Row:
    orgs = session.scalars(
        select(Org.code)
        .join(PartyBranchOrg, PartyBranchOrg.org_id == Org.id)
        .where(PartyBranchOrg.branch_id == branch.id)
        .order_by(Org.code)
    )
    chain = session.get(Chain, branch.chain_id) if branch.chain_id else None
    return {
        "code": branch.code,
        "name": branch.name,
        "kind": branch.kind,
        "chain": chain.code if chain else None,
        "orgs": list(orgs),
    }


@dataclass(frozen=True, slots=True)
class BookingsWanted:
    """Which bookings: of one centre or all, that start on the local days first ≤ day ≤ last."""

    first: date
    last: date
    centre: str | None = None


def export_bookings(session: Session, wanted: BookingsWanted, *, cipher: Cipher) -> Parts:
    """One row for each booking, in order of time; plates masked. Raises NotFound `unknown_centre`."""
    centres = session.scalars(select(Centre).order_by(Centre.position, Centre.id)).all()
    if wanted.centre is not None:
        centres = [centre for centre in centres if centre.code_key == code_key(wanted.centre)]
        if not centres:
            raise NotFound("unknown_centre")
    rows = [row for centre in centres for row in _bookings(session, centre, wanted, cipher.decrypt)]
    return {"bookings": rows}


def _bookings(
    session: Session, centre: Centre, wanted: BookingsWanted, decrypt: Callable[[bytes], str]
) -> Iterator[Row]:
    tz = zone_named(centre.tz)
    found = session.execute(
        select(Booking, Service.code, Unit.no, Person.name)
        .join(Service, Service.id == Booking.service_id)
        .outerjoin(Unit, Unit.id == Booking.unit_id)
        .outerjoin(Person, Person.id == Booking.person_id)
        .where(
            Service.centre_id == centre.id,
            Booking.starts_at >= at_minute(wanted.first, 0, tz),
            Booking.starts_at < at_minute(wanted.last + timedelta(days=1), 0, tz),
        )
        .order_by(Booking.starts_at, Booking.id)
        .execution_options(yield_per=1000)
    )
    for booking, service, unit, name in found:
        guest = decrypt(booking.guest_cipher) if booking.guest_cipher else None
        yield {
            "code": booking.code,
            "service": service,
            "unit": unit,
            "start": iso(booking.starts_at, tz),
            "end": iso(booking.ends_at, tz),
            "state": booking.state,
            "name": name or guest,
            "party_size": booking.party_size,
            "plate": mask_plate(decrypt(booking.plate_cipher)) if booking.plate_cipher else None,
            "source": booking.source,
            "made": iso(booking.created_at, tz),
        }
