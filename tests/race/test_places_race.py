"""One place, many hands, over real HTTP with 2 × 8 workers and threads: book, move, late, extend, walk in, close."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from bench.load import Answer, Call
from tests.live import Live
from tests.race.scene import Scene, at_once, said, scene

pytestmark = pytest.mark.race
MANY = 24


def moving(here: Scene, minutes: int = 60) -> tuple[str, str, Call]:
    """A driver with a place, and the call that moves it to half an hour at `minutes` later."""
    mover = here.drivers[0]
    [made] = here.ask(here.booking(mover))
    code = str(made["code"])
    return mover, code, here.of(mover, code, "move", start=here.later(minutes), client_uuid=str(uuid4()))


def rush(here: Scene, first: Sequence[Call], start: str, drivers: Sequence[str] | None = None) -> list[Answer]:
    """Those calls among bookings of everybody else, all at once."""
    others = [here.booking(token, start) for token in drivers or here.drivers[1:]]
    middle = len(others) // 2
    return at_once(here.served.address, [*others[:middle], *first, *others[middle:]])


def given(answers: Sequence[Answer]) -> int:
    return sum(answer.status == 201 for answer in answers)


# -- book against book ------------------------------------------------------------------------------------------


def one_unit(served: Live) -> tuple[Scene, list[Answer]]:
    here = scene(served, drivers=MANY)
    return here, at_once(served.address, [here.booking(token) for token in here.drivers])


def one_pool(served: Live) -> tuple[Scene, list[Answer]]:
    """Parties of one, two and three for seven seats."""
    here = scene(served, drivers=MANY, capacity=7, max_party=3)
    sizes = [1 + place % 3 for place in range(MANY)]
    calls = [here.booking(token, party_size=size) for token, size in zip(here.drivers, sizes, strict=True)]
    return here, at_once(served.address, calls)


@pytest.mark.rule("B158")
def test_one_unit_is_given_once(served: Live) -> None:
    here, answers = one_unit(served)
    assert said(answers) == {201: 1, "slot_full": MANY - 1}
    assert here.states() == {"confirmed": 1}


@pytest.mark.rule("B158")
def test_a_pool_is_filled_to_its_last_seat_and_not_beyond(served: Live) -> None:
    here, answers = one_pool(served)
    assert set(said(answers)) == {201, "slot_full"}
    taken = sum(row[0] for row in here.rows("SELECT party_size FROM bookings WHERE service_id = :service"))
    assert taken == here.most_seats() == 7
    assert given(answers) == here.states()["confirmed"]


def test_control_unguarded_one_unit_and_one_pool_are_given_too_often(unguarded: Live) -> None:
    here, answers = one_unit(unguarded)
    assert here.taken_twice() > 0, said(answers)
    here, answers = one_pool(unguarded)
    assert here.most_seats() > 7, said(answers)


# -- move against book ------------------------------------------------------------------------------------------


@pytest.mark.rule("B146")
@pytest.mark.parametrize("others", [MANY, 1, 0])
def test_a_move_wins_the_new_place_or_keeps_the_old_one(served: Live, others: int) -> None:
    here = scene(served, drivers=others + 1)
    _mover, code, move = moving(here)
    answers = rush(here, [move], here.later(60))
    [[outcome]] = here.rows("SELECT state FROM bookings WHERE code = :code", code=code)
    winner = 200 if outcome == "moved" else 201
    assert said(answers) == Counter({winner: 1, "slot_full": others})
    held = here.rows(
        "SELECT count(*) FROM bookings WHERE service_id = :service AND state = 'confirmed' AND starts_at = :at",
        at=_bound(here, 60),
    )
    assert held[0][0] == 1
    assert here.taken_twice() == 0
    assert here.states() == ({"moved": 1, "confirmed": 1} if outcome == "moved" else {"confirmed": 2})


@pytest.mark.rule("B146")
def test_two_who_change_places_at_once_keep_a_place_each(served: Live) -> None:
    """Each wants the other's; neither may lose the own, and no answer is an error."""
    for _ in range(4):
        here = scene(served, drivers=2)
        first, second = here.ask(here.booking(here.drivers[0]), here.booking(here.drivers[1], here.later(30)))
        answers = at_once(
            served.address,
            [
                here.of(here.drivers[0], str(first["code"]), "move", start=here.later(30), client_uuid=str(uuid4())),
                here.of(here.drivers[1], str(second["code"]), "move", start=here.at, client_uuid=str(uuid4())),
            ],
        )
        assert set(said(answers)) <= {200, "slot_full"}
        assert here.states()["confirmed"] == 2
        assert here.taken_twice() == 0


@pytest.mark.rule("B146")
def test_one_booking_moved_to_eight_times_at_once_is_moved_once(served: Live) -> None:
    here = scene(served, drivers=1)
    mover, code, _ = moving(here)
    moves = [
        here.of(mover, code, "move", start=here.later(60 + 30 * place), client_uuid=str(uuid4())) for place in range(8)
    ]
    answers = at_once(served.address, moves)
    assert here.states() == {"moved": 1, "confirmed": 1}
    assert len({answer.json()["code"] for answer in answers if answer.status == 200}) == 1
    assert set(said(answers)) <= {200, "booking_state"}


def test_control_unguarded_a_move_takes_what_another_has(unguarded: Live) -> None:
    here = scene(unguarded, drivers=9)
    _, _, move = moving(here)
    rush(here, [move], here.later(60))
    assert here.taken_twice() > 0


# -- late and extend against book -------------------------------------------------------------------------------


