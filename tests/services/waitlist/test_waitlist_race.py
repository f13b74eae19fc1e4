"""Many at once on a wait-list, each in a transaction of its own, on both databases: one outcome, nothing lost."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.centre import Booking, Hold, Service
from models.people import Person
from models.waitlist import WaitlistEntry
from server.db import Database
from services.booking.bookings import cancel as cancel_booking
from services.centre.occupancy import check_occupancy
from services.waitlist.answering import accept, cancel, decline
from services.waitlist.jobs import serve
from tests.factories_booking import CIPHER, actor_for, book_for
from tests.factories_waitlist import wait_for
from tests.services.booking.test_bookings_race import (
    NOW,
    START,
    THREADS,
    Act,
    booking,
    database,
    make_service,
    people,
    together,
)

__all__ = ["database", "people"]
MINUTE = timedelta(minutes=1)
LATE = NOW + timedelta(minutes=10)


def line_of(database: Database, people: list[Person], *, units: int, waiting: int) -> tuple[int, list[str], list[str]]:
    """(service, bookings, entries): every unit taken, so many waiting behind."""
    service = make_service(database, units=tuple((f"U{n}", None) for n in range(units)))
    with database.unit_of_work() as session:
        booked = [book_for(session, person, service, START, now=NOW).booking.code for person in people[:units]]
        line = people[units : units + waiting]
        entries = [wait_for(session, person, service, START, now=NOW + n * MINUTE) for n, person in enumerate(line)]
    return service.id, booked, [entry.code for entry in entries]


def states(database: Database, service_id: int) -> list[str]:
    with database.read() as session:
        assert check_occupancy(session) == []
        rows = session.scalars(
            select(WaitlistEntry.state).where(WaitlistEntry.service_id == service_id).order_by(WaitlistEntry.joined_at)
        )
        return list(rows)


def confirmed(database: Database, service_id: int) -> int:
    with database.read() as session:
        held = select(func.count()).select_from(Booking).where(Booking.service_id == service_id)
        return session.scalar(held.where(Booking.state == "confirmed")) or 0


@pytest.mark.rule("B69")
def test_eight_cancellations_at_once_make_eight_offers_in_order(database: Database, people: list[Person]) -> None:
    service_id, booked, _ = line_of(database, people, units=8, waiting=10)

    def giving_back(number: int) -> Act:
        actor = actor_for(people[number])
        return lambda session: cancel_booking(session, booked[number], actor=actor, now=LATE).state

    assert together(database, [giving_back(n) for n in range(8)]) == {"cancelled": 8}
    assert states(database, service_id) == ["offered"] * 8 + ["waiting"] * 2
    with database.read() as session:
        held = session.scalars(select(Hold.unit_id).where(Hold.service_id == service_id)).all()
    assert len(set(held)) == 8


@pytest.mark.rule("B69")
@pytest.mark.parametrize("_", range(3))
def test_yes_no_leaving_the_clock_and_other_guests_at_once_have_one_outcome(
    database: Database, people: list[Person], _: int
) -> None:
    service_id, booked, entries = line_of(database, people, units=1, waiting=2)
    with database.unit_of_work() as session:
        cancel_booking(session, booked[0], actor=actor_for(people[0]), now=LATE)
    first = actor_for(people[1])

    def yes(session: Session) -> str | None:
        return accept(session, entries[0], actor=first, cipher=CIPHER, now=LATE + MINUTE).state

    def no(session: Session) -> str | None:
        return decline(session, entries[0], actor=first, now=LATE + MINUTE).state

    def leave(session: Session) -> str | None:
        return cancel(session, entries[0], actor=first, now=LATE + MINUTE).state

    def clock(session: Session) -> str | None:
        return f"clock {serve(session, service_id, now=LATE + MINUTE).offered}"

    with database.read() as session:
        service = session.get_one(Service, service_id)
    guests = [booking(person, service) for person in people[3:9]]
    found = together(database, [yes, no, leave, clock, yes, no, *guests])
    assert found["slot_full"] == 6
    ends = states(database, service_id)
    assert ends in (["accepted", "waiting"], ["declined", "offered"], ["cancelled", "offered"]), found
    assert confirmed(database, service_id) == (ends[0] == "accepted")
    assert found[ends[0]] >= 1
    assert sum(found[state] > 0 for state in ("accepted", "declined", "cancelled")) == 1


@pytest.mark.rule("B69")
def test_the_deadline_and_the_answer_at_once(database: Database, people: list[Person]) -> None:
    service_id, booked, entries = line_of(database, people, units=1, waiting=2)
    with database.unit_of_work() as session:
        cancel_booking(session, booked[0], actor=actor_for(people[0]), now=LATE)
    over = LATE + 10 * MINUTE
    first = actor_for(people[1])
    clocks: list[Act] = [lambda s: f"{serve(s, service_id, now=over).lapsed} lapsed"] * 3
    answers: list[Act] = [lambda s: accept(s, entries[0], actor=first, cipher=CIPHER, now=over).state] * 3
    found = together(database, [*clocks, *answers])
    assert found == Counter({"1 lapsed": 1, "0 lapsed": 2, "offer_over": 3})
    assert states(database, service_id) == ["waiting", "offered"]


@pytest.mark.rule("B69", "B58")
def test_one_person_pressing_twenty_times_is_in_line_once(database: Database, people: list[Person]) -> None:
    service = make_service(database, units=(("U1", None),))
    with database.unit_of_work() as session:
        book_for(session, people[0], service, START, now=NOW)
    found = together(database, [lambda s: wait_for(s, people[1], service, START, now=NOW).state] * THREADS)
    assert found == {"waiting": 1, "already_waiting": THREADS - 1}
