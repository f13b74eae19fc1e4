"""What staff change at their centre by taps: closures, hours, notices, rosters, requests for rooms."""

from datetime import date

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models.centre import Booking, CentreNotice, Closure, OpeningRule, RosterRule, Service, Unit
from tests.browser.backstage import at, book, call, day_after
from tests.browser.conftest import Phone
from tests.browser.desk_stage import (
    CENTRE,
    DESK,
    LAUNDRY,
    SHOWER,
    Snap,
    live_server,
    row_of,
    soon,
    staff,
    type_in,
)  # fmt: skip
from tests.browser.taps import expect_said, seen, tap
from tests.live import Live

__all__ = ["live_server", "staff"]
pytestmark = pytest.mark.browser

ROOM = f"{CENTRE}.room"
LEGAL = f"{CENTRE}.legal"


@pytest.mark.rule("B125", "B127", "B130")
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


@pytest.mark.rule("B133", "B134")
def test_new_hours_are_looked_at_before_they_begin(staff: Phone, live_server: Live, snap: Snap) -> None:
    day = day_after(live_server, 3)
    code = book(live_server, "driver-70", LAUNDRY, at(day, "21:00"), 60)["code"]
    page = staff.page
    page.goto(DESK)
    tap(page, "desk-hours")
    tap(page, f"hours-scope-{LAUNDRY}")
    tap(page, f"hours-from-{day}")
    type_in(page, "hours-every", "8:00-20:00")
    tap(page, "hours-look")
    expect_said(page, f"affected-{code}", "没有空位可换")
    snap(page, "proposal")
    assert row_of(live_server, code).state == "confirmed"
    tap(page, "hours-apply")
    expect_said(page, "hours-said", "新时间")
    assert row_of(live_server, code).state == "displaced"
    with live_server.deps.read() as session:
        rules = session.scalars(select(OpeningRule).join(Service).where(Service.code == LAUNDRY))
        assert {(rule.opens_minutes, rule.closes_minutes) for rule in rules} == {(8 * 60, 20 * 60)}


def wednesday(live: Live) -> str:
    """The next one after today: the day of legal advice in the demo."""
    days = (day_after(live, ahead) for ahead in range(1, 8))
    return next(day for day in days if date.fromisoformat(day).weekday() == 2)


@pytest.mark.rule("B136", "B137")
def test_somebody_is_put_on_duty_and_another_taken_off(staff: Phone, live_server: Live, snap: Snap) -> None:
    code = book(live_server, "driver-71", LEGAL, at(wednesday(live_server), "14:00"), 30)["code"]
    page = staff.page
    page.goto(DESK)
    tap(page, "desk-rosters")
    tap(page, f"roster-service-{LEGAL}")
    tap(page, "roster-weekday-4")
    type_in(page, "roster-who", "陈律师")
    type_in(page, "roster-opens", "0900")
    type_in(page, "roster-closes", "11:00")
    tap(page, "roster-add")
    expect(page.get_by_text("每周五 09:00–11:00").filter(visible=True)).to_be_visible()
    snap(page, "on-duty")
    with live_server.deps.read() as session:
        duty = session.scalars(select(RosterRule).where(RosterRule.who == "陈律师")).one()
        assert (duty.weekday, duty.opens_minutes, duty.closes_minutes) == (4, 9 * 60, 11 * 60)
        other = session.scalars(select(RosterRule).where(RosterRule.who != "陈律师", RosterRule.weekday == 2)).one()
    tap(page, f"roster-remove-{duty.id}")
    expect(seen(page, f"roster-{duty.id}")).to_have_count(0)

    tap(page, f"roster-remove-{other.id}")
    expect_said(page, f"affected-{code}", "没有空位可换")
    snap(page, "proposal")
    assert row_of(live_server, code).state == "confirmed"
    tap(page, "roster-remove-apply")
    expect(seen(page, f"roster-{other.id}")).to_have_count(0)
    assert row_of(live_server, code).state == "displaced"


@pytest.mark.rule("B23")
def test_requests_for_a_room_are_answered(staff: Phone, live_server: Live, snap: Snap) -> None:
    day = day_after(live_server, 2)
    yes = book(live_server, "secretary", ROOM, at(day, "10:00"), 120)["code"]
    no = book(live_server, "secretary", ROOM, at(day, "14:00"), 120)["code"]
    page = staff.page
    page.goto(DESK)
    tap(page, "todo-requests")
    snap(page, "asked")
    tap(page, f"request-confirm-{yes}")
    expect_said(page, "request-said", "同意")
    tap(page, f"request-refuse-{no}")
    type_in(page, "request-reason", "当天消防检修")
    tap(page, "request-refuse-submit")
    expect_said(page, "request-said", "婉拒")
    expect(seen(page, "empty")).to_be_visible()
    assert [row_of(live_server, code).state for code in (yes, no)] == ["confirmed", "refused"]
