"""Marks 爽约记录: when they are written, what their owner sees and may say, what the desk decides."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import NotAllowed, NotFound, Refusal
from models.centre import BookingEvent, Centre, CentreNotice, Mark, Service
from models.notification import Notification
from models.people import Person
from server.container import Container
from services.booking.bookings import cancel
from services.booking.jobs import release_no_shows
from services.booking.marks import contest, list_mine, no_show, take_back
from services.booking.states import move_state
from services.booking.views import booking_by_code
from services.centre.notices import Post, post
from services.desk import marks as mark_desk
from services.desk.admitting import check_in, refuse
from tests.factories import create_person
from tests.factories_booking import actor_for, book_for, create_booking, create_centre, create_service, staff_of
from tests.statements import Statements

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Work = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def service(session: Session, centre: Centre, now: datetime) -> Service:
    return create_service(session, centre, now=now)


@pytest.fixture
def driver(session: Session, now: datetime) -> Person:
    return create_person(session, now=now, name="张伟")


@pytest.fixture
def work(session: Session, container: Container) -> Work:
    def unit_of_work() -> AbstractContextManager[Session]:
        session.commit()
        session.expire_all()
        return container.unit_of_work()

    return unit_of_work


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=f"^{code}$")


def missed(session: Session, driver: Person, service: Service, at: datetime) -> int:
    """A booking nobody came to; its mark's id."""
    booking = book_for(session, driver, service, at, now=at).booking
    no_show(session, booking, actor_id=None, now=booking.grace_until)
    return session.scalars(select(Mark.id).where(Mark.booking_id == booking.id)).one()


def marks_of(session: Session, person: Person) -> list[tuple[str, int, str | None]]:
    session.expire_all()
    found = session.scalars(select(Mark).where(Mark.person_id == person.id).order_by(Mark.id))
    return [(mark.kind, mark.halves, mark.waive_reason if mark.waived_at else None) for mark in found]


# -- written ---------------------------------------------------------------------------------------------


@pytest.mark.rule("B81")
def test_a_no_show_is_one_mark_and_a_late_cancel_half(
    session: Session, service: Service, driver: Person, now: datetime, work: Work
) -> None:
    early = book_for(session, driver, service, now + HOUR, now=now).booking
    cancel(session, early.code, actor=actor_for(driver), now=early.start - 10 * MINUTE)
    assert marks_of(session, driver) == []
    late = book_for(session, driver, service, now + HOUR, now=now).booking
    for _ in range(2):
        cancel(session, late.code, actor=actor_for(driver), now=late.start - 9 * MINUTE)
    book_for(session, driver, service, now + 2 * HOUR, now=now)
    assert release_no_shows(work, now=now + 2 * HOUR + 15 * MINUTE) == 1
    assert release_no_shows(work, now=now + 2 * HOUR + 16 * MINUTE) == 0
    assert marks_of(session, driver) == [("late_cancel", 1, None), ("no_show", 2, None)]


@pytest.mark.rule("B81")
def test_what_the_centre_does_never_marks_anybody(
    session: Session, centre: Centre, service: Service, driver: Person, now: datetime, work: Work
) -> None:
    staff = staff_of(session, centre, now=now)
    booking = book_for(session, driver, service, now, now=now).booking
    cancel(session, booking.code, actor=staff, now=now)
    other = book_for(session, driver, service, now, now=now).booking
    move_state(session, other, "displaced", actor_id=staff.person_id, now=now)
    room = create_service(session, centre, kind="room", units=(("A", None),), now=now)
    asked = book_for(session, driver, room, now + HOUR, now=now).booking
    refuse(session, asked.code, actor=staff, now=now)
    again = book_for(session, driver, room, now + HOUR, now=now).booking
    cancel(session, again.code, actor=actor_for(driver), now=now + HOUR - MINUTE)
    present = book_for(session, driver, service, now, now=now).booking
    check_in(session, present.code, actor=staff, now=now)
    release_no_shows(work, now=now + HOUR)
    assert marks_of(session, driver) == []


