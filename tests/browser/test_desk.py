"""A day at the staff desk 值班台 by taps: each story ends in checked rows."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models.centre import Booking, Mark, Unit
from models.desk import ShiftNote
from models.people import Grant, Person
from models.waitlist import WaitlistEntry
from tests.browser.backstage import at, book, call, day_after, free_at
from tests.browser.conftest import Phone
from tests.browser.desk_stage import (
    BAY,
    CENTRE,
    DESK,
    LAUNDRY,
    SHOWER,
    Snap,
    live_server,
    look_for,
    past_grace,
    row_of,
    set_pin,
    soon,
    staff,
    steps_of,
    type_in,
)  # fmt: skip
from tests.browser.taps import expect_said, seen, tap
from tests.browser.test_every_screen import AUDIT
from tests.live import Live

__all__ = ["live_server", "staff"]
pytestmark = pytest.mark.browser


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
    past_grace(live_server, code)
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


@pytest.mark.rule("B62")
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


@pytest.mark.rule("B73", "B76")
def test_a_call_that_somebody_comes_late_another_place_and_longer(staff: Phone, live_server: Live, snap: Snap) -> None:
    made = book(live_server, "driver-48", BAY, soon(live_server), 240)
    code = made["code"]
    page = staff.page
    page.goto(DESK)
    tap(page, f"desk-more-{code}")
    tap(page, "more-late")
    snap(page, "late")
    tap(page, "late-30")
    expect_said(page, "desk-done", "晚到")
    assert row_of(live_server, code).late_minutes == 30
    tap(page, f"desk-more-{code}")
    expect(seen(page, "more-late")).to_have_count(0)
    tap(page, "more-unit")
    tap(page, "to-B20")
    expect_said(page, "desk-done", "已换位")
    tap(page, f"check-in-{code}")
    expect_said(page, "desk-done", "已到店")
    before = row_of(live_server, code)
    tap(page, f"desk-more-{code}")
    tap(page, "more-extend")
    tap(page, "extend-60")
    expect_said(page, "desk-done", "已延长")
    after = row_of(live_server, code)
    assert (after.ends_at - before.ends_at).total_seconds() == 3600
    with live_server.deps.read() as session:
        assert session.get_one(Unit, after.unit_id).no == "B20"


@pytest.mark.rule("B83", "B84")
def test_a_contested_mark_is_waived_with_a_reason(staff: Phone, live_server: Live, snap: Snap) -> None:
    code = book(live_server, "driver-47", BAY, soon(live_server), 240)["code"]
    past_grace(live_server, code)
    call(live_server, "POST", f"/bookings/{code}/no-show", {}, who="staff")
    mark = call(live_server, "GET", "/me/marks", who="driver-47")["items"][0]["id"]
    call(live_server, "POST", f"/me/marks/{mark}/contest", {"text": "闸口堵了两小时"}, who="driver-47")
    page = staff.page
    page.goto(DESK)
    tap(page, "desk-marks")
    expect_said(page, f"mark-{mark}", "闸口堵了两小时")
    snap(page, "contested")
    tap(page, f"mark-waive-{mark}")
    type_in(page, "mark-reason", "当天确实拥堵")
    tap(page, "mark-submit")
    expect(seen(page, "empty")).to_be_visible()
    with live_server.deps.read() as session:
        row = session.get_one(Mark, mark)
        assert row.waived_at is not None
        assert row.waive_reason == "当天确实拥堵"


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


def test_a_full_board_stays_within_the_screen(staff: Phone, live_server: Live, snap: Snap) -> None:
    """Two hundred guests, one with a long name, in every state."""
    made = book(live_server, "driver-49", BAY, soon(live_server), 240)
    board = call(live_server, "GET", f"/desk/{CENTRE}/board", who="staff")
    part = next(one for one in board["services"] if one["service"]["code"] == BAY)
    line = next(one for one in part["bookings"] if one["code"] == made["code"])
    states = ("requested", "confirmed", "checked_in", "overstayed", "completed", "no_show", "cancelled", "displaced")
    part["bookings"] = [
        {**line, "code": f"FULL{number:04d}", "state": states[number % len(states)], "plate_tail": "8K21"}
        for number in range(200)
    ]
    part["bookings"][1]["who"] = "盐田国际集装箱货运代理与供应链管理服务有限公司第三车队张师傅"
    page = staff.page
    page.route("**/api/v1/desk/*/board*", lambda route: route.fulfill(json=board))
    page.goto(DESK)
    expect(seen(page, "desk-booking-FULL0001")).to_be_visible()
    snap(page, "hours")
    found = page.evaluate(AUDIT)
    tap(page, "desk-view-units")
    expect(seen(page, f"unit-{BAY}-B01")).to_be_visible()
    snap(page, "units")
    found += page.evaluate(AUDIT)
    assert not found, "\n".join(found)
