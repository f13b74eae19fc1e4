"""`python -m tools.screenshots`: the main screens at 390 × 844 — light, dark, large text — into docs/screenshots.

Runs the real product on a fresh demo district; every picture is reached by taps and addresses a person has too.
"""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import click
from playwright.sync_api import Browser, Page

from bench.load import Call, send_all
from tests.chromium import chromium, phone
from tests.live import Live, live

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs/screenshots"
API = "/api/v1"
LAUNDRY = "DRIVER_HOME.laundry"
QUESTION = "我们公司能申请什么补贴"
SETTLE_MS = 700

Mode = Literal["light", "dark", "large"]
MODES: tuple[Mode, ...] = ("light", "dark", "large")


class District:
    """What the pictures show: a booking, a party day, news."""

    def __init__(self, served: Live) -> None:
        self.served = served
        self._used = 20
        self.booking: str = self._book()["code"]
        self.waiting, self.offered = self._wait("driver", "09:00"), self._wait("driver-9", "11:00", offered=True)
        host = self._headers("secretary")
        self.activity: str = self._ask("GET", "/activities?state=ongoing&host=me", host)["items"][0]["code"]
        self.policy: str = self._ask("GET", "/policies?per_page=1", {})["items"][0]["code"]

    def _headers(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.served.tokens([name])[0]}"}

    def _ask(self, method: str, path: str, headers: dict[str, str], body: Any = None) -> Any:
        [answer] = send_all(self.served.address, [Call(method, API + path, body, headers)], connections=1)
        if answer.status not in (200, 201):
            raise click.ClickException(f"{method} {path}: {answer.status} {answer.body.decode()}")
        return answer.json()

    def _book(self) -> Any:
        day = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
        slots = self._ask("GET", f"/services/DRIVER_HOME.shower/availability?date={day}&zone=male", {})["slots"]
        start = next(slot["start"] for slot in slots if slot["free"] and "T19:" in slot["start"])
        wish = {"service": "DRIVER_HOME.shower", "start": start, "minutes": 30, "client_uuid": str(uuid4())}
        return self._ask("POST", "/bookings", self._headers("driver"), wish)

    def _wait(self, who: str, clock: str, *, offered: bool = False) -> str:
        """An entry behind a start that others took; `offered`: one of them gave it back."""
        start = f"{(datetime.now(UTC) + timedelta(days=2)).date().isoformat()}T{clock}:00+08:00"
        taken = {"service": LAUNDRY, "start": start, "minutes": 60}
        day = self._ask("GET", f"/services/{LAUNDRY}/availability?date={start[:10]}", {})["slots"]
        free = next(slot["free"] for slot in day if slot["start"] == start)
        holders = [f"driver-{number}" for number in range(self._used, self._used + free)]
        self._used += free
        codes = [self._ask("POST", "/bookings", self._headers(name), _keyed(taken))["code"] for name in holders]
        entry = self._ask("POST", "/waitlist", self._headers(who), _keyed(taken))
        if offered:
            self._ask("POST", f"/bookings/{codes[0]}/cancel", self._headers(holders[0]), {})
        return str(entry["id"])

    def check_in(self, page: Page) -> None:
        """Give the scan page what the screen shows now, and confirm."""
        shown = self._ask("GET", f"/activities/{self.activity}/display-code", self._headers("secretary"))
        page.get_by_test_id("scan-text").locator("input").fill(shown["qr"])
        page.get_by_test_id("scan-go").click()
        page.get_by_test_id("checkin-confirm").click()
        page.locator("[data-step=done]").wait_for()

    def set_large_text(self, name: str, on: bool) -> None:
        self._ask("PATCH", "/me", self._headers(name), {"settings": {"large_text": on}})


def _keyed(wish: dict[str, Any]) -> dict[str, Any]:
    return {**wish, "client_uuid": str(uuid4())}


def be_late(page: Page) -> None:
    """Say one comes later, up to the last tap."""
    page.get_by_test_id("late-open").click()
    page.get_by_test_id("late-45").click()


def ask(page: Page) -> None:
    """Put the question to the bot as a person does."""
    page.get_by_test_id("chat-input").locator("input, textarea").fill(QUESTION)
    page.get_by_test_id("chat-send").click()
    page.get_by_test_id("reply").last.wait_for()


def nothing(_page: Page) -> None:
    """The page as it opens."""


Screen = tuple[str, str | None, str, Callable[[Page], None]]


def screens(district: District) -> list[Screen]:
    """Name, who looks (None: a guest), the page, and what is done on it."""
    return [
        ("services", "driver", "pages/services/index", nothing),
        ("booking-sheet", "driver", "pages/services/service?code=DRIVER_HOME.shower", nothing),
        ("bookings", "driver", "pages/bookings/list", nothing),
        ("pass", "driver", f"pages/bookings/pass?code={district.booking}", nothing),
        ("late", "driver", f"pages/bookings/pass?code={district.booking}", be_late),
        ("move", "driver", f"pages/bookings/move?code={district.booking}", nothing),
        ("waiting", "driver", f"pages/bookings/waitlist?id={district.waiting}", nothing),
        ("offer", "driver-9", f"pages/bookings/waitlist?id={district.offered}", nothing),
        ("marks", "driver", "pages/me/marks", nothing),
        ("activities", None, "pages/activities/index", nothing),
        ("activity", "member", f"pages/activities/detail?code={district.activity}", nothing),
        ("check-in", "member", "pages/activities/scan", district.check_in),
        ("host", "secretary", f"pages/activities/host?code={district.activity}", nothing),
        ("ask", "enterprise", "pages/ask/index", ask),
        ("policy", "enterprise", f"pages/policies/detail?code={district.policy}", nothing),
        ("me", "driver", "pages/me/index", nothing),
        ("inbox", "driver", "pages/me/inbox", nothing),
        ("sign-in", None, "pages/me/sign-in", nothing),
    ]


def take(browser: Browser, served: Live, mode: Mode, wanted: list[Screen], folder: Path) -> None:
    """All screens in one mode; a phone for each person."""
    for who in dict.fromkeys(who for _, who, _, _ in wanted):
        context = phone(
            browser,
            served.address,
            scheme="dark" if mode == "dark" else "light",
            token=served.tokens([who])[0] if who else None,
            large_text=mode == "large",
            sharpness=1,
        )
        page = context.new_page()
        for name, _, path, do in (screen for screen in wanted if screen[1] == who):
            page.goto(f"/#/{path}")
            page.reload(wait_until="networkidle")
            do(page)
            page.wait_for_timeout(SETTLE_MS)
            page.screenshot(path=folder / f"{name}-{mode}.png")
            click.echo(f"{name}-{mode}.png")
        context.close()


@click.command()
@click.option("--only", help="One screen by its name.")
@click.option("--out", type=click.Path(path_type=Path), default=FOLDER, show_default=False)
def main(only: str | None, out: Path) -> None:
    """Save the main screens: light, dark and large text."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        with live(f"sqlite:///{folder / 'lianyi.db'}", folder, standin=True, scheduler=True) as served:
            district = District(served)
            wanted = [screen for screen in screens(district) if only in (None, screen[0])]
            for mode in MODES:
                for who in {who for _, who, _, _ in wanted if who}:
                    district.set_large_text(who, mode == "large")
                take(browser, served, mode, wanted, out)


if __name__ == "__main__":
    main()