@pytest.mark.rule("B80")
def test_in_congestion_a_place_is_kept_longer_and_nothing_is_held_against_anybody(
    session: Session, centre: Centre, service: Service, driver: Person, now: datetime, work: Work
) -> None:
    stuck = book_for(session, driver, service, now + HOUR, now=now).booking
    too_late_for_it = create_booking(session, service, now + 2 * HOUR, now=now)
    session.add(
        CentreNotice(
            centre_id=centre.id, kind="congestion", message="S6 堵", starts_at=now, ends_at=now + 2 * HOUR,
            grace_minutes=40, created_at=now,
        )
    )  # fmt: skip
    session.flush()
    assert release_no_shows(work, now=stuck.start + 54 * MINUTE) == 0
    assert release_no_shows(work, now=stuck.start + 55 * MINUTE) == 1
    assert marks_of(session, driver) == [("no_show", 2, "congestion")]
    assert booking_by_code(session, stuck.code).state == "no_show"
    event = session.scalars(select(BookingEvent).where(BookingEvent.to_state == "no_show")).one()
    assert (event.reason, event.actor_id) == ("congestion", None)
    news = session.scalars(select(Notification.data).where(Notification.template == "booking_cancelled")).one()
    assert "这次不记" in news["reason"]
    assert release_no_shows(work, now=now + 2 * HOUR + 15 * MINUTE) == 1, "it began when the road was free"
    session.expire_all()
    assert marks_of(session, session.get_one(Person, too_late_for_it.person_id)) == [("no_show", 2, None)]


@pytest.mark.rule("B80")
def test_a_jam_that_was_announced_too_late_waives_what_began_in_it(
    session: Session, centre: Centre, service: Service, now: datetime
) -> None:
    people = [create_person(session, now=now) for _ in range(4)]
    before, stuck, kept, elsewhere = people
    missed(session, before, service, now - 3 * HOUR)
    missed(session, stuck, service, now - HOUR)
    decided = missed(session, kept, service, now - HOUR)
    session.get_one(Mark, decided).keep_reason = "人在附近"
    missed(session, elsewhere, create_service(session, create_centre(session, now=now), now=now), now - HOUR)
    staff = staff_of(session, centre, now=now)
    post(session, Post(centre.code, "congestion", "S6 堵", start=now - 2 * HOUR), actor=staff, now=now)
    assert [marks_of(session, person)[0][2] for person in people] == [None, "congestion", None, None]
    assert list_mine(session, stuck.id, now=now).halves == 0
    late = missed(session, stuck, service, now)
    session.expire_all()
    assert session.get_one(Mark, late).waive_reason == "congestion", "also where nothing is added to the grace"


@pytest.mark.rule("B80")
def test_whoever_cancels_late_out_of_a_jam_is_not_worse_off_than_who_says_nothing(
    session: Session, centre: Centre, service: Service, driver: Person, now: datetime
) -> None:
    session.add(
        CentreNotice(
            centre_id=centre.id, kind="congestion", message="S6 堵", starts_at=now, ends_at=None, grace_minutes=30,
            created_at=now,
        )
    )  # fmt: skip
    session.flush()
    booking = book_for(session, driver, service, now, now=now).booking
    cancel(session, booking.code, actor=actor_for(driver), now=now + 20 * MINUTE)
    assert marks_of(session, driver) == [("late_cancel", 1, "congestion")]


@pytest.mark.rule("B81")
def test_a_guest_without_an_account_has_no_marks(
    session: Session, centre: Centre, service: Service, now: datetime
) -> None:
    made = create_booking(session, service, now, now=now)
    made.person_id, made.source = None, "desk"
    session.flush()
    gone = no_show(session, booking_by_code(session, made.code), actor_id=None, now=made.grace_until)
    assert gone.state == "no_show"
    assert list(session.scalars(select(Mark.id))) == []


