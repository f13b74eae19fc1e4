"""Who gets a freed place, for how long it is theirs to take, and what becomes of those who do not answer."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import Busy, Refusal
from models.centre import Booking, Centre, Hold, Mark, Service
from models.notification import Notification
from models.people import Person
from models.waitlist import WaitlistEntry, WaitlistEvent
from server.container import Container
from server.jobs.waitlist_jobs import serve_waitlists
from services.booking.bookings import cancel as cancel_booking
from services.booking.changes import Move, move
from services.centre.centres import availability
from services.centre.occupancy import check_occupancy
from services.waitlist import jobs as waitlist_jobs
from services.waitlist.answering import accept, cancel, decline, set_no_night_offers
from services.waitlist.jobs import serve, services_to_serve
from services.waitlist.offers import MOST_OFFERS, offer_freed, withdraw_offers
from services.waitlist.standing import offer_log, positions
from services.waitlist.views import EntryView
from tests.conftest import Clock
from tests.factories import create_person
from tests.factories_booking import (
    CIPHER,
    MALE_AND_FEMALE,
    actor_for,
    book_for,
    create_booking,
    create_centre,
    create_service,
    staff_of,
    unit_ids,
)
from tests.factories_waitlist import entry_now, wait_for
from tests.statements import Statements

MINUTE = timedelta(minutes=1)
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def tomorrow(now: datetime) -> datetime:
    return now + timedelta(days=1)


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=f"^{code}$")


@dataclass
class Line:
    """A full service, its bookings, and who waits for the same half hour in order."""

    session: Session
    service: Service
    start: datetime
    now: datetime
    booked: list[Booking]
    people: list[Person]
    entries: list[EntryView]

    def free(self, number: int, now: datetime) -> None:
        """Somebody gives a place back."""
        booking = self.booked[number]
        person = self.session.get_one(Person, booking.person_id)
        cancel_booking(self.session, booking.code, actor=actor_for(person), now=now)

    def seen(self, number: int) -> EntryView:
        return entry_now(self.session, self.entries[number], self.people[number])

    def states(self) -> list[str]:
        return [self.seen(n).state for n in range(len(self.entries))]

    def accept(self, number: int, now: datetime) -> EntryView:
        actor = actor_for(self.people[number])
        return accept(self.session, self.entries[number].code, actor=actor, cipher=CIPHER, now=now)

    def decline(self, number: int, now: datetime) -> EntryView:
        return decline(self.session, self.entries[number].code, actor=actor_for(self.people[number]), now=now)

    def tick(self, now: datetime) -> Any:
        """The clock comes by."""
        assert self.service.id in services_to_serve(self.session, now=now)
        return serve(self.session, self.service.id, now=now)

    def news(self, number: int) -> list[str]:
        rows = self.session.scalars(
            select(Notification)
            .where(Notification.person_id == self.people[number].id, Notification.template.like("waitlist%"))
            .order_by(Notification.id)
        )
        return [f"{row.template}: {row.data.get('deadline') or row.data['reason']}" for row in rows]


def create_line(session: Session, service: Service, start: datetime, *, waiting: int, now: datetime) -> Line:
    """Every unit taken at `start`, so many waiting for it, who joined a minute apart."""
    booked = [create_booking(session, service, start, now=now) for _ in unit_ids(session, service)]
    people = [create_person(session, now=now) for _ in range(waiting)]
    entries = [wait_for(session, p, service, start, now=now + n * MINUTE) for n, p in enumerate(people)]
    return Line(session, service, start, now + waiting * MINUTE, booked, people, entries)


@pytest.fixture
def line(session: Session, centre: Centre, now: datetime, tomorrow: datetime) -> Line:
    """Two showers, both taken tomorrow at ten; three people wait."""
    return create_line(session, create_service(session, centre, now=now), tomorrow, waiting=3, now=now)


@pytest.mark.rule("B50", "B51")
def test_two_cancellations_and_three_waiting_the_first_two_are_offered_one_each(session: Session, line: Line) -> None:
    line.free(0, line.now)
    assert line.states() == ["offered", "waiting", "waiting"]
    line.free(1, line.now + MINUTE)
    assert line.states() == ["offered", "offered", "waiting"]
    offered = [line.seen(n).offered_unit for n in (0, 1)]
    assert offered == ["U1", "U2"]
    assert check_occupancy(session) == []


@pytest.mark.rule("B51")
def test_an_offered_place_is_nobody_elses(session: Session, line: Line) -> None:
    line.free(0, line.now)
    day = availability(session, line.service.code, line.start.date(), now=line.now)
    assert next(slot.free for slot in day.slots if slot.start == line.start) == 0
    with refused("slot_full"):
        create_booking(session, line.service, line.start, now=line.now)
    hold = session.scalars(select(Hold)).one()
    twice = {c.name: getattr(hold, c.name) for c in Hold.__table__.c if c.name not in ("id", "entry_id")}
    again = insert(Hold).values(**twice, entry_id=line.entries[1].id)
    with pytest.raises(IntegrityError, match="ex_occupancy_unit_time"), session.begin_nested():
        session.execute(again)


@pytest.mark.rule("B50")
def test_who_does_not_fit_is_skipped_and_stays_where_they_are(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    service = create_service(session, centre, units=MALE_AND_FEMALE, now=now)
    held = {zone: create_booking(session, service, tomorrow, zone=zone, now=now) for zone in ("male", "female")}
    create_booking(session, service, tomorrow, zone="male", now=now)
    wishes: list[dict[str, Any]] = [
        {"zone": "male", "minutes": 120, "start": tomorrow},
        {"zone": "female"},
        {"zone": "male"},
    ]
    create_booking(session, service, tomorrow + 2 * HALF_HOUR, zone="male", now=now)
    create_booking(session, service, tomorrow + 2 * HALF_HOUR, zone="male", now=now)
    people = [create_person(session, now=now) for _ in wishes]
    entries = []
    for n, (person, wish) in enumerate(zip(people, wishes, strict=True)):
        wish = {"start": tomorrow, "minutes": 30, **wish}
        entries.append(wait_for(session, person, service, wish.pop("start"), now=now + n * MINUTE, **wish))
    later = now + 5 * MINUTE
    owner = session.get_one(Person, held["male"].person_id)
    cancel_booking(session, held["male"].code, actor=actor_for(owner), now=later)
    seen = [entry_now(session, e, p) for e, p in zip(entries, people, strict=True)]
    assert [e.state for e in seen] == ["waiting", "waiting", "offered"]
    assert positions(session, seen, now=later)[entries[0].id] == 1
    # once two hours are free, the first has them
    for booking in session.scalars(
        select(Booking).where(Booking.service_id == service.id, Booking.starts_at > tomorrow)
    ):
        cancel_booking(session, booking.code, actor=actor_for(session.get_one(Person, booking.person_id)), now=later)
    accept(session, entries[2].code, actor=actor_for(people[2]), cipher=CIPHER, now=later)
    other = session.scalars(
        select(Booking).where(
            Booking.service_id == service.id, Booking.zone == "male", Booking.state == "confirmed",
            Booking.person_id != people[2].id,
        )
    ).one()  # fmt: skip
    cancel_booking(session, other.code, actor=actor_for(session.get_one(Person, other.person_id)), now=later)
    assert entry_now(session, entries[0], people[0]).state == "offered"


@pytest.mark.rule("B66")
def test_an_offer_is_the_longest_stay_that_does_and_the_earliest_of_these(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), cleaning_minutes=0, now=now)
    booked = [create_booking(session, service, tomorrow + n * HALF_HOUR, now=now) for n in range(6)]
    person = create_person(session, now=now)
    until = tomorrow + 6 * HALF_HOUR
    entry = wait_for(session, person, service, tomorrow, until=until, minutes=90, min_minutes=60, now=now)
    # half an hour is too short, an hour does, an hour and a half is what was wished
    free = update(Booking).values(state="cancelled")
    session.execute(free.where(Booking.id == booked[0].id))
    assert serve(session, service.id, now=now).offered == 0
    session.execute(free.where(Booking.id.in_([booked[n].id for n in (2, 3, 5)])))
    create_booking(session, service, tomorrow + 5 * HALF_HOUR, now=now)
    assert serve(session, service.id, now=now).offered == 1
    offer = entry_now(session, entry, person).offer
    assert offer is not None
    assert (offer.start, offer.end) == (tomorrow + 2 * HALF_HOUR, tomorrow + 4 * HALF_HOUR)
    withdraw_offers(session, service.id, start=tomorrow, until=None, now=now)
    session.execute(free.where(Booking.id == booked[1].id))
    session.execute(update(WaitlistEntry).values(minutes=60))
    serve(session, service.id, now=now)
    offer = entry_now(session, entry, person).offer
    assert offer is not None
    assert (offer.start, offer.end) == (tomorrow, tomorrow + 2 * HALF_HOUR)  # as long, and the earliest
    withdraw_offers(session, service.id, start=tomorrow, until=None, now=now)
    session.execute(update(WaitlistEntry).values(minutes=90))
    create_booking(session, service, tomorrow + HALF_HOUR, now=now)
    session.execute(free.where(Booking.id == booked[4].id))
    serve(session, service.id, now=now)
    offer = entry_now(session, entry, person).offer
    assert offer is not None
    assert (offer.start, offer.end) == (tomorrow + 2 * HALF_HOUR, tomorrow + 5 * HALF_HOUR)


@pytest.mark.rule("B52")
@pytest.mark.parametrize(
    ("tz", "moment", "minutes"),
    [
        ("Asia/Shanghai", datetime(2026, 11, 25, 13, 59, tzinfo=UTC), 10),  # 21:59
        ("Asia/Shanghai", datetime(2026, 11, 25, 14, 0, tzinfo=UTC), 20),  # 22:00
        ("Asia/Shanghai", datetime(2026, 11, 25, 22, 59, tzinfo=UTC), 20),  # 06:59
        ("Asia/Shanghai", datetime(2026, 11, 25, 23, 0, tzinfo=UTC), 10),  # 07:00
        ("Asia/Urumqi", datetime(2026, 11, 25, 15, 30, tzinfo=UTC), 10),  # 21:30, by its own clock
        ("Asia/Urumqi", datetime(2026, 11, 26, 0, 30, tzinfo=UTC), 20),  # 06:30
    ],
)
def test_ten_minutes_to_answer_and_twenty_at_night_by_the_clock_of_the_centre(
    session: Session, tz: str, moment: datetime, minutes: int
) -> None:
    now = moment - timedelta(hours=3)
    service = create_service(session, create_centre(session, tz=tz, now=now), now=now)
    start = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
    line = create_line(session, service, start, waiting=1, now=now)
    line.free(0, moment)
    offer = line.seen(0).offer
    assert offer is not None
    assert offer.answer_until == moment + minutes * MINUTE
    local = offer.answer_until.astimezone(ZoneInfo(tz))
    assert line.news(0) == [f"waitlist_offer: {local.year}年{local.month}月{local.day}日 {local:%H:%M}"]


@pytest.mark.rule("B53", "B54", "B55")
def test_after_the_first_lapse_the_place_in_line_is_kept_after_the_second_it_ends(session: Session, line: Line) -> None:
    line.free(0, line.now)
    late = line.now + 10 * MINUTE
    assert line.seen(0).state_at(late - MINUTE) == "offered"
    assert (line.seen(0).state, line.seen(0).state_at(late), line.seen(0).lapses_at(late)) == ("offered", "waiting", 1)
    with refused("offer_over"):
        line.accept(0, late)
    with refused("offer_over"):
        line.decline(0, late)
    assert line.tick(late).lapsed == 1
    # what the first let go is the second's, and the first is still ahead of the third
    assert line.states() == ["waiting", "offered", "waiting"]
    assert (line.seen(0).lapses, line.seen(0).joined_at) == (1, line.entries[0].joined_at)
    line.free(1, late + MINUTE)
    assert line.states() == ["offered", "offered", "waiting"]
    assert line.tick(late + 11 * MINUTE).lapsed == 2
    # the second did not answer for U1 and is still next for U2; U1 is the third's now
    assert line.states() == ["lapsed", "offered", "offered"]
    assert [line.seen(n).offered_unit for n in (1, 2)] == ["U2", "U1"]
    assert line.seen(0).state_at(late + 11 * MINUTE) == "lapsed"
    assert [line_.split(": ")[0] for line_ in line.news(0)] == ["waitlist_offer", "waitlist_news"] * 2
    assert "保留一次" in line.news(0)[1]
    assert "候补结束" in line.news(0)[3]
    reasons = session.scalars(
        select(WaitlistEvent.reason).where(WaitlistEvent.entry_id == line.entries[0].id).order_by(WaitlistEvent.seq)
    ).all()
    assert reasons == [None, None, "first_lapse", None, "second_lapse"]


@pytest.mark.rule("B54")
def test_what_one_let_lapse_comes_back_to_them_only_after_somebody_else_had_it(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    line = create_line(
        session, create_service(session, centre, units=(("U1", None),), now=now), tomorrow, waiting=1, now=now
    )
    line.free(0, line.now)
    late = line.now + 10 * MINUTE
    line.tick(late)
    assert line.states() == ["waiting"]
    assert line.service.id not in services_to_serve(session, now=late + MINUTE)
    # free for anybody: it is booked, given back, and then it is a new chance
    other = create_booking(session, line.service, line.start, now=late + MINUTE)
    owner = session.get_one(Person, other.person_id)
    cancel_booking(session, other.code, actor=actor_for(owner), now=late + 2 * MINUTE)
    assert line.states() == ["offered"]


@pytest.mark.rule("B54")
def test_a_seat_let_lapse_leaves_the_other_seats_to_be_offered(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    pool = create_service(session, centre, capacity=2, now=now)
    booked = [create_booking(session, pool, tomorrow, now=now) for _ in range(2)]
    person = create_person(session, now=now)
    entry = wait_for(session, person, pool, tomorrow, now=now)
    line = Line(session, pool, tomorrow, now, booked, [person], [entry])
    line.free(0, now)
    line.tick(now + 10 * MINUTE)
    assert line.states() == ["waiting"]
    line.free(1, now + 11 * MINUTE)
    assert line.states() == ["offered"]
    assert seats_held(session, pool) == 1


def seats_held(session: Session, service: Service) -> int:
    """Seats held by open offers."""
    return sum(session.scalars(select(Hold.seats).where(Hold.service_id == service.id, Hold.is_open)))


@pytest.mark.rule("B56")
def test_accepting_turns_the_held_unit_into_a_booking_once(session: Session, line: Line) -> None:
    line.free(1, line.now)
    done = line.accept(0, line.now + MINUTE)
    assert (done.state, done.offer) == ("accepted", None)
    booking = session.scalars(select(Booking).where(Booking.code == done.booking_code)).one()
    assert (booking.person_id, booking.state, booking.source) == (line.people[0].id, "confirmed", "app")
    assert booking.unit_id == unit_ids(session, line.service)["U2"]
    assert (booking.starts_at, booking.ends_at) == (line.start, line.start + HALF_HOUR)
    assert line.accept(0, line.now + 2 * MINUTE) == done
    assert session.scalars(select(Hold.outcome)).all() == ["accepted"]
    assert check_occupancy(session) == []


@pytest.mark.rule("B56")
def test_an_overlap_of_ones_own_refuses_and_the_offer_stays(session: Session, line: Line, now: datetime) -> None:
    elsewhere = create_service(session, create_centre(session, now=now), now=now)
    mine = book_for(session, line.people[0], elsewhere, line.start, now=now).booking
    line.free(0, line.now)
    with refused("overlap") as found, session.begin_nested():
        line.accept(0, line.now + MINUTE)
    assert found.value.details["code"] == mine.code
    assert line.states() == ["offered", "waiting", "waiting"]
    cancel_booking(session, mine.code, actor=actor_for(line.people[0]), now=line.now + MINUTE)
    assert line.accept(0, line.now + 2 * MINUTE).state == "accepted"


@pytest.mark.rule("B57")
def test_declining_ends_it_and_the_next_is_asked_and_rejoining_means_the_tail(session: Session, line: Line) -> None:
    line.free(0, line.now)
    assert line.decline(0, line.now).state == "declined"
    assert line.decline(0, line.now).state == "declined"
    assert line.states() == ["declined", "offered", "waiting"]
    again = wait_for(session, line.people[0], line.service, line.start, now=line.now + MINUTE)
    assert positions(session, [again], now=line.now)[again.id] == 3


@pytest.mark.rule("B57")
def test_leaving_gives_the_held_place_to_the_next(session: Session, line: Line) -> None:
    line.free(0, line.now)
    actor = actor_for(line.people[0])
    assert cancel(session, line.entries[0].code, actor=actor, now=line.now).state == "cancelled"
    assert cancel(session, line.entries[0].code, actor=actor, now=line.now).state == "cancelled"
    assert line.states() == ["cancelled", "offered", "waiting"]
    with refused("offer_over"):
        line.accept(0, line.now)
    line.accept(1, line.now)
    with refused("wait_over"):
        cancel(session, line.entries[1].code, actor=actor_for(line.people[1]), now=line.now)


@pytest.mark.rule("B59")
def test_a_wish_whose_time_is_over_ends_and_is_told(session: Session, line: Line) -> None:
    assert line.service.id not in services_to_serve(session, now=line.start)
    assert line.tick(line.start + MINUTE).over == 3
    assert line.states() == ["lapsed"] * 3
    assert "时间已经过了" in line.news(1)[0]


@pytest.mark.rule("B59", "B55")
def test_an_offer_for_now_that_nobody_took_ends_with_its_wish(session: Session, centre: Centre, now: datetime) -> None:
    service = create_service(session, centre, now=now)
    line = create_line(session, service, now + HALF_HOUR, waiting=2, now=now)
    soon = now + 28 * MINUTE
    line.free(0, soon)
    assert line.seen(0).state == "offered"
    after = soon + 10 * MINUTE
    assert line.seen(0).state_at(after) == line.seen(1).state_at(after) == "lapsed"
    done = line.tick(after)
    assert (done.lapsed, done.over, done.offered) == (1, 1, 0)
    assert line.states() == ["lapsed", "lapsed"]
    assert [text.split("，")[0] for text in line.news(0)[1:]] == ["waitlist_news: 想要的时间已经过了"]


@pytest.mark.rule("B60")
def test_who_wants_no_offers_at_night_is_asked_in_the_morning(session: Session, now: datetime) -> None:
    service = create_service(session, create_centre(session, now=now), now=now)
    line = create_line(session, service, now + timedelta(days=2), waiting=2, now=now)
    night = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)  # 02:00 in Shanghai
    actor = actor_for(line.people[0])
    assert set_no_night_offers(session, line.entries[0].code, wanted=True, actor=actor, now=now).no_night_offers
    line.free(0, night)
    assert line.states() == ["waiting", "offered"]
    line.free(1, night)
    assert line.states() == ["waiting", "offered"]
    assert service.id not in services_to_serve(session, now=night + 19 * MINUTE)
    morning = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)
    line.accept(1, night)
    line.tick(morning)
    assert line.states() == ["offered", "accepted"]


@pytest.mark.rule("B61")
def test_who_books_that_time_waits_no_longer_and_what_was_held_goes_on(session: Session, line: Line) -> None:
    line.free(0, line.now)
    # the held place is theirs to book the usual way too
    booked = book_for(session, line.people[0], line.service, line.start, now=line.now).booking
    assert line.states() == ["served", "waiting", "waiting"]
    assert line.seen(0).booking_code == booked.code
    # another time is another matter; a time inside the wish is not
    book_for(session, line.people[1], line.service, line.start + 4 * HALF_HOUR, now=line.now)
    assert line.states() == ["served", "waiting", "waiting"]


@pytest.mark.rule("B61")
def test_an_offer_one_no_longer_needs_goes_to_the_next(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    service = create_service(session, centre, units=(("U1", None),), cleaning_minutes=0, now=now)
    booked = [create_booking(session, service, tomorrow + n * HALF_HOUR, now=now) for n in range(2)]
    people = [create_person(session, now=now) for _ in range(2)]
    until = tomorrow + 2 * HALF_HOUR
    entries = [wait_for(session, p, service, tomorrow, until=until, now=now + n * MINUTE) for n, p in enumerate(people)]
    line = Line(session, service, tomorrow, now, booked, people, entries)
    line.free(0, now + 5 * MINUTE)
    session.execute(update(Booking).where(Booking.id == booked[1].id).values(state="cancelled"))
    book_for(session, people[0], service, tomorrow + HALF_HOUR, now=now + 6 * MINUTE)
    assert line.states() == ["served", "offered"]
    assert session.scalars(select(Hold.outcome).order_by(Hold.id)).all() == ["withdrawn", None]


@pytest.mark.rule("B64")
def test_what_comes_free_without_anybodys_doing_is_found_by_the_clock(
    session: Session, centre: Centre, now: datetime
) -> None:
    start = now + timedelta(hours=2)
    service = create_service(session, centre, walkin_permille=500, now=now)  # U2 is kept for who walks in
    create_booking(session, service, start, now=now)
    person = create_person(session, now=now)
    entry = wait_for(session, person, service, start, now=now)
    assert service.id not in services_to_serve(session, now=start - 31 * MINUTE)
    released = start - 30 * MINUTE
    assert services_to_serve(session, now=released) == [service.id]
    assert serve(session, service.id, now=released).offered == 1
    assert entry_now(session, entry, person).offered_unit == "U2"


@pytest.mark.rule("B65")
def test_who_had_to_give_way_to_a_closure_goes_first_once(session: Session, line: Line) -> None:
    booking = line.booked[0]
    owner = session.get_one(Person, booking.person_id)
    with refused("unknown_booking"):
        wait_for(session, owner, line.service, line.start, instead_of=booking.code, now=line.now)
    session.execute(update(Booking).where(Booking.id == booking.id).values(state="displaced"))
    other = create_booking(session, line.service, line.start, now=line.now)
    with refused("unknown_booking"):
        wait_for(
            session, create_person(session, now=line.now), line.service, line.start, instead_of=booking.code,
            now=line.now,
        )  # fmt: skip
    first = wait_for(session, owner, line.service, line.start, instead_of=booking.code, now=line.now)
    assert positions(session, [first, line.seen(0)], now=line.now) == {first.id: 1, line.entries[0].id: 2}
    cancel_booking(
        session, other.code, actor=actor_for(session.get_one(Person, other.person_id)), now=line.now + MINUTE
    )
    assert entry_now(session, first, owner).state == "offered"
    cancel(session, first.code, actor=actor_for(owner), now=line.now + MINUTE)
    again = wait_for(session, owner, line.service, line.start, instead_of=booking.code, now=line.now + MINUTE)
    assert not again.is_first
    assert positions(session, [again], now=line.now)[again.id] == 4


@pytest.mark.rule("B58")
def test_joining_asks_what_a_booking_asks(session: Session, centre: Centre, now: datetime, tomorrow: datetime) -> None:
    service = create_service(
        session, centre, units=(("U1", "male"), ("U2", "female")), hours=((None, 540, 1080),), now=now
    )
    room = create_service(session, centre, kind="room", now=now)
    members = create_service(session, centre, who_may_book=["member"], now=now)
    person = create_person(session, now=now)
    noon = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
    create_booking(session, service, noon, zone="male", now=now)
    cases: list[tuple[str, Service, dict[str, Any]]] = [
        ("place_free", service, {"zone": "female"}),
        ("zone_required", service, {}),
        ("wait_not_possible", room, {}),
        ("who_may_book", members, {}),
        ("minutes_out_of_range", service, {"zone": "male", "minutes": 45}),
        ("minutes_out_of_range", service, {"zone": "male", "minutes": 60, "min_minutes": 20}),
        ("wish_times", service, {"zone": "male", "min_minutes": 60}),
        ("wish_times", service, {"zone": "male", "until": noon + timedelta(hours=25)}),
        ("wish_times", service, {"zone": "male", "until": noon}),
        ("party_size", service, {"zone": "male", "party_size": 2}),
        ("off_grid", service, {"zone": "male", "start": noon + 7 * MINUTE}),
        ("start_in_past", service, {"zone": "male", "start": now - HALF_HOUR}),
        ("closed_then", service, {"zone": "male", "start": noon + timedelta(hours=8)}),
        ("beyond_window", service, {"zone": "male", "start": noon + timedelta(days=20)}),
        ("naive_time", service, {"zone": "male", "start": noon.replace(tzinfo=None)}),
    ]
    for code, wanted, wish in cases:
        with refused(code):
            wait_for(session, person, wanted, **{"start": noon, "now": now, **wish})
    # a window that begins off the grid, or has begun, is fine as long as a start lies in it
    entry = wait_for(session, person, service, noon - 7 * MINUTE, until=noon + 35 * MINUTE, zone="male", now=now)
    assert entry.state == "waiting"
    with refused("already_waiting") as found:
        wait_for(session, person, service, noon, zone="male", now=now)
    assert found.value.details == {"id": entry.code}


@pytest.mark.rule("B58")
def test_three_marks_leave_the_coming_hour_and_the_night_to_wait_for(
    session: Session, centre: Centre, now: datetime
) -> None:
    person, past = create_person(session, now=now), create_service(session, centre, now=now)
    for n in range(3):
        missed = create_booking(session, past, now + (1 + n) * HALF_HOUR, person=person, now=now)
        session.execute(update(Booking).where(Booking.id == missed.id).values(state="no_show"))
        session.add(Mark(person_id=person.id, booking_id=missed.id, kind="no_show", halves=2, at=now - n * MINUTE))
    session.flush()
    service = create_service(session, centre, units=(("U1", None),), now=now)
    night = create_service(session, centre, units=(("N1", None),), is_overnight=True, now=now)
    for hours in (1, 2):
        create_booking(session, service, now + timedelta(hours=hours), now=now)
    create_booking(session, night, now + timedelta(hours=2), now=now)
    with refused("restricted"):
        wait_for(session, person, service, now + timedelta(hours=2), now=now)
    with refused("restricted"):  # the window reaches beyond the hour
        wait_for(session, person, service, now + HALF_HOUR, until=now + timedelta(hours=3), minutes=90, now=now)
    assert wait_for(session, person, service, now + timedelta(hours=1), now=now).state == "waiting"
    assert wait_for(session, person, night, now + timedelta(hours=2), now=now).state == "waiting"


@pytest.mark.rule("B56")
def test_who_has_all_they_may_have_keeps_the_offer_and_is_told_what_to_give_up(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    service = create_service(session, centre, max_future_per_person=1, now=now)
    line = create_line(session, service, tomorrow, waiting=1, now=now)
    later = book_for(session, line.people[0], service, tomorrow + 4 * HALF_HOUR, now=now).booking
    line.free(0, line.now)
    with refused("too_many") as found:
        line.accept(0, line.now)
    assert found.value.details["codes"] == [later.code]
    assert line.states() == ["offered"]


@pytest.mark.rule("B58")
def test_the_same_key_is_one_entry(session: Session, line: Line) -> None:
    person, key = create_person(session, now=line.now), uuid4()
    first = wait_for(session, person, line.service, line.start, client_uuid=key, now=line.now)
    again = wait_for(session, person, line.service, line.start, client_uuid=key, now=line.now + MINUTE)
    assert again == first
    with refused("client_uuid_reused"):
        wait_for(session, person, line.service, line.start + HALF_HOUR, client_uuid=key, now=line.now)


@pytest.mark.rule("B62")
def test_the_desk_puts_a_guest_in_line_and_answers_for_them(
    session: Session, centre: Centre, line: Line, now: datetime
) -> None:
    staff, stranger = staff_of(session, centre, now=now), staff_of(session, create_centre(session, now=now), now=now)
    wish: dict[str, Any] = {"service": line.service, "start": line.start, "now": line.now, "centre": centre.code}
    with refused("guest_unnamed"):
        wait_for(session, staff, **wish)
    with refused("not_allowed"):
        wait_for(session, stranger, name="李师傅", **wish)
    with refused("unknown_service"):
        wait_for(session, stranger, name="李师傅", **{**wish, "centre": "ELSEWHERE"})
    guest = wait_for(session, staff, name="李师傅", plate="粤b12345", **wish)
    other = wait_for(session, staff, plate="粤b54321", **wish)
    assert (guest.person_id, guest.made_by_id) == (None, staff.person_id)
    assert positions(session, [other], now=line.now)[other.id] == 5
    for number in range(3):
        cancel(session, line.entries[number].code, actor=actor_for(line.people[number]), now=line.now)
    line.free(0, line.now)
    with refused("unknown_entry"):
        accept(session, guest.code, actor=stranger, cipher=CIPHER, now=line.now)
    done = accept(session, guest.code, actor=staff, cipher=CIPHER, now=line.now)
    booking = session.scalars(select(Booking).where(Booking.code == done.booking_code)).one()
    assert (booking.person_id, booking.source, booking.made_by_id) == (None, "desk", staff.person_id)
    assert booking.guest_cipher is not None
    assert CIPHER.decrypt(booking.guest_cipher) == "李师傅"
    assert booking.plate_hash == CIPHER.keyed_hash("plate", "粤B12345")


@pytest.mark.rule("B62")
def test_who_is_taken_out_of_line_by_the_desk_is_told(session: Session, centre: Centre, line: Line) -> None:
    staff = staff_of(session, centre, now=line.now)
    line.free(0, line.now)
    decline(session, line.entries[0].code, actor=staff, now=line.now)
    cancel(session, line.entries[2].code, actor=staff, now=line.now)
    assert line.states() == ["declined", "offered", "cancelled"]
    for number in (0, 2):
        assert "中心替您结束了" in line.news(number)[-1]
    cancel(session, line.entries[1].code, actor=actor_for(line.people[1]), now=line.now)
    assert len(line.news(1)) == 1


@pytest.mark.rule("B63")
def test_position_and_log_count_those_who_want_the_same_and_show_nobody(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    service = create_service(session, centre, units=(("S1", "male"), ("S2", "female")), now=now)
    for zone in ("male", "female"):
        for n in range(3):
            create_booking(session, service, tomorrow + 2 * n * HALF_HOUR, zone=zone, now=now)
    wishes = [("male", 0), ("female", 0), ("male", 4), ("male", 0)]
    people = [create_person(session, now=now) for _ in wishes]
    entries = [
        wait_for(session, p, service, tomorrow + n * HALF_HOUR, zone=zone, now=now + k * MINUTE)
        for k, (p, (zone, n)) in enumerate(zip(people, wishes, strict=True))
    ]
    places = positions(session, entries, now=now)
    assert [places[e.id] for e in entries] == [1, 1, 1, 2]
    later = now + 5 * MINUTE
    for booking in session.scalars(select(Booking).where(Booking.starts_at == tomorrow)):
        cancel_booking(session, booking.code, actor=actor_for(session.get_one(Person, booking.person_id)), now=later)
    decline(session, entries[0].code, actor=actor_for(people[0]), now=later + MINUTE)
    seen = offer_log(session, entry_now(session, entries[3], people[3]), now=later + 2 * MINUTE)
    assert [(line.state, line.mine) for line in seen] == [("declined", False), ("offered", True)]
    overdue = offer_log(session, entry_now(session, entries[3], people[3]), now=later + 30 * MINUTE)
    assert overdue[-1].state == "lapsed"
    for other in (people[0], staff_of(session, create_centre(session, now=now), now=now)):
        with refused("unknown_entry"):
            entry_now(session, entries[3], other)
    assert entry_now(session, entries[3], staff_of(session, centre, now=now)).code == entries[3].code


@pytest.mark.rule("B67")
def test_where_nobody_waits_a_cancellation_costs_one_query_more(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    service = create_service(session, centre, now=now)
    with Statements(session) as counted:
        assert offer_freed(session, service.id, now=now) == 0
    assert len(counted.seen) == 1, counted.seen


def history_of(session: Session, line: Line, *, until: datetime) -> None:
    """A long past: offers, lapses, entries and bookings of the same people and service."""
    for n in range(30):
        person = create_person(session, now=line.now)
        entry = wait_for(session, person, line.service, line.start, now=line.now)
        cancel(session, entry.code, actor=actor_for(person), now=line.now)
        for someone in line.people[:2]:
            start = until + n * HALF_HOUR
            booked = book_for(session, someone, line.service, start, now=line.now).booking
            cancel_booking(session, booked.code, actor=actor_for(someone), now=line.now)


@pytest.mark.rule("B67", "B36")
@pytest.mark.parametrize("with_history", [False, True])
def test_joining_answering_and_leaving_cost_a_fixed_number_of_statements(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime, with_history: bool
) -> None:
    line = create_line(session, create_service(session, centre, now=now), tomorrow, waiting=3, now=now)
    if with_history:
        history_of(session, line, until=tomorrow + timedelta(hours=2))
    with Statements(session) as joining:  # service, key, own, taken, settings, entry, event, the entry read back
        late = wait_for(session, create_person(session, now=now), line.service, line.start, now=line.now)
    assert len(joining.seen) == 9, joining.seen  # the new person is one of them
    line.free(0, line.now)
    with Statements(session) as accepting:
        # find, service, entry, own; hold, booking, its event; entry, its event, news; the entry read back
        line.accept(0, line.now)
    assert len(accepting.seen) == 11, accepting.seen
    line.free(1, line.now)
    with Statements(session) as leaving:
        # find, service, entry; hold, entry, event; who waits, what is taken; hold, entry, event, news; read back
        cancel(session, line.entries[1].code, actor=actor_for(line.people[1]), now=line.now)
    assert len(leaving.seen) == 13, leaving.seen
    assert line.states() == ["accepted", "cancelled", "offered"]
    with Statements(session) as looking:
        offer_log(session, late, now=line.now)
        positions(session, [late, line.seen(2)], now=line.now)
    assert len(looking.seen) == 3, looking.seen  # one of them for line.seen


@pytest.mark.rule("B67")
def test_a_long_line_is_served_in_bounded_steps(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime
) -> None:
    pool = create_service(session, centre, capacity=60, now=now)
    booked = [create_booking(session, pool, tomorrow, party_size=10, now=now) for _ in range(6)]
    people = [create_person(session, now=now) for _ in range(60)]
    for n, person in enumerate(people):
        wait_for(session, person, pool, tomorrow, now=now + n * MINUTE)
    later = now + timedelta(hours=2)
    session.execute(update(Booking).where(Booking.id.in_([b.id for b in booked])).values(state="cancelled"))
    assert serve(session, pool.id, now=later).offered == MOST_OFFERS
    assert serve(session, pool.id, now=later).offered == 60 - MOST_OFFERS
    assert seats_held(session, pool) == 60
    assert check_occupancy(session) == []


@pytest.mark.rule("B61")
def test_who_moves_a_booking_into_that_time_is_served(session: Session, line: Line) -> None:
    mine = book_for(session, line.people[0], line.service, line.start + 4 * HALF_HOUR, now=line.now).booking
    line.free(0, line.now)
    command = Move(actor_for(line.people[0]), mine.code, line.start)
    moved = move(session, command, cipher=CIPHER, now=line.now).booking
    assert (line.seen(0).state, line.seen(0).booking_code) == ("served", moved.code)
    assert line.states()[1:] == ["waiting", "waiting"]


@pytest.mark.rule("B64")
def test_a_service_in_trouble_does_not_keep_the_others_waiting(
    session: Session, centre: Centre, now: datetime, tomorrow: datetime, container: Container, clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    lines = [create_line(session, create_service(session, centre, now=now), tomorrow, waiting=2, now=now) for _ in "ab"]
    for line in lines:
        line.free(0, line.now)
    session.commit()
    clock.forward(minutes=15)
    served_one = waitlist_jobs.serve

    def broken(session: Session, service_id: int, *, now: datetime) -> waitlist_jobs.Served:
        if service_id == lines[0].service.id:
            raise Busy("busy")
        return served_one(session, service_id, now=now)

    with monkeypatch.context() as patched:
        patched.setattr(waitlist_jobs, "serve", broken)
        assert serve_waitlists(container) == "1 offered, 1 lapsed, 0 over, 1 services failed"
    # another process, which knows nothing but the database, does the rest
    assert serve_waitlists(container) == "1 offered, 1 lapsed, 0 over"
    assert [line.states() for line in lines] == [["waiting", "offered"]] * 2


@pytest.mark.rule("B68")
def test_an_offer_taken_back_by_a_closure_costs_nobody_their_place(session: Session, line: Line) -> None:
    line.free(0, line.now)
    units = unit_ids(session, line.service)
    assert not withdraw_offers(
        session, line.service.id, start=line.start, until=None, unit_id=units["U2"], now=line.now
    )
    taken = withdraw_offers(session, line.service.id, start=line.start, until=None, unit_id=units["U1"], now=line.now)
    assert [entry.code for entry in taken] == [line.entries[0].code]
    assert (line.states()[0], line.seen(0).lapses) == ("waiting", 0)
    assert "位次不变" in line.news(0)[1]
    assert session.scalars(select(Hold.is_open)).all() == [False]
