"""Policy questions: found, judged with signs, followed up, asked on."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.messages import Choices, Policies, Reply, Text
from bot.rendering import as_text
from domain.errors import NotAllowed
from domain.permissions import Actor, GrantFacts
from models.conversation import UnansweredQuestion
from models.organisation import Org
from models.policy import OrgFact, Policy, PolicyCheck
from retrieval.bigram_index import BigramIndex
from tests.bot.conftest import NewTalk
from tests.factories import LONG_AGO, create_org


def cards(reply: Reply) -> Policies:
    return next(part for part in reply.parts if isinstance(part, Policies))


@pytest.mark.rule("T10")
@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("高企认定需要什么条件", "Q01"),
        ("我们够不够小巨人", "Q02"),
        ("wengang返还怎么领", "E01"),
        ("貸款貼息怎麼申請", "F02"),
        ("买电动重卡国家补多少", "D01"),
        ("员工小孩读书找谁", "H02"),
        ("刚上规的企业奖多少", "Z01"),
        ("民宿能拿补贴吗", "K01"),
        ("去广交会摆摊能报销展位费吗", "X05"),
        ("没有抵押物怎么贷款有担保政策吗", "F06"),
    ],
)
def test_the_right_policy_comes_first(new_talk: NewTalk, said: str, code: str) -> None:
    reply = new_talk().say(said)
    assert reply.intent == "policy"
    assert reply.policies[0]["code"] == code
    assert len(reply.policies) <= 3


@pytest.mark.rule("T11")
def test_guests_get_policies_without_a_verdict(new_talk: NewTalk) -> None:
    reply = new_talk().say("高企认定需要什么条件")
    assert all(policy["verdict"] is None for policy in reply.policies)
    assert cards(reply).next_question is None


@pytest.mark.rule("T12")
def test_a_firm_gets_its_signs_and_the_check_is_kept(new_talk: NewTalk, contact: Actor, session: Session) -> None:
    reply = new_talk(contact).say("我们能申请高新技术企业吗")
    first = cards(reply).items[0]
    assert first["code"] == "Q01"
    assert first["verdict"] == "ineligible"  # 40 of 6,200 is below 4 %
    assert {sign["sign"] for sign in first["conditions"]} <= {"met", "unmet", "unknown"}
    assert all(first[name] for name in ("disclaimer", "department", "window_text"))
    assert session.scalars(select(PolicyCheck.org_id)).all()


@pytest.mark.rule("T13")
def test_the_next_question_is_asked_kept_and_the_check_shown_again(
    new_talk: NewTalk, contact: Actor, session: Session
) -> None:
    talk = new_talk(contact)
    question = cards(talk.say("我们公司能申请什么补贴")).next_question
    assert question is not None
    answer = {"bool": "是", "enum": (question["options"] or [{"label": ""}])[0]["label"]}.get(question["type"], "30")
    again = talk.say(answer)
    assert again.intent == "policy"
    assert cards(again).items
    fact = session.scalars(select(OrgFact).where(OrgFact.field == question["field"])).one()
    assert (fact.source, fact.by_id) == ("self", contact.person_id)
    following = cards(again).next_question
    assert following is None or following["field"] != question["field"]


@pytest.mark.rule("T13")
def test_not_knowing_is_kept_as_not_knowing(new_talk: NewTalk, contact: Actor, session: Session) -> None:
    talk = new_talk(contact)
    question = cards(talk.say("我们公司能申请什么补贴")).next_question
    assert question is not None
    following = cards(talk.say("不清楚")).next_question
    assert following is None or following["field"] != question["field"]
    assert session.scalars(select(OrgFact).where(OrgFact.field == question["field"])).all() == []


@pytest.mark.rule("T13")
def test_a_wrong_figure_is_said_and_not_kept(new_talk: NewTalk, contact: Actor, session: Session) -> None:
    talk = new_talk(contact)
    talk.say("我们公司能申请什么补贴")
    talk.context.remember(question={"field": "employees", "type": "number", "options": [], "policy": None})
    before = len(session.scalars(select(OrgFact.id)).all())
    reply = talk.say("负三万亿亿")
    assert len(session.scalars(select(OrgFact.id)).all()) == before
    assert reply.parts


@pytest.mark.rule("T14")
def test_follow_ups_mean_what_was_shown(new_talk: NewTalk) -> None:
    talk = new_talk()
    shown = talk.say("稳岗返还怎么申请").policies
    for said, word in (("那这个什么时候截止", "还有40天"), ("要什么材料", "免申即享"), ("哪个部门管", "人社")):
        reply = talk.say(said)
        assert reply.intent == "policy"
        assert reply.policies[0]["code"] == "E01"
        text = next(part for part in reply.parts if isinstance(part, Text)).text
        assert word in text
    if len(shown) > 1:
        assert talk.say("第二个呢").policies[0]["code"] == talk.context.memory["policies"][0]


@pytest.mark.rule("T14")
def test_a_new_subject_is_no_follow_up(new_talk: NewTalk) -> None:
    talk = new_talk()
    talk.say("稳岗返还怎么申请")
    assert talk.say("专利资助什么时候截止").policies[0]["code"] == "I02"


@pytest.mark.rule("T15")
def test_who_acts_for_two_firms_says_for_which(new_talk: NewTalk, contact: Actor, session: Session, firm: Org) -> None:
    other = create_org(session, now=new_talk().context.now, name="第二测试公司")
    grants = (*contact.grants, GrantFacts("enterprise_contact", "org", other.id, LONG_AGO))
    both = Actor(contact.person_id, grants)
    talk = new_talk(both)
    asked = talk.say("高企认定需要什么条件")
    assert [choice.label for choice in asked.choices] == ["云港测试集运有限公司", "第二测试公司"]
    chosen = talk.say("第二测试公司")
    assert chosen.policies[0]["verdict"] is not None
    named = new_talk(both)
    named.context.memory.clear()
    assert named.say("高企认定需要什么条件", org=firm.code).policies[0]["verdict"] is not None


@pytest.mark.rule("T15")
def test_context_never_crosses_firms_and_strangers_may_not_ask(
    new_talk: NewTalk, contact: Actor, session: Session, firm: Org
) -> None:
    other = create_org(session, now=new_talk().context.now)
    both = Actor(contact.person_id, (*contact.grants, GrantFacts("enterprise_contact", "org", other.id, LONG_AGO)))
    talk = new_talk(both)
    talk.say("稳岗返还怎么申请", org=firm.code)
    talk.say("你好", org=other.code)
    assert "policies" not in talk.context.memory
    with pytest.raises(NotAllowed):
        new_talk(contact).say("高企认定需要什么条件", org=other.code)


@pytest.mark.rule("T6")
def test_facts_of_the_sentence_are_judged_but_not_kept(new_talk: NewTalk, session: Session) -> None:
    reply = new_talk().say("我们公司八十来号人，去年营收一千二百万，能申请什么补贴")
    assert reply.policies
    assert all(policy["verdict"] for policy in reply.policies)
    assert session.scalars(select(OrgFact)).all() == []


@pytest.mark.rule("T16")
def test_nothing_fitting_is_said_and_noted(new_talk: NewTalk, session: Session) -> None:
    session.execute(update(Policy).values(state="repealed"))
    talk = new_talk(index=BigramIndex.build([]))
    reply = talk.say("高企认定需要什么条件")
    assert reply.intent == "policy"
    assert isinstance(reply.parts[0], Choices)
    noted = session.scalars(select(UnansweredQuestion)).one()
    assert (noted.reason, noted.intent) == ("no_policy", "policy")


@pytest.mark.rule("T51")
@pytest.mark.parametrize("said", ["蓝湾仓配有多少员工，他们能申请高企吗", "蓝弯仓配够不够小巨人"])
def test_another_firms_situation_is_refused(new_talk: NewTalk, contact: Actor, session: Session, said: str) -> None:
    talk = new_talk(contact)
    create_org(session, now=talk.context.now, name="蓝湾仓配有限公司（虚构）")
    reply = talk.say(said)
    assert (reply.intent, reply.policies) == ("policy", [])
    assert "蓝湾仓配" in as_text(reply.as_json())


@pytest.mark.rule("T51")
def test_another_firm_is_refused_in_a_follow_up_too(new_talk: NewTalk, contact: Actor, session: Session) -> None:
    talk = new_talk(contact)
    create_org(session, now=talk.context.now, name="蓝湾仓配有限公司（虚构）")
    assert talk.say("我们能申请高新技术企业吗").policies
    assert talk.say("那蓝湾仓配够不够条件").policies == []


@pytest.mark.rule("T51")
def test_a_firm_that_shares_its_name_may_ask_about_itself(new_talk: NewTalk, contact: Actor, session: Session) -> None:
    own = session.get_one(Org, next(iter(contact.scopes("enterprise_contact", "org"))))
    talk = new_talk(contact)
    name = own.name_on(talk.context.today)
    create_org(session, now=talk.context.now, name=name)
    assert talk.say(f"{name}能申请高新技术企业吗").policies


@pytest.mark.rule("T51")
def test_ones_own_firm_may_be_named(new_talk: NewTalk, contact: Actor, session: Session) -> None:
    own = session.get_one(Org, next(iter(contact.scopes("enterprise_contact", "org"))))
    talk = new_talk(contact)
    assert talk.say(f"{own.name_on(talk.context.today)}能申请高新技术企业吗").policies
