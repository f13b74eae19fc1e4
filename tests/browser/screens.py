"""The screens of the app, each with someone who has something to see there."""

from dataclasses import dataclass
from uuid import uuid4

from playwright.sync_api import Page, expect
from sqlalchemy import select

from models.centre import Booking, Mark
from tests.browser.backstage import at, book, call, day_after, free_at, run_job
from tests.browser.taps import seen
from tests.live import Live

WHO_BOOKS, WHO_WAITS = "driver-30", "driver-32"
WHO_TAKES_ALL = [f"driver-{number}" for number in range(191, 200)]
LAUNDRY = "DRIVER_HOME.laundry"
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
    Screen("marks", "/#/pages/me/marks", WHO_WAITS, "mark-{mark}", "**/api/v1/me/marks"),
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
    Screen("move", "/#/pages/bookings/move?code={booking}", WHO_BOOKS, "move-submit", "**/api/v1/bookings/{booking}"),
    Screen("wait", "/#/pages/bookings/waitlist?id={entry}", WHO_WAITS, "position", "**/api/v1/waitlist/{entry}"),
    Screen("calendar", "/#/pages/me/calendar", WHO_WAITS, "calendar-url", "**/api/v1/me/calendar"),
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


def _waiting(live: Live) -> str:
    """An entry of the wait-list, behind a start that others took whole."""
    start = at(day_after(live, 13), "20:00")
    for who in WHO_TAKES_ALL[: free_at(live, LAUNDRY, start)]:
        book(live, who, LAUNDRY, start, 60)
    wish = {"service": LAUNDRY, "start": start, "minutes": 60, "client_uuid": str(uuid4())}
    return str(call(live, "POST", "/waitlist", wish, who=WHO_WAITS)["id"])


def _mark(live: Live) -> int:
    """A mark of who waits, from an earlier booking."""
    code = book(live, WHO_WAITS, LAUNDRY, at(day_after(live, 12), "02:00"), 60)["code"]
    with live.deps.unit_of_work() as session:
        booking = session.scalars(select(Booking).where(Booking.code == code)).one()
        mark = Mark(person_id=booking.person_id, booking_id=booking.id, kind="no_show", halves=2, at=live.deps.now())
        session.add(mark)
        session.flush()
        return mark.id


class Scenery:
    """A booking, its news and a party day, so that every screen has something to show."""

    def __init__(self, live: Live) -> None:
        day = call(live, "GET", f"/services/{NIGHT}/availability?date={day_after(live, 1)}&zone=male")
        start = next(slot["start"] for slot in day["slots"] if slot["free"])
        self.names = {
            "tomorrow": day_after(live, 1),
            "booking": str(book(live, WHO_BOOKS, NIGHT, start, 120)["code"]),
            "entry": _waiting(live),
            "mark": str(_mark(live)),
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
