"""The staff desk 值班台 by taps: each story ends in checked rows. No scheduler runs: what happens is what staff did."""

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select, update

from models.centre import Booking, BookingEvent, CentreNotice, Closure, Unit
from models.desk import Arrival, ShiftNote
from models.people import Grant, Person
from models.waitlist import WaitlistEntry
from tests.browser.backstage import SHANGHAI, at, book, call, day_after, free_at
from tests.browser.conftest import Phone
from tests.browser.taps import expect_said, seen, tap
from tests.browser.test_every_screen import AUDIT
from tests.live import Live, live

pytestmark = pytest.mark.browser

CENTRE = "DRIVER_HOME"
SHOWER = f"{CENTRE}.shower"
LAUNDRY = f"{CENTRE}.laundry"
BAY = f"{CENTRE}.bay"
DESK = "/#/pages/desk/index"
Snap = Callable[[Page, str], Path]


@pytest.fixture(scope="module")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A district of its own without scheduler, so that nobody but the desk says who did not come."""
    folder = tmp_path_factory.mktemp("desk")
    with live(f"sqlite:///{folder / 'lianyi.db'}", folder) as served:
        yield served


@pytest.fixture
def staff(phones: Callable[..., Phone]) -> Phone:
    return phones("staff")


def soon(live: Live, half_hours: int = 0) -> str:
    """The next half hour, so that the door opens for it now already."""
    now = live.deps.now().astimezone(SHANGHAI)
    start = now.replace(minute=0, second=0, microsecond=0) + timedelta(minutes=30 if now.minute < 30 else 60)
    return (start + timedelta(minutes=30 * half_hours)).isoformat()


def row_of(live: Live, code: str) -> Booking:
    with live.deps.read() as session:
        return session.scalars(select(Booking).where(Booking.code == code)).one()


def steps_of(live: Live, code: str) -> list[tuple[str, str | None]]:
    """What became of a booking and who did it."""
    with live.deps.read() as session:
        rows = session.execute(
            select(BookingEvent.to_state, Person.name)
            .join(Booking, Booking.id == BookingEvent.booking_id)
            .outerjoin(Person, Person.id == BookingEvent.actor_id)
            .where(Booking.code == code)
            .order_by(BookingEvent.seq)
        )
        return [(row.to_state, row.name) for row in rows]


def type_in(page: Page, test_id: str, text: str) -> None:
    seen(page, test_id).locator("input, textarea").fill(text)


def set_pin(live: Live, who: str, pin: str) -> None:
    """Answered with nothing (204), which `call` cannot read."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {live.tokens([who])[0]}"}
    body = json.dumps({"pin": pin}).encode()
    request = urllib.request.Request(f"{live.address}/api/v1/me/desk-pin", data=body, headers=headers, method="PUT")
    urllib.request.urlopen(request, timeout=20).close()


def look_for(page: Page, text: str) -> None:
    type_in(page, "desk-find", text)
    tap(page, "desk-find-go")


@pytest.mark.rule("B26", "B27")
def test_staff_find_a_booking_by_its_code_let_the_guest_in_and_take_it_back(
    staff: Phone, live_server: Live, snap: Snap
) -> None:
    code = book(live_server, "driver-40", SHOWER, soon(live_server), 30)["code"]
    page = staff.page
    page.goto("/#/pages/me/index")
    tap(page, "desk")
    expect(seen(page, f"desk-booking-{code}")).to_have_attribute("data-state", "confirmed")
    snap(page, "board")
    tap(page, "desk-scan")
    look_for(page, code.lower())
    tap(page, f"let-in-{code}")
    expect(seen(page, "scan-result")).to_have_attribute("data-mark", "ok")
    snap(page, "let-in")
    assert row_of(live_server, code).state == "checked_in"
    assert steps_of(live_server, code)[-1] == ("checked_in", "周师傅")

    tap(page, "scan-undo")
    expect_said(page, "scan-result", "已撤销")
    assert row_of(live_server, code).state == "confirmed"

    tap(page, "back")
    tap(page, f"check-in-{code}")
    expect_said(page, "desk-done", "已到店")
    tap(page, f"complete-{code}")
    expect_said(page, "desk-done", "已离店")
    assert [state for state, _ in steps_of(live_server, code)][-3:] == ["confirmed", "checked_in", "completed"]


