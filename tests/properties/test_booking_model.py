"""The model itself: it leans on nothing, and it sees what is wrong."""

import ast
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.properties import booking_model
from tests.properties.booking_model import Booking, Centre, Closure, Entry, Mark, Offer, Service, Unit, Wrong, explained

TEN = 600
SHOWER = Service("shower", (Unit("M1", "male"), Unit("M2", "male"), Unit("F1", "female")), cleaning=10)
LOUNGE = Service("lounge", seats=3)


def centre(**changes: object) -> Centre:
    return Centre({"shower": replace(SHOWER, **changes), "lounge": LOUNGE})  # type: ignore[arg-type]


def stay(code: str, start: int = TEN, minutes: int = 30, *, unit: str = "M1", who: str | None = None) -> Booking:
    end = start + minutes
    return Booking(code, who or code, "shower", unit, "male", start, end, end + 10, start + 15, "confirmed")


def seats(code: str, count: int, start: int = TEN, minutes: int = 60) -> Booking:
    end = start + minutes
    return Booking(code, code, "lounge", None, None, start, end, end, start + 15, "confirmed", count)


def wait(code: str, rank: int, start: int = TEN, minutes: int = 30) -> Entry:
    return Entry(code, code, "shower", "male", start, start + minutes, minutes, minutes, rank)


def offer(entry: str, unit: str = "M1", now: int = 500) -> Offer:
    return Offer(entry, unit, TEN, TEN + 30, TEN + 40, now + 10)


@pytest.mark.rule("B145")
def test_the_model_imports_nothing_of_the_product() -> None:
    """Only the standard library, and of it nothing that could load more."""
    tree = ast.parse(Path(booking_model.__file__).read_text("utf-8"))
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert all(not node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    assert {name.partition(".")[0] for name in modules} <= set(sys.stdlib_module_names) - {"importlib", "runpy", "sys"}
    assert not {name.id for name in ast.walk(tree) if isinstance(name, ast.Name)} & {"__import__", "exec", "eval"}


@pytest.mark.rule("B145")
def test_it_refuses_a_unit_twice_cleaning_included() -> None:
    here = centre()
    here.give(stay("a"), now=500)
    for start in (TEN, TEN + 39, TEN - 39):
        with pytest.raises(Wrong):
            here.give(stay("b", start), now=500)
    here.give(stay("b", TEN + 40), now=500)
    with pytest.raises(Wrong, match="cleaning"):
        here.give(replace(stay("c", TEN + 90), until=TEN + 120), now=500)
    here.bookings["b"] = replace(here.bookings["b"], start=TEN + 30)
    with pytest.raises(Wrong, match="meets another"):
        here.check()


@pytest.mark.rule("B145")
def test_it_counts_seats_at_every_minute_zones_and_the_walk_in_share() -> None:
    here = centre(walkin_permille=500)
    here.give(seats("a", 2), now=500)
    here.give(seats("b", 1, TEN + 30), now=500)
    with pytest.raises(Wrong):
        here.give(seats("c", 1, TEN + 30, 30), now=500)
    here.give(seats("c", 1, TEN, 30), now=500)
    assert here.places("shower", TEN, TEN + 30, zone="male", now=TEN - 31) == ["M1"]
    assert here.places("shower", TEN, TEN + 30, zone="male", now=TEN - 30) == ["M1", "M2"]
    assert here.places("shower", TEN, TEN + 30, zone="male", now=0, by_staff=True) == ["M1", "M2"]
    assert here.places("shower", TEN, TEN + 30, zone="female", now=TEN) == ["F1"]


@pytest.mark.rule("B145")
def test_it_sees_a_line_that_is_jumped_and_a_place_left_over() -> None:
    here = centre()
    for code, unit in (("a", "M1"), ("b", "M2")):
        here.give(stay(code, unit=unit), now=400)
    for rank, code in enumerate(("first", "second", "other"), 1):
        here.entries[code] = wait(code, rank, TEN + 300) if code == "other" else wait(code, rank)
    assert here.left_over("shower", now=500) == ["other"]
    here.cancel("a", now=500)
    assert here.left_over("shower", now=500) == ["first", "second", "other"]
    with pytest.raises(Wrong, match="waited longer"):
        here.offer(offer("second"), now=500)
    with pytest.raises(Wrong, match="answered by"):
        here.offer(replace(offer("first"), answer_until=520), now=500)
    here.offer(offer("first"), now=500)
    with pytest.raises(Wrong, match="where only"):
        here.offer(offer("second"), now=500)
    with pytest.raises(Wrong, match="ran out"):
        here.lapse("first", now=509)
    here.lapse("first", now=510)
    assert (here.entries["first"].state, here.entries["first"].lapses) == ("waiting", 1)
    with pytest.raises(Wrong, match="where only"):
        here.offer(offer("first", now=510), now=510)
    here.offer(offer("second", now=510), now=510)
    here.cancel("b", now=511)
    here.offer(offer("first", "M2", now=511), now=511)
    here.lapse("first", now=521)
    assert here.entries["first"].state == "lapsed"
    here.check()


@pytest.mark.rule("B145")
def test_it_knows_closures_marks_and_persons() -> None:
    here = centre()
    here.closures["x"] = Closure("x", "shower", "M1", TEN, TEN + 60)
    assert here.places("shower", TEN + 30, TEN + 60, zone="male", now=500) == ["M2"]
    here.give(stay("a", unit="M2"), now=500)
    assert here.is_elsewhere("a", TEN + 29, TEN + 90)
    assert not here.is_elsewhere("a", TEN + 30, TEN + 90)
    with pytest.raises(Wrong, match="before its time"):
        here.no_show("a", now=TEN + 14)
    here.marks += [Mark("z", str(n), TEN - n, 2) for n in range(3)]
    assert here.is_refused_for_marks("z", "shower", TEN + 61, TEN)
    assert not here.is_refused_for_marks("z", "shower", TEN + 60, TEN)
    assert here.restricted_until("z", TEN + 7 * 1440) is None


@pytest.mark.rule("B145")
def test_a_state_is_explained_by_its_events_or_not() -> None:
    booked = [(None, "confirmed", None)]
    assert explained([*booked, ("confirmed", "checked_in", None), ("checked_in", "completed", None)], "completed")
    assert explained([*booked, ("confirmed", "confirmed", "late:40"), ("confirmed", "no_show", None)], "no_show")
    assert explained([*booked, ("confirmed", "checked_in", None), ("checked_in", "confirmed", "undo")], "confirmed")
    assert not explained(booked, "cancelled")
    assert not explained([*booked, ("confirmed", "confirmed", None)], "confirmed")
    assert not explained([*booked, ("confirmed", "cancelled", None), ("cancelled", "confirmed", "undo")], "confirmed")
    assert not explained([*booked, ("checked_in", "completed", None)], "completed")
