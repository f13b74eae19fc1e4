"""The screens of the app, each with someone who has something to see there."""

from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.backstage import book, call, day_after, run_job
from tests.browser.taps import seen
from tests.live import Live

WHO_BOOKS = "driver-30"
NIGHT = "DRIVER_HOME.rest_short"


@dataclass(frozen=True)
class Screen:
    """Where it is, whose phone shows it, what is there once it is full, and the read that fills it.

    `dated`: without a network it says when its content was stored.
    """

    name: str
    path: str
    who: str | None
    full: str
    read: str
    dated: bool = True

    def __str__(self) -> str:
        return self.name


LISTS = (
    Screen("services", "/", None, "centre-DRIVER_HOME", "**/api/v1/centres*"),
    Screen("activities", "/#/pages/activities/index", None, "activity-{activity}", "**/api/v1/activities?*"),
    Screen("policies", "/#/pages/policies/index", None, "policy-Q01", "**/api/v1/policies*"),
    Screen("bookings", "/#/pages/bookings/list", WHO_BOOKS, "booking-{booking}", "**/api/v1/bookings?*", dated=False),
    Screen("inbox", "/#/pages/me/inbox", WHO_BOOKS, "inbox-{news}", "**/api/v1/inbox*"),
)
"""Screens of rows: each can be empty."""
DETAILS = (
    Screen(
        "service",
        "/#/pages/services/service?code=DRIVER_HOME.shower&date={tomorrow}",
        None,
        "confirm-sheet",
        "**/availability?*",
    ),
    Screen("pass", "/#/pages/bookings/pass?code={booking}", WHO_BOOKS, "qr", "**/api/v1/bookings/{booking}"),
    Screen(
        "activity", "/#/pages/activities/detail?code={activity}", None, "register", "**/api/v1/activities/{activity}"
    ),
    Screen(
        "host", "/#/pages/activities/host?code={activity}", "secretary", "qr", "**/api/v1/activities/*/display-code"
    ),
    Screen(
        "attendance",
        "/#/pages/activities/attendance?code={activity}",
        "secretary",
        "attendance-rows",
        "**/api/v1/activities/*/attendance*",
    ),
    Screen("policy", "/#/pages/policies/detail?code=Q01", "enterprise", "check-policy", "**/api/v1/policies/Q01"),
    Screen("sign-in", "/#/pages/me/sign-in", None, "sign-in-demo:driver", "**/api/v1/app-config"),
)
QUIET = (
    Screen("ask", "/#/pages/ask/index", None, "open-policies", ""),
    Screen("scan", "/#/pages/activities/scan", None, "scan-text", ""),
    Screen("me", "/#/pages/me/index", WHO_BOOKS, "me-name", ""),
    Screen("about", "/#/pages/me/about", None, "back", ""),
    Screen("demands", "/#/pages/demands/list", "driver-31", "empty", ""),
)
"""Screens that read nothing before they can be used."""


class Scenery:
    """A booking, its news and a party day, so that every screen has something to show."""

    def __init__(self, live: Live) -> None:
        day = call(live, "GET", f"/services/{NIGHT}/availability?date={day_after(live, 1)}&zone=male")
        start = next(slot["start"] for slot in day["slots"] if slot["free"])
        self.names = {
            "tomorrow": day_after(live, 1),
            "booking": str(book(live, WHO_BOOKS, NIGHT, start, 120)["code"]),
            "activity": str(call(live, "GET", "/activities?state=ongoing")["items"][0]["code"]),
        }
        run_job(live, "deliver-notifications")
        self.names["news"] = str(call(live, "GET", "/inbox", who=WHO_BOOKS)["items"][0]["id"])

    def fill(self, text: str) -> str:
        return text.format(**self.names)

    def open(self, page: Page, screen: Screen) -> None:
        """Show the screen and wait until it is full."""
        page.goto(self.fill(screen.path))
        self.expect_full(page, screen)

    def expect_full(self, page: Page, screen: Screen) -> None:
        expect(seen(page, self.fill(screen.full)).first).to_be_visible()
