"""The five faces of a screen: loading, empty, error, offline, and full of real data."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Phone
from tests.browser.screens import DETAILS, LISTS, Scenery, Screen
from tests.browser.taps import seen, tap
from tests.browser.test_every_screen import AUDIT

pytestmark = pytest.mark.browser

BUSY = {"code": "busy", "message": "系统正忙，请稍等再试。", "details": {}}
EMPTY = {"items": [], "total": 0, "page": 1, "per_page": 20, "unread": 0}
LONG_NAME = "深圳市盐田区综合保税区国际集装箱货运代理与供应链管理服务有限公司联合党支部（临时）司机之家"
ROWS = 200
Snap = Callable[[Page, str], Path]


class Gate:
    """Holds the requests to an address back, until they are refused."""

    def __init__(self, page: Page, address: str) -> None:
        self._held: list[Route] = []
        self._refusing = False
        page.route(address, lambda route: self._answer(route))

    def refuse(self) -> None:
        self._refusing = True
        for route in self._held:
            self._answer(route)

    def _answer(self, route: Route) -> None:
        if self._refusing:
            route.fulfill(status=503, json=BUSY)
        else:
            self._held.append(route)


@pytest.mark.parametrize("screen", [*LISTS, *DETAILS], ids=str)
def test_a_screen_shows_its_shape_while_it_loads_and_what_to_do_when_it_fails(
    phones: Callable[..., Phone], scenery: Scenery, screen: Screen, snap: Snap
) -> None:
    mine = phones(screen.who)
    mine.watch.allow("status of 503")
    page, address = mine.page, scenery.fill(screen.read)
    gate = Gate(page, address)
    with page.expect_request(address):
        page.goto(scenery.fill(screen.path))
    expect(seen(page, "loading").first).to_be_visible()
    snap(page, "loading")

    gate.refuse()
    expect(seen(page, "load-error").first).to_contain_text("系统正忙")
    assert page.evaluate(AUDIT) == []
    snap(page, "error")

    page.unroute(address)
    seen(page, "retry").first.tap()
    scenery.expect_full(page, screen)


@pytest.mark.parametrize("screen", LISTS, ids=str)
def test_an_empty_screen_says_what_will_be_here(
    phones: Callable[..., Phone], scenery: Scenery, screen: Screen, snap: Snap
) -> None:
    page = phones(screen.who).page
    page.route(scenery.fill(screen.read), lambda route: route.fulfill(json=EMPTY))
    page.goto(scenery.fill(screen.path))
    expect(seen(page, "empty").first).to_be_visible()
    assert page.evaluate(AUDIT) == []
    snap(page, "empty")


@pytest.mark.parametrize("screen", LISTS, ids=str)
def test_without_a_network_a_list_shows_what_the_phone_kept_and_says_so(
    phones: Callable[..., Phone], scenery: Scenery, screen: Screen, snap: Snap
) -> None:
    mine = phones(screen.who)
    mine.watch.allow("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")
    page = mine.page
    scenery.open(page, screen)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    mine.context.set_offline(True)
    page.reload()
    expect(seen(page, "offline-banner")).to_be_visible()
    if screen.dated:
        expect(seen(page, "stored-note").first).to_be_visible()
    scenery.expect_full(page, screen)
    snap(page, "offline")


def many(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer's first row two hundred times, with a long name and nothing free."""
    rows = [{**row, "id": n, "code": f"X{n}"} for row in answer["items"][:1] for n in range(ROWS)]
    for row in rows:
        row.update({key: LONG_NAME for key in ("name", "title", "place") if key in row})
        row.update({"free_now": 0} if "free_now" in row else {})
    return {**answer, "items": rows, "total": len(rows)}


@pytest.mark.parametrize("large_text", [False, True], ids=["usual", "large"])
@pytest.mark.parametrize("screen", LISTS, ids=str)
def test_long_names_and_two_hundred_rows_fit(
    phones: Callable[..., Phone], scenery: Scenery, screen: Screen, snap: Snap, large_text: bool
) -> None:
    mine = phones(screen.who, large_text=large_text)
    mine.watch.allow("centres/X0/services")
    page = mine.page

    def swell(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(body=json.dumps(many(answer.json())), content_type="application/json")

    page.route(scenery.fill(screen.read), swell)
    page.goto(scenery.fill(screen.path))
    prefix = scenery.fill(screen.full).split("-")[0]
    last = seen(page, f"{prefix}-X{ROWS - 1}").or_(seen(page, f"{prefix}-{ROWS - 1}"))
    expect(last.first).to_be_visible()
    assert page.evaluate(AUDIT) == []
    snap(page, "long")


def test_a_booking_without_a_network_is_not_claimed_and_can_be_sent_later(
    phones: Callable[..., Phone], scenery: Scenery, snap: Snap
) -> None:
    mine = phones("driver-44")
    mine.watch.allow("ERR_INTERNET_DISCONNECTED")
    screen = next(one for one in DETAILS if one.name == "service")
    scenery.open(mine.page, screen)
    mine.context.set_offline(True)
    tap(mine.page, "confirm-booking")
    expect(seen(mine.page, "booking-error")).to_contain_text("不能算办成")
    snap(mine.page, "refused")
    mine.context.set_offline(False)
    tap(mine.page, "confirm-booking")
    expect(seen(mine.page, "booked-note")).to_be_visible()