def late(served: Live, others: int = MANY) -> tuple[Scene, str, list[Answer]]:
    """Half an hour later, against everybody who wants the half hour after."""
    here = scene(served, drivers=others + 1)
    [made] = here.ask(here.booking(here.drivers[0]))
    call = here.of(here.drivers[0], str(made["code"]), "late", minutes=30)
    return here, str(made["code"]), rush(here, [call], here.later(30))


def extending(served: Live, others: int = MANY) -> tuple[Scene, str, list[Answer]]:
    """Somebody who walked in wants to stay on, against everybody who booked for then."""
    here = scene(served, drivers=others + 1)
    [made] = here.ask(here.post(here.desk, f"/desk/{here.centre}/walk-ins", **_guest(here)))
    [until] = here.rows("SELECT occupied_until FROM bookings WHERE service_id = :service")
    call = here.of(here.desk, str(made["code"]), "extend", minutes=30)
    return here, str(made["code"]), rush(here, [call], _next_start(until[0]))


def _guest(here: Scene) -> dict[str, Any]:
    return {"service": here.service, "minutes": 30, "name": "李师傅", "client_uuid": str(uuid4())}


def _next_start(value: Any) -> str:
    """The first start on the grid of five minutes when such an instant of the table is over."""
    at = datetime.fromisoformat(str(value))
    minutes = -(-(at.hour * 60 + at.minute) // 5) * 5
    return (at.replace(hour=0, minute=0, second=0, tzinfo=UTC) + timedelta(minutes=minutes)).isoformat()


def _bound(here: Scene, minutes: int) -> Any:
    """A start as the table has it."""
    at = here.later(minutes)
    sqlite = here.served.deps.database.engine.dialect.name == "sqlite"
    return at.split("+")[0].replace("T", " ") + ".000000" if sqlite else at


@pytest.mark.rule("B151")
@pytest.mark.parametrize("race", [late, extending])
def test_more_time_and_a_new_booking_never_get_the_same_minutes(served: Live, race: Any) -> None:
    here, code, answers = race(served)
    assert set(said(answers)) <= {200, 201, "slot_full", "late_conflict", "extend_conflict"}
    stretched = 200 in said(answers)
    assert said(answers).get("slot_full", 0) == MANY - (0 if stretched else 1)
    assert given(answers) == (0 if stretched else 1)
    assert here.taken_twice() == 0
    assert here.rows("SELECT count(*) FROM bookings WHERE code = :code", code=code)[0][0] == 1


def test_control_unguarded_more_time_is_taken_from_another(unguarded: Live) -> None:
    for race in (late, extending):
        here, _, answers = race(unguarded, 8)
        assert here.taken_twice() > 0, said(answers)


# -- walk-ins and closures against book -------------------------------------------------------------------------


def walk_ins(served: Live) -> tuple[Scene, list[Answer]]:
    here = scene(served, drivers=1, units=(("U1", None), ("U2", None)))
    calls = [here.post(here.desk, f"/desk/{here.centre}/walk-ins", **_guest(here)) for _ in range(MANY)]
    return here, at_once(served.address, calls)


@pytest.mark.rule("B158")
def test_two_free_units_take_two_who_walk_in(served: Live) -> None:
    here, answers = walk_ins(served)
    assert given(answers) == 2, said(answers)
    assert here.states() == {"checked_in": 2}
    assert here.taken_twice() == 0


def closing(served: Live, others: int = MANY) -> tuple[Scene, list[Answer]]:
    """One of two units is closed while everybody books; the desk repeats until nothing new came between."""
    here = scene(served, drivers=others + 1, units=(("U1", None), ("U2", None)))
    here.ask(here.booking(here.drivers[0]))
    path = f"/desk/{here.centre}/closures"
    wish = {
        "service": here.service,
        "unit": "U1",
        "start": here.at,
        "until": here.later(120),
        "kind": "broken",
        "reason": "检修",
        "client_uuid": str(uuid4()),
    }
    [proposal] = here.ask(here.post(here.desk, path, **wish, apply=False))
    call = here.post(here.desk, path, **wish, apply=True, seen=proposal["proposal"]["seen"])
    answers = rush(here, [call], here.at)
    while "proposal_changed" in said(answers):
        [proposal] = here.ask(here.post(here.desk, path, **wish, apply=False))
        [again] = at_once(
            served.address, [here.post(here.desk, path, **wish, apply=True, seen=proposal["proposal"]["seen"])]
        )
        answers = [answer for answer in answers if answer.status == 201 or _code(answer) != "proposal_changed"]
        answers.append(again)
    return here, answers


def _code(answer: Answer) -> Any:
    return answer.json().get("code")


@pytest.mark.rule("B150")
def test_no_booking_stays_in_a_unit_that_is_closed(served: Live) -> None:
    here, answers = closing(served)
    assert set(said(answers)) == {201, "slot_full"}
    assert here.taken_twice() == 0
    assert here.rows("SELECT count(*) FROM holds WHERE service_id = :service AND is_open")[0][0] == 1
    states = here.states()
    assert states["confirmed"] == 1, states
    assert set(states) <= {"confirmed", "displaced"}
    assert sum(states.values()) == given(answers), "the first one and the closure make up for one another"


def test_control_unguarded_two_walk_in_and_a_closed_unit_is_given(unguarded: Live) -> None:
    here, answers = walk_ins(unguarded)
    assert here.taken_twice() > 0, said(answers)
    here, answers = closing(unguarded, 8)
    assert here.taken_twice() > 0, said(answers)