@pytest.mark.rule("B30")
def test_a_scanned_pass_opens_and_a_forged_one_does_not(staff: Phone, live_server: Live, snap: Snap) -> None:
    made = book(live_server, "driver-41", BAY, soon(live_server), 240)
    staff.watch.allow("status of 422")
    page = staff.page
    page.goto("/#/pages/desk/scan")
    look_for(page, made["pass"][:-6] + "AAAAAA")
    expect(seen(page, "scan-result")).to_have_attribute("data-mark", "stop")
    snap(page, "forged")
    assert row_of(live_server, made["code"]).state == "confirmed"
    look_for(page, made["pass"])
    expect(seen(page, "scan-result")).to_have_attribute("data-mark", "ok")
    assert row_of(live_server, made["code"]).state == "checked_in"


def test_a_walk_in_gets_a_place_and_it_can_be_taken_back(staff: Phone, live_server: Live, snap: Snap) -> None:
    page = staff.page
    page.goto(DESK)
    tap(page, "desk-walk-in")
    tap(page, f"walk-service-{SHOWER}")
    tap(page, "walk-zone-male")
    type_in(page, "walk-name", "王师傅")
    type_in(page, "walk-plate", "粤B8K217")
    snap(page, "form")
    tap(page, "walk-submit")
    code = seen(page, "walk-in-code").inner_text()
    unit = seen(page, "walk-in-unit").inner_text()
    snap(page, "done")
    row = row_of(live_server, code)
    assert (row.state, row.source, row.person_id) == ("checked_in", "walkin", None)
    with live_server.deps.read() as session:
        assert session.get_one(Unit, row.unit_id).no == unit
        assert row.guest_cipher
        assert live_server.deps.cipher.decrypt(row.guest_cipher) == "王师傅"
    tap(page, "walk-in-back")
    expect_said(page, f"desk-booking-{code}", "王师傅")


@pytest.mark.rule("B24")
def test_somebody_who_did_not_come_is_said_so_and_the_step_taken_back(
    staff: Phone, live_server: Live, snap: Snap
) -> None:
    code = book(live_server, "driver-42", BAY, soon(live_server), 240)["code"]
    with live_server.deps.unit_of_work() as session:
        past = live_server.deps.now() - timedelta(minutes=1)
        session.execute(
            update(Booking).where(Booking.code == code).values(starts_at=past - timedelta(minutes=45), grace_until=past)
        )
    page = staff.page
    page.goto(DESK)
    tap(page, f"no-show-{code}")
    expect_said(page, "desk-done", "没来")
    snap(page, "no-show")
    assert row_of(live_server, code).state == "no_show"
    tap(page, "desk-undo")
    expect_said(page, "desk-done", "已撤销")
    assert row_of(live_server, code).state == "confirmed"
    assert [state for state, _ in steps_of(live_server, code)][-2:] == ["no_show", "confirmed"]


def test_a_broken_unit_is_closed_after_a_look_at_who_moves_where(staff: Phone, live_server: Live, snap: Snap) -> None:
    start = (
        at(day_after(live_server, 0), "23:00")
        if soon(live_server)[11:16] < "22"
        else at(day_after(live_server, 1), "10:00")
    )
    made = book(live_server, "driver-43", SHOWER, start, 30)
    code, unit = made["code"], made["unit"]
    page = staff.page
    page.goto(DESK)
    tap(page, "desk-view-units")
    tap(page, f"unit-{SHOWER}-{unit}")
    tap(page, "unit-close")
    tap(page, "close-kind-broken")
    type_in(page, "close-reason", "花洒漏水")
    tap(page, "close-look")
    expect_said(page, f"affected-{code}", "换到")
    snap(page, "proposal")
    assert row_of(live_server, code).unit_id is not None
    with live_server.deps.read() as session:
        assert not list(session.scalars(select(Closure).where(Closure.unit_id.is_not(None))))

    tap(page, "close-apply")
    expect_said(page, "closure-said", "已停用")
    with live_server.deps.read() as session:
        closure = session.scalars(select(Closure).where(Closure.unit_id.is_not(None))).one()
        moved = session.scalars(select(Booking).where(Booking.code == code)).one()
        assert closure.kind == "broken"
        assert closure.reason == "花洒漏水"
        assert (moved.state, session.get_one(Unit, moved.unit_id).no != unit) == ("confirmed", True)
    tap(page, "back")
    expect(seen(page, f"unit-{SHOWER}-{unit}")).to_have_attribute("data-state", "broken")
    snap(page, "closed")
    tap(page, f"unit-{SHOWER}-{unit}")
    tap(page, "unit-closures")
    tap(page, f"closure-end-{closure.id}")
    expect_said(page, "closure-said", "恢复")
    with live_server.deps.read() as session:
        assert session.get_one(Closure, closure.id).ended_at is not None


