"""My own page 我的: news, large text, dark, signing out."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from models.notification import Notification
from models.people import AuthToken, Person
from tests.browser.backstage import at, book, day_after, run_job
from tests.browser.conftest import Phone
from tests.browser.taps import expect_said, seen, sign_in_as, tap
from tests.live import Live

pytestmark = pytest.mark.browser

LAUNDRY = "DRIVER_HOME.laundry"


def open_me(phone: Phone) -> Page:
    phone.page.goto("/")
    tap(phone.page, "tab-me")
    return phone.page


def text_size(page: Page, test_id: str) -> float:
    return float(seen(page, test_id).evaluate("node => parseFloat(getComputedStyle(node).fontSize)"))


@pytest.mark.rule("O11", "O12", "B28")
def test_the_news_of_a_booking_arrives_and_leads_to_its_pass(
    phones: Callable[..., Phone], live_server: Live, snap: Callable[[Page, str], object]
) -> None:
    code = book(live_server, "driver-40", LAUNDRY, at(day_after(live_server, 1), "12:00"), 60)["code"]
    run_job(live_server, "deliver-notifications")
    page = open_me(phones("driver-40"))
    expect_said(page, "unread", "1")
    tap(page, "my-inbox")
    with live_server.deps.read() as session:
        mine = select(Notification).join(Person, Person.id == Notification.person_id).where(Person.name == "司机040")
        news = session.scalars(mine).one()
    expect_said(page, f"inbox-{news.id}", "洗衣")
    expect_said(page, f"inbox-{news.id}", "12:00")
    snap(page, "inbox")
    tap(page, f"inbox-{news.id}")
    expect(seen(page, "qr")).to_be_visible()
    expect(seen(page, "booking-code")).to_have_text(f"{code[:4]} {code[4:]}")
    with live_server.deps.read() as session:
        assert session.get_one(Notification, news.id).read_at is not None


def test_large_text_is_a_third_larger_and_stays(phones: Callable[..., Phone], live_server: Live) -> None:
    page = open_me(phones("driver-41"))
    usual = text_size(page, "me-name")
    tap(page, "large-text")
    expect(seen(page, "large-text")).to_have_attribute("aria-checked", "true")
    assert text_size(page, "me-name") == pytest.approx(usual * 1.3, rel=0.01)

    page.reload()
    expect(seen(page, "large-text")).to_have_attribute("aria-checked", "true")
    assert text_size(page, "me-name") == pytest.approx(usual * 1.3, rel=0.01)
    elsewhere = open_me(phones("driver-41"))
    expect(seen(elsewhere, "large-text")).to_have_attribute("aria-checked", "true")
    with live_server.deps.read() as session:
        settings = session.scalars(select(Person.settings).where(Person.name == "司机041")).one()
    assert settings == {"large_text": True}


def test_dark_follows_the_phone_at_once(phones: Callable[..., Phone]) -> None:
    page = open_me(phones("driver-42"))
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(245, 246, 248)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) == "rgb(15, 18, 22)"


@pytest.mark.rule("O3")
def test_signing_out_ends_the_token_and_takes_the_passes_from_the_phone(
    phones: Callable[..., Phone], live_server: Live
) -> None:
    book(live_server, "driver-43", LAUNDRY, at(day_after(live_server, 1), "16:00"), 60)
    page = phones("driver-43").page
    page.goto("/")
    expect(seen(page, "next-booking")).to_be_visible()
    assert page.evaluate("localStorage.getItem('lianyi:passes')")
    tap(page, "tab-me")
    tap(page, "sign-out")
    tap(page, "sign-out-confirm")
    expect(seen(page, "go-sign-in")).to_be_visible()
    kept = page.evaluate("['token', 'person', 'passes'].map(name => localStorage.getItem(`lianyi:${name}`))")
    assert kept == [None, None, None]
    tap(page, "tab-services")
    expect(seen(page, f"service-{LAUNDRY}")).to_be_visible()
    expect(seen(page, "next-booking")).to_have_count(0)
    with live_server.deps.read() as session:
        tokens = select(AuthToken).join(Person, Person.id == AuthToken.person_id).where(Person.name == "司机043")
        newest = session.scalars(tokens.order_by(AuthToken.id.desc())).first()
    assert newest is not None
    assert newest.revoked_at is not None


@pytest.mark.rule("B32")
def test_the_next_person_on_the_same_phone_sees_nothing_of_the_one_before(
    phones: Callable[..., Phone], live_server: Live
) -> None:
    book(live_server, "driver-46", LAUNDRY, at(day_after(live_server, 2), "16:00"), 60)
    mine = phones("driver-46")
    page = mine.page
    page.goto("/")
    expect(seen(page, "next-booking")).to_be_visible()
    tap(page, "tab-me")
    tap(page, "sign-out")
    tap(page, "sign-out-confirm")
    tap(page, "go-sign-in")
    page.route("**/api/v1/bookings?*", lambda route: None)
    sign_in_as(page, "chain_office")
    expect_said(page, "me-name", "吴海")
    with page.expect_request("**/api/v1/bookings?*"):
        tap(page, "tab-services")
    expect(seen(page, f"service-{LAUNDRY}")).to_be_visible()
    expect(seen(page, "next-booking")).to_have_count(0)
    page.unroute_all(behavior="ignoreErrors")


@pytest.mark.rule("B32")
def test_another_person_signing_in_after_an_ended_session_finds_no_passes_of_the_first(
    phones: Callable[..., Phone], live_server: Live
) -> None:
    book(live_server, "driver-47", LAUNDRY, at(day_after(live_server, 2), "18:00"), 60)
    mine = phones("driver-47")
    mine.watch.allow("status of 401", "ERR_INTERNET_DISCONNECTED", "ERR_FAILED")
    page = mine.page
    page.goto("/")
    expect(seen(page, "next-booking")).to_be_visible()
    with live_server.deps.unit_of_work() as session:
        owner = select(Person.id).where(Person.name == "司机047").scalar_subquery()
        session.execute(update(AuthToken).where(AuthToken.person_id == owner).values(revoked_at=live_server.deps.now()))
    tap(page, "tab-me")
    tap(page, "go-sign-in")
    sign_in_as(page, "chain_office")
    expect_said(page, "me-name", "吴海")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    mine.context.set_offline(True)
    tap(page, "my-bookings")
    expect(seen(page, "offline-banner")).to_be_visible()
    expect(page.get_by_text("18:00–19:00").filter(visible=True)).to_have_count(0)
