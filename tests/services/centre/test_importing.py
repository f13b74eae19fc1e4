"""Importing centres: the sample district, twice; bad rows; changes."""

import copy
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.file_rows import Unreadable
from domain.hours_file import HourRule, read_hours
from domain.hours_text import hours_text
from models.centre import OpeningRule, RosterRule, Service, Unit
from services.centre.catalogue import service_by_code
from services.centre.centres import availability, get_service, list_centres
from services.centre.importing import import_centres
from tests.factories_booking import create_booking

SAMPLE = Path(__file__).resolve().parents[3] / "server" / "demo" / "sample_chains_centres.json"
WEDNESDAY = date(2026, 11, 25)


@pytest.fixture
def sample() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SAMPLE.read_text("utf-8"))
    return found


def centre(**changes: Any) -> dict[str, Any]:
    service = {
        "code": "wash", "name": "洗衣", "kind": "unit", "slot_minutes": 30, "units": [{"no": "W1", "zone": "any"}]
    }  # fmt: skip
    return {
        "code": "C1",
        "name": "一号中心",
        "place": "路",
        "hours": {"default": "09:00-21:00"},
        "services": [service],
        **changes,
    }


@pytest.mark.rule("B37")
def test_the_sample_goes_in_and_again_changes_nothing(session: Session, sample: dict[str, Any], now: datetime) -> None:
    report = import_centres(session, sample, now=now)
    assert report.refused == []
    assert report.summary() == "19 added, 0 changed, 0 unchanged, 0 refused"
    before = {c.facts.code: id(c.facts) for c in list_centres(session, now=now)}
    again = import_centres(session, sample, now=now)
    assert not again.changed_anything
    assert {c.facts.code: id(c.facts) for c in list_centres(session, now=now)} == before  # no revision moved


@pytest.mark.rule("B37", "B18", "B17")
def test_hours_of_the_sample_are_read_as_they_are(session: Session, sample: dict[str, Any], now: datetime) -> None:
    import_centres(session, sample, now=now)
    said = {
        code: hours_text(service_by_code(session, code).opening, WEDNESDAY)
        for code in (
            "DRIVER_HOME.shower",
            "DRIVER_HOME.meal",
            "DRIVER_HOME.legal",
            "DRIVER_HOME.rest_night",
            "QF_CENTRE.room",
        )
    }
    assert said == {
        "DRIVER_HOME.shower": "全天开放",
        "DRIVER_HOME.meal": "每天 06:30–09:00、11:00–13:30、17:00–20:00",
        "DRIVER_HOME.legal": "周三 14:00–17:00",
        "DRIVER_HOME.rest_night": "每天 20:00–次日09:00",
        "QF_CENTRE.room": "每天 08:30–20:30",
    }


@pytest.mark.rule("B10", "B12", "B11")
def test_free_places_of_the_sample(session: Session, sample: dict[str, Any], now: datetime) -> None:
    import_centres(session, sample, now=now)
    day = availability(session, "driver_home.SHOWER", date(2026, 11, 26), now=now)
    assert (day.slots[0].free, day.slots[0].capacity, day.slots[0].zones) == (4, 5, {"male": 3, "female": 1})
    bays = availability(session, "DRIVER_HOME.bay", date(2026, 11, 26), now=now)
    assert (bays.minutes, bays.slots[0].free, bays.slots[0].capacity, len(bays.slots)) == (240, 20, 40, 48)
    lawyer = availability(session, "DRIVER_HOME.legal", WEDNESDAY, now=now)
    assert [slot.free for slot in lawyer.slots] == [1] * 6
    assert availability(session, "DRIVER_HOME.legal", date(2026, 11, 26), now=now).slots == ()


