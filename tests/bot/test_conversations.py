"""Whole conversations as people hold them: a plain yes, short follow-ups, more of the same."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.messages import Handover
from bot.rendering import as_text
from bot.understanding.special import special_case
from bot.understanding.text import plain
from domain.permissions import Actor
from models.centre import Booking
from models.demand import Demand
from tests.bot.conftest import NewTalk, Talk


def said(talk: Talk, text: str) -> str:
    return as_text(talk.say(text).as_json())


def bookings(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Booking)) or 0


@pytest.mark.rule("T21")
@pytest.mark.parametrize("yes", ["好", "好的", "行，订吧", "嗯就这个", "确认", "可以", "要", "帮我订上"])
def test_a_yes_to_the_one_place_offered_books_it(new_talk: NewTalk, driver: Actor, session: Session, yes: str) -> None:
    talk = new_talk(driver)
    assert "要订吗" in said(talk, "今晚九点约个冲凉")
    assert "订好了" in said(talk, yes)
    assert bookings(session) == 1
    assert "订好了" not in said(talk, yes)
    assert bookings(session) == 1


@pytest.mark.rule("T21")
@pytest.mark.parametrize("no", ["要取消", "不要", "算了", "好贵", "可以取消吗", "多少钱", "好的但是我想晚点"])
def test_nothing_but_a_yes_books(new_talk: NewTalk, driver: Actor, session: Session, no: str) -> None:
    talk = new_talk(driver)
    talk.say("今晚九点约个冲凉")
    talk.say(no)
    assert bookings(session) == 0


@pytest.mark.rule("T21")
def test_a_yes_among_several_times_asks_which(new_talk: NewTalk, driver: Actor, session: Session) -> None:
    talk = new_talk(driver)
    talk.say("今晚有位冲凉吗")
    assert "哪个时间" in said(talk, "好的")
    assert bookings(session) == 0


@pytest.mark.rule("T21")
def test_a_yes_does_not_reach_past_another_sentence(new_talk: NewTalk, driver: Actor, session: Session) -> None:
    talk = new_talk(driver)
    talk.say("今晚九点约个冲凉")
    talk.say("谢谢")
    assert "订好了" not in said(talk, "好的")
    assert bookings(session) == 0


@pytest.mark.rule("T22")
def test_a_yes_cancels_what_was_asked_about(new_talk: NewTalk, driver: Actor, session: Session) -> None:
    talk = new_talk(driver)
    talk.say("今晚九点约个冲凉")
    talk.say("好")
    talk.say("取消吧")
    assert "已取消" in said(talk, "对")
    session.expire_all()
    assert session.scalars(select(Booking.state)).one() == "cancelled"


@pytest.mark.rule("T32")
def test_a_demand_needs_its_verb(new_talk: NewTalk, driver: Actor, session: Session) -> None:
    talk = new_talk(driver)
    talk.say("门口路灯坏了没人修")
    talk.say("好的")
    assert session.scalars(select(Demand)).all() == []
    talk.say("门口路灯坏了没人修")
    assert "已提交" in said(talk, "确认提交")
    assert session.scalars(select(Demand.state)).one() == "submitted"
    assert "门口路灯坏了没人修" in said(talk, "催一下")


@pytest.mark.rule("T31")
@pytest.mark.parametrize("bare", ["好的", "不清楚", "确认", "算了", "是的"])
def test_a_bare_word_is_no_miss(new_talk: NewTalk, bare: str) -> None:
    reply = new_talk().say(bare)
    assert not reply.missed
    assert reply.intent == "greeting"


@pytest.mark.rule("T31")
@pytest.mark.parametrize("wrong", ["你没听懂我", "不是我要的", "你回答的不对", "不对"])
def test_a_wrong_answer_goes_to_a_person(new_talk: NewTalk, wrong: str) -> None:
    talk = new_talk()
    talk.say("厂房漏水漏了半个月")
    card = next(p for p in talk.say(wrong).parts if isinstance(p, Handover))
    assert card.draft["title"] == "厂房漏水漏了半个月"


@pytest.mark.rule("T17")
def test_the_price_of_what_was_just_shown(new_talk: NewTalk, driver: Actor) -> None:
    talk = new_talk(driver)
    talk.say("今晚有位冲凉吗")
    assert "冲凉免费" in said(talk, "要钱吗")


@pytest.mark.rule("T23")
def test_sleeping_until_morning_is_no_delay(new_talk: NewTalk, driver: Actor) -> None:
    reply = new_talk(driver).say("今晚想睡到明天早上七点")
    assert reply.why["action"] == "query"
    assert new_talk(driver).say("晚到半个小时").why["action"] == "delay"


@pytest.mark.rule("T20")
def test_a_night_until_the_hour_that_was_said(new_talk: NewTalk, driver: Actor) -> None:
    assert "今天 22:00—次日06:00" in said(new_talk(driver), "今晚想睡到明早六点")


@pytest.mark.rule("T35")
def test_who_has_no_phone_is_told_how_else(new_talk: NewTalk, member: Actor) -> None:
    assert "点名" in said(new_talk(member), "老张没手机怎么签到")


@pytest.mark.rule("T22")
def test_moving_keeps_the_day_and_the_old_place_until_the_new_one_is_there(
    new_talk: NewTalk, driver: Actor, session: Session
) -> None:
    talk = new_talk(driver)
    talk.say("明天下午两点约个冲凉")
    talk.say("好")
    talk.later(minutes=1)
    text = said(talk, "改到四点半")
    assert "明天 16:30" in text
    assert session.scalars(select(Booking.state)).all() == ["confirmed"]
    assert "改好了：明天 16:30" in said(talk, "好")
    assert [b.state for b in session.scalars(select(Booking).order_by(Booking.starts_at))] == ["moved", "confirmed"]


@pytest.mark.rule("T14")
def test_more_policies_are_others(new_talk: NewTalk, contact: Actor) -> None:
    talk = new_talk(contact)
    first = [p["code"] for p in talk.say("我们公司能申请什么补贴").policies]
    second = [p["code"] for p in talk.say("还有别的吗").policies]
    third = [p["code"] for p in talk.say("还有其他的吗").policies]
    assert len({*first, *second, *third}) == len(first) + len(second) + len(third)


@pytest.mark.rule("T14")
def test_a_general_question_is_no_follow_up(new_talk: NewTalk, contact: Actor) -> None:
    talk = new_talk(contact)
    talk.say("我们够不够小巨人")
    assert len(talk.say("我们能领什么补贴").policies) == 3


@pytest.mark.rule("T14")
def test_a_reminder_is_about_what_was_shown(new_talk: NewTalk) -> None:
    talk = new_talk()
    talk.say("稳岗返还怎么申请")
    assert "提醒" in said(talk, "到时候提醒我")


@pytest.mark.rule("T4")
@pytest.mark.parametrize("text", ["王书记签到了没", "老刘今晚住哪个床", "陈经理报名了吗", "小周来了没"])
def test_whether_a_named_person_came_is_private(text: str) -> None:
    found = special_case(plain(text), text)
    assert found is not None
    assert found.kind == "privacy"


@pytest.mark.rule("T4")
@pytest.mark.parametrize("text", ["老李没手机怎么签到", "安排住哪", "方便请假吗", "我签到了没", "书记来吗"])
def test_helping_somebody_is_not_private(text: str) -> None:
    assert special_case(plain(text), text) is None


@pytest.mark.rule("T37")
def test_nobody_confirms_for_another(new_talk: NewTalk, driver: Actor, member: Actor, session: Session) -> None:
    talk, other = new_talk(driver), new_talk(member)
    talk.say("今晚九点约个冲凉")
    for text in ("好的", "1", "确认预约 21:00"):
        other.say(text)
    assert bookings(session) == 0


@pytest.mark.rule("T26")
def test_a_phone_nobody_registered_is_said(new_talk: NewTalk) -> None:
    assert "电话" in said(new_talk(), "值班电话多少")


@pytest.mark.rule("T30")
def test_a_guess_at_a_policy_is_asked_with_other_meanings_beside_it(new_talk: NewTalk) -> None:
    reply = new_talk().say("光伏那个")
    assert reply.confidence < 0.5
    assert "是不是想问" in as_text(reply.as_json())
    assert reply.policies
    assert 0 < len(reply.choices) <= 3


@pytest.mark.rule("T1")
@pytest.mark.parametrize("text", ["我要举报停车收费", "投诉床位太脏", "我想反映过夜休息的事"])
def test_who_complains_gets_a_draft_whatever_it_is_about(new_talk: NewTalk, driver: Actor, text: str) -> None:
    reply = new_talk(driver).say(text)
    assert reply.intent == "demand"
    assert any(isinstance(part, Handover) for part in reply.parts)
