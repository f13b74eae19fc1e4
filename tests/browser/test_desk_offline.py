"""The staff desk without a network: verify, keep, upload; nothing lost, nothing twice, nothing said too early."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from models.centre import Booking
from models.desk import Arrival
from tests.browser.backstage import at, book, call, day_after
from tests.browser.conftest import Phone
from tests.browser.desk_stage import (
    BAY,
    CENTRE,
    DESK,
    Snap,
    live_server,
    look_for,
    past_grace,
    row_of,
    soon,
    staff,
    steps_of,
    type_in,
)  # fmt: skip
from tests.browser.taps import expect_said, seen, sign_in_as, tap
from tests.live import Live

__all__ = ["live_server", "staff"]
pytestmark = pytest.mark.browser


def arrivals_of(live: Live, code: str) -> list[str]:
    """What the server noted of arrivals sent from offline."""
    with live.deps.read() as session:
        rows = session.scalars(
            select(Arrival).join(Booking, Booking.id == Arrival.booking_id).where(Booking.code == code)
        )
        return [row.result for row in rows]


def visited_once(phone: Phone, code: str) -> None:
    """One visit with a network: the app, the board and the keys are on the device afterwards."""
    phone.page.goto(DESK)
    expect(seen(phone.page, f"desk-booking-{code}")).to_be_visible()
    phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    phone.page.wait_for_function(f"localStorage.getItem('lianyi:page:desk:pack:{CENTRE}')?.includes('{code}')")


def reopened(phone: Phone) -> Page:
    """The tab is gone without a word; a new one is opened."""
    phone.page.close()
    phone.page = phone.context.new_page()
    phone.page.goto(DESK)
    return phone.page


@pytest.mark.rule("B30")
def test_without_a_network_passes_are_verified_and_arrivals_become_final_once(
    staff: Phone, live_server: Live, snap: Snap
) -> None:
    start = soon(live_server)
    first = book(live_server, "driver-45", BAY, start, 240)
    second = book(live_server, "driver-46", BAY, start, 240)
    other = book(live_server, "driver-47", "STJ_JEWEL.leisure", at(day_after(live_server, 1), "10:00"), 120)
    visited_once(staff, second["code"])
    staff.watch.allow("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")
    staff.context.set_offline(True)
    staff.page.reload()
    page = staff.page
    expect(seen(page, "desk-offline")).to_be_visible()
    expect(seen(page, f"desk-booking-{first['code']}")).to_be_visible()
    snap(page, "offline")

    tap(page, "desk-scan")
    look_for(page, first["pass"])
    expect(seen(page, "scan-result")).to_have_attribute("data-mark", "queued")
    expect_said(page, "scan-result", "等待上传")
    snap(page, "queued")
    for refused in (other["pass"], first["pass"][:-6] + "AAAAAA", second["pass"].replace("LY1.", "LY2.")):
        look_for(page, refused)
        expect(seen(page, "scan-result")).to_have_attribute("data-mark", "stop")
    snap(page, "refused")
    look_for(page, second["code"])
    tap(page, f"let-in-{second['code']}")
    expect_said(page, "scan-result", "等待上传")
    look_for(page, first["pass"])
    expect_said(page, "scan-result", "经登记过")
    assert [row_of(live_server, one["code"]).state for one in (first, second)] == ["confirmed", "confirmed"]

    page = reopened(staff)
    expect(seen(page, "desk-queue")).to_have_attribute("data-waiting", "2")
    expect_said(page, f"desk-booking-{first['code']}", "等待上传")
    tap(page, "desk-queue")
    expect(seen(page, f"queued-{first['code']}")).to_have_attribute("data-state", "waiting")
    snap(page, "queue-waiting")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/sync", lose)
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/sync")):
        staff.context.set_offline(False)
    expect(seen(page, f"queued-{first['code']}")).to_have_attribute("data-state", "waiting")
    assert row_of(live_server, first["code"]).state == "checked_in"

    page = reopened(staff)
    expect(seen(page, "desk-queue")).to_have_attribute("data-waiting", "0")
    tap(page, "desk-queue")
    for one in (first, second):
        expect(seen(page, f"queued-{one['code']}")).to_have_attribute("data-state", re.compile("admitted|repeat"))
        assert [state for state, _ in steps_of(live_server, one["code"])] == ["confirmed", "checked_in"]
        assert arrivals_of(live_server, one["code"]) == ["admitted"]
    snap(page, "queue-final")


def test_two_for_one_place_come_to_a_person_who_settles_it(staff: Phone, live_server: Live, snap: Snap) -> None:
    made = book(live_server, "driver-80", BAY, soon(live_server), 240)
    visited_once(staff, made["code"])
    staff.watch.allow("ERR_INTERNET_DISCONNECTED")
    staff.context.set_offline(True)
    page = staff.page
    tap(page, f"check-in-{made['code']}")
    expect_said(page, "desk-done", "等待上传")

    past_grace(live_server, made["code"])
    call(live_server, "POST", f"/bookings/{made['code']}/no-show", {}, who="staff")
    wish = {"service": BAY, "unit": made["unit"], "minutes": 240, "client_uuid": str(uuid4())}
    call(live_server, "POST", f"/desk/{CENTRE}/walk-ins", wish, who="staff")

    staff.context.set_offline(False)
    expect_said(page, "desk-queue", "1 条需要处理")
    tap(page, "desk-queue")
    expect(seen(page, f"queued-{made['code']}")).to_have_attribute("data-state", "conflict")
    with live_server.deps.read() as session:
        arrival = session.scalars(select(Arrival).where(Arrival.result == "conflict")).one()
        assert arrival.settled_at is None
    snap(page, "conflict")
    tap(page, f"settle-{arrival.id}")
    type_in(page, "settle-unit", "B40")
    tap(page, "settle-submit")
    expect(seen(page, f"conflict-{arrival.id}")).to_have_count(0)
    with live_server.deps.read() as session:
        assert session.get_one(Arrival, arrival.id).settled_at is not None
    tap(page, f"put-away-{made['code']}")
    expect(seen(page, f"queued-{made['code']}")).to_have_count(0)


def test_a_walk_in_without_a_network_waits_and_goes_up(staff: Phone, live_server: Live, snap: Snap) -> None:
    page = staff.page
    page.goto(DESK)
    tap(page, "desk-walk-in")
    expect(seen(page, f"walk-service-{BAY}")).to_be_visible()
    staff.watch.allow("ERR_INTERNET_DISCONNECTED")
    staff.context.set_offline(True)
    tap(page, f"walk-service-{BAY}")
    type_in(page, "walk-name", "赵师傅")
    tap(page, "walk-submit")
    expect_said(page, "walk-in-queued", "等待上传")
    snap(page, "queued")
    with live_server.deps.read() as session:
        assert not list(session.scalars(select(Arrival).where(Arrival.kind == "walk_in")))
    staff.context.set_offline(False)
    tap(page, "walk-in-queue")
    expect(page.locator("[data-testid^=queued-][data-state=admitted]").filter(visible=True)).to_be_visible()
    with live_server.deps.read() as session:
        arrival = session.scalars(select(Arrival).where(Arrival.kind == "walk_in")).one()
        booking = session.get_one(Booking, arrival.booking_id)
        assert (arrival.result, booking.state, booking.source) == ("admitted", "checked_in", "walkin")


def test_what_one_account_noted_is_not_uploaded_by_the_next(
    staff: Phone, phones: Callable[..., Phone], live_server: Live, snap: Snap
) -> None:
    made = book(live_server, "driver-81", BAY, soon(live_server), 240)
    visited_once(staff, made["code"])
    staff.watch.allow("ERR_INTERNET_DISCONNECTED", "status of 401", "ERR_FAILED")
    page = staff.page
    page.route("**/sync", lambda route: route.abort())
    staff.context.set_offline(True)
    tap(page, f"check-in-{made['code']}")
    expect_said(page, "desk-done", "等待上传")
    staff.context.set_offline(False)
    page.goto("/#/pages/me/index")
    tap(page, "sign-out")
    expect_said(page, "sign-out-unsent", "1 条")
    snap(page, "sign-out")
    tap(page, "sign-out-confirm")
    page.unroute("**/sync")
    tap(page, "go-sign-in")
    sign_in_as(page, "admin")
    expect_said(page, "me-name", "管理员")
    page.goto(f"{DESK}?centre={CENTRE}")
    expect(seen(page, "desk-counts")).to_be_visible()
    page.goto("/#/pages/desk/queue")
    expect_said(page, "queue-others", "1 条")
    assert row_of(live_server, made["code"]).state == "confirmed"

    page.goto("/#/pages/me/index")
    tap(page, "sign-out")
    tap(page, "sign-out-confirm")
    tap(page, "go-sign-in")
    sign_in_as(page, "staff")
    expect_said(page, "me-name", "周师傅")
    page.goto("/#/pages/desk/queue")
    expect(seen(page, f"queued-{made['code']}")).to_have_attribute("data-state", re.compile("admitted"))
    assert steps_of(live_server, made["code"])[-1] == ("checked_in", "周师傅")