@pytest.mark.rule("B38", "B41")
def test_units_with_seats_are_rooms(session: Session, sample: dict[str, Any], now: datetime) -> None:
    import_centres(session, sample, now=now)
    room = get_service(session, "DRIVER_HOME.room", now=now).facts
    assert (room.kind, room.who_may_book) == ("room", ("branch_secretary", "enterprise_contact", "chain_office"))
    assert {unit.no: unit.seats for unit in room.units} == {"多功能厅": 60, "会议室A": 16}
    assert get_service(session, "DRIVER_HOME.bay", now=now).facts.kind == "unit"


@pytest.mark.rule("B37")
def test_a_bad_row_is_said_and_the_others_go_in(session: Session, now: datetime) -> None:
    good = centre()["services"][0]
    bad = [
        {**good, "code": "a b"}, {**good, "code": "k", "kind": "magic"}, {**good, "code": "s", "slot_minutes": 7},
        {**good, "code": "u", "units": []}, {**good, "code": "z", "units": [{"no": "1", "zone": "moon"}]},
        {**good, "code": "m", "max_minutes": 10}, {**good, "code": "w", "walkin_share": 2},
        {**good, "code": "r", "who": ["king"]},
        {**good, "code": "p", "kind": "pool"}, {**good, "code": "n", "name": "x\u0000"}, "nonsense",
    ]  # fmt: skip
    rows = [
        centre(services=[good, *bad]),
        {"code": "C2"},
        "nonsense",
        centre(code="C3", tz="Mars/Base"),
        centre(code="C4", hours={"default": "9-21"}),
        centre(code="C5", hours={"default": "09:00-21:00", "sauna": "10:00-11:00"}),
    ]
    report = import_centres(session, {"centres": rows}, now=now)
    assert [row.where for row in report.rows if row.outcome == "added"] == ["C1", "C1.wash", "C5", "C5.wash"]
    assert [row.where for row in report.refused] == [
        *(f"C1.services[{n}]" for n in range(2, 13)), "centres[2]", "centres[3]", "centres[4]", "centres[5]",
        "C5.sauna",
    ]  # fmt: skip
    assert all(row.reason for row in report.refused)
    assert import_centres(session, {"centers": []}, now=now).refused[0].reason == "no list of centres"


@pytest.mark.rule("B37", "B39")
def test_a_changed_file_changes_what_differs(session: Session, now: datetime) -> None:
    first = centre()
    import_centres(session, {"centres": [first]}, now=now)
    assert service_by_code(session, "C1.wash").name == "洗衣"
    changed = copy.deepcopy(first)
    changed["hours"] = {"default": "10:00-12:00"}
    changed["services"][0] |= {"name": "洗衣烘干", "units": [{"no": "W1", "zone": "any"}, {"no": "W2"}]}
    report = import_centres(session, {"centres": [changed]}, now=now)
    assert [(row.where, row.outcome) for row in report.rows] == [("C1", "changed"), ("C1.wash", "changed")]
    service = service_by_code(session, "C1.WASH")
    assert (service.name, [unit.no for unit in service.units]) == ("洗衣烘干", ["W1", "W2"])
    assert len(availability(session, "C1.wash", date(2026, 11, 26), now=now).slots) == 4
    assert session.scalar(select(func.count()).select_from(OpeningRule)) == 1


@pytest.mark.rule("B42")
def test_a_service_with_bookings_keeps_its_kind_and_a_broken_unit_stays_broken(session: Session, now: datetime) -> None:
    import_centres(session, {"centres": [centre()]}, now=now)
    service = session.scalars(select(Service)).one()
    create_booking(session, service, datetime.fromisoformat("2026-11-26T10:00:00+08:00"), now=now)
    session.scalars(select(Unit)).one().state = "broken"
    changed = centre()
    changed["services"][0] |= {"kind": "pool", "capacity": 3}
    report = import_centres(session, {"centres": [changed]}, now=now)
    assert [row.reason for row in report.refused] == ["a service with bookings stays unit"]
    import_centres(session, {"centres": [centre(hours={"default": "09:10-21:00"})]}, now=now)
    assert session.scalars(select(Unit.state)).one() == "broken"
    assert service_by_code(session, "C1.wash").cell_minutes == 30


