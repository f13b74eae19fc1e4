"""The rules of a booking, one by one."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.booking import (
    MOVES,
    STATES,
    OwnBooking,
    check_arrival,
    check_length,
    check_limits,
    check_move,
    check_party,
    check_start,
    check_who,
    choose_zone,
    hold_until,
    is_late_cancel,
    listed_zone,
    pick_unit,
)
from domain.codes import ALPHABET, code_key, new_code, read_code
from domain.errors import Conflict, Invalid, NotAllowed, Refusal
from domain.geo import Place, metres_between
from domain.opening import Opening, OpeningRule
from domain.permissions import Actor, GrantFacts
from domain.plates import mask_plate, plate_tail, read_plate
from domain.service_types import ServiceFacts, UnitFacts

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
MIXED = (UnitFacts(1, "S1", "male"), UnitFacts(2, "S2", "female"))


def service(**changes: Any) -> ServiceFacts:
    opening = Opening(SHANGHAI, (OpeningRule(None, 540, 1260),))
    values = {"slot_minutes": 30, "min_minutes": 30, "max_minutes": 120, "opening": opening, "units": MIXED, **changes}
    return ServiceFacts(id=7, code="C.s", name="s", kind="pool" if "capacity" in changes else "unit", **values)


def refusal(code: str) -> Any:
    return pytest.raises(Refusal, match=f"^{code}$")


@pytest.mark.rule("B10", "B9")
def test_zone_wished_else_saved_else_asked() -> None:
    assert choose_zone(service(), "female", "male") == "female"
    assert choose_zone(service(), None, "male") == "male"
    assert choose_zone(service(units=(UnitFacts(1, "W1", "any"),)), "female", None) is None
    with refusal("zone_required") as asked:
        choose_zone(service(), None, None)
    assert asked.value.details == {"zones": ["male", "female"]}
    with refusal("zone_not_served"):
        choose_zone(service(units=MIXED[:1]), None, "female")
    assert listed_zone(service(), None, None) is None
    with refusal("unknown_zone"):
        listed_zone(service(), "family", None)


@pytest.mark.rule("B6")
@pytest.mark.parametrize(("start", "clash"), [(-30, False), (-29, True), (0, True), (29, True), (30, False)])
def test_one_place_at_a_time(start: int, clash: bool) -> None:
    mine = OwnBooking("AAAA2222", 9, "confirmed", NOW, NOW + timedelta(minutes=30))
    begin = NOW + timedelta(minutes=start)
    if not clash:
        return check_limits(service(), [mine], begin, begin + timedelta(minutes=30), now=NOW)
    with refusal("overlap") as found:
        check_limits(service(), [mine], begin, begin + timedelta(minutes=30), now=NOW)
    assert found.value.details == {
        "code": "AAAA2222", "start": "2026-11-25T10:00:00+08:00", "end": "2026-11-25T10:30:00+08:00",
    }  # fmt: skip


@pytest.mark.rule("B7")
def test_not_too_many_ahead_of_one_service() -> None:
    def at(hour: int, service_id: int = 7, state: str = "confirmed") -> OwnBooking:
        begin = NOW + timedelta(hours=hour)
        return OwnBooking(f"CODE{hour}", service_id, state, begin, begin + timedelta(minutes=30))

    wish = (NOW + timedelta(hours=9), NOW + timedelta(hours=10))
    others = [at(1), at(2, service_id=8), at(-1), at(3, state="cancelled")]
    check_limits(service(max_future_per_person=2), others, *wish, now=NOW)
    check_limits(service(), [at(n) for n in range(1, 8)], *wish, now=NOW)
    with refusal("too_many") as found:
        check_limits(service(max_future_per_person=2), [*others, at(5)], *wish, now=NOW)
    assert found.value.details == {"max": 2, "codes": ["CODE1", "CODE5"]}


@pytest.mark.rule("B19", "B31", "B15")
@pytest.mark.parametrize(
    ("start", "minutes", "code"),
    [
        ("2026-11-25T10:00", 30, None),
        ("2026-11-25T09:59", 30, "start_in_past"),
        ("2026-11-26T09:00", 120, None),
        ("2026-11-26T20:30", 30, None),
        ("2026-11-26T20:30", 60, "closed_then"),
        ("2026-11-26T03:00", 30, "closed_then"),
        ("2026-11-26T10:10", 30, "off_grid"),
        ("2026-12-09T20:30", 30, None),
        ("2026-12-10T09:00", 30, "beyond_window"),
    ],
)
def test_starts_that_can_be_and_that_cannot(start: str, minutes: int, code: str | None) -> None:
    begin = datetime.fromisoformat(start).replace(tzinfo=SHANGHAI)
    if code is None:
        return check_start(service(), begin, minutes, now=NOW)
    with refusal(code):
        check_start(service(), begin, minutes, now=NOW)


@pytest.mark.rule("B31")
def test_off_the_grid_names_the_starts_around() -> None:
    with refusal("off_grid") as found:
        check_start(service(), datetime(2026, 11, 26, 10, 10, tzinfo=SHANGHAI), 30, now=NOW)
    assert found.value.details["near"] == ["2026-11-26T10:00:00+08:00", "2026-11-26T10:30:00+08:00"]


@pytest.mark.rule("B31")
@pytest.mark.parametrize(
    ("minutes", "fine"),
    [(30, True), (60, True), (120, True), (0, False), (-30, False), (45, False), (150, False), (31, False)],
)
def test_how_long_one_may_stay(minutes: int, fine: bool) -> None:
    if fine:
        return check_length(service(), minutes)
    with refusal("minutes_out_of_range"):
        check_length(service(), minutes)


@pytest.mark.rule("B41")
def test_parties_fit_seats() -> None:
    room = service(units=(UnitFacts(1, "A", seats=16), UnitFacts(2, "B", seats=60)))
    check_party(room, 60)
    check_party(service(capacity=5), 5)
    for wrong, size in ((room, 61), (service(capacity=5), 6), (service(), 2), (service(), 0)):
        with refusal("party_size"):
            check_party(wrong, size)
    assert pick_unit(room.units, 16) == room.units[0]
    assert pick_unit(room.units, 17) == room.units[1]
    assert pick_unit(room.units, 61) is None


@pytest.mark.rule("B22")
def test_who_may_book() -> None:
    for_secretaries = service(who_may_book=("branch_secretary", "chain_office"))
    secretary = Actor(1, (GrantFacts("branch_secretary", "branch", 1, NOW.date()),))
    check_who(for_secretaries, secretary)
    check_who(service(), Actor(2))
    with pytest.raises(NotAllowed, match="who_may_book") as found:
        check_who(for_secretaries, Actor(2))
    assert found.value.details == {"roles": ["支部书记", "链党委办公室"]}
    with pytest.raises(Conflict, match="walk_in_only"):
        check_who(service(is_bookable=False), secretary)


@pytest.mark.rule("B21")
@pytest.mark.parametrize(("minutes", "late"), [(11, False), (10, False), (9, True), (0, True), (-5, True)])
def test_late_cancel_is_the_last_ten_minutes(minutes: int, late: bool) -> None:
    assert is_late_cancel("confirmed", NOW + timedelta(minutes=minutes), NOW) is late
    assert not is_late_cancel("requested", NOW, NOW)


@pytest.mark.rule("B27")
def test_states_go_the_ways_of_the_table_and_no_other() -> None:
    for before in STATES:
        for after in STATES:
            if before == after:
                assert not check_move(before, after)
            elif after in MOVES.get(before, ()):
                assert check_move(before, after)
            else:
                with refusal("booking_state"):
                    check_move(before, after)
    ends = {"completed", "cancelled", "no_show", "moved", "displaced", "refused", "lapsed"}
    assert {state for state in STATES if state not in MOVES} == ends


@pytest.mark.rule("B23")
def test_a_request_holds_until_its_deadline_never_past_the_start() -> None:
    assert hold_until(service(hold_minutes=60), NOW + timedelta(hours=5), NOW) == NOW + timedelta(hours=1)
    assert hold_until(service(hold_minutes=600), NOW + timedelta(hours=5), NOW) == NOW + timedelta(hours=5)


@pytest.mark.rule("B26")
@pytest.mark.parametrize(("minutes", "code"), [(-31, "too_early"), (-30, None), (29, None), (30, "stay_over")])
def test_when_the_desk_lets_in(minutes: int, code: str | None) -> None:
    at, end = NOW + timedelta(minutes=minutes), NOW + timedelta(minutes=30)
    if code is None:
        return check_arrival(NOW, end, SHANGHAI, now=at)
    with refusal(code):
        check_arrival(NOW, end, SHANGHAI, now=at)


@pytest.mark.rule("B29")
def test_plates_have_one_written_form_and_one_masked() -> None:
    assert {read_plate(text) for text in ("粤B12345", "粤b·12345", " 粤B-123 45")} == {"粤B12345"}
    assert read_plate("粤BD12345") == "粤BD12345"
    assert read_plate("粤Z1234港") == "粤Z1234港"
    assert (mask_plate("粤B12345"), plate_tail("粤B12345")) == ("粤B·**45", "2345")
    for wrong in ("", "12345", "粤B", "粤B123456789", "BB12345", "粤B123;5"):
        with pytest.raises(Invalid, match="not_a_plate"):
            read_plate(wrong)


def test_codes_are_unambiguous_and_read_as_typed() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == 8 and set(code) <= set(ALPHABET) for code in codes)
    assert not set("01IO") & set(ALPHABET)
    assert read_code(" k7m2qx4p ") == "K7M2QX4P"
    assert [read_code(text) for text in ("", "K7M2QX4", "K7M2QX40", "K7M2QX4P.ics", "\x00")] == [None] * 5
    assert code_key(" DRIVER_HOME.shower") == "driver_home.shower"
    assert [code_key(text) for text in ("", "a b", "x" * 81, "a/b", "'", "\x00")] == [None] * 6


@pytest.mark.rule("B35")
def test_distance() -> None:
    assert metres_between(Place(22.55, 114.23), Place(22.55, 114.23)) == 0
    assert 111_000 < metres_between(Place(22.0, 114.0), Place(23.0, 114.0)) < 111_400
