"""What desks did without a network: nothing dropped, nothing twice, the earliest arrival holds the place."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.desk import Claim, give_places
from domain.errors import Refusal
from domain.permissions import Actor
from domain.service_types import UnitFacts
from models.centre import Booking, Centre, Service
from models.desk import Arrival
from services.booking.bookings import cancel
from services.centre.occupancy import check_occupancy
from services.desk.admitting import complete
from services.desk.conflicts import list_conflicts
from services.desk.settling import settle
from services.desk.sync import Item, ItemResult, Upload, sync
from tests.factories import create_person
from tests.factories_booking import (
    CIPHER,
    actor_for,
    book_for,
    create_booking,
    create_centre,
    create_service,
    staff_of,
)
from tests.statements import Statements

MINUTE = timedelta(minutes=1)
Send = Callable[..., list[ItemResult]]


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def staff(session: Session, centre: Centre, now: datetime) -> Actor:
    return staff_of(session, centre, now=now)


@pytest.fixture
def service(session: Session, centre: Centre, now: datetime) -> Service:
    return create_service(session, centre, units=(("U1", None), ("U2", None)), now=now)


@pytest.fixture
def send(session: Session, centre: Centre, staff: Actor, now: datetime) -> Send:
    def upload(*items: Item, device: str = "desk-1", at: datetime = now) -> list[ItemResult]:
        wanted = Upload(centre.code, device, items, staff, {})
        return sync(session, wanted, cipher=CIPHER, now=at)

    return upload


def item(kind: str, at: datetime, /, **values: Any) -> Item:
    return Item(client_uuid=str(values.pop("key", uuid4())), kind=kind, at=at, **values)


def results(found: list[ItemResult]) -> list[str]:
    return [one.result for one in found]


def state_of(session: Session, code: str | None) -> str | None:
    return session.scalar(select(Booking.state).where(Booking.code == code))


def rows(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Arrival)) or 0


@pytest.mark.rule("B97")
def test_an_arrival_is_taken_in_once_however_often_and_from_wherever_it_comes(
    session: Session, service: Service, send: Send, now: datetime
) -> None:
    made = create_booking(session, service, now - 30 * MINUTE, now=now - 60 * MINUTE)
    came = item("arrival", now - 15 * MINUTE, code=made.code)
    assert results(send(came)) == ["admitted"]
    assert results(send(came)) == ["admitted"], "the same upload, the same answer"
    assert results(send(replace(came, client_uuid=str(uuid4())), device="desk-2")) == ["repeat"]
    assert results(send(replace(came, at=now))) == ["refused"], "the key stands for something else"
    assert state_of(session, made.code) == "checked_in"
    assert rows(session) == 2


@pytest.mark.rule("B97")
def test_what_cannot_be_is_refused_in_a_row_of_its_own_and_the_others_go_in(
    session: Session, service: Service, send: Send, now: datetime
) -> None:
    made = create_booking(session, service, now + 60 * MINUTE, now=now)
    elsewhere = create_booking(session, create_service(session, create_centre(session, now=now), now=now), now, now=now)
    found = send(
        item("arrival", now, code="ZZZZZZZZ"),
        item("arrival", now, pass_text="LY1.x.y.z"),
        item("arrival", now, code=elsewhere.code),
        item("arrival", now, code=made.code),
        item("walk_in", now - timedelta(hours=49), service=service.code),
        item("walk_in", now, service="nothing"),
        item("walk_in", now, service=service.code, unit="U9"),
        item("walk_in", now, service=service.code, minutes=7),
        item("complete", now, code=None),
        item("walk_in", now, service=service.code, name="李四", plate="看不清"),
    )
    assert [one.code for one in found] == [
        "unknown_booking", "pass_invalid", "unknown_booking", "too_early", "arrival_too_old", "no_service",
        "unknown_unit", "minutes_out_of_range", "unknown_booking", None,
    ]  # fmt: skip
    assert results(found) == ["refused"] * 9 + ["admitted"]
    assert rows(session) == 10
    assert session.scalars(select(Arrival.received_at)).all() == [now] * 10


@pytest.mark.rule("B97")
def test_a_device_clock_that_runs_ahead_is_held_to_ours(
    session: Session, service: Service, send: Send, now: datetime
) -> None:
    [one] = send(item("walk_in", now + timedelta(hours=3), service=service.code))
    made = session.scalars(select(Booking).where(Booking.code == one.booking)).one()
    assert (one.result, made.starts_at) == ("admitted", now)


@pytest.mark.rule("B98")
@pytest.mark.parametrize("first", [0, 1])
def test_two_people_for_one_unit_the_earlier_arrival_holds_it_whoever_uploads_first(
    session: Session, centre: Centre, staff: Actor, service: Service, send: Send, now: datetime, first: int
) -> None:
    early = item("walk_in", now - 20 * MINUTE, service=service.code, unit="U1", name="早到")
    late = item("walk_in", now - 10 * MINUTE, service=service.code, unit="U1", name="晚到")
    for n, one in enumerate((early, late) if first == 0 else (late, early)):
        send(one, device=f"desk-{n}")
    by_name = {
        CIPHER.decrypt(row.guest_cipher or b""): row.result for row in session.execute(select(Arrival.__table__))
    }
    assert by_name == {"早到": "admitted", "晚到": "conflict"}
    held = session.scalars(select(Booking).where(Booking.state == "checked_in")).all()
    assert [CIPHER.decrypt(booking.guest_cipher or b"") for booking in held] == ["早到"]
    [conflict] = list_conflicts(session, centre.code, actor=staff)
    assert CIPHER.decrypt(conflict.guest_cipher or b"") == "晚到"
    assert check_occupancy(session) == []


@pytest.mark.rule("B98")
def test_a_booked_place_goes_before_a_walk_in_noted_offline(
    session: Session, service: Service, send: Send, now: datetime
) -> None:
    made = create_booking(session, service, now, now=now - 60 * MINUTE)
    found = send(
        item("walk_in", now - 5 * MINUTE, service=service.code, unit="U1"), item("arrival", now, code=made.code)
    )
    assert results(found) == ["conflict", "admitted"]
    assert found[0].conflict is not None


@pytest.mark.rule("B99")
def test_cancelled_online_but_let_in_offline_stays_in_where_the_place_is_free(
    session: Session, service: Service, send: Send, now: datetime
) -> None:
    person = create_person(session, now=now)
    made = create_booking(session, service, now, person=person, now=now - 60 * MINUTE)
    cancel(session, made.code, actor=actor_for(person), now=now - 5 * MINUTE)
    book_for(session, person, create_service(session, session.get_one(Centre, service.centre_id), now=now), now,
             now=now - 5 * MINUTE)  # fmt: skip
    came = item("arrival", now - 10 * MINUTE, code=made.code)
    assert results(send(came)) == ["marked"]
    assert results(send(came)) == ["marked"]
    assert results(send(item("arrival", now, code=made.code), device="desk-2")) == ["repeat"]
    assert state_of(session, made.code) == "checked_in"
    assert results(send(item("complete", now, code=made.code))) == ["admitted"]
    assert state_of(session, made.code) == "completed"
    assert check_occupancy(session) == []


@pytest.mark.rule("B99")
def test_where_it_is_another_s_meanwhile_staff_have_to_settle_it(
    session: Session, centre: Centre, staff: Actor, now: datetime, send: Send
) -> None:
    service = create_service(session, centre, units=(("U1", None), ("U2", None)), walkin_permille=500, now=now)
    person = create_person(session, now=now)
    made = create_booking(session, service, now, person=person, now=now - 60 * MINUTE)
    cancel(session, made.code, actor=actor_for(person), now=now - 5 * MINUTE)
    other = book_for(session, create_person(session, now=now), service, now, now=now - timedelta(minutes=40))
    assert other.booking.unit_no == "U1"
    [one] = send(item("arrival", now, code=made.code))
    assert (one.result, state_of(session, made.code)) == ("conflict", "cancelled")
    [conflict] = list_conflicts(session, centre.code, actor=staff)
    wish: dict[str, Any] = {"actor": staff, "cipher": CIPHER, "now": now}
    for _ in range(2):
        settle(session, centre.code, conflict.id, unit="U2", note=None, **wish)
    assert state_of(session, made.code) == "checked_in"
    assert list_conflicts(session, centre.code, actor=staff) == []
    assert results(send(item("arrival", now, code=made.code), device="desk-3")) == ["repeat"]
    assert check_occupancy(session) == []


@pytest.mark.rule("B99")
def test_a_conflict_is_put_away_by_a_note_and_stays_so(
    session: Session, centre: Centre, staff: Actor, service: Service, send: Send, now: datetime
) -> None:
    early = item("walk_in", now - 20 * MINUTE, service=service.code, unit="U1")
    late = item("walk_in", now - 10 * MINUTE, service=service.code, unit="U1")
    assert results(send(early, late)) == ["admitted", "conflict"]
    [conflict] = list_conflicts(session, centre.code, actor=staff)
    settle(session, centre.code, conflict.id, actor=staff, unit=None, note="已请到大厅休息", cipher=CIPHER, now=now)
    assert results(send(early, late)) == ["admitted", "conflict"]
    assert list_conflicts(session, centre.code, actor=staff) == []


@pytest.mark.rule("B99")
def test_who_is_placed_after_all_keeps_zone_and_party(
    session: Session, centre: Centre, staff: Actor, send: Send, now: datetime
) -> None:
    baths = create_service(session, centre, units=(("M1", "male"), ("M2", "male"), ("F1", "female")), now=now)
    early, late = (
        item("walk_in", now - n * MINUTE, service=baths.code, unit="M1", zone="male", party_size=2) for n in (20, 10)
    )
    assert results(send(early, late)) == ["admitted", "conflict"]
    [conflict] = list_conflicts(session, centre.code, actor=staff)

    def place(unit: str) -> None:
        settle(session, centre.code, conflict.id, actor=staff, unit=unit, note=None, cipher=CIPHER, now=now)

    with pytest.raises(Refusal, match="zone_not_served"):
        place("F1")
    place("M2")
    made = session.scalars(select(Booking).where(Booking.state == "checked_in").order_by(Booking.id.desc())).first()
    assert made is not None
    assert (made.zone, made.party_size) == ("male", 2)


@pytest.mark.rule("B99")
def test_what_was_settled_by_a_note_is_not_given_a_place_later(
    session: Session, centre: Centre, staff: Actor, service: Service, send: Send, now: datetime
) -> None:
    middle, late = (item("walk_in", now - n * MINUTE, service=service.code, unit="U1") for n in (20, 4))
    assert results(send(middle, late)) == ["admitted", "conflict"]
    [conflict] = list_conflicts(session, centre.code, actor=staff)
    settle(session, centre.code, conflict.id, actor=staff, unit=None, note="已离开", cipher=CIPHER, now=now)
    early = item("walk_in", now - 45 * MINUTE, service=service.code, unit="U1")
    assert results(send(early, device="desk-2")) == ["admitted"]
    assert results(send(middle, late)) == ["conflict", "conflict"]


@pytest.mark.rule("B98")
def test_who_lost_a_place_has_it_back_when_it_turns_out_free(
    session: Session, service: Service, send: Send, now: datetime
) -> None:
    middle, late = (item("walk_in", now - n * MINUTE, service=service.code, unit="U1") for n in (20, 4))
    assert results(send(middle, late)) == ["admitted", "conflict"]
    early = item("walk_in", now - 45 * MINUTE, service=service.code, unit="U1")
    assert results(send(early, device="desk-2")) == ["admitted"]
    assert results(send(middle, late)) == ["conflict", "admitted"]
    assert check_occupancy(session) == []


@pytest.mark.rule("B97")
def test_an_upload_costs_the_same_for_each_item_however_many_came_before(
    session: Session, service: Service, send: Send, now: datetime
) -> None:
    """A full queue of a long day must not hold the desk's services for seconds."""

    def upload(size: int) -> int:
        with Statements(session) as counted:
            send(*(item("walk_in", now - n * MINUTE, service=service.code) for n in range(size)))
        return len(counted.seen)

    few, many = upload(5), upload(50)
    assert many < few * 8


