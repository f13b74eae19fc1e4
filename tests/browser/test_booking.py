"""Booking a shower 预约冲凉 by taps, from the first look to the row in the database."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select, update

from models.centre import Booking, Occupancy
from models.people import AuthToken, Person
from tests.browser.backstage import at, book, call, day_after, free_at
from tests.browser.conftest import Phone
from tests.browser.taps import expect_said, seen, sign_in_as, tap
from tests.live import Live

pytestmark = pytest.mark.browser

SHOWER = "DRIVER_HOME.shower"
LAUNDRY = "DRIVER_HOME.laundry"
SERVICE_PAGE = "/#/pages/services/service?code={code}"


def choose_time(page: Page, start: str) -> None:
    tap(page, f"day-{start[:10]}")
    tap(page, f"slot-{start}")


def code_on_pass(page: Page) -> str:
    return seen(page, "booking-code").inner_text().replace(" ", "")


def booking_of(live: Live, code: str) -> tuple[Booking, list[Occupancy]]:
    with live.deps.read() as session:
        booking = session.scalars(select(Booking).where(Booking.code == code)).one()
        return booking, list(session.scalars(select(Occupancy).where(Occupancy.booking_id == booking.id)))


@pytest.mark.rule("B1", "B5", "B10", "B30", "O9")
def test_a_guest_books_a_shower_and_is_asked_to_sign_in_at_that_moment(
    guest: Phone, live_server: Live, snap: Callable[[Page, str], object]
) -> None:
    page, start = guest.page, at(day_after(live_server, 1), "14:00")
    page.goto("/")
    free_now = call(live_server, "GET", f"/services/{SHOWER}")["free_now"]
    expect_said(page, f"service-{SHOWER}", str(free_now))
    tap(page, f"service-{SHOWER}")
    choose_time(page, start)
    expect_said(page, "confirm-sheet", "14:00–14:30")
    tap(page, "confirm-booking")

    sign_in_as(page, "driver")

    expect_said(page, "booked-note", "约好了")
    expect_said(page, "pass-time", "14:00–14:30")
    expect(seen(page, "qr")).to_have_attribute("data-qr", re.compile(r"^LY1\."))
    snap(page, "pass")
    booking, occupied = booking_of(live_server, code_on_pass(page))
    assert booking.state == "confirmed"
    assert booking.starts_at == datetime.fromisoformat(start)
    assert [(row.starts_at, row.ends_at) for row in occupied] == [(booking.starts_at, booking.occupied_until)]
    with live_server.deps.read() as session:
        assert session.get_one(Person, booking.person_id).name == "林志远"

    tap(page, "back")
    expect_said(page, "next-booking", "14:00–14:30")


@pytest.mark.rule("B21", "B27", "B30")
def test_the_ticket_opens_without_a_network_and_a_cancelled_place_is_free_again(
    phones: Callable[..., Phone], live_server: Live, snap: Callable[[Page, str], object]
) -> None:
    start = at(day_after(live_server, 2), "10:00")
    code = book(live_server, "driver-11", SHOWER, start, 30)["code"]
    free = free_at(live_server, SHOWER, start)
    mine = phones("driver-11")
    page = mine.page
    page.goto("/")
    expect_said(page, "next-booking", "10:00–10:30")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    mine.watch.allow("ERR_INTERNET_DISCONNECTED")
    mine.context.set_offline(True)
    page.reload()
    expect(seen(page, "offline-banner")).to_be_visible()
    tap(page, "next-booking")
    expect(seen(page, "qr")).to_have_attribute("data-qr", re.compile(r"^LY1\."))
    assert code_on_pass(page) == code
    snap(page, "offline")

    mine.context.set_offline(False)
    tap(page, "cancel-booking")
    tap(page, "confirm-cancel")
    expect_said(page, "booking-state", "已取消")
    booking, occupied = booking_of(live_server, code)
    assert (booking.state, occupied) == ("cancelled", [])
    assert free_at(live_server, SHOWER, start) == free + 1


@pytest.mark.rule("B8", "B12", "B20")
def test_a_full_slot_offers_others_and_one_is_taken_by_a_tap(
    phones: Callable[..., Phone], live_server: Live, snap: Callable[[Page, str], object]
) -> None:
    start = at(day_after(live_server, 3), "15:00")
    places = free_at(live_server, LAUNDRY, start)
    late = phones("driver-20")
    page = late.page
    page.goto(SERVICE_PAGE.format(code=LAUNDRY))
    choose_time(page, start)
    for number in range(21, 21 + places):
        book(live_server, f"driver-{number}", LAUNDRY, start, 60)

    late.watch.allow("status of 409")
    tap(page, "confirm-booking")
    expect_said(page, "booking-error", "约满")
    expect(seen(page, f"slot-{start}")).to_contain_text("约满")
    snap(page, "full")
    offered = seen(page, "alternatives").locator("[data-testid^='alternative-']").first
    taken = (offered.get_attribute("data-testid") or "").removeprefix("alternative-")
    offered.tap()
    tap(page, "confirm-booking")

    expect_said(page, "booked-note", "约好了")
    booking, _ = booking_of(live_server, code_on_pass(page))
    assert (booking.state, booking.starts_at) == ("confirmed", datetime.fromisoformat(taken))


@pytest.mark.rule("B10")
def test_who_has_no_zone_is_asked_once_and_the_answer_is_kept(phones: Callable[..., Phone], live_server: Live) -> None:
    start = at(day_after(live_server, 4), "09:00")
    page = phones("secretary").page
    page.goto(SERVICE_PAGE.format(code=SHOWER))
    choose_time(page, start)
    tap(page, "confirm-booking")
    tap(page, "zone-ask-female")
    tap(page, "confirm-booking")

    expect_said(page, "pass", "女区")
    booking, _ = booking_of(live_server, code_on_pass(page))
    assert booking.zone == "female"
    with live_server.deps.read() as session:
        assert session.get_one(Person, booking.person_id).zone == "female"


def bookings_of(live: Live, name: str) -> list[Booking]:
    with live.deps.read() as session:
        owned = select(Booking).join(Person, Person.id == Booking.person_id).where(Person.name == name)
        return list(session.scalars(owned))


@pytest.mark.rule("B2")
def test_two_taps_at_once_make_one_booking(phones: Callable[..., Phone], live_server: Live) -> None:
    page = phones("driver-13").page
    page.goto(SERVICE_PAGE.format(code=SHOWER))
    choose_time(page, at(day_after(live_server, 6), "08:00"))
    seen(page, "confirm-booking").evaluate("button => { button.click(); button.click() }")
    expect_said(page, "booked-note", "约好了")
    assert len(bookings_of(live_server, "司机013")) == 1


@pytest.mark.rule("B2")
def test_an_answer_lost_on_the_way_is_fetched_by_a_second_tap(phones: Callable[..., Phone], live_server: Live) -> None:
    mine = phones("driver-14")
    mine.watch.allow("ERR_FAILED")
    page = mine.page
    page.goto(SERVICE_PAGE.format(code=SHOWER))
    choose_time(page, at(day_after(live_server, 6), "09:00"))

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/api/v1/bookings", lose, times=1)
    tap(page, "confirm-booking")
    expect(seen(page, "booking-error")).to_be_visible()
    assert [one.state for one in bookings_of(live_server, "司机014")] == ["confirmed"]
    tap(page, "confirm-booking")
    expect_said(page, "booked-note", "约好了")
    assert [one.code for one in bookings_of(live_server, "司机014")] == [code_on_pass(page)]


@pytest.mark.rule("B6")
def test_two_bookings_at_once_are_refused_with_what_to_do(phones: Callable[..., Phone], live_server: Live) -> None:
    start = at(day_after(live_server, 5), "11:00")
    book(live_server, "driver-12", SHOWER, start, 30)
    mine = phones("driver-12")
    mine.watch.allow("status of 409")
    page = mine.page
    page.goto(SERVICE_PAGE.format(code=LAUNDRY))
    choose_time(page, start)
    tap(page, "confirm-booking")

    expect(seen(page, "booking-error")).to_be_visible()
    tap(page, "see-bookings")
    expect(page.get_by_text("11:00–11:30").filter(visible=True)).to_be_visible()
    assert len(bookings_of(live_server, "司机012")) == 1


@pytest.mark.rule("O9", "T24")
def test_who_turns_back_at_the_sign_in_has_booked_nothing_and_may_try_again(guest: Phone, live_server: Live) -> None:
    page = guest.page
    page.goto(SERVICE_PAGE.format(code=LAUNDRY))
    choose_time(page, at(day_after(live_server, 8), "10:00"))
    before = len(bookings_of(live_server, "何小敏"))
    tap(page, "confirm-booking")
    expect(seen(page, "sign-in-demo:employee")).to_be_visible()
    tap(page, "back")
    expect(seen(page, "confirm-booking")).to_have_text("预约")
    expect(seen(page, "booking-error")).to_have_count(0)
    assert len(bookings_of(live_server, "何小敏")) == before

    tap(page, "confirm-booking")
    sign_in_as(page, "employee")
    expect_said(page, "booked-note", "约好了")
    assert len(bookings_of(live_server, "何小敏")) == before + 1


@pytest.mark.rule("O3")
def test_an_ended_session_is_asked_to_sign_in_again_and_the_booking_goes_on(
    phones: Callable[..., Phone], live_server: Live
) -> None:
    mine = phones("driver-15")
    mine.watch.allow("status of 401")
    page = mine.page
    page.goto(SERVICE_PAGE.format(code=LAUNDRY))
    choose_time(page, at(day_after(live_server, 8), "13:00"))
    with live_server.deps.unit_of_work() as session:
        owner = select(Person.id).where(Person.name == "司机015").scalar_subquery()
        session.execute(update(AuthToken).where(AuthToken.person_id == owner).values(revoked_at=live_server.deps.now()))
    tap(page, "confirm-booking")
    sign_in_as(page, "staff")
    expect_said(page, "booked-note", "约好了")
    assert [one.state for one in bookings_of(live_server, "周师傅")] == ["confirmed"]
