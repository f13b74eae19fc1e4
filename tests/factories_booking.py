"""Builders for centres, services and bookings: `create_service(session, centre, kind="pool", capacity=3)`."""

from datetime import date, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.permissions import Actor, GrantFacts
from models.centre import Booking, Centre, OpeningRule, Service, Unit
from models.people import Person
from server.gateways.cipher import AesCipher
from services.booking.bookings import Book, Booked, book
from tests.factories import create_person

_numbers = count(1)
ALWAYS = (None, 0, 1440)
MALE_AND_FEMALE = (("S1", "male"), ("S2", "male"), ("S3", "female"))
CIPHER = AesCipher("test")


def create_centre(session: Session, *, now: datetime, hours: tuple[Any, ...] = (ALWAYS,), **changes: Any) -> Centre:
    """A centre, open all day unless `hours` of (weekday, opens, closes) say otherwise."""
    number = next(_numbers)
    values = {"code": f"C{number}", "name": f"测试中心{number}", "place": "测试路", "tz": "Asia/Shanghai", **changes}
    centre = Centre(**{"code_key": values["code"].casefold(), "created_at": now, **values})
    session.add(centre)
    session.flush()
    add_hours(session, centre, None, hours)
    return centre


def add_hours(
    session: Session,
    centre: Centre,
    service: Service | None,
    hours: tuple[Any, ...],
    *,
    effective_from: date = date(2000, 1, 1),
) -> None:
    """Opening rules of a centre, or of one of its services."""
    session.add_all(
        OpeningRule(
            centre_id=centre.id,
            service_id=service.id if service else None,
            weekday=weekday,
            opens_minutes=opens,
            closes_minutes=closes,
            effective_from=effective_from,
        )
        for weekday, opens, closes in hours
    )
    session.flush()


def create_service(
    session: Session,
    centre: Centre,
    *,
    now: datetime,
    units: tuple[tuple[str, str | None], ...] = (("U1", "any"), ("U2", "any")),
    hours: tuple[Any, ...] = (),
    **changes: Any,
) -> Service:
    """A half-hour service with ten minutes of cleaning; a pool where `capacity` is given."""
    number = next(_numbers)
    values = {
        "code": f"{centre.code}.s{number}",
        "name": f"测试服务{number}",
        "kind": "pool" if "capacity" in changes else "unit",
        "slot_minutes": 30,
        "step_minutes": 30,
        "cell_minutes": 30,
        "min_minutes": 30,
        "max_minutes": 120,
        "cleaning_minutes": 0 if "capacity" in changes else 10,
        "grace_minutes": 15,
        **changes,
    }
    service = Service(**{"code_key": values["code"].casefold(), "centre_id": centre.id, "created_at": now, **values})
    session.add(service)
    session.flush()
    if values["kind"] != "pool":
        session.add_all(
            Unit(service_id=service.id, no=no, zone=zone, position=n) for n, (no, zone) in enumerate(units, 1)
        )
    session.flush()
    add_hours(session, centre, service, hours)
    return service


def unit_ids(session: Session, service: Service) -> dict[str, int]:
    """The ids of a service's units by number."""
    return {unit.no: unit.id for unit in session.scalars(select(Unit).where(Unit.service_id == service.id))}


def actor_for(person: Person, *grants: GrantFacts, **changes: Any) -> Actor:
    """Somebody signed in, with that person's saved zone."""
    return Actor(person_id=person.id, grants=grants, zone=person.zone, name=person.name, **changes)


def staff_of(session: Session, centre: Centre, *, now: datetime) -> Actor:
    """Somebody on duty at a centre."""
    person = create_person(session, now=now)
    return actor_for(person, GrantFacts("centre_staff", "centre", centre.id, date(2020, 1, 1)))


def book_for(
    session: Session,
    person: Person | Actor,
    service: Service,
    start: datetime,
    *,
    now: datetime,
    client_uuid: UUID | None = None,
    **wish: Any,
) -> Booked:
    """Book through the service, as the app does."""
    actor = person if isinstance(person, Actor) else actor_for(person)
    command = Book(actor=actor, service=service.code, start=start, client_uuid=client_uuid or uuid4(), **wish)
    return book(session, command, cipher=CIPHER, now=now)


def create_booking(
    session: Session, service: Service, start: datetime, *, now: datetime, person: Person | None = None, **wish: Any
) -> Booking:
    """A booking of a new person, as its row."""
    booked = book_for(session, person or create_person(session, now=now), service, start, now=now, **wish)
    return session.get_one(Booking, booked.booking.id)