@pytest.mark.rule("B99")
def test_what_staff_did_since_stands(
    session: Session, staff: Actor, service: Service, send: Send, now: datetime
) -> None:
    [one] = send(item("walk_in", now - 10 * MINUTE, service=service.code, unit="U1"))
    complete(session, one.booking or "", actor=staff, now=now)
    early = item("walk_in", now - 20 * MINUTE, service=service.code, unit="U1")
    assert results(send(early, device="desk-2")) == ["conflict"]
    assert state_of(session, one.booking) == "completed"


@pytest.mark.rule("B99")
def test_a_walk_in_that_went_through_although_its_answer_was_lost_is_no_second_one(
    session: Session, centre: Centre, staff: Actor, service: Service, send: Send, now: datetime
) -> None:
    from services.desk.walk_ins import WalkIn, walk_in

    key = uuid4()
    made = walk_in(session, WalkIn(staff, centre.code, service.code, key), cipher=CIPHER, now=now)
    [one] = send(item("walk_in", now, key=key, service=service.code))
    assert (one.result, one.booking) == ("repeat", made.booking.code)


# -- the order of uploads makes no difference --------------------------------------------------------


def claims(dice: random.Random, start: datetime) -> list[Claim]:
    made = []
    for n in range(dice.randint(2, 8)):
        at = start + dice.randint(0, 60) * MINUTE
        until = at + dice.choice((30, 60)) * MINUTE
        made.append(Claim((at, f"{n}"), at, until, dice.choice(("U1", "U2")), None))
    return made