def test_somebody_without_a_phone_waits_and_takes_the_offer_at_the_desk(
    staff: Phone, live_server: Live, snap: Snap
) -> None:
    start = at(day_after(live_server, 1), "15:00")
    taken = [
        book(live_server, f"driver-{number}", LAUNDRY, start, 60)["code"]
        for number in range(50, 50 + free_at(live_server, LAUNDRY, start))
    ]
    page = staff.page
    page.goto(DESK)
    tap(page, "desk-waitlist")
    tap(page, "wait-add")
    tap(page, f"wait-service-{LAUNDRY}")
    tap(page, "wait-day-1")
    tap(page, f"wait-start-{start}")
    type_in(page, "wait-name", "吴师傅")
    snap(page, "add")
    tap(page, "wait-submit")
    expect_said(page, "wait-said", "吴师傅")
    with live_server.deps.read() as session:
        entry = session.scalars(select(WaitlistEntry)).one()
        assert (entry.state, entry.person_id) == ("waiting", None)
    expect_said(page, f"waiting-{entry.code}", "吴师傅")

    call(live_server, "POST", f"/bookings/{taken[0]}/cancel", {}, who="driver-50")
    tap(page, "back")
    tap(page, "todo-waitlist")
    expect_said(page, f"offer-{entry.code}", "吴师傅")
    snap(page, "offer")
    tap(page, f"offer-accept-{entry.code}")
    expect_said(page, "wait-said", "约好了")
    with live_server.deps.read() as session:
        done = session.get_one(WaitlistEntry, entry.id)
        booking = session.get_one(Booking, done.booking_id)
        assert done.state == "accepted"
        assert (booking.state, booking.starts_at) == ("confirmed", datetime.fromisoformat(start))
        assert booking.guest_cipher
        assert live_server.deps.cipher.decrypt(booking.guest_cipher) == "吴师傅"


@pytest.mark.rule("B45")
def test_a_congestion_notice_is_posted_changed_and_ended(staff: Phone, live_server: Live, snap: Snap) -> None:
    page = staff.page
    page.goto(DESK)
    tap(page, "desk-notices")
    type_in(page, "notice-text", "闸口拥堵约一小时，晚到也给您留着")
    tap(page, "notice-grace-60")
    tap(page, "notice-post")
    expect_said(page, "notice-said", "多留 60 分钟")
    snap(page, "posted")
    with live_server.deps.read() as session:
        notice = session.scalars(select(CentreNotice)).one()
        assert (notice.kind, notice.grace_minutes) == ("congestion", 60)
    tap(page, f"notice-change-{notice.id}")
    type_in(page, "notice-new-text", "闸口拥堵缓解中")
    tap(page, "notice-save")
    expect_said(page, f"notice-{notice.id}", "缓解")
    tap(page, f"notice-end-{notice.id}")
    expect_said(page, "notice-said", "已收回")
    with live_server.deps.read() as session:
        ended = session.get_one(CentreNotice, notice.id)
        assert ended.message == "闸口拥堵缓解中"
    assert call(live_server, "GET", f"/notices?centre={CENTRE}")["items"] == []


