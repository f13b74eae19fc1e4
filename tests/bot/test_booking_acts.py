"""One's booking changed in chat: late, longer, another time, the wait-list; never without a yes."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.messages import Choices
from bot.rendering import as_text
from domain.permissions import Actor
from models.centre import Booking, Service, Unit
from models.waitlist import WaitlistEntry
from services.booking.bookings import cancel
from tests.bot.conftest import NewTalk, Talk
from tests.factories_booking import create_booking

SHOWER = "DRIVER_HOME.shower"


def said(talk: Talk, text: str) -> str:
    return as_text(talk.say(text).as_json())


def labels(talk: Talk) -> list[str]:
    return [choice.label for part in talk.replies[-1].parts if isinstance(part, Choices) for choice in part.choices]


@pytest.fixture
def shower(session: Session, new_talk: NewTalk) -> Service:
    return session.scalars(select(Service).where(Service.code == SHOWER)).one()


@pytest.fixture
def booked(new_talk: NewTalk, driver: Actor, shower: Service, session: Session) -> Talk:
    """A shower tonight at nine, of a male unit; the talk of its owner."""
    talk = new_talk(driver)
    talk.say("今晚九点约个冲凉")
    assert "订好了" in said(talk, "好")
    return talk


@pytest.mark.rule("T23")
def test_forty_minutes_late_is_kept_after_a_yes(booked: Talk, session: Session) -> None:
    text = said(booked, "堵车，要晚到四十分钟")
    assert "晚到 40 分钟" in text
    assert session.scalars(select(Booking.late_minutes)).one() == 0
    assert "留到 21:55" in said(booked, "好的")
    session.expire_all()
    assert session.scalars(select(Booking.late_minutes)).one() == 40


@pytest.mark.rule("T23")
def test_late_without_a_length_asks_how_much(booked: Talk, session: Session) -> None:
    said(booked, "我在路上，赶不到了")
    assert labels(booked)[:3] == ["晚到 20 分钟", "晚到 40 分钟", "晚到 60 分钟"]
    assert "留到 21:35" in said(booked, "1")
    assert "已经多留过一次" in said(booked, "还要晚到二十分钟")


@pytest.mark.rule("T23")
def test_late_beside_the_next_guest_says_what_can_be_chosen(
    booked: Talk, shower: Service, session: Session, now: datetime
) -> None:
    mine = session.scalars(select(Booking)).one()
    session.execute(update(Unit).where(Unit.service_id == shower.id, Unit.id != mine.unit_id).values(state="broken"))
    create_booking(session, shower, mine.starts_at + timedelta(minutes=60), now=now, zone="male")
    said(booked, "晚到一个小时")
    assert "后面有人约了" in said(booked, "好")
    assert "改晚一点" in labels(booked)
    session.expire_all()
    assert session.scalars(select(Booking.state).where(Booking.id == mine.id)).one() == "confirmed"


@pytest.mark.rule("T23")
def test_more_time_is_for_who_is_there(booked: Talk, session: Session) -> None:
    assert "到店以后就能延长" in said(booked, "能延长半小时吗")
    session.execute(update(Booking).values(state="checked_in"))
    booked.context.now = session.scalars(select(Booking.starts_at)).one() + timedelta(minutes=10)
    assert "要延长多久" in said(booked, "延长30分钟")
    assert "用到 22:00" in said(booked, "好")


@pytest.mark.rule("T27")
def test_a_full_time_can_be_waited_for_and_its_offer_taken(
    new_talk: NewTalk, driver: Actor, shower: Service, session: Session, now: datetime
) -> None:
    start = datetime.fromisoformat("2026-11-26T13:00:00+00:00")
    session.execute(update(Service).values(walkin_permille=0))
    session.execute(update(Unit).where(Unit.service_id == shower.id, Unit.no != "S1").values(state="broken"))
    taken = create_booking(session, shower, start, now=now, zone="male")
    talk = new_talk(driver)
    said(talk, "明晚九点约个冲凉")
    assert "候补 21:00" in labels(talk)
    assert session.scalars(select(WaitlistEntry)).all() == []
    assert "第 1 位" in said(talk, next(c.send for c in talk.replies[-1].choices if c.label == "候补 21:00"))
    assert "第 1 位" in said(talk, "我排到第几了")
    owner = Actor(session.scalars(select(Booking.person_id).where(Booking.code == taken.code)).one() or 0)
    cancel(session, taken.code, actor=owner, now=now)
    assert "有空位了" in said(talk, "候补到我了吗")
    assert "订好了" in said(talk, "好")
    session.expire_all()
    assert session.scalars(select(WaitlistEntry.state)).one() == "accepted"


@pytest.mark.rule("T24")
def test_a_guest_signs_in_before_waiting(new_talk: NewTalk, shower: Service) -> None:
    talk = new_talk()
    assert "候补" in said(talk, "候补要怎么弄")
