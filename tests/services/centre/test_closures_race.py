"""A closure and the people who want the place, at the same moment, on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.errors import Refusal
from domain.permissions import Actor
from models.centre import Booking, Centre, Closure, Service
from models.people import Person
from server.db import Database, make_engine
from server.migrate import migrate
from services.centre.closure_holds import check_closures
from services.centre.closures import Close, close, propose_closure
from services.centre.notices import Post, post
from services.centre.occupancy import check_occupancy
from services.centre.opening_changes import NewHours, change_hours
from services.centre.reopening import reopen
from tests.factories import create_person
from tests.factories_booking import CIPHER, book_for, create_centre, create_service, staff_of

NOW = datetime.fromisoformat("2026-11-25T02:00:00+00:00")
START = NOW + timedelta(days=1)
ROUNDS = 5


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database of its own: these tests really commit."""
    url = f"sqlite:///{tmp_path_factory.mktemp('race')}/race.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").create_database()
    engine = make_engine(url, pool_size=12)
    migrate(engine)
    yield Database(engine)
    engine.dispose()


def together(database: Database, acts: list[Any]) -> list[str]:
    """Each in its own thread and transaction, let go at one moment; what each said."""
    start = Barrier(len(acts))

    def run(act: Any) -> str:
        start.wait()
        try:
            with database.unit_of_work() as session:
                return str(act(session))
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def shutting(staff: Actor, centre: Centre, service: Service | None, seen: str | None) -> Any:
    def act(session: Session) -> str:
        command = Close(staff, centre.code, "broken", service=service.code if service else None)
        close(session, command, seen=seen, cipher=CIPHER, now=NOW)
        return "closed"

    return act


def booking(person: Person, service: Service) -> Any:
    return lambda session: book_for(session, person, service, START, now=NOW).booking.state


@pytest.mark.parametrize("again", range(ROUNDS))
@pytest.mark.rule("B138", "B127")
def test_who_books_while_it_is_being_closed_is_refused_or_seen(database: Database, again: int) -> None:
    with database.unit_of_work() as session:
        centre = create_centre(session, now=NOW)
        service = create_service(session, centre, now=NOW)
        staff = staff_of(session, centre, now=NOW)
        people = [create_person(session, now=NOW) for _ in range(4)]
        seen = propose_closure(
            session, Close(staff, centre.code, "broken", service=service.code), cipher=CIPHER, now=NOW
        ).seen
    said = together(database, [shutting(staff, centre, service, seen), *(booking(p, service) for p in people)])
    with database.read() as session:
        held = select(func.count()).where(Booking.service_id == service.id, Booking.state == "confirmed")
        confirmed = session.scalar(held) or 0
        closed = session.scalar(select(func.count()).where(Closure.centre_id == centre.id)) or 0
        assert check_occupancy(session) == []
        assert check_closures(session, now=NOW) == []
    if said[0] == "closed":
        assert (confirmed, closed, said[1:]) == (0, 1, ["closed_now"] * 4)
    else:
        assert (said[0], closed) == ("proposal_changed", 0)
        assert said.count("confirmed") == confirmed == 2


@pytest.mark.parametrize("again", range(ROUNDS))
@pytest.mark.rule("B138")
def test_changes_of_one_centre_at_once_wait_for_one_another(database: Database, again: int) -> None:
    """Closures of two services, hours and a notice all renew the catalogue: none of them waits in a circle."""
    with database.unit_of_work() as session:
        centre = create_centre(session, now=NOW)
        services = [create_service(session, centre, now=NOW) for _ in range(3)]
        staff = staff_of(session, centre, now=NOW)
    day = (NOW + timedelta(days=3)).date()
    acts = [shutting(staff, centre, service, None) for service in reversed(services)]
    acts += [
        lambda session: (
            post(session, Post(centre.code, "congestion", "前方拥堵", grace_minutes=20), actor=staff, now=NOW).row.kind
        ),
        lambda session: len(
            change_hours(
                session, NewHours(staff, centre.code, day, "09:00-18:00"), apply=True, cipher=CIPHER, now=NOW
            ).moves
        ),
    ]
    assert together(database, acts) == ["closed", "closed", "closed", "congestion", "0"]
    with database.read() as session:
        numbers = list(session.scalars(select(Closure.id).where(Closure.centre_id == centre.id)))
    reopening = [lambda session, n=n: reopen(session, centre.code, n, actor=staff, now=NOW).id for n in numbers]
    assert together(database, reopening) == [str(n) for n in numbers]
    with database.read() as session:
        assert check_occupancy(session) == []
