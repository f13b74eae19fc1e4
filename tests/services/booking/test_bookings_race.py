"""Many at once, each in a transaction of its own, on both databases: the outcome is exact."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.errors import Refusal
from models.centre import Booking, Service
from models.people import Person
from server.db import Database, make_engine
from server.migrate import migrate
from services.booking.bookings import cancel
from services.centre.occupancy import check_occupancy
from tests.factories import create_person
from tests.factories_booking import actor_for, book_for, create_centre, create_service

THREADS = 20
NOW = datetime.fromisoformat("2026-11-25T02:00:00+00:00")
START = NOW + timedelta(days=1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database of its own: these tests really commit."""
    url = f"sqlite:///{tmp_path_factory.mktemp('race')}/race.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").create_database()
    engine = make_engine(url, pool_size=THREADS)
    migrate(engine)
    yield Database(engine)
    engine.dispose()


@pytest.fixture
def people(database: Database) -> list[Person]:
    with database.unit_of_work() as session:
        return [create_person(session, now=NOW) for _ in range(THREADS)]


def make_service(database: Database, **changes: object) -> Service:
    with database.unit_of_work() as session:
        return create_service(session, create_centre(session, now=NOW), now=NOW, **changes)  # type: ignore[arg-type]


Act = Callable[[Session], str | None]


def booking(person: Person, service: Service, start: datetime = START, **wish: Any) -> Act:
    """Book, and answer with the unit, or with the state where there is none."""

    def act(session: Session) -> str | None:
        made = book_for(session, person, service, start, now=NOW, **wish).booking
        return made.unit_no or made.state

    return act


def together(database: Database, acts: Sequence[Act]) -> Counter[str | None]:
    """Run each in its own thread and transaction, all let go at the same moment; count answers and refusals."""
    start = Barrier(len(acts))

    def run(act: Act) -> str | None:
        start.wait()
        try:
            with database.unit_of_work() as session:
                return act(session)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(pool.map(run, acts))


@pytest.mark.rule("B8")
def test_twenty_want_three_units_and_three_get_one_each(database: Database, people: list[Person]) -> None:
    service = make_service(database, units=(("U1", None), ("U2", None), ("U3", None)))
    found = together(database, [booking(person, service) for person in people])
    assert found == {"U1": 1, "U2": 1, "U3": 1, "slot_full": 17}
    with database.read() as session:
        assert check_occupancy(session) == []


@pytest.mark.rule("B8", "B4")
def test_parties_never_exceed_the_seats(database: Database, people: list[Person]) -> None:
    service = make_service(database, capacity=7)
    found = together(database, [booking(person, service, party_size=2) for person in people])
    assert found == {"confirmed": 3, "slot_full": 17}
    with database.read() as session:
        assert check_occupancy(session) == []


@pytest.mark.rule("B2", "B8")
def test_one_key_sent_twenty_times_is_one_booking(database: Database, people: list[Person]) -> None:
    service, key = make_service(database), uuid4()
    found = together(
        database,
        [lambda s: str(book_for(s, people[0], service, START, client_uuid=key, now=NOW).repeated)] * THREADS,
    )
    assert found == {"False": 1, "True": THREADS - 1}


@pytest.mark.rule("B6", "B8")
def test_one_person_at_twenty_services_at_once_is_in_one_place(database: Database, people: list[Person]) -> None:
    services = [make_service(database, units=(("U1", None),)) for _ in range(8)]
    found = together(database, [booking(people[0], service) for service in services])
    assert found == {"U1": 1, "overlap": 7}


@pytest.mark.rule("B7", "B8")
def test_the_limit_holds_when_pressed_at_once(database: Database, people: list[Person]) -> None:
    service = make_service(database, max_future_per_person=2)
    starts = [START + n * timedelta(hours=1) for n in range(8)]
    found = together(database, [booking(people[0], service, at) for at in starts])
    assert found == {"U1": 2, "too_many": 6}


@pytest.mark.rule("B8", "B27")
def test_cancelling_at_once_gives_the_place_back_once(database: Database, people: list[Person]) -> None:
    service = make_service(database, capacity=2)
    with database.unit_of_work() as session:
        mine = book_for(session, people[0], service, START, now=NOW).booking
        book_for(session, people[1], service, START, now=NOW)
    actor = actor_for(people[0])
    found = together(database, [lambda s: cancel(s, mine.code, actor=actor, now=NOW).state] * 8)
    assert found == {"cancelled": 8}
    found = together(database, [booking(person, service) for person in people[2:12]])
    assert found == {"confirmed": 1, "slot_full": 9}
    with database.read() as session:
        assert check_occupancy(session) == []
        held = select(func.count()).select_from(Booking).where(Booking.service_id == service.id)
        assert session.scalar(held.where(Booking.state == "confirmed")) == 2
