"""Closing, reopening, taking back: who goes where, and what the database refuses meanwhile."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import Refusal
from domain.permissions import Actor
from models.centre import Booking, BookingEvent, Centre, Closure, Hold, Service, Unit
from models.notification import Notification
from models.people import Person
from services.booking.bookings import cancel
from services.booking.views import booking_by_code
from services.centre.closure_holds import check_closures
from services.centre.closures import Close, close, extend_closures, list_closures, propose_closure, retire
from services.centre.displacing import Proposal
from services.centre.occupancy import check_occupancy
from services.centre.reopening import reopen, undo
from services.desk.admitting import check_in, complete
from tests.factories import create_person
from tests.factories_booking import (
    CIPHER,
    MALE_AND_FEMALE,
    book_for,
    create_booking,
    create_centre,
    create_service,
    staff_of,
    unit_ids,
)
from tests.factories_waitlist import entry_now, wait_for

HOUR = timedelta(hours=1)


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def staff(session: Session, centre: Centre, now: datetime) -> Actor:
    return staff_of(session, centre, now=now)


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=f"^{code}$")


def wish(staff: Actor, centre: Centre, service: Service | None = None, unit: str | None = None, **more: Any) -> Close:
    return Close(
        actor=staff, centre=centre.code, service=service.code if service else None, unit=unit,
        **{"kind": "broken", "reason": "漏水", **more},
    )  # fmt: skip


def shut(session: Session, command: Close, *, now: datetime) -> Any:
    """Look, then apply what was seen."""
    seen = propose_closure(session, command, cipher=CIPHER, now=now).seen
    return close(session, command, seen=seen, cipher=CIPHER, now=now)


def plan(proposal: Proposal) -> dict[str, str | None]:
    return {move.booking.code: move.unit.no if move.unit else None for move in proposal.moves}


def state(session: Session, booking: Booking) -> tuple[str, str | None]:
    view = booking_by_code(session, booking.code)
    return view.state, view.unit_no


def offers(session: Session) -> list[tuple[str | None, bool, str | None]]:
    """Every offer made: its unit, whether it stands, what became of it."""
    rows = session.execute(
        select(Unit.no, Hold.is_open, Hold.outcome)
        .join(Unit, Hold.unit_id == Unit.id)
        .where(Hold.kind == "offer")
        .order_by(Hold.id)
    )
    return [(row.no, row.is_open, row.outcome) for row in rows]


def raw_booking(session: Session, service: Service, unit: str | None, start: datetime, *, now: datetime) -> None:
    """An INSERT that no Python rule has seen."""
    with session.begin_nested():
        session.execute(
            insert(Booking).values(
                code=uuid4().hex[:8], source="desk", service_id=service.id, state="confirmed", party_size=1,
                unit_id=unit_ids(session, service)[unit] if unit else None, starts_at=start,
                ends_at=start + HOUR / 2, occupied_until=start + HOUR / 2, grace_until=start,
                overlap_allowed=False, was_late_cancel=False, created_at=now,
            )
        )  # fmt: skip


@pytest.mark.rule("B125")
def test_a_broken_unit_sends_its_guests_to_another_of_their_zone_with_the_same_code(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, units=MALE_AND_FEMALE, now=now)
    tomorrow = now + timedelta(days=1)
    first = create_booking(session, service, tomorrow, zone="male", now=now)
    his = create_booking(session, service, tomorrow + HOUR, zone="male", now=now)
    rival = create_booking(session, service, tomorrow + HOUR, zone="male", now=now)
    hers = create_booking(session, service, tomorrow, zone="female", now=now)
    assert [state(session, b)[1] for b in (first, his, rival, hers)] == ["S1", "S1", "S2", "S3"]
    command = wish(staff, centre, service, "S1")
    proposal = propose_closure(session, command, cipher=CIPHER, now=now)
    assert plan(proposal) == {first.code: "S2", his.code: None}, "S3 is free, and of the other zone"
    assert state(session, first) == ("confirmed", "S1"), "a proposal changes nothing"
    close(session, command, seen=proposal.seen, cipher=CIPHER, now=now)
    assert state(session, first) == ("confirmed", "S2")
    assert state(session, his) == ("displaced", "S1")
    assert state(session, rival) == ("confirmed", "S2")
    events = select(BookingEvent.from_state, BookingEvent.to_state, BookingEvent.reason).where(BookingEvent.seq == 2)
    row = session.scalars(select(Closure)).one()
    assert {tuple(event) for event in session.execute(events)} == {
        ("confirmed", "confirmed", "unit:S2"),
        ("confirmed", "displaced", f"broken:{row.id}"),
    }
    assert check_occupancy(session) == []


@pytest.mark.rule("B125", "B126")
def test_everybody_hears_and_nobody_gets_a_mark(session: Session, centre: Centre, staff: Actor, now: datetime) -> None:
    service = create_service(session, centre, now=now)
    for start in (now + HOUR, now + HOUR, now + 3 * HOUR):
        create_booking(session, service, start, now=now)
    shut(session, wish(staff, centre, service, "U1"), now=now)
    said = session.execute(
        select(Notification.template, Notification.data).where(Notification.template != "booking_confirmed")
    ).all()
    assert sorted(row.template for row in said) == ["booking_cancelled", "booking_changed"]
    words = {row.template: row.data for row in said}
    assert words["booking_changed"]["news"] == "设施坏了，给您换到 U2，时间和预约码都不变。"
    assert "不算您违约" in words["booking_cancelled"]["reason"]
    assert "设施坏了" in words["booking_cancelled"]["reason"]
    assert not session.scalars(select(Booking.was_late_cancel).where(Booking.was_late_cancel)).all()


@pytest.mark.rule("B126")
def test_they_are_moved_in_order_of_start_then_of_booking(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None), ("U2", None), ("U3", None)), now=now)
    at = now + timedelta(days=1)
    late = create_booking(session, service, at + 2 * HOUR, now=now)
    early = create_booking(session, service, at, now=now)
    proposal = propose_closure(session, wish(staff, centre, service), cipher=CIPHER, now=now)
    asked = [create_booking(session, service, at, now=now + n * timedelta(minutes=1)) for n in (2, 1)]
    assert [move.booking.code for move in proposal.moves] == [early.code, late.code]
    proposal = propose_closure(session, wish(staff, centre, service), cipher=CIPHER, now=now)
    assert [move.booking.code for move in proposal.moves] == [early.code, *[b.code for b in asked[::-1]], late.code]


@pytest.mark.rule("B127")
def test_what_changed_since_it_was_seen_is_shown_again_and_nothing_is_done(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), now=now)
    command = wish(staff, centre, service)
    seen = propose_closure(session, command, cipher=CIPHER, now=now).seen
    late = create_booking(session, service, now + HOUR, now=now)
    for given in (seen, None):
        with refused("proposal_changed") as caught:
            close(session, command, seen=given, cipher=CIPHER, now=now)
    fresh = caught.value.details["proposal"]
    assert [row["code"] for row in fresh["affected"]] == [late.code]
    assert fresh["affected"][0]["proposal"]["kind"] == "choose"
    assert session.scalars(select(Closure)).all() == []
    assert state(session, late)[0] == "confirmed"
    close(session, command, seen=fresh["seen"], cipher=CIPHER, now=now)
    assert state(session, late)[0] == "displaced"


@pytest.mark.rule("B127")
def test_a_proposal_seen_for_one_thing_is_no_word_about_another(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, now=now)
    seen = propose_closure(session, wish(staff, centre, service, "U1"), cipher=CIPHER, now=now).seen
    with refused("proposal_changed"):
        close(session, wish(staff, centre, service, "U2"), seen=seen, cipher=CIPHER, now=now)
    assert close(session, wish(staff, centre, service, "U2"), seen=None, cipher=CIPHER, now=now).unit == "U2", (
        "nobody is affected: nothing to look at"
    )


@pytest.mark.rule("B128")
def test_who_is_inside_stays_and_the_closure_begins_when_they_leave(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), now=now)
    inside = create_booking(session, service, now, minutes=60, now=now)
    check_in(session, inside.code, actor=staff, now=now)
    command = wish(staff, centre, service, "U1")
    proposal = propose_closure(session, command, cipher=CIPHER, now=now)
    assert (proposal.moves, proposal.present) == ((), (inside.code,))
    close(session, command, seen=proposal.seen, cipher=CIPHER, now=now)
    assert state(session, inside) == ("checked_in", "U1")
    held = session.execute(select(Hold.starts_at, Hold.unit_id)).one()
    assert held.starts_at == now + timedelta(minutes=70), "an hour and its cleaning"
    complete(session, inside.code, actor=staff, now=now + timedelta(minutes=20))
    extend_closures(session, centre.code, now=now + timedelta(minutes=21))
    starts = session.scalars(select(Hold.starts_at).where(Hold.is_open)).all()
    assert starts == [now + timedelta(minutes=30)]
    assert check_occupancy(session) == []
    assert check_closures(session, now=now + timedelta(minutes=21)) == []
    extend_closures(session, centre.code, now=now + timedelta(minutes=26))
    assert len(session.scalars(select(Hold.id)).all()) == 2, "held as it has to be, nothing is written anew"


@pytest.mark.rule("B129")
def test_raw_sql_is_refused_inside_a_closure_and_not_around_it(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None), ("U2", None)), now=now)
    pool = create_service(session, centre, capacity=3, now=now)
    start, until = now + timedelta(days=1), now + timedelta(days=4)
    shut(session, wish(staff, centre, service, "U1", start=start, until=until), now=now)
    shut(session, wish(staff, centre, pool, start=start, until=until), now=now)
    for target, unit in ((service, "U1"), (pool, None)):
        for at in (start, start + timedelta(days=1), until - HOUR / 2):
            with pytest.raises(IntegrityError, match=r"ex_occupancy_unit_time|ck_occupancy_capacity"):
                raw_booking(session, target, unit, at, now=now)
        raw_booking(session, target, unit, start - HOUR / 2, now=now)
        raw_booking(session, target, unit, until, now=now)
    raw_booking(session, service, "U2", start, now=now)
    assert check_occupancy(session) == []


@pytest.mark.rule("B129", "B130")
def test_an_open_end_closes_until_somebody_reopens(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), now=now)
    pool = create_service(session, centre, capacity=3, now=now)
    made = shut(session, wish(staff, centre, kind="closed", reason="停电"), now=now)
    assert [(c.id, c.end) for c in list_closures(session, centre.code, actor=staff, now=now)] == [(made.id, None)]
    for target in (service, pool):
        with refused("closed_now"):
            create_booking(session, target, now + timedelta(days=13), now=now)
    later = now + timedelta(days=10)
    with pytest.raises(IntegrityError):
        raw_booking(session, service, "U1", now + timedelta(days=20), now=now)
    raw_booking(session, pool, None, now + timedelta(days=20), now=now)
    extend_closures(session, centre.code, now=later)
    with pytest.raises(IntegrityError):
        raw_booking(session, pool, None, later + timedelta(days=13), now=now)
    again = reopen(session, centre.code, made.id, actor=staff, now=later)
    assert (again.end, again.ended_at) == (later, later)
    assert reopen(session, centre.code, made.id, actor=staff, now=later + HOUR).ended_at == later, "twice is once"
    assert list_closures(session, centre.code, actor=staff, now=later) == []
    for target in (service, pool):
        create_booking(session, target, later + HOUR, now=later)
    assert not session.scalars(select(Hold).where(Hold.is_open)).all()
    assert check_occupancy(session) == []


@pytest.mark.rule("B130")
def test_two_closures_over_one_another_end_one_by_one(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), now=now)
    pool = create_service(session, centre, capacity=2, now=now)
    broken = shut(session, wish(staff, centre, service, "U1"), now=now)
    cleaning = shut(session, wish(staff, centre, pool, kind="cleaning", until=now + 4 * HOUR), now=now)
    day = shut(session, wish(staff, centre, start=now + 2 * HOUR, until=now + 6 * HOUR), now=now)
    assert check_occupancy(session) == []
    reopen(session, centre.code, broken.id, actor=staff, now=now)
    reopen(session, centre.code, cleaning.id, actor=staff, now=now)
    assert check_occupancy(session) == []
    for target, unit in ((service, "U1"), (pool, None)):
        raw_booking(session, target, unit, now + HOUR, now=now)
        with pytest.raises(IntegrityError):
            raw_booking(session, target, unit, now + 3 * HOUR, now=now)
    reopen(session, centre.code, day.id, actor=staff, now=now)
    raw_booking(session, service, "U1", now + 3 * HOUR, now=now)
    assert check_occupancy(session) == []


@pytest.mark.rule("B131")
def test_taking_it_back_gives_the_places_again_where_they_are_free(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), now=now)
    room = create_service(session, centre, kind="room", units=(("大厅", None),), now=now)
    back = create_booking(session, service, now + HOUR, now=now)
    pool = create_service(session, centre, capacity=2, now=now)
    seats = create_booking(session, pool, now + HOUR, party_size=2, now=now)
    asked = create_booking(session, room, now + timedelta(days=1), now=now)
    elsewhere = create_person(session, now=now)
    gone = create_booking(session, service, now + 3 * HOUR, person=elsewhere, now=now)
    other = create_service(session, create_centre(session, now=now), now=now)
    made = shut(session, wish(staff, centre), now=now)
    assert {state(session, b)[0] for b in (back, asked, gone, seats)} == {"displaced"}
    book_for(session, elsewhere, other, now + 5 * HOUR, now=now + timedelta(minutes=1))
    ended = undo(session, centre.code, made.id, actor=staff, now=now + timedelta(minutes=14))
    assert ended.ended_at is not None
    assert [state(session, b)[0] for b in (back, seats, asked, gone)] == [
        "confirmed", "confirmed", "requested", "displaced",
    ]  # fmt: skip
    assert undo(session, centre.code, made.id, actor=staff, now=now + HOUR).ended_at == ended.ended_at
    news = select(Notification.template).where(Notification.person_id == back.person_id).order_by(Notification.id)
    assert session.scalars(news).all() == ["booking_confirmed", "booking_cancelled", "booking_confirmed"]
    assert check_occupancy(session) == []


@pytest.mark.rule("B131")
def test_it_is_the_same_unit_again_where_that_is_free(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, now=now)
    other, mine = (create_booking(session, service, now + HOUR, now=now) for _ in range(2))
    cancel(session, other.code, actor=staff, now=now)
    made = shut(session, wish(staff, centre, service), now=now)
    undo(session, centre.code, made.id, actor=staff, now=now + timedelta(minutes=1))
    assert state(session, mine) == ("confirmed", "U2")


@pytest.mark.rule("B131")
def test_after_a_quarter_of_an_hour_it_can_only_be_reopened(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), now=now)
    gone = create_booking(session, service, now + 3 * HOUR, now=now)
    made = shut(session, wish(staff, centre, service), now=now)
    with refused("undo_over"):
        undo(session, centre.code, made.id, actor=staff, now=now + timedelta(minutes=15))
    reopen(session, centre.code, made.id, actor=staff, now=now + timedelta(minutes=15))
    assert state(session, gone)[0] == "displaced"


@pytest.mark.rule("B132")
def test_the_same_key_closes_once(session: Session, centre: Centre, staff: Actor, now: datetime) -> None:
    service = create_service(session, centre, now=now)
    key = uuid4()
    first = shut(session, wish(staff, centre, service, "U1", client_uuid=key), now=now)
    again = shut(session, wish(staff, centre, service, "U1", client_uuid=key), now=now + HOUR)
    assert (again.id, again.repeated) == (first.id, True)
    with refused("client_uuid_reused"):
        close(session, wish(staff, centre, service, "U2", client_uuid=key), seen=None, cipher=CIPHER, now=now)


@pytest.mark.rule("B33", "B132")
def test_another_desk_sees_and_closes_nothing(session: Session, centre: Centre, staff: Actor, now: datetime) -> None:
    made = shut(session, wish(staff, centre), now=now)
    other = staff_of(session, create_centre(session, now=now), now=now)
    with refused("not_allowed"):
        propose_closure(session, wish(other, centre), cipher=CIPHER, now=now)
    for act in (reopen, undo):
        with refused("not_allowed"):
            act(session, centre.code, made.id, actor=other, now=now)
    abroad = create_centre(session, now=now)
    with refused("unknown_closure"):
        reopen(session, abroad.code, made.id, actor=staff_of(session, abroad, now=now), now=now)


@pytest.mark.rule("B132")
@pytest.mark.parametrize("change", [{"until": -1}, {"until": 0}, {"until": 4000 * 24}])
def test_times_that_make_no_sense_are_refused(
    change: dict[str, int], session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    with refused("closure_times"):
        command = wish(staff, centre, start=now, until=now + change["until"] * HOUR)
        propose_closure(session, command, cipher=CIPHER, now=now)


@pytest.mark.rule("B130")
def test_what_ended_two_days_ago_leaves_the_catalogue(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    shut(session, wish(staff, centre, until=now + HOUR), now=now)
    assert retire(session, now=now + timedelta(days=2)) == 0
    assert retire(session, now=now + timedelta(days=2, hours=2)) == 1
    assert not session.scalars(select(Hold).where(Hold.is_open)).all()


@pytest.mark.rule("B139")
def test_an_offer_on_a_closed_unit_is_made_elsewhere_and_nobody_loses_their_place_in_line(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, now=now)
    first, second = (create_booking(session, service, now + HOUR, now=now) for _ in range(2))
    waits = create_person(session, now=now)
    entry = wait_for(session, waits, service, now + HOUR, now=now)
    cancel(session, first.code, actor=staff, now=now)
    assert offers(session) == [("U1", True, None)]
    cancel(session, second.code, actor=staff, now=now)
    shut(session, wish(staff, centre, service, "U1"), now=now + timedelta(minutes=1))
    assert offers(session) == [("U1", False, "withdrawn"), ("U2", True, None)]
    view = entry_now(session, entry, waits)
    assert (view.state, view.lapses) == ("offered", 0)
    assert check_occupancy(session) == []
    assert check_closures(session, now=now + timedelta(minutes=1)) == []


@pytest.mark.rule("B139", "B130")
def test_reopening_offers_the_place_to_whoever_waits(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), now=now)
    gone = create_booking(session, service, now + HOUR, now=now)
    made = shut(session, wish(staff, centre, service, "U1"), now=now)
    owner = session.get_one(Person, gone.person_id)
    entry = wait_for(session, owner, service, now + HOUR, now=now, instead_of=gone.code)
    assert offers(session) == []
    reopen(session, centre.code, made.id, actor=staff, now=now + timedelta(minutes=20))
    assert offers(session) == [("U1", True, None)]
    assert entry_now(session, entry, owner).state == "offered"


@pytest.mark.rule("B131", "B139")
def test_who_has_the_place_again_waits_for_it_no_longer(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), now=now)
    gone = create_booking(session, service, now + HOUR, now=now)
    made = shut(session, wish(staff, centre, service, "U1"), now=now)
    owner = session.get_one(Person, gone.person_id)
    entry = wait_for(session, owner, service, now + HOUR, now=now, instead_of=gone.code)
    undo(session, centre.code, made.id, actor=staff, now=now + timedelta(minutes=5))
    assert state(session, gone) == ("confirmed", "U1")
    assert entry_now(session, entry, owner).state == "served"
    assert offers(session) == []


@pytest.mark.rule("B129")
def test_doctor_names_a_closure_that_does_not_hold_its_places(
    session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    service = create_service(session, centre, now=now)
    pool = create_service(session, centre, capacity=3, now=now)
    made = shut(session, wish(staff, centre), now=now)
    assert check_closures(session, now=now) == []
    session.execute(delete(Hold).where(Hold.service_id == service.id))
    assert [f.subject for f in check_closures(session, now=now)] == [f"closure {made.id}"]
    assert [f.subject for f in check_closures(session, now=now + timedelta(days=1))] == [f"closure {made.id}"] * 2
    extend_closures(session, centre.code, now=now + timedelta(days=1))
    assert check_closures(session, now=now + timedelta(days=1)) == []
    assert pool.capacity == 3