def test_what_the_next_shift_must_know_is_written_down_and_settled(staff: Phone, live_server: Live, snap: Snap) -> None:
    page = staff.page
    page.goto(DESK)
    tap(page, "desk-notes")
    expect(seen(page, "empty")).to_be_visible()
    snap(page, "empty")
    tap(page, "note-kind-lost_property")
    type_in(page, "note-text", "S2 捡到黑色保温杯")
    tap(page, "note-add")
    expect_said(page, "notes-open", "保温杯")
    with live_server.deps.read() as session:
        note = session.scalars(select(ShiftNote)).one()
        assert (note.kind, note.settled_at) == ("lost_property", None)
    tap(page, f"note-settle-{note.id}")
    type_in(page, "note-answer", "本人领走")
    tap(page, "note-settle-submit")
    expect_said(page, f"note-{note.id}", "本人领走")
    with live_server.deps.read() as session:
        assert session.get_one(ShiftNote, note.id).settled_at is not None


def test_another_attendant_takes_the_desk_with_a_pin_and_is_named_in_what_happens(
    staff: Phone, live_server: Live, snap: Snap
) -> None:
    colleague = call(live_server, "GET", "/me", who="driver-60")
    with live_server.deps.unit_of_work() as session:
        own = session.scalars(
            select(Grant).join(Person).where(Person.name == "周师傅", Grant.role == "centre_staff")
        ).one()
        session.add(
            Grant(
                person_id=colleague["id"], role=own.role, scope_kind=own.scope_kind, scope_id=own.scope_id,
                from_on=own.from_on, created_at=own.created_at,
            )
        )  # fmt: skip
    set_pin(live_server, "driver-60", "482915")
    code = book(live_server, "driver-44", BAY, soon(live_server), 240)["code"]
    staff.watch.allow("status of 422")
    page = staff.page
    page.goto(DESK)
    tap(page, "desk-attendants")
    tap(page, f"attendant-{colleague['id']}")
    type_in(page, "pin", "111112")
    tap(page, "pin-take")
    expect(seen(page, "desk-error")).to_be_visible()
    snap(page, "wrong-pin")
    type_in(page, "pin", "482915")
    tap(page, "pin-take")
    expect_said(page, "desk-attendant", colleague["name"])
    tap(page, f"check-in-{code}")
    expect_said(page, "desk-done", "已到店")
    assert steps_of(live_server, code)[-1] == ("checked_in", colleague["name"])


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


PAGES = (
    "index", "scan", "walk-in", "queue", "waitlist", "closures", "hours", "notices", "rosters", "marks", "notes",
    "attendant",
)  # fmt: skip


@pytest.mark.parametrize("mode", ["light", "dark", "large"])
def test_every_page_of_the_desk_is_readable(
    phones: Callable[..., Phone], live_server: Live, mode: str, snap: Snap
) -> None:
    page = phones("staff", scheme="dark" if mode == "dark" else "light", large_text=mode == "large").page
    found: list[str] = []
    for name in PAGES:
        page.goto(f"/#/pages/desk/{name}")
        expect(seen(page, "back")).to_be_visible()
        expect(seen(page, "loading")).to_have_count(0)
        snap(page, name)
        found += [f"{name}: {problem}" for problem in page.evaluate(AUDIT)]
    assert not found, "\n".join(found)


def test_the_desk_says_what_it_is_for_to_others_and_what_failed_to_staff(
    phones: Callable[..., Phone], live_server: Live, snap: Snap
) -> None:
    page = phones("driver-48").page
    page.goto("/#/pages/me/index")
    expect(seen(page, "me-name")).to_be_visible()
    expect(seen(page, "desk")).to_have_count(0)
    page.goto(DESK)
    expect_said(page, "load-refused", "值班员")
    snap(page, "refused")

    mine = phones("staff")
    mine.watch.allow("status of 503")
    busy: dict[str, Any] = {"code": "busy", "message": "系统正忙，请稍等再试。", "details": {}}
    mine.page.route("**/api/v1/desk/*/board*", lambda route: route.fulfill(status=503, json=busy))
    mine.page.goto(DESK)
    expect_said(mine.page, "load-error", "系统正忙")
    snap(mine.page, "error")
    mine.page.unroute("**/api/v1/desk/*/board*")
    tap(mine.page, "retry")
    expect(seen(mine.page, "desk-counts")).to_be_visible()
