"""A party day 主题党日 by taps: the rotating code, the scan before sign-in, the list of who came."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from models.activity import Activity, CheckIn, Leave, Registration
from models.people import Person
from tests.browser.backstage import call
from tests.browser.conftest import Phone
from tests.browser.taps import expect_said, seen, sign_in_as, tap
from tests.live import Live

pytestmark = pytest.mark.browser

STEP_MS = 20_000
OVER_FIVE_MINUTES = "06:00"


@pytest.fixture
def party_day(live_server: Live) -> str:
    """The code of the day of `demo:secretary`'s branch whose check-in is open."""
    found = call(live_server, "GET", "/activities?state=ongoing&host=me", who="secretary")["items"]
    return str(next(day["code"] for day in found if day["type"] == "theme_day"))


def shown_qr(page: Page) -> str:
    return seen(page, "qr").get_attribute("data-qr") or ""


def open_host_page(phones: Callable[..., Phone], code: str) -> Phone:
    """From the list to the projector, as the secretary does it."""
    host = phones("secretary")
    host.page.goto("/")
    tap(host.page, "tab-activities")
    tap(host.page, f"activity-{code}")
    tap(host.page, "open-host")
    expect(seen(host.page, "qr")).to_be_visible()
    return host


def scan(page: Page, qr: str) -> None:
    """What a phone's camera does with the code: open its address."""
    page.goto(urlsplit(qr).path)


def records(live: Live, code: str, name: str) -> tuple[Registration, list[CheckIn]]:
    with live.deps.read() as session:
        mine = (Activity.code == code, Person.name == name)
        registration = select(Registration).join(Activity, Activity.id == Registration.activity_id)
        scans = select(CheckIn).join(Activity, Activity.id == CheckIn.activity_id)
        return (
            session.scalars(registration.join(Person, Person.id == Registration.person_id).where(*mine)).one(),
            list(session.scalars(scans.join(Person, Person.id == CheckIn.person_id).where(*mine).order_by(CheckIn.id))),
        )


@pytest.mark.rule("C3", "C10", "C18", "C19", "C22", "C34")
def test_a_member_scans_before_signing_in_and_the_host_sees_the_name(
    phones: Callable[..., Phone], live_server: Live, party_day: str, snap: Callable[[Page, str], object]
) -> None:
    host = open_host_page(phones, party_day)
    page = phones().page
    scan(page, shown_qr(host.page))
    expect(seen(page, "checkin-result")).to_have_attribute("data-step", "ready")
    tap(page, "checkin-confirm")
    sign_in_as(page, "member")
    expect_said(page, "checkin-result", "已签到")
    snap(page, "in")
    registration, scans = records(live_server, party_day, "陈建国")
    assert (registration.state, registration.source) == ("attended", "door")
    assert [(row.method, row.grade) for row in scans] == [("code", "accepted")]

    scan(page, shown_qr(host.page))
    tap(page, "checkin-confirm")
    expect_said(page, "checkin-result", "已经签过了")
    registration, scans = records(live_server, party_day, "陈建国")
    assert registration.state == "attended"
    assert [row.repeat_of_id for row in scans] == [None, scans[0].id]

    tap(host.page, "back")
    tap(host.page, "open-attendance")
    expect_said(host.page, "attendance-rows", "陈建国")
    snap(host.page, "list")


@pytest.mark.rule("C1", "C2", "C32")
def test_the_host_page_changes_its_code_without_a_network_and_the_server_takes_it(
    phones: Callable[..., Phone], live_server: Live, party_day: str, snap: Callable[[Page, str], object]
) -> None:
    host = open_host_page(phones, party_day)
    host.watch.allow("ERR_INTERNET_DISCONNECTED")
    host.context.set_offline(True)
    first = shown_qr(host.page)
    expect(seen(host.page, "qr")).not_to_have_attribute("data-qr", first, timeout=STEP_MS + 5_000)
    second = shown_qr(host.page)
    ticket = call(live_server, "POST", f"/activities/{party_day}/scan-tickets", {"qr": second})
    assert ticket["activity"]["code"] == party_day
    expect(seen(host.page, "host-offline")).to_be_visible()
    snap(host.page, "offline")


