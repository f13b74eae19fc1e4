"""Asking about policies 问政策 by taps: as a guest, for a firm, up to a person who takes over."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from models.centre import Booking
from models.demand import Demand, DemandEvent
from models.people import Person
from models.policy import OrgFact, Policy, PolicyCheck, PolicyVersion, QuestionPause
from tests.browser.conftest import Phone
from tests.browser.taps import expect_said, seen, sign_in_as, tap
from tests.live import Live

pytestmark = pytest.mark.browser

EQUIPMENT = "换设备有补贴吗"
EQUIPMENT_POLICY = "U01"
LITTLE_GIANT_OPENER = "小巨人要什么条件"
LITTLE_GIANT_POLICY = "Q02"


def ask(page: Page, words: str) -> None:
    """Type, send, and wait until the answer begins."""
    written = seen(page, "chat-input").locator("input")
    answered = seen(page, "reply").count()
    written.fill(words)
    tap(page, "chat-send")
    expect(seen(page, "reply").nth(answered)).to_be_visible()
    expect(written).to_have_value("")


def card(page: Page, policy: str) -> Locator:
    """The latest card of that policy."""
    return seen(page, f"policy-card-{policy}").last


def open_chat(phone: Phone) -> Page:
    phone.page.goto("/")
    tap(phone.page, "tab-ask")
    return phone.page


@pytest.mark.rule("P20", "T11")
def test_a_guest_gets_cards_without_a_verdict(guest: Phone, snap: Callable[[Page, str], object]) -> None:
    page = open_chat(guest)
    ask(page, EQUIPMENT)
    expect(card(page, EQUIPMENT_POLICY)).to_contain_text("设备")
    expect(card(page, EQUIPMENT_POLICY)).to_have_attribute("data-verdict", "")
    expect(seen(page, "next-question")).to_have_count(0)
    snap(page, "cards")

    tap(page, f"policy-details-{EQUIPMENT_POLICY}")
    expect(page.get_by_text("申报条件").filter(visible=True)).to_be_visible()
    expect_said(page, "check-policy", "登录")


@pytest.mark.rule("P15", "T12")
def test_a_firm_sees_each_condition_with_a_sign_and_a_word(guest: Phone, snap: Callable[[Page, str], object]) -> None:
    page = guest.page
    page.goto("/")
    tap(page, "tab-me")
    tap(page, "go-sign-in")
    sign_in_as(page, "enterprise")
    expect_said(page, "me-name", "苏雨晴")
    tap(page, "tab-ask")
    tap(page, f"opener-{LITTLE_GIANT_OPENER}")
    tap(page, f"policy-conditions-{LITTLE_GIANT_POLICY}")
    signs = card(page, LITTLE_GIANT_POLICY).locator(".condition-sign")
    for sign, word in (("✓", "满足"), ("✗", "不满足"), ("？", "还不清楚")):
        expect(signs.filter(has_text=sign).first).to_contain_text(word)
    snap(page, "signs")


@pytest.mark.rule("P17", "P18", "T13")
def test_the_next_question_is_answered_by_a_tap_and_kept(
    phones: Callable[..., Phone], live_server: Live, snap: Callable[[Page, str], object]
) -> None:
    page = open_chat(phones("enterprise"))
    ask(page, EQUIPMENT)
    question = seen(page, "next-question")
    expect(question).to_be_visible()
    field = question.get_attribute("data-field")
    snap(page, "question")
    tap(page, "answer-true")
    expect(card(page, EQUIPMENT_POLICY).get_by_text("满足 1")).to_be_visible()
    with live_server.deps.read() as session:
        newest = select(OrgFact).where(OrgFact.field == field).order_by(OrgFact.id.desc())
        fact = session.scalars(newest).first()
    assert fact is not None
    assert (fact.value, fact.source) == (True, "self")

    following = question.get_attribute("data-field")
    assert following != field
    tap(page, "answer-unknown")
    expect(seen(page, "my-message").last).to_contain_text("不清楚")
    expect(question.and_(page.locator(f"[data-field={following}]"))).to_have_count(0)
    with live_server.deps.read() as session:
        assert session.scalar(select(QuestionPause.id).where(QuestionPause.field == following)) is not None


@pytest.mark.rule("D1", "D3", "T31", "T32")
def test_a_person_takes_over_with_a_draft_that_may_be_changed(
    phones: Callable[..., Phone], live_server: Live, snap: Callable[[Page, str], object]
) -> None:
    page = open_chat(phones("enterprise"))
    ask(page, "园区门口的路灯坏了好几天，晚上装货看不清")
    ask(page, "转人工")
    title = "园区东门路灯不亮"
    written = seen(page, "handover-title").last.locator("input")
    expect(written).to_be_visible()
    with live_server.deps.read() as session:
        before = len(list(session.scalars(select(Demand.id))))
    written.fill(title)
    snap(page, "draft")
    seen(page, "handover-submit").last.tap()
    expect(seen(page, "handover-sent")).to_be_visible()
    with live_server.deps.read() as session:
        demand = session.scalars(select(Demand).where(Demand.title == title)).one()
        events = session.scalars(select(DemandEvent.to_state).where(DemandEvent.demand_id == demand.id)).all()
        assert len(list(session.scalars(select(Demand.id)))) == before + 1
    assert demand.state == "submitted"
    assert events == ["draft", "submitted"]

    tap(page, "see-demands")
    expect_said(page, f"demand-{demand.code}", title)


@pytest.mark.rule("T3")
def test_an_emergency_shows_numbers_first_and_no_form(guest: Phone, snap: Callable[[Page, str], object]) -> None:
    page = open_chat(guest)
    ask(page, "有个司机胸口疼，喘不上气")
    expect_said(page, "call-120", "120")
    expect(seen(page, "handover")).to_have_count(0)
    snap(page, "numbers")


@pytest.mark.rule("T20")
def test_a_free_place_in_the_chat_leads_to_its_booking(guest: Phone) -> None:
    page = open_chat(guest)
    ask(page, "明天冲凉还有位吗")
    offered = page.locator("[data-testid^='chat-slot-']").filter(visible=True).first
    start = (offered.get_attribute("data-testid") or "").removeprefix("chat-slot-")
    offered.tap()
    expect_said(page, "confirm-sheet", start[11:16])


@pytest.mark.rule("P11", "P12", "P19")
def test_a_firm_checks_a_policy_from_the_list_and_the_check_is_kept(
    phones: Callable[..., Phone], live_server: Live, snap: Callable[[Page, str], object]
) -> None:
    page = open_chat(phones("enterprise"))
    tap(page, "open-policies")
    tap(page, "policy-state-closing_soon")
    found = page.locator("[data-testid^='policy-'].item").filter(visible=True).first
    expect(found).to_contain_text("快截止了")
    code = (found.get_attribute("data-testid") or "").removeprefix("policy-")
    found.tap()
    tap(page, "check-policy")
    verdict = seen(page, "verdict")
    expect(verdict).to_be_visible()
    snap(page, "verdict")
    with live_server.deps.read() as session:
        checks = select(PolicyCheck).join(PolicyVersion, PolicyVersion.id == PolicyCheck.version_id)
        of_it = checks.join(Policy, Policy.id == PolicyVersion.policy_id).where(Policy.code == code)
        newest = session.scalars(of_it.order_by(PolicyCheck.id.desc())).first()
    assert newest is not None
    assert newest.verdict == verdict.get_attribute("data-verdict")


@pytest.mark.rule("T21")
def test_a_booking_in_the_chat_is_made_by_the_confirming_tap(
    phones: Callable[..., Phone], live_server: Live, snap: Callable[[Page, str], object]
) -> None:
    def booked() -> list[Booking]:
        with live_server.deps.read() as session:
            owned = select(Booking).join(Person, Person.id == Booking.person_id).where(Person.name == "司机016")
            return list(session.scalars(owned))

    page = open_chat(phones("driver-16"))
    ask(page, "帮我约明天晚上八点冲凉")
    confirm = page.locator("[data-testid^='choice-']").filter(visible=True, has_text="确认预约")
    expect(confirm).to_be_visible()
    assert booked() == []
    answered = seen(page, "reply").count()
    confirm.tap()
    expect(seen(page, "reply").nth(answered)).to_contain_text("20:00")
    snap(page, "booked")
    (booking,) = booked()
    assert (booking.state, booking.source) == ("confirmed", "bot")
    tap(page, "tab-services")
    expect_said(page, "next-booking", "20:00–20:30")
