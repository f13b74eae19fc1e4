"""New hours and rosters: who is outside them is listed first, told, and never put elsewhere unasked."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.errors import Refusal
from domain.permissions import Actor
from models.calendar import CalendarDay
from models.centre import Booking, BookingEvent, Centre, OpeningRule, RosterRule, Service
from models.centre import OpeningException as ExceptionRow
from models.notification import Notification
from models.platform import AuditEntry
from services.booking.views import booking_by_code
from services.centre.displacing import Proposal
from services.centre.occupancy import check_occupancy
from services.centre.opening_changes import NewException, NewHours, change_days, change_hours, drop_days
from services.centre.opening_rows import opening_of
from services.centre.rosters import Duty, RosterView, add_duty, end_duty, list_rosters
from tests.factories_booking import CIPHER, add_hours, create_booking, create_centre, create_service, staff_of

HOUR = timedelta(hours=1)
TODAY = date(2026, 11, 25)
NEXT_WEEK = date(2026, 12, 2)


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, hours=((None, 540, 1260),), now=now)


@pytest.fixture
def staff(session: Session, centre: Centre, now: datetime) -> Actor:
    return staff_of(session, centre, now=now)


@pytest.fixture
def service(session: Session, centre: Centre, now: datetime) -> Service:
    return create_service(session, centre, units=(("U1", None),), now=now)


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=f"^{code}$")


def at(day: date, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}:00+08:00")


def state(session: Session, booking: Booking) -> tuple[str, str | None]:
    view = booking_by_code(session, booking.code)
    return view.state, view.unit_no


def codes(proposal: Proposal) -> list[str]:
    return [move.booking.code for move in proposal.moves]


def set_hours(session: Session, command: NewHours, now: datetime) -> Proposal:
    seen = change_hours(session, command, apply=False, cipher=CIPHER, now=now).seen
    return change_hours(session, command, apply=True, seen=seen, cipher=CIPHER, now=now)


def set_days(session: Session, command: NewException, now: datetime) -> Proposal:
    seen = change_days(session, command, apply=False, cipher=CIPHER, now=now).seen
    return change_days(session, command, apply=True, seen=seen, cipher=CIPHER, now=now)


@pytest.mark.rule("B133")
def test_who_is_outside_the_new_hours_is_listed_before_and_told_when_they_begin(
    session: Session, centre: Centre, service: Service, staff: Actor, now: datetime
) -> None:
    evening = create_booking(session, service, at(NEXT_WEEK, "18:30"), now=now)
    before = create_booking(session, service, at(date(2026, 12, 1), "18:30"), now=now)
    morning = create_booking(session, service, at(NEXT_WEEK, "09:30"), now=now)
    command = NewHours(staff, centre.code, NEXT_WEEK, {"default": "09:00-18:00"})
    proposal = change_hours(session, command, apply=False, cipher=CIPHER, now=now)
    assert codes(proposal) == [evening.code]
    (move,) = proposal.moves
    assert move.unit is None
    assert move.nearest is not None
    assert move.nearest.start == at(NEXT_WEEK, "17:30")
    assert session.scalar(select(func.count()).select_from(OpeningRule)) == 1, "a proposal changes nothing"
    change_hours(session, command, apply=True, seen=proposal.seen, cipher=CIPHER, now=now)
    assert [state(session, b)[0] for b in (evening, before, morning)] == ["displaced", "confirmed", "confirmed"]
    said = session.scalars(select(Notification.data).where(Notification.template == "booking_cancelled")).one()
    assert "12月2日 17:30" in said["reason"]
    assert session.scalars(select(BookingEvent.reason).where(BookingEvent.to_state == "displaced")).one() == "hours"
    assert session.scalars(select(AuditEntry.action)).all() == ["hours.changed"]
    with refused("closed_then"):
        create_booking(session, service, at(NEXT_WEEK, "18:00"), now=now)
    create_booking(session, service, at(date(2026, 12, 1), "19:30"), now=now)
    assert check_occupancy(session) == []


@pytest.mark.rule("B133", "B127")
def test_new_hours_are_applied_as_seen_only(
    session: Session, centre: Centre, service: Service, staff: Actor, now: datetime
) -> None:
    command = NewHours(staff, centre.code, NEXT_WEEK, "09:00-18:00")
    seen = change_hours(session, command, apply=False, cipher=CIPHER, now=now).seen
    create_booking(session, service, at(NEXT_WEEK, "19:00"), now=now)
    with refused("proposal_changed"):
        change_hours(session, command, apply=True, seen=seen, cipher=CIPHER, now=now)
    other = NewHours(staff, centre.code, NEXT_WEEK, "09:00-17:00")
    seen = change_hours(session, command, apply=False, cipher=CIPHER, now=now).seen
    with refused("proposal_changed"):
        change_hours(session, other, apply=True, seen=seen, cipher=CIPHER, now=now)


@pytest.mark.rule("B134")
def test_a_timetable_of_one_service_and_of_kinds_of_day(
    session: Session, centre: Centre, service: Service, staff: Actor, now: datetime
) -> None:
    saturday = date(2026, 11, 28)
    other = create_service(session, centre, units=(("U1", None),), now=now)
    mine = create_booking(session, service, at(saturday, "10:00"), now=now)
    create_booking(session, other, at(saturday, "10:00"), now=now)
    hours = {"workday": "09:00-18:00", "restday": None}
    proposal = set_hours(session, NewHours(staff, centre.code, TODAY, hours, service.code), now)
    assert codes(proposal) == [mine.code]
    now_shown = opening_of(session, centre.code, actor=staff, now=now)
    assert [(t.service.code if t.service else None, t.effective_from, t.hours) for t in now_shown.timetables] == [
        (None, date(2000, 1, 1), {"default": ["09:00-21:00"]}),
        (service.code, TODAY, {"restday": None, "workday": ["09:00-18:00"]}),
    ]
    set_hours(session, NewHours(staff, centre.code, TODAY, "08:00-20:00", service.code), now)
    timetables = opening_of(session, centre.code, actor=staff, now=now).timetables
    assert [t.hours for t in timetables] == [{"default": ["09:00-21:00"]}, {"default": ["08:00-20:00"]}], "replaced"


@pytest.mark.rule("B134")
def test_a_day_that_staff_called_a_day_off_follows_the_hours_of_rest_days(
    session: Session, centre: Centre, service: Service, staff: Actor, now: datetime
) -> None:
    session.add(CalendarDay(day=NEXT_WEEK, kind="restday", name="停工", source="staff", created_at=now))
    session.flush()
    gone = create_booking(session, service, at(NEXT_WEEK, "10:00"), now=now)
    create_booking(session, service, at(date(2026, 12, 3), "10:00"), now=now)
    command = NewHours(staff, centre.code, TODAY, {"workday": "09:00-18:00", "restday": None})
    assert codes(change_hours(session, command, apply=False, cipher=CIPHER, now=now)) == [gone.code]


@pytest.mark.rule("B133")
def test_what_staff_allowed_outside_the_hours_before_stays_allowed(
    session: Session, centre: Centre, service: Service, staff: Actor, now: datetime
) -> None:
    create_booking(session, service, at(NEXT_WEEK, "20:00"), now=now)
    add_hours(session, centre, None, ((None, 540, 1080),), effective_from=TODAY)
    gone = create_booking(session, service, at(NEXT_WEEK, "17:00"), now=now)
    command = NewHours(staff, centre.code, NEXT_WEEK, "09:00-17:00")
    assert codes(change_hours(session, command, apply=False, cipher=CIPHER, now=now)) == [gone.code]


@pytest.mark.rule("B134")
def test_a_night_that_began_under_the_old_hours_stays(session: Session, now: datetime) -> None:
    centre = create_centre(session, hours=((None, 1200, 540),), now=now)
    staff = staff_of(session, centre, now=now)
    night = create_service(session, centre, units=(("B1", None),), max_minutes=600, now=now)
    kept = create_booking(session, night, at(date(2026, 12, 1), "23:00"), minutes=480, now=now)
    gone = create_booking(session, night, at(NEXT_WEEK, "23:00"), minutes=480, now=now)
    assert codes(set_hours(session, NewHours(staff, centre.code, NEXT_WEEK, "09:00-18:00"), now)) == [gone.code]
    assert state(session, kept)[0] == "confirmed"


@pytest.mark.rule("B134")
@pytest.mark.parametrize(
    ("first", "hours", "code"),
    [
        (date(2026, 11, 24), "09:00-18:00", "hours_in_past"),
        (date(1999, 1, 1), "09:00-18:00", "date_out_of_range"),
        (NEXT_WEEK, "nine to five", "hours_unreadable"),
        (NEXT_WEEK, {"someday": "09:00-18:00"}, "hours_unreadable"),
        (NEXT_WEEK, "25:00-26:00", "hours_unreadable"),
    ],
)
def test_hours_that_make_no_sense_are_refused(
    first: date, hours: Any, code: str, session: Session, centre: Centre, staff: Actor, now: datetime
) -> None:
    with refused(code):
        change_hours(session, NewHours(staff, centre.code, first, hours), apply=False, cipher=CIPHER, now=now)


@pytest.mark.rule("B135")
def test_single_days_go_before_the_timetable_and_can_be_taken_back(
    session: Session, centre: Centre, service: Service, staff: Actor, now: datetime
) -> None:
    first, second, third = (
        create_booking(session, service, at(date(2026, 12, d), "10:00"), now=now) for d in (1, 2, 3)
    )
    closed = NewException(staff, centre.code, date(2026, 12, 1), date(2026, 12, 3), reason="停电检修")
    proposal = set_days(session, closed, now)
    assert codes(proposal) == [first.code, second.code, third.code]
    open_again = NewException(staff, centre.code, NEXT_WEEK, NEXT_WEEK, hours="08:00-12:00")
    assert codes(set_days(session, open_again, now)) == []
    rows = session.scalars(select(ExceptionRow).order_by(ExceptionRow.from_on)).all()
    assert [(r.from_on.day, r.to_on.day, r.is_closed, r.reason) for r in rows] == [
        (1, 2, True, "停电检修"),
        (2, 3, False, ""),
        (3, 4, True, "停电检修"),
    ]
    early = create_booking(session, service, at(NEXT_WEEK, "08:00"), now=now)
    shown = opening_of(session, centre.code, actor=staff, now=now).special
    assert [s.hours for s in shown] == [None, "08:00-12:00", None]
    seen = drop_days(session, centre.code, shown[1].id, actor=staff, apply=False, cipher=CIPHER, now=now)
    assert codes(seen) == [early.code], "at eight only the special hours were open"
    drop_days(session, centre.code, shown[1].id, actor=staff, apply=True, seen=seen.seen, cipher=CIPHER, now=now)
    assert state(session, early)[0] == "displaced"
    with refused("unknown_exception"):
        drop_days(session, centre.code, shown[1].id, actor=staff, apply=True, cipher=CIPHER, now=now)


@pytest.fixture
def desk(session: Session, centre: Centre, now: datetime) -> Service:
    return create_service(session, centre, kind="desk", units=(("1号窗", None), ("2号窗", None)), now=now)


def duty(staff: Actor, centre: Centre, desk: Service, unit: str, who: str, **more: Any) -> Duty:
    return Duty(staff, centre.code, desk.code, unit, who, **{"opens": "09:00", "closes": "12:00", **more})


def put(session: Session, command: Duty, now: datetime) -> RosterView:
    return add_duty(session, command, now=now)


@pytest.mark.rule("B136", "B18")
def test_a_desk_is_bookable_while_somebody_is_on_duty_only(
    session: Session, centre: Centre, desk: Service, staff: Actor, now: datetime
) -> None:
    with refused("slot_full"):
        create_booking(session, desk, at(NEXT_WEEK, "10:00"), now=now)
    made = put(session, duty(staff, centre, desk, "1号窗", "王律师", weekday=2), now)
    assert made.is_new
    assert not put(session, duty(staff, centre, desk, "1号窗", "王律师", weekday=2), now).is_new
    assert state(session, create_booking(session, desk, at(NEXT_WEEK, "10:00"), now=now)) == ("confirmed", "1号窗")
    for wrong in (at(NEXT_WEEK, "12:00"), at(date(2026, 12, 3), "10:00")):
        with refused("slot_full"):
            create_booking(session, desk, wrong, now=now)
    assert [(v.unit, v.row.who) for v in list_rosters(session, centre.code, actor=staff, now=now)] == [
        ("1号窗", "王律师")
    ]


@pytest.mark.rule("B137")
def test_taking_somebody_off_moves_their_bookings_to_a_desk_that_is_staffed(
    session: Session, centre: Centre, desk: Service, staff: Actor, now: datetime
) -> None:
    leaves = put(session, duty(staff, centre, desk, "1号窗", "王律师"), now).row
    moved = create_booking(session, desk, at(NEXT_WEEK, "10:00"), now=now)
    put(session, duty(staff, centre, desk, "2号窗", "李律师", closes="10:30"), now)
    stuck = create_booking(session, desk, at(NEXT_WEEK, "11:00"), now=now)
    proposal = end_duty(session, centre.code, leaves.id, actor=staff, apply=False, cipher=CIPHER, now=now)
    assert [(m.booking.code, m.unit.no if m.unit else None) for m in proposal.moves] == [
        (moved.code, "2号窗"),
        (stuck.code, None),
    ]
    end_duty(session, centre.code, leaves.id, actor=staff, apply=True, seen=proposal.seen, cipher=CIPHER, now=now)
    assert state(session, moved) == ("confirmed", "2号窗")
    assert state(session, stuck)[0] == "displaced"
    assert [v.row.who for v in list_rosters(session, centre.code, actor=staff, now=now)] == ["李律师"]
    with refused("unknown_roster"):
        end_duty(session, centre.code, leaves.id, actor=staff, apply=False, cipher=CIPHER, now=now)


@pytest.mark.rule("B137")
def test_two_on_duty_at_one_desk_one_may_leave(
    session: Session, centre: Centre, desk: Service, staff: Actor, now: datetime
) -> None:
    leaves = put(session, duty(staff, centre, desk, "1号窗", "王律师", first=date(2026, 11, 1)), now).row
    put(session, duty(staff, centre, desk, "1号窗", "李律师"), now)
    create_booking(session, desk, at(NEXT_WEEK, "10:00"), now=now)
    assert codes(end_duty(session, centre.code, leaves.id, actor=staff, apply=True, cipher=CIPHER, now=now)) == []
    kept = session.scalars(select(RosterRule).where(RosterRule.who == "王律师")).one()
    assert kept.to_on == TODAY, "what was before today stays in the records"


@pytest.mark.rule("B137")
def test_who_had_nobody_on_duty_before_is_not_moved_by_it(
    session: Session, centre: Centre, desk: Service, staff: Actor, now: datetime
) -> None:
    gone = put(session, duty(staff, centre, desk, "1号窗", "王律师"), now).row
    create_booking(session, desk, at(NEXT_WEEK, "11:00"), now=now)
    session.delete(gone)
    ends = put(session, duty(staff, centre, desk, "1号窗", "李律师", closes="10:00"), now).row
    assert codes(end_duty(session, centre.code, ends.id, actor=staff, apply=False, cipher=CIPHER, now=now)) == []


@pytest.mark.rule("B136")
@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"opens": "nine"}, "hours_unreadable"),
        ({"opens": "25:00"}, "hours_unreadable"),
        ({"opens": "09:00,10:00"}, "hours_unreadable"),
        ({"day": date(2026, 11, 24)}, "hours_in_past"),
        ({"first": NEXT_WEEK, "after": NEXT_WEEK}, "hours_in_past"),
        ({"unit": "9号窗"}, "unknown_unit"),
    ],
)
def test_a_duty_that_makes_no_sense_is_refused(
    more: dict[str, Any], code: str, session: Session, centre: Centre, desk: Service, staff: Actor, now: datetime
) -> None:
    with refused(code):
        put(session, duty(staff, centre, desk, **{"unit": "1号窗", "who": "王律师", **more}), now)


@pytest.mark.rule("B136")
def test_what_needs_nobody_takes_no_roster(
    session: Session, centre: Centre, service: Service, staff: Actor, now: datetime
) -> None:
    with refused("roster_not_needed"):
        put(session, duty(staff, centre, service, "U1", "王律师"), now)