@pytest.mark.rule("C32")
def test_the_host_page_says_when_its_codes_have_run_out(phones: Callable[..., Phone], party_day: str) -> None:
    host = phones("secretary")
    host.page.clock.install()
    host.watch.allow("ERR_INTERNET_DISCONNECTED")
    host.page.goto(f"/#/pages/activities/host?code={party_day}")
    before = shown_qr(host.page)
    host.context.set_offline(True)
    host.page.clock.fast_forward(STEP_MS)
    expect(seen(host.page, "qr")).not_to_have_attribute("data-qr", before)
    host.page.clock.fast_forward(OVER_FIVE_MINUTES)
    expect(seen(host.page, "host-expired")).to_be_visible()


@pytest.mark.rule("C2", "C3")
def test_pasted_text_checks_in_and_what_is_no_code_says_so(
    phones: Callable[..., Phone], live_server: Live, party_day: str
) -> None:
    qr: str = call(live_server, "GET", f"/activities/{party_day}/display-code", who="secretary")["qr"]
    member = phones("member-6")
    page = member.page
    page.goto("/")
    tap(page, "tab-activities")
    tap(page, "scan")
    pasted = seen(page, "scan-text").locator("input")
    pasted.fill("https://example.com/menu")
    tap(page, "scan-go")
    expect(seen(page, "scan-error")).to_be_visible()

    pasted.fill(qr)
    tap(page, "scan-go")
    tap(page, "checkin-confirm")
    expect_said(page, "checkin-result", "已签到")
    registration, _ = records(live_server, party_day, "党员006")
    assert registration.state == "attended"


@pytest.mark.rule("C3")
def test_a_made_up_code_is_refused_in_words(guest: Phone, party_day: str, snap: Callable[[Page, str], object]) -> None:
    guest.watch.allow(r"status of 4\d\d")
    guest.page.goto(f"/q/checkin/{party_day}.AAAAAAAAAAAAAAAA")
    expect(seen(guest.page, "checkin-result")).to_have_attribute("data-step", "refused")
    snap(guest.page, "refused")


def register(page: Page, live: Live) -> str:
    """Take a place in a coming activity by taps; gives its code."""
    coming: list[dict[str, Any]] = call(live, "GET", "/activities?state=upcoming")["items"]
    code = str(next(item["code"] for item in coming if item["registration"]["open"]))
    page.goto("/")
    tap(page, "tab-activities")
    tap(page, f"activity-{code}")
    tap(page, "register")
    expect_said(page, "activity-status", "已报名")
    return code


@pytest.mark.rule("C15", "C27")
def test_registering_and_cancelling_by_taps(phones: Callable[..., Phone], live_server: Live) -> None:
    page = phones("member-7").page
    code = register(page, live_server)
    assert records(live_server, code, "党员007")[0].state == "registered"

    tap(page, "cancel-registration")
    expect(seen(page, "register")).to_be_visible()
    assert records(live_server, code, "党员007")[0].state == "cancelled"


@pytest.mark.rule("C16", "C29")
def test_asking_leave_by_taps(
    phones: Callable[..., Phone], live_server: Live, snap: Callable[[Page, str], object]
) -> None:
    page = phones("member-8").page
    code = register(page, live_server)
    tap(page, "leave")
    tap(page, "leave-family")
    seen(page, "leave-reason").locator("textarea").fill("孩子开家长会")
    snap(page, "leave")
    tap(page, "leave-submit")
    expect_said(page, "activity-status", "请假待批")
    expect_said(page, "leave-sentence", "等书记批")
    expect(seen(page, "leave")).to_have_count(0)
    with live_server.deps.read() as session:
        asked = select(Leave).join(Activity, Activity.id == Leave.activity_id).where(Activity.code == code)
        leave = session.scalars(asked.join(Person, Person.id == Leave.person_id).where(Person.name == "党员008")).one()
    assert (leave.state, leave.reason_kind, leave.reason) == ("asked", "family", "孩子开家长会")