@pytest.mark.rule("B84")
def test_an_undone_no_show_takes_its_mark_away_and_a_second_one_brings_it_back(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    booking = book_for(session, driver, service, now, now=now).booking
    gone = no_show(session, booking, actor_id=None, now=booking.grace_until)
    assert no_show(session, gone, actor_id=None, now=booking.grace_until) is gone
    move_state(session, gone, "confirmed", actor_id=None, now=now, moves={"no_show": frozenset({"confirmed"})})
    take_back(session, booking.id, now=booking.grace_until + MINUTE)
    assert marks_of(session, driver) == [("no_show", 2, "undo")]
    assert list_mine(session, driver.id, now=now + HOUR).halves == 0
    later = booking.grace_until + 10 * MINUTE
    no_show(session, booking_by_code(session, booking.code), actor_id=None, now=later)
    assert marks_of(session, driver) == [("no_show", 2, None)]
    assert session.scalars(select(Mark.at)).one() == later
    news = session.scalars(select(Notification.id).where(Notification.template == "booking_cancelled")).all()
    assert len(news) == 2, "both are told"


@pytest.mark.rule("B82")
def test_the_third_mark_says_what_is_narrowed_and_until_when(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    for n in (3, 2, 1):
        missed(session, driver, service, now - n * DAY)
    said = list(
        session.scalars(
            select(Notification.data).where(Notification.template == "booking_cancelled").order_by(Notification.id)
        )
    )
    assert ["过夜休息不受影响" in data["reason"] for data in said] == [False, False, True]
    assert "到 12月1日 10:15 可直接到店" in said[2]["reason"]
    with refused("restricted"):
        book_for(session, driver, service, now + DAY, now=now)
    assert book_for(session, driver, service, now + HOUR, now=now).booking.state == "confirmed"
    rest = create_service(session, session.get_one(Centre, service.centre_id), is_overnight=True, now=now)
    assert book_for(session, driver, rest, now + DAY, now=now).booking.state == "confirmed"
    week_over = now - DAY + 15 * MINUTE + 7 * DAY
    with refused("restricted"):
        book_for(session, driver, service, now + 9 * DAY, now=week_over - MINUTE)
    assert book_for(session, driver, service, now + 9 * DAY, now=week_over).booking.state == "confirmed"


# -- seen and contested ----------------------------------------------------------------------------------


@pytest.mark.rule("B83")
def test_one_sees_ones_own_marks_with_what_expires_when(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    old, young = missed(session, driver, service, now - 33 * DAY), missed(session, driver, service, now - DAY)
    missed(session, create_person(session, now=now), service, now - DAY)
    missed(session, driver, service, now - 38 * DAY)
    mine = list_mine(session, driver.id, now=now)
    assert [mark.id for mark in mine.items] == [young, old], "newest first; what cannot matter is gone"
    assert (mine.halves, mine.restricted_until) == (2, None)
    assert [mark.can_contest for mark in mine.items] == [True, False]
    assert mine.items[0].expires_at == now - DAY + 15 * MINUTE + 30 * DAY
    third = missed(session, driver, service, now - 5 * HOUR)
    narrowed = list_mine(session, driver.id, now=now)
    assert (narrowed.items[0].id, narrowed.restricted_until) == (third, None), "the first is more than 30 days before"


@pytest.mark.rule("B83")
def test_a_mark_is_contested_once_by_its_owner_while_it_counts(
    session: Session, service: Service, driver: Person, now: datetime
) -> None:
    mark, actor = missed(session, driver, service, now - DAY), actor_for(driver)
    with pytest.raises(NotFound):
        contest(session, mark, actor=actor_for(create_person(session, now=now)), text="别人的", now=now)
    with pytest.raises(NotFound):
        contest(session, 10**6, actor=actor, text="没有", now=now)
    with refused("mark_over"):
        contest(session, mark, actor=actor, text="高速封路了", now=now + 30 * DAY)
    said = contest(session, mark, actor=actor, text="高速封路了", now=now)
    assert (said.contested_at, said.contest_text) == (now, "高速封路了")
    assert contest(session, mark, actor=actor, text="高速封路了", now=now + MINUTE).contested_at == now
    with refused("mark_contested"):
        contest(session, mark, actor=actor, text="还有", now=now)
    assert [mark.can_contest for mark in list_mine(session, driver.id, now=now).items] == [False]


@pytest.mark.rule("B84")
@pytest.mark.parametrize("waive", [True, False])
def test_the_desk_decides_once_and_the_owner_is_told(
    session: Session, centre: Centre, service: Service, driver: Person, now: datetime, waive: bool
) -> None:
    mark, staff = missed(session, driver, service, now - DAY), staff_of(session, centre, now=now)
    decide: dict[str, Any] = {"waive": waive, "reason": "核对过监控", "actor": staff, "now": now}
    assert mark_desk.list_contested(session, centre.code, actor=staff, now=now) == []
    with refused("mark_not_contested"):
        mark_desk.decide(session, centre.code, mark, **decide)
    contest(session, mark, actor=actor_for(driver), text="排队等卸货", now=now)
    waiting = mark_desk.list_contested(session, centre.code, actor=staff, now=now)
    assert [(m.id, m.name, m.contest_text) for m in waiting] == [(mark, "张伟", "排队等卸货")]
    decided = mark_desk.decide(session, centre.code, mark, **decide)
    assert mark_desk.decide(session, centre.code, mark, **decide) == decided
    with refused("mark_decided"):
        mark_desk.decide(session, centre.code, mark, **{**decide, "waive": not waive})
    assert mark_desk.list_contested(session, centre.code, actor=staff, now=now) == []
    lately = mark_desk.list_contested(session, centre.code, actor=staff, waiting_only=False, now=now)
    assert lately == [decided]
    mine = list_mine(session, driver.id, now=now)
    assert mine.halves == (0 if waive else 2)
    assert (mine.items[0].waive_reason, mine.items[0].keep_reason) == (
        ("核对过监控", None) if waive else (None, "核对过监控")
    )
    told = session.scalars(select(Notification).where(Notification.template == "mark_decided")).one()
    assert (told.person_id, told.data["news"]) == (
        driver.id,
        "这次不算了：核对过监控" if waive else "这条记录保留：核对过监控。12月24日 10:15 自动消除。",
    )


@pytest.mark.rule("B84")
def test_another_desk_and_ones_own_mark_are_not_decided(
    session: Session, centre: Centre, service: Service, now: datetime
) -> None:
    staff, other_centre = staff_of(session, centre, now=now), create_centre(session, now=now)
    colleague = session.get_one(Person, staff.person_id)
    mark = missed(session, colleague, service, now - DAY)
    contest(session, mark, actor=staff, text="值班走不开", now=now)
    with refused("own_mark"):
        mark_desk.decide(session, centre.code, mark, waive=True, reason="我自己", actor=staff, now=now)
    elsewhere = staff_of(session, other_centre, now=now)
    with pytest.raises(NotFound):
        mark_desk.decide(session, other_centre.code, mark, waive=True, reason="别处", actor=elsewhere, now=now)
    with pytest.raises(NotAllowed):
        mark_desk.decide(session, centre.code, mark, waive=True, reason="别处", actor=elsewhere, now=now)
    with pytest.raises(NotAllowed):
        mark_desk.list_contested(session, centre.code, actor=elsewhere, now=now)


@pytest.mark.rule("B83")
def test_a_list_of_marks_is_one_query(session: Session, service: Service, driver: Person, now: datetime) -> None:
    for n in range(1, 6):
        missed(session, driver, service, now - n * DAY)
    with Statements(session) as counted:
        assert len(list_mine(session, driver.id, now=now).items) == 5
    assert len(counted.seen) == 1, counted.seen
