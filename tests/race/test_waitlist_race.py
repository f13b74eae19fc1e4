"""Places that come free among people who wait, over real HTTP with 2 × 8 workers and threads."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest

from bench.load import Answer, Call
from tests.live import Live
from tests.race.scene import Scene, at_once, said, scene

pytestmark = pytest.mark.race
TWO = (("U1", None), ("U2", None))
LOAD = 20


def full(served: Live, *, units: Sequence[tuple[str, str | None]], waiting: int, load: int = LOAD) -> Scene:
    """Every unit is taken by one of the first drivers; the next ones wait, in their order; the rest is load."""
    here = scene(served, drivers=len(units) + waiting + load, units=units)
    holders = here.drivers[: len(units)]
    for place, made in enumerate(here.ask(*(here.booking(token) for token in holders))):
        here.made[f"holder-{place}"] = str(made["code"])
    line = here.drivers[len(units) : len(units) + waiting]
    for place, made in enumerate(here.ask(*(here.waiting(token) for token in line))):
        here.made[f"wait-{place}"] = str(made["id"])
    return here


def crowd(here: Scene, first: Sequence[Call], load: int = LOAD) -> list[Answer]:
    """Those calls in the middle of as many bookings and looks at the day; the answers to those calls come first."""
    day = here.at[:10]
    looks = [Call("GET", f"/api/v1/services/{here.service}/availability?date={day}") for _ in range(load // 2)]
    books = [here.booking(token) for token in here.drivers[len(here.drivers) - load :]]
    answers = at_once(here.served.address, [*books[: load // 2], *first, *looks, *books[load // 2 :]])
    middle = answers[load // 2 : load // 2 + len(first)]
    assert not [answer for answer in answers if answer.status >= 500], said(answers)
    booked = [*answers[: load // 2], *answers[load // 2 + len(first) + len(looks) :]]
    return [*middle, *booked]


def cancel(here: Scene, place: int) -> Call:
    return here.of(here.drivers[place], here.made[f"holder-{place}"], "cancel")


def answer_to(here: Scene, units: int, place: int, what: str) -> Call:
    return here.post(here.drivers[units + place], f"/waitlist/{here.made[f'wait-{place}']}/{what}")


def entries(here: Scene) -> dict[str, str]:
    """The state of each who waits, by place in the line."""
    states = {
        str(row[0]): str(row[1])
        for row in here.rows("SELECT code, state FROM waitlist_entries WHERE service_id = :service")
    }
    return {name: states[code] for name, code in here.made.items() if name.startswith("wait")}


# -- a place comes free against everybody who books --------------------------------------------------------------


@pytest.mark.rule("B147")
def test_a_freed_place_goes_to_who_waits_and_to_nobody_who_books(served: Live) -> None:
    here = full(served, units=(("U1", None),), waiting=1)
    answers = crowd(here, [cancel(here, 0)])
    assert said(answers) == {200: 1, "slot_full": LOAD}
    assert entries(here) == {"wait-0": "offered"}
    assert here.taken_twice() == 0


@pytest.mark.rule("B147")
def test_the_offered_place_is_who_accepts_it_not_who_books(served: Live) -> None:
    here = full(served, units=(("U1", None),), waiting=1)
    here.ask(cancel(here, 0))
    answers = crowd(here, [answer_to(here, 1, 0, "accept")] * 6)
    assert said(answers) == {200: 6, "slot_full": LOAD}, "the same answer however often the tap arrives"
    assert len({answer.json()["booking"] for answer in answers[:6]}) == 1
    assert entries(here) == {"wait-0": "accepted"}
    assert here.states() == {"cancelled": 1, "confirmed": 1}
    assert here.taken_twice() == 0


@pytest.mark.rule("B147")
def test_a_declined_place_goes_on_or_is_booked_once(served: Live) -> None:
    """With somebody behind it is theirs; with nobody, exactly one of those who book has it."""
    for waiting, states, booked in (
        (2, {"wait-0": "declined", "wait-1": "offered"}, 0),
        (1, {"wait-0": "declined"}, 1),
    ):
        here = full(served, units=(("U1", None),), waiting=waiting)
        here.ask(cancel(here, 0))
        answers = crowd(here, [answer_to(here, 1, 0, "decline")])
        assert entries(here) == states
        assert here.states()["confirmed"] == sum(answer.status == 201 for answer in answers) <= booked
        assert here.taken_twice() == 0


@pytest.mark.rule("B147", "B69")
def test_accept_and_decline_at_once_have_one_outcome(served: Live) -> None:
    for _ in range(3):
        here = full(served, units=(("U1", None),), waiting=2, load=0)
        here.ask(cancel(here, 0))
        answers = at_once(
            served.address, [answer_to(here, 1, 0, what) for what in ("accept", "decline", "accept", "decline")]
        )
        taken = here.states()["confirmed"] == 1
        assert entries(here) == {
            "wait-0": "accepted" if taken else "declined",
            "wait-1": "waiting" if taken else "offered",
        }, said(answers)
        assert here.taken_twice() == 0


# -- several places, several people ------------------------------------------------------------------------------


@pytest.mark.rule("B148", "B69")
def test_two_cancellations_and_three_waiting_end_exactly_right_under_load(served: Live) -> None:
    here = full(served, units=TWO, waiting=3)
    answers = crowd(here, [cancel(here, 0), cancel(here, 1)])
    assert said(answers) == {200: 2, "slot_full": LOAD}
    assert entries(here) == {"wait-0": "offered", "wait-1": "offered", "wait-2": "waiting"}
    assert len({unit for _, unit in here.offers()}) == 2
    after = crowd(here, [answer_to(here, 2, 0, "accept"), answer_to(here, 2, 1, "decline")])
    assert said(after) == {200: 2, "slot_full": LOAD}
    assert entries(here) == {"wait-0": "accepted", "wait-1": "declined", "wait-2": "offered"}
    here.ask(answer_to(here, 2, 2, "accept"))
    assert here.states() == {"cancelled": 2, "confirmed": 2}
    assert here.taken_twice() == 0


@pytest.mark.rule("B148", "B69")
def test_one_place_cancelled_eight_times_at_once_is_offered_once(served: Live) -> None:
    here = full(served, units=TWO, waiting=3, load=0)
    answers = at_once(served.address, [cancel(here, 0)] * 8)
    assert said(answers) == {200: 8}
    assert entries(here) == {"wait-0": "offered", "wait-1": "waiting", "wait-2": "waiting"}
    assert len(here.offers()) == 1


def test_control_unguarded_the_line_is_served_wrongly(unguarded: Live) -> None:
    """Two cancel while others book: places are offered twice, or given past the line."""
    wrong = 0
    for _ in range(3):
        here = full(unguarded, units=TWO, waiting=3, load=8)
        answers = at_once(
            unguarded.address,
            [cancel(here, 0), *(here.booking(token) for token in here.drivers[5:]), cancel(here, 1)],
        )
        right = {"wait-0": "offered", "wait-1": "offered", "wait-2": "waiting"}
        units = {unit for _, unit in here.offers()}
        booked = sum(answer.status == 201 for answer in answers)
        wrong += here.taken_twice() > 0 or booked > 0 or entries(here) != right or len(units) != 2
    assert wrong


# -- the same key at once ----------------------------------------------------------------------------------------

AGAIN = 16


def same_key(served: Live, what: str) -> tuple[Scene, list[Answer]]:
    """One tap that arrives sixteen times: to book, to wait, to walk in, to put somebody on the list."""
    here = scene(served, drivers=2, units=tuple((f"U{place}", None) for place in range(AGAIN)))
    if what in ("waitlist", "desk waitlist"):
        here = scene(served, drivers=2)
        here.ask(here.booking(here.drivers[1]))
    wish: dict[str, Any] = {"service": here.service, "start": here.at, "minutes": 30, "client_uuid": str(uuid4())}
    guest = {**wish, "name": "李师傅"}
    calls = {
        "booking": here.post(here.drivers[0], "/bookings", **wish),
        "waitlist": here.post(here.drivers[0], "/waitlist", **wish),
        "desk waitlist": here.post(here.desk, f"/desk/{here.centre}/waitlist", **guest),
        "walk-in": here.post(
            here.desk, f"/desk/{here.centre}/walk-ins", **{key: guest[key] for key in guest if key != "start"}
        ),
    }
    return here, at_once(served.address, [calls[what]] * AGAIN)


@pytest.mark.rule("B149", "B2")
@pytest.mark.parametrize("what", ["booking", "waitlist", "desk waitlist", "walk-in"])
def test_the_same_key_at_once_is_one_thing(served: Live, what: str) -> None:
    here, answers = same_key(served, what)
    assert said(answers) == {201: 1, 200: AGAIN - 1}
    name = "id" if "waitlist" in what else "code"
    assert len({answer.json()[name] for answer in answers}) == 1
    table = "waitlist_entries" if "waitlist" in what else "bookings"
    assert sum(here.states(table).values()) == 1


def test_control_unguarded_the_same_key_is_used_twice(unguarded: Live) -> None:
    here, _ = same_key(unguarded, "walk-in")
    assert sum(here.states().values()) > 1