@pytest.mark.rule("B98")
@pytest.mark.parametrize("seed", range(50))
def test_who_holds_what_depends_on_the_claims_alone(now: datetime, seed: int) -> None:
    dice = random.Random(seed)
    wanted = claims(dice, now)
    full, units = UnitFacts(0, ""), {"U1": UnitFacts(1, "U1"), "U2": UnitFacts(2, "U2")}

    def outcome(order: list[Claim]) -> dict[Any, str]:
        taken: list[tuple[str, datetime, datetime]] = []

        def find(claim: Claim) -> UnitFacts:
            clash = any(no == claim.unit and a < claim.until and claim.start < b for no, a, b in taken)
            return full if clash else units[claim.unit or "U1"]

        def take(claim: Claim, unit: UnitFacts | None) -> None:
            taken.append((claim.unit or "", claim.start, claim.until))

        given = give_places(order, find, take, full)
        return {key: place.no if place else "" for key, place in given.items()}

    first = outcome(wanted)
    for _ in range(5):
        dice.shuffle(wanted)
        assert outcome(wanted) == first
    assert any(first.values())


def uploads_of(dice: random.Random, service: Service, bookings: list[Booking], now: datetime) -> list[list[Item]]:
    """Three devices' queues: walk-ins into few units, arrivals on bookings some of which are gone, people leaving."""
    queues: list[list[Item]] = []
    for _ in range(3):
        queue: list[Item] = []
        at = now - 90 * MINUTE
        for _ in range(dice.randint(2, 5)):
            at += dice.randint(1, 20) * MINUTE
            key = UUID(int=dice.getrandbits(128), version=4)
            booking = dice.choice(bookings)
            queue.append(
                dice.choice(
                    (
                        item("walk_in", at, key=key, service=service.code, unit=dice.choice(("U1", "U2", None))),
                        item("walk_in", at, key=key, service=service.code, minutes=60, name="客人"),
                        item("arrival", at, key=key, code=booking.code),
                        item("complete", at, key=key, code=booking.code),
                    )
                )
            )
        queues.append(queue)
    return queues