@pytest.mark.parametrize(
    "text", ["", "9-21", "09:00", "25:00-26:00", "09:60-10:00", None, 7, {"day": "09:00-10:00"}, ["x"]]
)
def test_hours_that_cannot_be_read(text: Any) -> None:
    with pytest.raises(Unreadable):
        read_hours(text)


def test_hours_that_can() -> None:
    assert read_hours("00:00-24:00") == {HourRule(None, 0, 1440)}
    assert read_hours(["06:30-09:00", "20:00 – 02:00"]) == {HourRule(None, 390, 540), HourRule(None, 1200, 120)}
    assert read_hours({"wed": "14:00-17:00", "sun": ["08:00-09:00"]}) == {HourRule(2, 840, 1020), HourRule(6, 480, 540)}


def desk(**changes: Any) -> dict[str, Any]:
    return {
        "code": "legal", "name": "法律咨询", "kind": "desk", "slot_minutes": 30,
        "units": [{"no": "1号窗"}, {"no": "2号窗"}],
        "roster": [{"unit": "1号窗", "who": "李律师", "hours": {"wed": "14:00-17:00"}}],
        **changes,
    }  # fmt: skip


def on_duty(session: Session) -> set[tuple[str, int | None, date, date | None]]:
    return {(row.who, row.weekday, row.from_on, row.to_on) for row in session.scalars(select(RosterRule))}


@pytest.mark.rule("B103", "B37")
def test_a_roster_comes_with_its_centre_and_what_staff_wrote_stays(session: Session, now: datetime) -> None:
    file = {"centres": [centre(services=[desk()])]}
    assert import_centres(session, file, now=now).refused == []
    unit = session.scalars(select(Unit).where(Unit.no == "2号窗")).one()
    service = session.scalars(select(Service)).one()
    session.add(
        RosterRule(
            centre_id=service.centre_id, service_id=service.id, unit_id=unit.id, who="王律师", weekday=None,
            opens_minutes=540, closes_minutes=600, from_on=WEDNESDAY, to_on=None, created_at=now,
        )
    )  # fmt: skip
    session.flush()
    assert not import_centres(session, file, now=now).changed_anything
    wednesdays = availability(session, "C1.legal", date(2026, 12, 2), now=now)
    assert sum(slot.free for slot in wednesdays.slots) == 8
    changed = {"centres": [centre(services=[desk(roster=[
        {"unit": "1号窗", "who": "李律师", "hours": {"mon-tue": "14:00-17:00"}, "to": "2027-01-01"},
        {"unit": "2号窗", "who": "周律师", "hours": "09:00-10:00", "date": "2026-12-24"},
    ])])]}  # fmt: skip
    assert import_centres(session, changed, now=now).count("changed") == 1
    assert on_duty(session) == {
        ("李律师", 0, date(2000, 1, 1), date(2027, 1, 1)), ("李律师", 1, date(2000, 1, 1), date(2027, 1, 1)),
        ("周律师", None, date(2026, 12, 24), date(2026, 12, 25)), ("王律师", None, WEDNESDAY, None),
    }  # fmt: skip
    assert not import_centres(session, changed, now=now).changed_anything


@pytest.mark.rule("B103", "B102")
@pytest.mark.parametrize(
    "duty",
    [
        "nonsense", {"unit": "9号窗", "who": "某", "hours": "09:00-10:00"}, {"unit": "1号窗", "hours": "09:00-10:00"},
        {"who": "某", "hours": "09:00-10:00"}, {"unit": "1号窗", "who": "某"},
        {"unit": "1号窗", "who": "某", "hours": {"holiday": "09:00-10:00"}},
        {"unit": "1号窗", "who": "某", "hours": "09:00-10:00", "from": "2027-01-01", "to": "2027-01-01"},
    ],
)  # fmt: skip
def test_a_roster_that_cannot_be_read_refuses_its_service(session: Session, now: datetime, duty: Any) -> None:
    report = import_centres(session, {"centres": [centre(services=[desk(roster=[duty])])]}, now=now)
    assert [row.where for row in report.refused] == ["C1.services[1]"]
    assert on_duty(session) == set()


