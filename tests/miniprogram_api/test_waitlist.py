"""The wait-list over HTTP: shapes, codes, who may read, the desk."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from miniprogram_api.schemas.waitlist import EntryDetailOut, EntryOut
from models.centre import Booking, Centre, Hold, Service
from models.people import Person
from models.waitlist import WaitlistEntry
from models.wechat import SubscribeAllowance
from server.container import Container
from server.jobs.waitlist_jobs import serve_waitlists
from tests.conftest import Caller, Clock, SignIn
from tests.factories import create_wechat_account
from tests.factories_booking import create_centre, create_service

START = "2026-11-26T10:00:00+08:00"


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def shower(session: Session, centre: Centre, now: datetime) -> Service:
    made = create_service(session, centre, units=(("S1", None),), now=now)
    session.commit()
    return made


GiveBack = Callable[[], None]


@pytest.fixture
def give_back(shower: Service, sign_in: SignIn) -> GiveBack:
    """Somebody has the one shower at ten; calling this gives it back."""
    holder = sign_in()
    code = holder.post("/bookings", wish(shower)).json["code"]

    def cancel() -> None:
        assert holder.post(f"/bookings/{code}/cancel").status_code == 200

    return cancel


def wish(service: Service, /, **changes: Any) -> dict[str, Any]:
    return {"service": service.code, "start": START, "minutes": 30, "client_uuid": str(uuid4()), **changes}


def wait(caller: Caller, service: Service, **changes: Any) -> dict[str, Any]:
    answer = caller.post("/waitlist", wish(service, **changes))
    assert answer.status_code == 201, answer.json
    return dict(answer.json)


def page(body: dict[str, Any]) -> tuple[Any, ...]:
    return body["state"], body["position"], body["ahead"], body["lapses"], body["offer"], body["booking"]


@pytest.mark.rule("B56", "B58", "B63")
def test_waiting_from_joining_to_the_booking(
    shower: Service, give_back: GiveBack, sign_in: SignIn, clock: Clock, container: Container
) -> None:
    me, other = sign_in(), sign_in()
    full = me.post("/bookings", wish(shower))
    assert (full.status_code, full.json["code"], full.json["details"]["waitlist"]) == (409, "slot_full", True)
    entry = wait(me, shower)
    EntryOut.model_validate(entry)
    assert page(entry) == ("waiting", 1, 0, 0, None, None)
    assert (entry["start"], entry["until"]) == (START, "2026-11-26T10:30:00+08:00")
    assert (entry["told_by"], entry["guest"], entry["plate"]) == ("inbox", None, None)
    second = wait(other, shower)
    assert page(second)[:3] == ("waiting", 2, 1)

    give_back()
    body = me.get(f"/waitlist/{entry['id']}").json
    EntryDetailOut.model_validate(body)
    assert body["offer"] == {
        "start": START,
        "end": "2026-11-26T10:30:00+08:00",
        "unit": "S1",
        "answer_until": "2026-11-25T10:10:00+08:00",
        "seconds_left": 600,
    }
    assert [(line["state"], line["mine"]) for line in body["log"]] == [("offered", True)]
    log = other.get(f"/waitlist/{second['id']}").json["log"]
    assert log == [{**body["log"][0], "mine": False}]
    assert set(log[0]) == {"at", "start", "end", "state", "until", "mine"}
    [news] = me.get("/inbox").json["items"]
    assert "有空位" in news["text"]
    assert "10:10" in news["text"]

    clock.forward(minutes=3)
    done = me.post(f"/waitlist/{entry['id']}/accept")
    assert done.status_code == 200
    assert (done.json["state"], done.json["offer"], done.json["position"]) == ("accepted", None, None)
    booking = me.get(f"/bookings/{done.json['booking']}").json
    assert (booking["state"], booking["unit"], booking["start"]) == ("confirmed", "S1", START)
    assert other.get(f"/waitlist/{second['id']}").json["log"][0]["state"] == "accepted"
    assert page(other.get("/waitlist?mine=1").json["items"][0])[:3] == ("waiting", 1, 0)


@pytest.mark.rule("B58")
def test_refusals_say_what_to_do_instead(shower: Service, sign_in: SignIn, give_back: GiveBack) -> None:
    me = sign_in()
    free = me.post("/waitlist", wish(shower, start="2026-11-26T12:00:00+08:00"))
    assert (free.status_code, free.json["code"]) == (409, "place_free")
    assert free.json["details"]["alternatives"] == [
        {"start": "2026-11-26T12:00:00+08:00", "end": "2026-11-26T12:30:00+08:00", "free": 1}
    ]
    body = wish(shower)
    first, again = me.post("/waitlist", body), me.post("/waitlist", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    twice = me.post("/waitlist", wish(shower))
    assert (twice.status_code, twice.json["code"]) == (409, "already_waiting")
    assert twice.json["details"]["id"] == first.json["id"]
    reused = me.post("/waitlist", {**body, "until": "2026-11-26T11:30:00+08:00"})
    assert (reused.status_code, reused.json["code"]) == (409, "client_uuid_reused")
    assert me.post("/waitlist", wish(shower, service="NO.such")).json["code"] == "unknown_service"


@pytest.mark.rule("B63")
def test_to_a_stranger_an_entry_does_not_exist(
    shower: Service, give_back: GiveBack, sign_in: SignIn, centre: Centre, session: Session, now: datetime
) -> None:
    me, stranger = sign_in(), sign_in()
    elsewhere = create_centre(session, now=now)
    foreign = sign_in(role="centre_staff", scope_kind="centre", scope_id=elsewhere.id)
    desk = sign_in(role="centre_staff", scope_kind="centre", scope_id=centre.id)
    entry = wait(me, shower)
    for caller in (stranger, foreign):
        for answer in (
            caller.get(f"/waitlist/{entry['id']}"),
            caller.post(f"/waitlist/{entry['id']}/accept"),
            caller.post(f"/waitlist/{entry['id']}/decline"),
            caller.post(f"/waitlist/{entry['id']}/cancel"),
            caller.patch(f"/waitlist/{entry['id']}", {"no_night_offers": True}),
        ):
            assert (answer.status_code, answer.json["code"]) == (404, "unknown_entry")
    assert stranger.get("/waitlist?mine=1").json["total"] == 0
    assert desk.get(f"/waitlist/{entry['id']}").status_code == 200
    assert me.get("/waitlist/AAAAAAAA").json["code"] == "unknown_entry"
    assert me.get("/waitlist/not-a-code").json["code"] == "unknown_entry"


@pytest.mark.rule("B55", "B64")
def test_an_offer_past_its_deadline_is_over_before_and_after_the_clock(
    shower: Service, give_back: GiveBack, sign_in: SignIn, clock: Clock, container: Container
) -> None:
    me, other = sign_in(), sign_in()
    entry, second = wait(me, shower), wait(other, shower)
    give_back()
    clock.forward(minutes=10)
    assert page(me.get(f"/waitlist/{entry['id']}").json)[:5] == ("waiting", 1, 0, 1, None)
    late = me.post(f"/waitlist/{entry['id']}/accept")
    assert (late.status_code, late.json["code"]) == (409, "offer_over")
    assert serve_waitlists(container) == "1 offered, 1 lapsed, 0 over"
    assert serve_waitlists(container) == "0 offered, 0 lapsed, 0 over"
    assert page(me.get(f"/waitlist/{entry['id']}").json)[:5] == ("waiting", 1, 0, 1, None)
    assert other.get(f"/waitlist/{second['id']}").json["state"] == "offered"
    assert other.post(f"/waitlist/{second['id']}/decline").json["state"] == "declined"
    assert other.post(f"/waitlist/{second['id']}/decline").json["state"] == "declined"


@pytest.mark.rule("B57", "B60")
def test_leaving_and_wanting_no_offers_at_night(shower: Service, give_back: GiveBack, sign_in: SignIn) -> None:
    me = sign_in(settings={"no_night_offers": True})
    entry = wait(me, shower)
    assert entry["no_night_offers"] is True
    changed = me.patch(f"/waitlist/{entry['id']}", {"no_night_offers": False})
    assert (changed.status_code, changed.json["no_night_offers"]) == (200, False)
    assert me.post(f"/waitlist/{entry['id']}/cancel").json["state"] == "cancelled"
    assert me.post(f"/waitlist/{entry['id']}/cancel").status_code == 200
    over = me.patch(f"/waitlist/{entry['id']}", {"no_night_offers": True})
    assert (over.status_code, over.json["code"]) == (409, "wait_over")
    assert wait(me, shower, no_night_offers=False)["no_night_offers"] is False


@pytest.mark.rule("B62")
def test_the_desk_puts_a_guest_without_a_phone_in_line(
    shower: Service, give_back: GiveBack, sign_in: SignIn, centre: Centre, session: Session
) -> None:
    desk = sign_in(role="centre_staff", scope_kind="centre", scope_id=centre.id)
    path = f"/desk/{centre.code}/waitlist"
    unnamed = desk.post(path, wish(shower))
    assert (unnamed.status_code, unnamed.json["code"]) == (422, "guest_unnamed")
    body = wish(shower, name="李师傅", plate="粤B12345")
    added, again = desk.post(path, body), desk.post(path, body)
    assert (added.status_code, again.status_code) == (201, 200)
    entry = added.json
    assert (entry["guest"], entry["plate"], entry["told_by"], entry["position"]) == ("李师傅", "粤B12345", "desk", 1)
    second = desk.post(path, wish(shower, name="王师傅"))
    assert (second.status_code, second.json["position"]) == (201, 2)
    elsewhere = desk.post("/desk/NOWHERE/waitlist", body)
    assert (elsewhere.status_code, elsewhere.json["code"]) == (404, "unknown_service")
    give_back()
    done = desk.post(f"/waitlist/{entry['id']}/accept")
    assert (done.status_code, done.json["state"]) == (200, "accepted")
    booking = session.scalars(select(Booking).where(Booking.code == done.json["booking"])).one()
    assert (booking.person_id, booking.source) == (None, "desk")
    assert desk.get("/waitlist?mine=1").json["total"] == 0
    row = session.scalars(select(WaitlistEntry).where(WaitlistEntry.code == entry["id"])).one()
    assert "李师傅".encode() not in (row.guest_cipher or b"")


@pytest.mark.rule("B52")
def test_how_one_is_told_follows_the_consent(
    shower: Service, give_back: GiveBack, sign_in: SignIn, session: Session, container: Container, now: datetime
) -> None:
    me = sign_in()
    assert me.actor is not None
    entry = wait(me, shower)
    assert entry["told_by"] == "inbox"
    options = container.options
    account = create_wechat_account(
        session, session.get_one(Person, me.actor.person_id), appid=options.mp_appid, now=now
    )
    session.add(
        SubscribeAllowance(
            appid=options.mp_appid,
            openid=account.openid,
            template_id=options.subscribe_templates["waitlist_offer"],
            remaining=1,
            updated_at=now,
            created_at=now,
        )
    )
    session.commit()
    assert me.get(f"/waitlist/{entry['id']}").json["told_by"] == "message"
    assert me.get("/waitlist?mine=1").json["items"][0]["told_by"] == "message"


@pytest.mark.rule("B61")
def test_who_books_another_place_in_that_time_is_served(
    session: Session, centre: Centre, shower: Service, give_back: GiveBack, sign_in: SignIn
) -> None:
    me = sign_in()
    entry = wait(me, shower)
    give_back()
    booked = me.post("/bookings", wish(shower))
    assert booked.status_code == 201
    seen = me.get(f"/waitlist/{entry['id']}").json
    assert (seen["state"], seen["booking"], seen["position"]) == ("served", booked.json["code"], None)
    assert session.scalars(select(Hold.outcome)).all() == ["withdrawn"]


@pytest.mark.rule("O7")
def test_a_person_who_waits_is_not_merged_by_a_code(
    shower: Service, give_back: GiveBack, sign_in: SignIn, guest: Caller
) -> None:
    code = sign_in(role="driver").post("/me/link-code").json["code"]
    guest.token = guest.post("/sign-in", {"code": "demo:driver"}).json["token"]
    wait(guest, shower)
    answer = guest.post("/me/claims", {"code": code})
    assert (answer.status_code, answer.json["code"]) == (409, "link_needs_merge")