def interleaved(dice: random.Random, queues: list[list[Item]]) -> list[tuple[int, list[Item]]]:
    """The queues in pieces, each in its own order, some sent again."""
    left = [list(queue) for queue in queues]
    sent: list[tuple[int, list[Item]]] = []
    while any(left):
        device = dice.choice([n for n, queue in enumerate(left) if queue])
        size = dice.randint(1, len(left[device]))
        piece, left[device] = left[device][:size], left[device][size:]
        sent.append((device, piece))
        if dice.random() < 0.5:
            sent.append(dice.choice(sent))
    return sent


@pytest.mark.rule("B98")
@pytest.mark.parametrize("seed", range(12))
def test_uploads_repeated_and_interleaved_end_the_same(
    session: Session, centre: Centre, staff: Actor, send: Send, now: datetime, seed: int
) -> None:
    dice = random.Random(seed)
    service = create_service(session, centre, units=(("U1", None), ("U2", None), ("U3", None)), now=now)
    before = now - 180 * MINUTE
    bookings = []
    for n in range(4):
        person = create_person(session, now=now)
        made = create_booking(session, service, now - 60 * MINUTE + (n % 2) * 60 * MINUTE, person=person, now=before)
        if n != 3:
            cancel(session, made.code, actor=actor_for(person), now=before)
        bookings.append(made)
    queues = uploads_of(dice, service, bookings, now)
    ends = []
    for _ in range(4):
        tried = session.begin_nested()
        for device, piece in interleaved(dice, queues):
            send(*piece, device=f"desk-{device}")
        ends.append(end_of(session))
        assert check_occupancy(session) == []
        assert rows(session) == sum(len(queue) for queue in queues)
        tried.rollback()
        session.expire_all()
    assert all(end == ends[0] for end in ends[1:])


def end_of(session: Session) -> set[tuple[Any, ...]]:
    """Who is where, and who waits to be placed; without what tells one upload from another."""
    walked = session.execute(
        select(Arrival.client_uuid, Arrival.result, Booking.state, Booking.unit_id, Booking.occupied_until)
        .outerjoin(Booking, Booking.id == Arrival.booking_id)
        .where(Arrival.kind == "walk_in")
    )
    booked = session.execute(
        select(Booking.code, Booking.state, Booking.unit_id, Booking.occupied_until).where(Booking.source != "walkin")
    )
    waiting = session.execute(select(Booking.code).join(Arrival, Arrival.booking_id == Booking.id).where(
        Arrival.result == "conflict", Arrival.kind != "walk_in").distinct())  # fmt: skip
    return {
        *(
            (row.client_uuid, row.result, *((row.state, row.unit_id) if row.result == "admitted" else ()))
            for row in walked
        ),
        *(tuple(row) for row in booked if row.state not in ("cancelled", "confirmed")),
        *(("conflict", row.code) for row in waiting),
    }