@pytest.mark.rule("B104", "B105", "B106", "B37")
def test_timetables_to_come_and_kinds_of_day(session: Session, now: datetime) -> None:
    hours = [
        {"workday": "09:00-21:00", "restday": "10:00-12:00", "holiday": None},
        {"from": "2026-12-01", "default": "08:00-10:00"},
    ]
    file = {"centres": [centre(hours={"default": hours})]}
    import_centres(session, file, now=now)
    assert not import_centres(session, file, now=now).changed_anything
    starts = {
        day: len(availability(session, "C1.wash", date.fromisoformat(day), now=now).slots)
        for day in ("2026-11-26", "2026-11-28", "2026-12-01", "2026-10-01", "2026-10-10")
    }
    assert starts == {"2026-11-26": 24, "2026-11-28": 4, "2026-12-01": 4, "2026-10-01": 0, "2026-10-10": 24}
    assert (
        import_centres(session, {"centres": [centre(hours={"default": hours[0]})]}, now=now).changed_anything is False
    )
    assert len(availability(session, "C1.wash", date(2026, 12, 1), now=now).slots) == 4  # the one to come stays


@pytest.mark.rule("B41", "B102")
def test_party_overnight_and_other_keys(session: Session, now: datetime) -> None:
    service = centre()["services"][0]
    rows = [
        {**service, "max_party": 4, "crosses_midnight": True},
        {**service, "code": "b", "overnight": "否", "crosses_midnight": True, "who": "司机;职工",
         "walkin_share": "0.5"},
        {**service, "code": "c", "max_party": 0}, {**service, "code": "d", "overnight": "maybe"},
        {**service, "code": "e", "who": [{}]}, {**service, "code": "f", "units": "W1"},
        {**service, "code": "g", "units": [{"no": "1", "zone": []}]},
    ]  # fmt: skip
    report = import_centres(session, {"centres": [centre(services=rows)]}, now=now)
    assert [row.where for row in report.refused] == [f"C1.services[{n}]" for n in (3, 4, 5, 6, 7)]
    first, second = service_by_code(session, "C1.wash"), service_by_code(session, "C1.b")
    assert (first.max_party, first.is_overnight, second.is_overnight) == (4, True, False)
    assert (second.who_may_book, second.walkin_permille) == (("driver", "employee"), 500)


@pytest.mark.rule("B102", "B37")
def test_what_a_file_says_twice_counts_once(session: Session, now: datetime) -> None:
    wash = centre()["services"][0]
    twice = {**wash, "code": "dry", "units": [{"no": "D1"}, {"no": "D1"}]}
    rows = [centre(services=[wash, {**wash, "code": "WASH", "name": "二"}, twice]), centre(code="c1", name="二号")]
    report = import_centres(session, {"centres": rows}, now=now)
    assert [row.where for row in report.refused] == ["C1.services[2]", "C1.services[3]", "centres[2]"]
    assert all(row.reason.endswith("stands in the file twice") for row in report.refused)
    assert not import_centres(session, {"centres": rows}, now=now).changed_anything


@pytest.mark.rule("B37")
def test_a_file_of_one_centre_leaves_the_order_of_the_others(session: Session, now: datetime) -> None:
    import_centres(session, {"centres": [centre(), centre(code="C2")]}, now=now)
    assert not import_centres(session, {"centres": [centre(code="C2")]}, now=now).changed_anything
    import_centres(session, {"centres": [centre(code="C3")]}, now=now)
    assert [found.facts.code for found in list_centres(session, now=now)] == ["C1", "C2", "C3"]
