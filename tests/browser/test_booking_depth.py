"""A booking's later life by taps: waited for, late, moved, extended, given back, displaced, contested."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from models.centre import Booking, Mark
from models.people import Person
from models.waitlist import WaitlistEntry
from tests.browser.backstage import SHANGHAI, at, book, call, day_after, free_at, run_job
from tests.browser.conftest import Phone
from tests.browser.taps import expect_said, seen, tap
from tests.browser.test_every_screen import AUDIT
from tests.live import Live

pytestmark = pytest.mark.browser

CENTRE = "DRIVER_HOME"
LAUNDRY = "DRIVER_HOME.laundry"
MEAL = "DRIVER_HOME.meal"
SHOWER = "DRIVER_HOME.shower"
LEISURE, ELSEWHERE = "DRIVER_HOME.leisure", "STJ_JEWEL.leisure"
PASS_PAGE = "/#/pages/bookings/pass?code={code}"
HOUR = 60
Phones = Callable[..., Phone]
Snap = Callable[[Page, str], object]
NEWS_BY_POLL_MS = 25_000

_numbers: Iterator[int] = iter(range(110, 200))


@pytest.fixture
def look(snap: Snap) -> Snap:
    """A picture of the page in front, and nothing on it too wide, too small, too faint or without a name."""

    def take(page: Page, face: str) -> None:
        page.wait_for_function("() => !document.querySelector('.tap:active, .btn:active')")  # paler under the finger
        snap(page, face)
        assert page.evaluate(AUDIT) == []

    return take


def drivers(count: int) -> list[str]:
    """Demo drivers nobody else uses in this run."""
    return [f"driver-{next(_numbers)}" for _ in range(count)]


def name_of(who: str) -> str:
    return f"司机{int(who.split('-')[1]):03}"


def fill(live: Live, start: str) -> list[tuple[str, str]]:
    """Every washing machine taken at that start, each by another driver: who, and the code."""
    return [(who, book(live, who, LAUNDRY, start, HOUR)["code"]) for who in drivers(free_at(live, LAUNDRY, start))]


def row_of(live: Live, code: str) -> Booking:
    with live.deps.read() as session:
        return session.scalars(select(Booking).where(Booking.code == code)).one()


def entry_of(live: Live, who: str) -> WaitlistEntry:
    with live.deps.read() as session:
        mine = select(WaitlistEntry).join(Person, Person.id == WaitlistEntry.person_id)
        return session.scalars(mine.where(Person.name == name_of(who)).order_by(WaitlistEntry.id.desc())).first() or (
            pytest.fail(f"{who} waits for nothing")
        )


def code_on_pass(page: Page) -> str:
    return seen(page, "booking-code").inner_text().replace(" ", "")


def join_by_taps(page: Page, start: str) -> None:
    """From the grid of the day into the wait-list."""
    page.goto(f"/#/pages/services/service?code={LAUNDRY}")
    tap(page, f"day-{start[:10]}")
    expect(seen(page, f"slot-{start}")).to_contain_text("候补")
    tap(page, f"slot-{start}")
    expect_said(page, "wait-how", "10 分钟")


@pytest.mark.rule("B50", "B56", "B60", "B63")
def test_a_full_start_is_waited_for_offered_and_taken(phones: Phones, live_server: Live, look: Snap) -> None:
    start = at(day_after(live_server, 9), "10:00")
    holders = fill(live_server, start)
    [who] = drivers(1)
    page = phones(who).page
    join_by_taps(page, start)
    tap(page, "wait-flex-60")
    tap(page, "wait-no-nights")
    look(page, "sheet")
    tap(page, "join-wait")
    expect(seen(page, "joined-note")).to_be_visible()
    expect_said(page, "position", "第 1 位")
    look(page, "waiting")
    entry = entry_of(live_server, who)
    assert (entry.state, entry.no_night_offers) == ("waiting", True)
    assert entry.until_at - entry.starts_at == timedelta(minutes=120)
    tap(page, "no-nights")
    expect(seen(page, "no-nights")).to_have_attribute("aria-checked", "false")
    assert not entry_of(live_server, who).no_night_offers

    leaver, code = holders[0]
    call(live_server, "POST", f"/bookings/{code}/cancel", {}, who=leaver)
    expect(seen(page, "offer")).to_be_visible(timeout=NEWS_BY_POLL_MS)
    expect_said(page, "offer", "10:00–11:00")
    expect_said(page, "time-left", "还剩")
    expect_said(page, "wait-log", "问了您")
    look(page, "offer")
    tap(page, "accept-offer")
    expect_said(page, "booked-note", "空位是您的了")
    expect_said(page, "pass-time", "10:00–11:00")
    expect(seen(page, "qr")).to_have_attribute("data-qr", re.compile(r"^LY1\."))
    taken, entry = row_of(live_server, code_on_pass(page)), entry_of(live_server, who)
    assert (taken.state, taken.starts_at) == ("confirmed", datetime.fromisoformat(start))
    assert (entry.state, entry.booking_id) == ("accepted", taken.id)


@pytest.mark.rule("B50", "B57")
def test_an_offer_is_declined_and_goes_to_the_next_in_line(phones: Phones, live_server: Live, look: Snap) -> None:
    start = at(day_after(live_server, 9), "13:00")
    holders = fill(live_server, start)
    first, second = drivers(2)
    page = phones(first).page
    join_by_taps(page, start)
    tap(page, "join-wait")
    expect(seen(page, "position")).to_be_visible()
    wish = {"service": LAUNDRY, "start": start, "minutes": HOUR, "client_uuid": str(uuid4())}
    call(live_server, "POST", "/waitlist", wish, who=second)

    leaver, code = holders[0]
    call(live_server, "POST", f"/bookings/{code}/cancel", {}, who=leaver)
    tap(page, "back")
    page.goto("/")
    page.reload()
    expect_said(page, "open-offer", "点开回答")
    look(page, "home")
    tap(page, f"entry-{entry_of(live_server, first).code}")
    tap(page, "decline-offer")
    expect_said(page, "entry-end", "让给了下一位")
    assert entry_of(live_server, first).state == "declined"
    assert entry_of(live_server, second).state == "offered"
    tap(page, "back")
    page.goto("/#/pages/bookings/list")
    tap(page, "bookings-past")
    expect(seen(page, f"entry-{entry_of(live_server, first).code}")).to_contain_text("没有要")


@pytest.mark.rule("B57", "B63")
def test_the_place_in_line_is_given_up_by_a_tap(phones: Phones, live_server: Live) -> None:
    start = at(day_after(live_server, 9), "16:00")
    fill(live_server, start)
    ahead, who = drivers(2)
    wish = {"service": LAUNDRY, "start": start, "minutes": HOUR, "client_uuid": str(uuid4())}
    call(live_server, "POST", "/waitlist", wish, who=ahead)
    page = phones(who).page
    join_by_taps(page, start)
    tap(page, "join-wait")
    expect_said(page, "position", "第 2 位")
    tap(page, "leave-wait")
    tap(page, "stay-waiting")
    assert entry_of(live_server, who).state == "waiting"
    tap(page, "leave-wait")
    tap(page, "confirm-leave")
    expect_said(page, "entry-end", "退出候补")
    assert entry_of(live_server, who).state == "cancelled"


@pytest.mark.rule("B58")
def test_waiting_twice_leads_to_the_entry_there_is(phones: Phones, live_server: Live) -> None:
    start = at(day_after(live_server, 9), "16:00")
    if free_at(live_server, LAUNDRY, start):
        fill(live_server, start)
    [who] = drivers(1)
    wish = {"service": LAUNDRY, "start": start, "minutes": HOUR, "client_uuid": str(uuid4())}
    entry = call(live_server, "POST", "/waitlist", wish, who=who)
    mine = phones(who)
    mine.watch.allow("status of 409")
    join_by_taps(mine.page, start)
    tap(mine.page, "join-wait")
    expect(seen(mine.page, "wait-error")).to_be_visible()
    tap(mine.page, "see-entry")
    expect(seen(mine.page, "position")).to_be_visible()
    assert entry_of(live_server, who).code == entry["id"]


@pytest.mark.rule("B44", "B73")
def test_coming_late_keeps_the_place_where_nobody_comes_next(phones: Phones, live_server: Live, look: Snap) -> None:
    start = at(day_after(live_server, 10), "09:00")
    [who] = drivers(1)
    code = book(live_server, who, LAUNDRY, start, HOUR)["code"]
    before = row_of(live_server, code)
    page = phones(who).page
    page.goto(PASS_PAGE.format(code=code))
    tap(page, "late-open")
    tap(page, "late-45")
    expect_said(page, "late-says", "10:00")
    look(page, "sheet")
    tap(page, "late-submit")
    expect_said(page, "booked-note", "10:00")
    expect(seen(page, "late-open")).to_have_count(0)
    expect_said(page, "history", "晚到 45 分钟")
    look(page, "told")
    after = row_of(live_server, code)
    assert after.late_minutes == 45
    assert after.grace_until - before.grace_until == timedelta(minutes=45)
    assert after.ends_at - before.ends_at == timedelta(minutes=45)


@pytest.mark.rule("B74", "B75")
def test_coming_late_before_the_next_guest_offers_choices_and_one_is_taken(
    phones: Phones, live_server: Live, look: Snap
) -> None:
    day = day_after(live_server, 10)
    [who] = drivers(1)
    code = book(live_server, who, LAUNDRY, at(day, "14:00"), HOUR)["code"]
    fill(live_server, at(day, "15:30"))
    mine = phones(who)
    mine.watch.allow("status of 409")
    page = mine.page
    page.goto(PASS_PAGE.format(code=code))
    tap(page, "late-open")
    tap(page, "late-60")
    tap(page, "late-submit")
    expect_said(page, "late-choices", "后面有人约了")
    look(page, "choices")
    tap(page, "late-choice-shorten")
    expect(seen(page, "booked-note")).to_contain_text("中心知道了")
    after = row_of(live_server, code)
    assert (after.state, after.late_minutes) == ("confirmed", 60)
    assert after.ends_at <= datetime.fromisoformat(at(day, "15:30"))


@pytest.mark.rule("B70", "B74")
def test_a_later_time_is_taken_instead_of_being_late(phones: Phones, live_server: Live) -> None:
    day = day_after(live_server, 10)
    [who] = drivers(1)
    code = book(live_server, who, LAUNDRY, at(day, "18:00"), HOUR)["code"]
    fill(live_server, at(day, "19:30"))
    mine = phones(who)
    mine.watch.allow("status of 409")
    page = mine.page
    page.goto(PASS_PAGE.format(code=code))
    tap(page, "late-open")
    tap(page, "late-60")
    tap(page, "late-submit")
    later = seen(page, "late-laters").locator("[data-testid^='late-later-']").first
    start = (later.get_attribute("data-testid") or "").removeprefix("late-later-")
    later.tap()
    expect_said(page, "booked-note", "改好了")
    moved = row_of(live_server, code_on_pass(page))
    assert (moved.state, moved.starts_at) == ("confirmed", datetime.fromisoformat(start))
    old = row_of(live_server, code)
    assert (old.state, old.moved_to_id) == ("moved", moved.id)


@pytest.mark.rule("B70")
def test_a_booking_is_moved_and_the_old_place_free_again(phones: Phones, live_server: Live, look: Snap) -> None:
    start, later = at(day_after(live_server, 11), "10:00"), at(day_after(live_server, 12), "11:00")
    [who] = drivers(1)
    code = book(live_server, who, LAUNDRY, start, HOUR)["code"]
    free = free_at(live_server, LAUNDRY, start)
    page = phones(who).page
    page.goto(PASS_PAGE.format(code=code))
    tap(page, "move-open")
    expect_said(page, "move-from", "10:00–11:00")
    expect_said(page, "move-submit", "请选一个新时间")
    tap(page, f"day-{later[:10]}")
    tap(page, f"slot-{later}")
    look(page, "choice")
    tap(page, "move-submit")
    expect_said(page, "booked-note", "改好了")
    expect_said(page, "pass-time", "11:00–12:00")
    new = row_of(live_server, code_on_pass(page))
    old = row_of(live_server, code)
    assert (new.state, new.starts_at) == ("confirmed", datetime.fromisoformat(later))
    assert (old.state, old.moved_to_id) == ("moved", new.id)
    assert free_at(live_server, LAUNDRY, start) == free + 1

    page.goto(PASS_PAGE.format(code=code))
    tap(page, "see-moved")
    assert code_on_pass(page) == new.code


@pytest.mark.rule("B71")
def test_a_move_to_a_time_just_taken_keeps_the_old_place(phones: Phones, live_server: Live, look: Snap) -> None:
    start, wanted = at(day_after(live_server, 11), "14:00"), at(day_after(live_server, 12), "15:00")
    [who] = drivers(1)
    code = book(live_server, who, LAUNDRY, start, HOUR)["code"]
    mine = phones(who)
    mine.watch.allow("status of 409")
    page = mine.page
    page.goto(f"/#/pages/bookings/move?code={code}")
    tap(page, f"day-{wanted[:10]}")
    tap(page, f"slot-{wanted}")
    fill(live_server, wanted)
    tap(page, "move-submit")
    expect_said(page, "move-error", "约满")
    expect(seen(page, "alternatives")).to_be_visible()
    look(page, "full")
    assert row_of(live_server, code).state == "confirmed"


def next_start(live: Live) -> str:
    """The next half hour, as the listing writes it: guests are let in from half an hour before."""
    now = live.deps.now().astimezone(SHANGHAI)
    half = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0) + timedelta(minutes=30)
    return half.isoformat()


@pytest.mark.rule("B76", "B77")
def test_a_stay_is_extended(phones: Phones, live_server: Live, look: Snap) -> None:
    [who] = drivers(1)
    code = book(live_server, who, LAUNDRY, next_start(live_server), HOUR)["code"]
    call(live_server, "POST", f"/bookings/{code}/check-in", {}, who="staff")
    before = row_of(live_server, code)
    page = phones(who).page
    page.goto(PASS_PAGE.format(code=code))
    expect_said(page, "booking-state", "正在使用")
    tap(page, "extend-open")
    look(page, "sheet")
    tap(page, "extend-30")
    expect_said(page, "booked-note", "延长好了")
    after = row_of(live_server, code)
    assert (after.state, after.ends_at - before.ends_at) == ("checked_in", timedelta(minutes=30))


def test_the_centre_admits_a_guest_and_the_open_pass_says_so(phones: Phones, live_server: Live) -> None:
    [who] = drivers(1)
    code = book(live_server, who, SHOWER, next_start(live_server), 30)["code"]
    page = phones(who).page
    page.goto(PASS_PAGE.format(code=code))
    expect_said(page, "booking-state", "为您留到")
    call(live_server, "POST", f"/bookings/{code}/check-in", {}, who="staff")
    expect(seen(page, "booking-state")).to_contain_text("正在使用", timeout=NEWS_BY_POLL_MS)


@pytest.mark.rule("B21", "B27")
def test_cancelling_says_when_it_counts_and_writes_who_did_it(phones: Phones, live_server: Live, look: Snap) -> None:
    [who] = drivers(1)
    code = book(live_server, who, LAUNDRY, at(day_after(live_server, 11), "20:00"), HOUR)["code"]
    page = phones(who).page
    page.goto(PASS_PAGE.format(code=code))
    tap(page, "cancel-booking")
    expect_said(page, "cancel-says", "19:50 前取消什么都不记")
    look(page, "sheet")
    tap(page, "confirm-cancel")
    expect_said(page, "booking-state", "已取消")
    expect_said(page, "history", "您 · 取消了")
    row = row_of(live_server, code)
    assert (row.state, row.was_late_cancel) == ("cancelled", False)


def close(live: Live, service: str, start: str, until: str) -> None:
    """The staff close a service for a while: first the proposal, then as seen."""
    wish = {"service": service, "start": start, "until": until, "kind": "closed", "reason": "检修"}
    seen_first = call(live, "POST", f"/desk/{CENTRE}/closures", {**wish, "apply": False}, who="staff")
    agreed = {**wish, "apply": True, "seen": seen_first["proposal"]["seen"]}
    call(live, "POST", f"/desk/{CENTRE}/closures", agreed, who="staff")


@pytest.fixture(scope="module")
def displaced(live_server: Live) -> list[tuple[str, str]]:
    """Two drivers whose machines were closed on them: who, and the code."""
    day = day_after(live_server, 13)
    hit = [(who, book(live_server, who, LAUNDRY, at(day, "10:00"), HOUR)["code"]) for who in drivers(2)]
    close(live_server, LAUNDRY, at(day, "09:00"), at(day, "12:00"))
    return hit


@pytest.mark.rule("B139")
def test_who_lost_a_place_to_a_closure_takes_another_time(
    phones: Phones, live_server: Live, displaced: list[tuple[str, str]], look: Snap
) -> None:
    who, code = displaced[0]
    page = phones(who).page
    page.goto(PASS_PAGE.format(code=code))
    expect_said(page, "displaced", "不记爽约")
    look(page, "options")
    other = seen(page, "other-times").locator("[data-testid^='other-time-']").first
    start = (other.get_attribute("data-testid") or "").removeprefix("other-time-")
    other.tap()
    expect_said(page, "booked-note", "约好了")
    new = row_of(live_server, code_on_pass(page))
    assert (new.state, new.starts_at) == ("confirmed", datetime.fromisoformat(start))
    assert row_of(live_server, code).state == "displaced"


@pytest.mark.rule("B125")
def test_a_closed_service_says_so_before_anyone_chooses(
    guest: Phone, live_server: Live, displaced: list[tuple[str, str]], look: Snap
) -> None:
    day, page = day_after(live_server, 13), guest.page
    page.goto(f"/#/pages/services/service?code={LAUNDRY}&date={day}")
    expect_said(page, "closed", "09:00 起停用")
    expect_said(page, "closed", "检修")
    expect(seen(page, f"slot-{at(day, '10:00')}")).to_contain_text("约满")
    look(page, "closed")
    assert {row_of(live_server, code).state for _, code in displaced} == {"displaced"}


@pytest.mark.rule("B65")
def test_who_lost_a_place_may_wait_first_in_line(
    phones: Phones, live_server: Live, displaced: list[tuple[str, str]]
) -> None:
    who, code = displaced[1]
    page = phones(who).page
    page.goto(PASS_PAGE.format(code=code))
    tap(page, "wait-first")
    expect_said(page, "wait-how", "排在最前面")
    tap(page, "join-wait")
    expect_said(page, "position", "第 1 位")
    entry = entry_of(live_server, who)
    assert (entry.state, entry.is_first) == ("waiting", True)
    assert entry.instead_of_id == row_of(live_server, code).id


@pytest.mark.rule("B45")
def test_a_notice_is_read_before_anyone_books(guest: Phone, live_server: Live, look: Snap) -> None:
    text = "洗衣机检修，冲凉照常"
    notice = {"centre": CENTRE, "kind": "closure", "text": text, "from": live_server.deps.now().isoformat()}
    posted = call(live_server, "POST", "/notices", notice, who="staff")
    guest.page.goto(f"/#/pages/services/service?code={LAUNDRY}")
    expect_said(guest.page, f"notice-{posted['id']}", text)
    look(guest.page, "notice")
    call(live_server, "PATCH", f"/notices/{posted['id']}", {"end": True}, who="staff")


@pytest.mark.rule("B83")
def test_a_mark_is_seen_and_contested_with_a_sentence(phones: Phones, live_server: Live, look: Snap) -> None:
    [who] = drivers(1)
    code = book(live_server, who, LAUNDRY, at(day_after(live_server, 11), "08:00"), HOUR)["code"]
    booking, now = row_of(live_server, code), live_server.deps.now()
    with live_server.deps.unit_of_work() as session:
        mark = Mark(person_id=booking.person_id, booking_id=booking.id, kind="no_show", halves=2, at=now)
        session.add(mark)
        session.flush()
        mark_id = mark.id
    page = phones(who).page
    page.goto("/")
    tap(page, "tab-me")
    tap(page, "my-marks")
    expect_said(page, f"mark-{mark_id}", "记 1 次")
    expect_said(page, "not-restricted", "过夜休息不受影响")
    look(page, "marks")
    tap(page, f"contest-{mark_id}")
    seen(page, "contest-text").locator("textarea").fill("港口拥堵，21:40 才到")
    tap(page, "contest-submit")
    expect_said(page, f"contested-{mark_id}", "中心会看")
    look(page, "contested")
    with live_server.deps.read() as session:
        row = session.get_one(Mark, mark_id)
        assert row.contested_at is not None
        assert row.waived_at is None


@pytest.mark.rule("B35")
def test_centres_come_by_distance_only_when_asked_and_the_position_is_not_kept(
    phones: Phones, live_server: Live, look: Snap
) -> None:
    mine = phones(drivers(1)[0])
    mine.context.grant_permissions(["geolocation"])
    mine.context.set_geolocation({"latitude": 22.5617, "longitude": 114.2331})
    page = mine.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/")
    cards = page.locator("[data-testid^=centre-toggle-]").filter(visible=True)
    expect(cards.first).to_be_visible()
    assert not any("near=" in url for url in asked)
    tap(page, "by-distance")
    expect(cards.first).to_have_attribute("data-testid", "centre-toggle-STJ_JEWEL")
    expect_said(page, "distance-STJ_JEWEL", "米")
    look(page, "near")
    assert "22.5617" not in page.evaluate("JSON.stringify(localStorage)")
    with live_server.deps.read() as session:
        settings = session.scalars(select(Person.settings).where(Person.name.like("司机%"))).all()
    assert not any("22.5617" in str(one) for one in settings)

    mine.context.clear_permissions()
    tap(page, "by-distance")
    expect(page.locator("[data-testid^=distance-]")).to_have_count(0)
    tap(page, "by-distance")
    expect(page.get_by_text("没有拿到位置").filter(visible=True)).to_be_visible()


@pytest.mark.rule("B30")
def test_the_pass_opens_after_a_reload_without_a_network(phones: Phones, live_server: Live, look: Snap) -> None:
    [who] = drivers(1)
    code = book(live_server, who, LAUNDRY, at(day_after(live_server, 11), "17:00"), HOUR)["code"]
    mine = phones(who)
    mine.watch.allow("ERR_INTERNET_DISCONNECTED")
    page = mine.page
    page.goto(PASS_PAGE.format(code=code))
    expect(seen(page, "late-open")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    mine.context.set_offline(True)
    page.reload()
    expect(seen(page, "qr")).to_have_attribute("data-qr", re.compile(r"^LY1\."))
    assert code_on_pass(page) == code
    expect(seen(page, "late-open")).to_have_count(0)
    look(page, "offline")
    mine.context.set_offline(False)
    expect(seen(page, "late-open")).to_be_visible(timeout=NEWS_BY_POLL_MS)
    assert row_of(live_server, code).state == "confirmed"


def test_the_place_in_line_last_seen_opens_without_a_network(phones: Phones, live_server: Live, look: Snap) -> None:
    start = at(day_after(live_server, 9), "19:00")
    fill(live_server, start)
    [who] = drivers(1)
    wish = {"service": LAUNDRY, "start": start, "minutes": HOUR, "client_uuid": str(uuid4())}
    entry = call(live_server, "POST", "/waitlist", wish, who=who)
    mine = phones(who)
    mine.watch.allow("ERR_INTERNET_DISCONNECTED")
    page = mine.page
    page.goto(f"/#/pages/bookings/waitlist?id={entry['id']}")
    expect_said(page, "position", "第 1 位")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    mine.context.set_offline(True)
    page.reload()
    expect_said(page, "position", "第 1 位")
    expect(page.get_by_text("这是上次看到的位次").filter(visible=True)).to_be_visible()
    expect(seen(page, "leave-wait")).to_have_count(0)
    look(page, "offline")
    assert entry_of(live_server, who).state == "waiting"


@pytest.mark.rule("B28", "B52")
def test_the_news_of_an_offer_opens_the_wait_list_page(phones: Phones, live_server: Live) -> None:
    start = at(day_after(live_server, 9), "22:00")
    holders = fill(live_server, start)
    [who] = drivers(1)
    wish = {"service": LAUNDRY, "start": start, "minutes": HOUR, "client_uuid": str(uuid4())}
    entry = call(live_server, "POST", "/waitlist", wish, who=who)
    leaver, code = holders[0]
    call(live_server, "POST", f"/bookings/{code}/cancel", {}, who=leaver)
    run_job(live_server, "deliver-notifications")
    page = phones(who).page
    page.goto("/#/pages/me/inbox")
    page.locator("[data-testid^=inbox-]").filter(visible=True, has_text="22:00").first.tap()
    expect(seen(page, "offer")).to_be_visible()
    assert entry_of(live_server, who).code == entry["id"]


@pytest.mark.rule("B125", "B139")
def test_a_place_taken_back_is_put_before_its_driver(phones: Phones, live_server: Live, look: Snap) -> None:
    day = day_after(live_server, 13)
    [who] = drivers(1)
    code = book(live_server, who, LAUNDRY, at(day, "15:00"), HOUR)["code"]
    page = phones(who).page
    page.goto("/")
    expect_said(page, "next-booking", "15:00–16:00")
    close(live_server, LAUNDRY, at(day, "14:30"), at(day, "16:30"))
    page.reload()
    expect(seen(page, "next-booking")).to_have_count(0)
    expect_said(page, "lost-places", "换个时间")
    look(page, "home")
    tap(page, f"booking-{code}")
    seen(page, "other-times").locator("[data-testid^='other-time-']").last.tap()
    expect_said(page, "booked-note", "约好了")
    page.goto("/")
    expect(seen(page, "next-booking")).to_be_visible()
    expect(seen(page, "lost-places")).to_have_count(0)
    assert row_of(live_server, code).state == "displaced"


@pytest.mark.rule("B139")
def test_another_centre_is_one_tap_away(phones: Phones, live_server: Live, look: Snap) -> None:
    day = day_after(live_server, 12)
    [who] = drivers(1)
    code = book(live_server, who, LEISURE, at(day, "12:00"), 120)["code"]
    close(live_server, LEISURE, at(day, "08:00"), at(day, "20:00"))
    page = phones(who).page
    page.goto(PASS_PAGE.format(code=code))
    expect_said(page, f"elsewhere-{ELSEWHERE}", "珠宝")
    look(page, "places")
    seen(page, f"elsewhere-{ELSEWHERE}").locator(f"[data-testid^='at-{ELSEWHERE}-']").first.tap()
    expect_said(page, "booked-note", "约好了")
    expect_said(page, "pass", "休闲阅读")
    new, old = row_of(live_server, code_on_pass(page)), row_of(live_server, code)
    assert (new.state, old.state) == ("confirmed", "displaced")
    assert new.service_id != old.service_id


@pytest.mark.rule("B82", "B83")
def test_three_marks_leave_the_coming_hour_and_say_until_when(phones: Phones, live_server: Live, look: Snap) -> None:
    [who] = drivers(1)
    days = [day_after(live_server, number) for number in (10, 11, 12)]
    codes = [book(live_server, who, LAUNDRY, at(day, "06:00"), HOUR)["code"] for day in days]
    bookings, now = [row_of(live_server, code) for code in codes], live_server.deps.now()
    with live_server.deps.unit_of_work() as session:
        session.add_all(
            Mark(person_id=one.person_id, booking_id=one.id, kind="no_show", halves=2, at=now) for one in bookings
        )
    mine = phones(who)
    mine.watch.allow("status of 409")
    page, start = mine.page, at(day_after(live_server, 8), "06:00")
    page.goto(f"/#/pages/services/service?code={LAUNDRY}")
    tap(page, f"day-{start[:10]}")
    tap(page, f"slot-{start}")
    tap(page, "confirm-booking")
    expect_said(page, "booking-error", "过夜休息不受影响")
    look(page, "refused")
    tap(page, "see-marks")
    expect_said(page, "restricted", "可以直接来")
    look(page, "marks")
    with live_server.deps.read() as session:
        mine_now = select(Booking.code).where(Booking.person_id == bookings[0].person_id)
        assert set(session.scalars(mine_now)) == set(codes)


@pytest.mark.rule("B43")
def test_the_calendar_link_is_copied_and_renewed(phones: Phones, live_server: Live, look: Snap) -> None:
    [who] = drivers(1)
    mine = phones(who)
    mine.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = mine.page
    page.goto("/")
    tap(page, "tab-me")
    tap(page, "my-calendar")
    first = seen(page, "calendar-url").inner_text()
    look(page, "link")
    tap(page, "calendar-copy")
    expect(page.get_by_text("地址复制好了").filter(visible=True)).to_be_visible()
    tap(page, "calendar-renew")
    tap(page, "calendar-renew-confirm")
    expect(seen(page, "calendar-url")).not_to_have_text(first)
    with live_server.deps.read() as session:
        serial = session.scalars(select(Person.calendar_serial).where(Person.name == name_of(who))).one()
    assert serial == 1


@pytest.mark.rule("B43")
def test_a_booking_goes_into_the_calendar_as_a_file(phones: Phones, live_server: Live) -> None:
    [who] = drivers(1)
    code = book(live_server, who, LAUNDRY, at(day_after(live_server, 11), "22:00"), HOUR)["code"]
    page = phones(who).page
    page.goto(PASS_PAGE.format(code=code))
    with page.expect_download() as download:
        tap(page, "calendar-add")
    assert code in download.value.path().read_text("utf-8")
    assert row_of(live_server, code).state == "confirmed"


@pytest.mark.rule("B46")
def test_quiet_nights_are_switched_off_and_on(phones: Phones, live_server: Live) -> None:
    [who] = drivers(1)
    page = phones(who).page
    page.goto("/")
    tap(page, "tab-me")
    expect(seen(page, "quiet-nights")).to_have_attribute("aria-checked", "true")
    tap(page, "quiet-nights")
    expect(seen(page, "quiet-nights")).to_have_attribute("aria-checked", "false")
    with live_server.deps.read() as session:
        settings = session.scalars(select(Person.settings).where(Person.name == name_of(who))).one()
    assert settings["quiet_nights"] is False


def test_the_strip_scrolls_weeks_and_says_what_is_not_open_yet(guest: Phone, live_server: Live, look: Snap) -> None:
    page = guest.page
    page.goto(f"/#/pages/services/service?code={LAUNDRY}")
    last = day_after(live_server, 27)
    expect(seen(page, f"day-{day_after(live_server, 14)}")).to_have_attribute("data-kind", re.compile("free|full"))
    expect(seen(page, f"day-{last}")).to_have_attribute("data-kind", "later")
    expect(seen(page, f"day-{last}")).to_contain_text("还没放出")
    seen(page, f"day-{last}").scroll_into_view_if_needed()
    look(page, "weeks")


@pytest.mark.rule("B41")
def test_seats_of_a_pool_are_taken_together(phones: Phones, live_server: Live) -> None:
    start = at(day_after(live_server, 11), "12:00")
    page = phones(drivers(1)[0]).page
    page.goto(f"/#/pages/services/service?code={MEAL}")
    tap(page, f"day-{start[:10]}")
    tap(page, f"slot-{start}")
    tap(page, "party-more")
    tap(page, "party-more")
    expect_said(page, "confirm-sheet", "3 人")
    tap(page, "confirm-booking")
    expect_said(page, "booked-note", "约好了")
    assert row_of(live_server, code_on_pass(page)).party_size == 3


@pytest.mark.rule("B49")
def test_who_needs_an_accessible_unit_sees_and_takes_one(phones: Phones, live_server: Live, look: Snap) -> None:
    [who] = drivers(1)
    page = phones(who).page
    start = at(day_after(live_server, 8), "15:00")
    page.goto(f"/#/pages/services/service?code={SHOWER}")
    tap(page, f"day-{start[:10]}")
    expect(seen(page, "accessible")).to_have_attribute("aria-checked", "false")
    tap(page, "accessible")
    expect(seen(page, "accessible")).to_have_attribute("aria-checked", "true")
    expect(seen(page, f"slot-{start}")).to_contain_text("剩 1")
    look(page, "grid")
    tap(page, f"slot-{start}")
    tap(page, "confirm-booking")
    expect_said(page, "booked-note", "约好了")
    row = row_of(live_server, code_on_pass(page))
    assert (row.accessible, row.state) == (True, "confirmed")
