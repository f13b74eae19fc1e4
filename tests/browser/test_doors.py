"""Ways in from outside: printed QR codes, addresses sent around, old ones."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.backstage import at, book, day_after
from tests.browser.conftest import Phone
from tests.browser.screens import Scenery
from tests.browser.taps import expect_said, seen, sign_in_as, tap
from tests.live import Live

pytestmark = pytest.mark.browser

SHOWER = "DRIVER_HOME.shower"


@pytest.mark.parametrize(
    ("printed", "there"),
    [
        ("/q/service/DRIVER_HOME.shower", "confirm-sheet"),
        ("/q/centre/DBH_HEALTH", "service-DBH_HEALTH.room"),
        ("/q/activity/{activity}", "register"),
        ("/q/policy/Q01", "check-policy"),
    ],
)
def test_a_printed_code_opens_its_page_for_a_guest(guest: Phone, scenery: Scenery, printed: str, there: str) -> None:
    guest.page.goto(scenery.fill(printed))
    if there == "confirm-sheet":
        tap(guest.page, f"day-{scenery.names['tomorrow']}")
    expect(seen(guest.page, there)).to_be_visible()


@pytest.mark.rule("B32", "O9")
def test_a_pass_is_shown_to_its_owner_only(
    phones: Callable[..., Phone], live_server: Live, snap: Callable[[Page, str], object]
) -> None:
    code = book(live_server, "employee", SHOWER, at(day_after(live_server, 7), "10:00"), 30)["code"]
    stranger = phones("driver-45")
    stranger.watch.allow("status of 404")
    stranger.page.goto(f"/q/booking/{code}")
    expect_said(stranger.page, "load-refused", "没有找到")
    expect(seen(stranger.page, "retry")).to_have_count(0)
    snap(stranger.page, "stranger")
    tap(stranger.page, "go-back")
    expect(seen(stranger.page, f"service-{SHOWER}")).to_be_visible()

    owner = phones()
    owner.watch.allow("status of 401")
    owner.page.goto(f"/q/booking/{code}")
    tap(owner.page, "go-sign-in")
    sign_in_as(owner.page, "employee")
    expect(seen(owner.page, "qr")).to_be_visible()


@pytest.mark.rule("C31")
def test_the_host_pages_are_closed_to_others(phones: Callable[..., Phone], scenery: Scenery) -> None:
    member = phones("member-9")
    member.watch.allow("status of 403")
    for name in ("host", "attendance"):
        member.page.goto(scenery.fill(f"/#/pages/activities/{name}?code={{activity}}"))
        expect(seen(member.page, "load-refused")).to_be_visible()
        expect(seen(member.page, "qr")).to_have_count(0)


def test_an_address_that_leads_nowhere_shows_the_first_page(guest: Phone) -> None:
    guest.page.goto("/#/pages/old/page?code=1")
    expect(seen(guest.page, f"service-{SHOWER}")).to_be_visible()


def test_a_service_says_why_a_day_has_no_places(guest: Phone) -> None:
    """The lawyer sits on Wednesdays; a closed day is not a full one."""
    guest.page.goto("/q/service/DRIVER_HOME.legal")
    closed = guest.page.locator("[data-testid^='day-']").filter(visible=True, has_text="不开放").first
    closed.tap()
    expect_said(guest.page, "empty", "不开放")
    tap(guest.page, "empty-action")
    expect(seen(guest.page, "confirm-sheet")).to_be_visible()
