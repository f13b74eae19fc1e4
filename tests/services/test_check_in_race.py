"""Many at once, each in a transaction of its own, on both databases: the outcome is exact."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import Refusal
from models.activity import Activity
from models.people import Person
from server.db import Database, make_engine
from server.gateways.cipher import KeySigner
from server.migrate import migrate
from services import attendance
from services.attendance import check_in
from services.registrations import Register, register
from tests.factories import create_person
from tests.factories_activity import (
    actor_of,
    create_activity,
    registration_of,
    scan_command,
    scans_of,
    take_ticket,
)
from tests.postgres import Postgres

SIGNER = KeySigner("a secret for tests only, long enough")
THREADS = 16
NOW = datetime.fromisoformat("2026-11-25T02:00:00+00:00")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database of its own: these tests really commit."""
    if request.param == "sqlite":
        yield from migrated(f"sqlite:///{tmp_path_factory.mktemp('race')}/race.db")
    else:
        yield from migrated(request.getfixturevalue("postgres").create_database())


@pytest.fixture
def unguarded(postgres: Postgres) -> Iterator[Database]:
    """PostgreSQL without the indexes that decide who was first. (SQLite has one writer: no race to show.)"""
    for database in migrated(postgres.create_database()):
        with database.engine.begin() as connection:
            for name in ("uq_check_ins_counted", "uq_check_ins_ticket"):
                connection.execute(text(f"DROP INDEX {name}"))
        yield database


def migrated(url: str) -> Iterator[Database]:
    engine = make_engine(url, pool_size=THREADS)
    migrate(engine)
    yield Database(engine)
    engine.dispose()


def people_in(database: Database, number: int) -> list[Person]:
    with database.unit_of_work() as session:
        return [create_person(session, now=NOW) for _ in range(number)]


def activity_in(database: Database, **changes: object) -> Activity:
    with database.unit_of_work() as session:
        return create_activity(session, now=NOW, **changes)  # type: ignore[arg-type]


def ticket_in(database: Database, activity: Activity) -> str:
    with database.read() as session:
        return take_ticket(session, activity, SIGNER, now=NOW)


def at_once(calls: list[Callable[[], str]]) -> Counter[str]:
    """All of them, THREADS at a time, started together."""
    barrier = Barrier(min(THREADS, len(calls)))

    def share(number: int) -> list[str]:
        barrier.wait()
        return [call() for call in calls[number::THREADS]]

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(word for words in pool.map(share, range(min(THREADS, len(calls)))) for word in words)


def scan(database: Database, activity: Activity, person: Person, ticket: str, **how: str) -> Callable[[], str]:
    def call() -> str:
        with database.unit_of_work() as session:
            outcome = check_in(
                session, scan_command(activity, ticket, **how), actor=actor_of(person), signer=SIGNER, now=NOW
            )
        return (
            outcome.refusal.code if outcome.refusal else f"{outcome.grade} {'first' if outcome.is_first else 'again'}"
        )

    return call


@pytest.mark.rule("C22", "C25")
@pytest.mark.parametrize("is_registered", [True, False])
def test_one_ticket_scanned_64_times_counts_once(database: Database, is_registered: bool) -> None:
    activity, [person] = activity_in(database), people_in(database, 1)
    if is_registered:
        with database.unit_of_work() as session:
            register(session, Register(activity.code, "r", "d"), actor=actor_of(person), now=NOW)
    ticket = ticket_in(database, activity)
    tally = at_once([scan(database, activity, person, ticket) for _ in range(64)])
    assert tally == {"accepted first": 1, "accepted again": 63}
    with database.read() as session:
        kept = scans_of(session, activity, person)
        first = [row for row in kept if row.repeat_of_id is None]
        assert (len(kept), len(first)) == (64, 1)
        assert {row.repeat_of_id for row in kept} == {None, first[0].id}
        assert registration_of(session, activity, person).state == "attended"


@pytest.mark.rule("C11")
def test_one_ticket_and_32_accounts_let_one_in(database: Database) -> None:
    activity, people = activity_in(database), people_in(database, 32)
    ticket = ticket_in(database, activity)
    tally = at_once([scan(database, activity, person, ticket) for person in people])
    assert tally == {"accepted first": 1, "ticket_used": 31}
    with database.read() as session:
        assert Counter(row.grade for row in scans_of(session, activity)) == {"accepted": 1, "rejected": 31}


@pytest.mark.rule("C24")
def test_one_phone_and_16_people_accept_one(database: Database) -> None:
    activity, people = activity_in(database), people_in(database, 16)
    calls = [scan(database, activity, p, ticket_in(database, activity), device="phone") for p in people]
    assert at_once(calls) == {"accepted first": 1, "review first": 15}


@pytest.mark.rule("C23")
def test_one_key_sent_32_times_is_one_row(database: Database) -> None:
    activity, [person] = activity_in(database), people_in(database, 1)
    ticket = ticket_in(database, activity)
    tally = at_once([scan(database, activity, person, ticket, key="key") for _ in range(32)])
    assert tally == {"accepted first": 1, "accepted again": 31}
    with database.read() as session:
        assert len(scans_of(session, activity, person)) == 1


@pytest.mark.rule("C20")
def test_registrations_never_exceed_the_capacity(database: Database) -> None:
    activity, people = activity_in(database, capacity=5), people_in(database, 32)

    def call(person: Person) -> Callable[[], str]:
        def ask() -> str:
            try:
                with database.unit_of_work() as session:
                    row, _, _ = register(session, Register(activity.code, "r", "d"), actor=actor_of(person), now=NOW)
                    return row.state
            except Refusal as refusal:
                return refusal.code

        return ask

    assert at_once([call(person) for person in people]) == {"registered": 5, "activity_full": 27}


@pytest.mark.rule("C20")
def test_capacity_trigger_holds_against_raw_inserts_at_once(database: Database) -> None:
    activity, people = activity_in(database, capacity=5), people_in(database, 32)

    def call(person: Person) -> Callable[[], str]:
        def ask() -> str:
            try:
                with database.unit_of_work() as session:
                    _raw_registration(session, activity, person)
                    return "in"
            except IntegrityError:
                return "full"

        return ask

    assert at_once([call(person) for person in people]) == {"in": 5, "full": 27}


def _raw_registration(session: Session, activity: Activity, person: Person) -> None:
    session.execute(
        text(
            "INSERT INTO registrations"
            " (activity_id, person_id, state, source, counted_as, is_over_capacity, created_at)"
            " VALUES (:activity, :person, 'registered', 'app', 'guest', false, :now)"
        ),
        {"activity": activity.id, "person": person.id, "now": NOW.isoformat()},
    )


@pytest.mark.rule("C25")
def test_control_without_the_indexes_the_race_shows(unguarded: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same 64 scans count more than once, so it is the indexes that the tests above prove."""
    look, everyone_has_looked, first_looks = attendance._look, Barrier(THREADS), iter(range(THREADS))

    def look_together(*asked: Any) -> Any:
        """Nobody writes before each thread has looked once: a race that can be lost is lost."""
        seen = look(*asked)
        if next(first_looks, None) is not None:
            everyone_has_looked.wait()
        return seen

    monkeypatch.setattr(attendance, "_look", look_together)
    activity, [person] = activity_in(unguarded), people_in(unguarded, 1)
    ticket = ticket_in(unguarded, activity)
    tally = at_once([scan(unguarded, activity, person, ticket) for _ in range(64)])
    assert tally["accepted first"] > 1
