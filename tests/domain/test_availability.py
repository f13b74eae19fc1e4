"""Free places: cleaning, zones, walk-in share, past, window, pools. No database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.availability import (
    Busy,
    Timeline,
    cells,
    day_slots,
    free_right_now,
    free_seats,
    free_units,
    nearest_free,
    units_for,
)
from domain.opening import Opening, OpeningRule
from domain.service_types import (
    SERVICE_KINDS,
    ServiceFacts,
    UnitFacts,
    counting_cell,
    default_longest,
    default_step,
    zones_of,
)

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
MALE = tuple(UnitFacts(n, f"S{n}", "male") for n in range(1, 5))
SHOWERS = (*MALE, UnitFacts(5, "S5", "female"), UnitFacts(6, "S6", "family"))
NOTHING = Timeline()


def service(*units: UnitFacts, **changes: Any) -> ServiceFacts:
    kind = "pool" if "capacity" in changes else "unit"
    opening = Opening(ZoneInfo("Asia/Shanghai"), (OpeningRule(None, 0, 1440),))
    values = {"slot_minutes": 30, "cleaning_minutes": 0 if kind == "pool" else 10, "opening": opening, **changes}
    return ServiceFacts(id=1, code="C.s", name="s", kind=kind, units=units, **values)


def numbers(units: list[UnitFacts] | tuple[UnitFacts, ...]) -> list[str]:
    return [unit.no for unit in units]


@pytest.mark.rule("B1")
@pytest.mark.parametrize(
    ("start", "free"),
    [(-40, True), (-39, False), (-30, False), (0, False), (30, False), (39, False), (40, True)],
)
def test_a_unit_is_taken_until_it_is_clean(start: int, free: bool) -> None:
    one = service(UnitFacts(1, "S1"))
    taken = Timeline.of([Busy(1, TOMORROW, TOMORROW + timedelta(minutes=40))])
    found = free_units(one, taken, TOMORROW + timedelta(minutes=start), 30, zone=None, now=NOW)
    assert bool(found) is free


@pytest.mark.rule("B9", "B11")
def test_zones_are_hard_any_serves_all_and_family_none() -> None:
    mixed = service(*SHOWERS, UnitFacts(7, "S7", "any"), UnitFacts(8, "S8"))
    assert numbers(free_units(mixed, NOTHING, TOMORROW, 30, zone="female", now=NOW)) == ["S5", "S7", "S8"]
    assert numbers(free_units(mixed, NOTHING, TOMORROW, 30, zone="male", now=NOW))[:4] == ["S1", "S2", "S3", "S4"]
    assert "S6" not in numbers(free_units(mixed, NOTHING, TOMORROW, 30, zone=None, now=NOW))


@pytest.mark.rule("B10")
def test_without_a_zone_the_sum_is_shown_and_each_zone() -> None:
    slot = day_slots(service(*SHOWERS), NOTHING, date(2026, 11, 26), 30, zone=None, now=NOW)[0]
    assert (slot.free, slot.capacity, slot.zones) == (5, 5, {"male": 4, "female": 1})
    shared = service(*SHOWERS, UnitFacts(7, "S7", "any"))
    slot = day_slots(shared, NOTHING, date(2026, 11, 26), 30, zone=None, now=NOW)[0]
    assert (slot.free, slot.zones) == (6, {"male": 5, "female": 2})
    slot = day_slots(service(*SHOWERS), NOTHING, date(2026, 11, 26), 30, zone="male", now=NOW)[0]
    assert (slot.free, slot.capacity, slot.zones) == (4, 4, None)


@pytest.mark.rule("B10")
def test_which_services_have_zones() -> None:
    assert zones_of(service(UnitFacts(1, "A", "any"), UnitFacts(2, "B"))) == ()
    assert zones_of(service(*MALE)) == ("male",)
    assert zones_of(service(*SHOWERS)) == ("male", "female")
    assert zones_of(service(UnitFacts(1, "A", "female"), UnitFacts(2, "B", "any"))) == ("male", "female")
    assert zones_of(service(capacity=3)) == ()


@pytest.mark.rule("B12")
def test_the_last_units_of_each_zone_are_for_walk_ins_until_half_an_hour_before() -> None:
    walkin = service(*SHOWERS, UnitFacts(9, "S10", "male"), walkin_permille=340)
    early, late = NOW + timedelta(minutes=31), NOW + timedelta(minutes=30)
    assert numbers(free_units(walkin, NOTHING, early, 30, zone="male", now=NOW)) == ["S1", "S2", "S3", "S4"]
    assert numbers(free_units(walkin, NOTHING, late, 30, zone="male", now=NOW)) == ["S1", "S2", "S3", "S4", "S10"]
    assert numbers(free_units(walkin, NOTHING, early, 30, zone="female", now=NOW)) == ["S5"]
    bays = service(*(UnitFacts(n, f"B{n:02d}", "any") for n in range(1, 41)), walkin_permille=500)
    assert numbers(units_for(bays, None, with_walkin=False)) == [f"B{n:02d}" for n in range(1, 21)]


@pytest.mark.rule("B12")
def test_a_broken_unit_is_neither_given_nor_counted_in_the_share() -> None:
    broken = service(UnitFacts(1, "S1", "male", state="broken"), *MALE[1:], walkin_permille=340)
    assert numbers(units_for(broken, "male", with_walkin=False)) == ["S2", "S3"]


@pytest.mark.rule("B41")
def test_accessible_units_are_given_last_and_small_rooms_first() -> None:
    units = (UnitFacts(1, "A", None, True), UnitFacts(2, "B"), UnitFacts(3, "C", None, False, "ok", 60))
    assert numbers(units_for(service(*units), None, with_walkin=True)) == ["B", "C", "A"]


@pytest.mark.rule("B19")
def test_the_past_and_what_lies_beyond_the_window_have_nothing_free() -> None:
    one = service(UnitFacts(1, "S1"), window_days=14)
    slots = {slot.start: slot.free for slot in day_slots(one, NOTHING, date(2026, 11, 25), 30, zone=None, now=NOW)}
    assert len(slots) == 48
    assert (slots[NOW - timedelta(minutes=30)], slots[NOW]) == (0, 1)
    assert any(slot.free for slot in day_slots(one, NOTHING, date(2026, 12, 9), 30, zone=None, now=NOW))
    assert not any(slot.free for slot in day_slots(one, NOTHING, date(2026, 12, 10), 30, zone=None, now=NOW))
    closed = service(UnitFacts(1, "S1"), is_bookable=False)
    assert not any(slot.free for slot in day_slots(closed, NOTHING, date(2026, 11, 26), 30, zone=None, now=NOW))


@pytest.mark.rule("B4")
def test_a_pool_has_as_many_seats_as_its_fullest_moment_leaves() -> None:
    pool = service(capacity=10)
    rows = [Busy(None, TOMORROW + timedelta(minutes=30 * n), TOMORROW, taken) for n, taken in enumerate((2, 7, 1))]
    busy = Timeline.of(rows)
    assert free_seats(pool, busy, TOMORROW, 30, now=NOW) == 8
    assert free_seats(pool, busy, TOMORROW, 90, now=NOW) == 3
    assert free_seats(pool, busy, TOMORROW + timedelta(minutes=60), 60, now=NOW) == 9
    assert free_seats(service(capacity=10, walkin_permille=500), busy, TOMORROW, 90, now=NOW) == 0


@pytest.mark.rule("B4")
def test_a_stay_counts_in_every_cell_it_touches() -> None:
    assert len(cells(TOMORROW, TOMORROW + timedelta(minutes=60), 30)) == 2
    assert cells(TOMORROW + timedelta(minutes=10), TOMORROW + timedelta(minutes=40), 30) == [
        TOMORROW,
        TOMORROW + timedelta(minutes=30),
    ]
    assert counting_cell(30, [390, 660]) == 30
    assert counting_cell(30, [400]) == 10
    assert counting_cell(20, [540]) == 10


@pytest.mark.rule("B20")
def test_the_nearest_free_starts_before_and_after() -> None:
    one = service(UnitFacts(1, "S1"))
    busy = Timeline.of([Busy(1, TOMORROW, TOMORROW + timedelta(minutes=40))])
    slots = day_slots(one, busy, date(2026, 11, 26), 30, zone=None, now=NOW)
    near = [int((slot.start - TOMORROW).total_seconds() // 60) for slot in nearest_free(slots, TOMORROW)]
    assert near == [-90, -60, 60, 90, 120]
    assert nearest_free(slots, TOMORROW, party_size=2) == []


@pytest.mark.rule("B34")
def test_free_now_counts_what_nobody_occupies() -> None:
    busy = Timeline.of(
        [Busy(1, NOW - timedelta(hours=1), NOW + timedelta(minutes=1)), Busy(2, NOW - timedelta(hours=1), NOW)]
    )
    assert free_right_now(service(*SHOWERS, walkin_permille=340), busy, now=NOW) == 4
    seats = Timeline.of([Busy(None, NOW - timedelta(minutes=30), NOW, 9), Busy(None, NOW, NOW, 2)])
    assert free_right_now(service(capacity=10), seats, now=NOW + timedelta(minutes=5)) == 8


@pytest.mark.rule("B13")
def test_defaults_of_step_and_length() -> None:
    assert [default_step(slot) for slot in (20, 30, 480)] == [20, 30, 30]
    assert [default_longest("unit", slot) for slot in (30, 480, 960)] == [60, 720, 960]
    assert default_longest("desk", 30) == 30
    assert set(SERVICE_KINDS) == {"unit", "pool", "desk", "room"}
    assert SERVICE_KINDS["room"].first_state == "requested"
