"""Booking in chat: real places, one tap, never on a guess."""

from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.messages import Choices, Reply, Slots, Text
from domain.permissions import Actor
from models.centre import Booking
from services.centre.centres import availability
from tests.bot.conftest import NewTalk


def bookings(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Booking)) or 0


def texts(reply: Reply) -> str:
    return "\n".join(p.text for p in reply.parts if isinstance(p, Text | Choices | Slots))


@pytest.mark.rule("T20")
def test_shown_slots_are_the_real_ones(new_talk: NewTalk, driver: Actor, session: Session, now: datetime) -> None:
    reply = new_talk(driver).say("今晚有位冲凉吗")
    card = next(part for part in reply.parts if isinstance(part, Slots))
    real = availability(session, "DRIVER_HOME.shower", now.date(), saved_zone="male", now=now)
    free = {slot.start: slot.free for slot in real.slots}
    assert card.service["code"] == "DRIVER_HOME.shower"
    assert 0 < len(card.items) <= 6
    assert all(free[datetime.fromisoformat(item["start"])] == item["free"] for item in card.items)
    assert bookings(session) == 0


@pytest.mark.rule("T21")
def test_nothing_is_booked_before_the_tap(new_talk: NewTalk, driver: Actor, session: Session) -> None:
    talk = new_talk(driver)
    asked = talk.say("帮我约今晚九点冲凉")
    assert asked.choices[0].label == "确认预约 21:00"
    assert bookings(session) == 0
    done = talk.say(asked.choices[0].send)
    assert "订好了" in texts(done)
    row = session.scalars(select(Booking)).one()
    assert (row.source, row.state, row.person_id) == ("bot", "confirmed", driver.person_id)
    assert (row.starts_at.hour, row.starts_at.minute) == (13, 0)  # 21:00 in Shanghai


@pytest.mark.rule("T21")
def test_a_number_or_the_slot_text_is_a_tap_too(new_talk: NewTalk, driver: Actor, session: Session) -> None:
    talk = new_talk(driver)
    talk.say("明天上午冲凉")
    assert "订好了" in texts(talk.say("第二个"))
    assert bookings(session) == 1


@pytest.mark.rule("T21")
@pytest.mark.parametrize("said", ["1", "确认预约 21:00", "预约 11月25日 21:00 冲凉", "好的", "确认"])
def test_words_without_an_offer_book_nothing(new_talk: NewTalk, driver: Actor, session: Session, said: str) -> None:
    new_talk(driver).say(said)
    assert bookings(session) == 0


@pytest.mark.rule("T21")
def test_a_full_slot_offers_others_and_books_nothing(new_talk: NewTalk, driver: Actor, session: Session) -> None:
    talk, rival = new_talk(driver), driver
    asked = talk.say("今晚九点冲凉")
    talk.say(asked.choices[0].send)
    again = new_talk(rival)
    again.later(minutes=1)
    offered = again.say("今晚九点冲凉")
    refused = again.say(offered.choices[0].send)
    assert "没有办成" in texts(refused)  # the same person, the same time
    assert bookings(session) == 1


@pytest.mark.rule("T22")
def test_cancelling_asks_first(new_talk: NewTalk, driver: Actor, session: Session) -> None:
    talk = new_talk(driver)
    talk.say(talk.say("今晚九点冲凉").choices[0].send)
    asked = talk.say("取消预约")
    assert session.scalars(select(Booking.state)).one() == "confirmed"
    assert "已取消" in texts(talk.say(asked.choices[0].send))
    session.expire_all()
    assert session.scalars(select(Booking.state)).one() == "cancelled"


@pytest.mark.rule("T22")
def test_keeping_cancels_nothing(new_talk: NewTalk, driver: Actor, session: Session) -> None:
    talk = new_talk(driver)
    talk.say(talk.say("今晚九点冲凉").choices[0].send)
    talk.say("取消预约")
    talk.say("不取消")
    session.expire_all()
    assert session.scalars(select(Booking.state)).one() == "confirmed"


@pytest.mark.rule("T23")
def test_late_tells_what_holds_and_what_can_be_done(new_talk: NewTalk, driver: Actor) -> None:
    talk = new_talk(driver)
    talk.say(talk.say("今晚九点冲凉").choices[0].send)
    late = talk.say("路上塞车，可能晚到四十分钟")
    assert "21:15" in texts(late)
    assert len(late.choices) == 3


@pytest.mark.rule("T24")
def test_guests_see_places_but_sign_in_to_book(new_talk: NewTalk, session: Session) -> None:
    talk = new_talk()
    talk.say("今晚还有床位吗")
    assert "登录" in texts(talk.say("1"))
    assert bookings(session) == 0
    assert "登录" in texts(new_talk().say("我的预约"))


@pytest.mark.rule("T25")
def test_a_zone_is_asked_for_where_none_is_known(new_talk: NewTalk, driver: Actor, session: Session) -> None:
    bare = Actor(driver.person_id, driver.grants)
    talk = new_talk(bare)
    asked = talk.say("今晚九点冲凉")
    assert [c.label for c in asked.choices] == ["男区", "女区"]
    offered = talk.say("女区")
    talk.say(offered.choices[0].send)
    assert session.scalars(select(Booking.zone)).one() == "female"


@pytest.mark.rule("T26")
@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("司机之家在哪里", "综合保税区"),
        ("洗澡收费吗", "免费"),
        ("停车最多能停多久", "12 小时"),
        ("爽约有什么后果", "7 天内"),
        ("过夜几点开放", "20:00"),
    ],
)
def test_questions_about_the_centre(new_talk: NewTalk, said: str, word: str) -> None:
    reply = new_talk().say(said)
    assert reply.intent == "booking"
    assert word in texts(reply)
