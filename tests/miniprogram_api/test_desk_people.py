"""Attendants by PIN, shift notes, the offline pack, uploads and conflicts over HTTP."""

from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from miniprogram_api.schemas.desk_people import AttendantsOut, NoteOut, OnDutyOut
from miniprogram_api.schemas.desk_sync import ConflictOut, OfflineOut, SyncOut
from models.centre import Booking, BookingEvent, Centre, Hold, Service
from models.desk import Arrival, DeskPin, ShiftNote
from models.platform import AuditEntry
from models.waitlist import WaitlistEntry
from services.booking.passes import verify_pass
from services.people import end_grants
from tests.conftest import Caller, Clock, SignIn
from tests.factories_booking import create_centre, create_service


@pytest.fixture
def centre(session: Session, clock: Clock) -> Centre:
    return create_centre(session, now=clock.now)


@pytest.fixture
def service(session: Session, centre: Centre, clock: Clock) -> Service:
    made = create_service(session, centre, units=(("U1", None), ("U2", None)), cleaning_minutes=0, now=clock.now)
    session.commit()
    return made


def staff_at(sign_in: SignIn, centre: Centre, **person: Any) -> Caller:
    return sign_in(role="centre_staff", scope_kind="centre", scope_id=centre.id, **person)


@pytest.fixture
def tablet(sign_in: SignIn, centre: Centre) -> Caller:
    return staff_at(sign_in, centre, name="平板")


@pytest.fixture
def li(sign_in: SignIn, centre: Centre) -> Caller:
    attendant = staff_at(sign_in, centre, name="李班长")
    put = attendant.call("PUT", "/me/desk-pin", {"pin": "2580"})
    assert put.status_code == 204, put.json
    return attendant


def person_id(caller: Caller) -> int:
    assert caller.actor is not None
    return caller.actor.person_id


def take(tablet: Caller, centre: Centre, who: Caller, pin: str = "2580") -> Any:
    return tablet.post(f"/desk/{centre.code}/attendant", {"attendant": person_id(who), "pin": pin})


def walk(caller: Caller, centre: Centre, service: Service, headers: dict[str, str] | None = None, **more: Any) -> Any:
    body = {"service": service.code, "client_uuid": str(uuid4()), **more}
    return caller.post(f"/desk/{centre.code}/walk-ins", body, headers=headers or {})


@pytest.mark.rule("B120")
def test_whoever_takes_the_desk_is_named_by_the_events(
    session: Session, centre: Centre, service: Service, tablet: Caller, li: Caller, clock: Clock
) -> None:
    listed = tablet.get(f"/desk/{centre.code}/attendants").json
    AttendantsOut.model_validate(listed)
    assert [(a["name"], a["has_pin"]) for a in listed["items"]] == [("平板", False), ("李班长", True)]
    taken = take(tablet, centre, li)
    assert taken.status_code == 200, taken.json
    OnDutyOut.model_validate(taken.json)
    assert (taken.json["name"], taken.json["expires_at"]) == ("李班长", "2026-11-25T18:00:00+08:00")
    header = {"X-Attendant": taken.json["token"]}
    code = walk(tablet, centre, service, header).json["code"]
    tablet.post(f"/bookings/{code}/complete")
    actors = session.scalars(
        select(BookingEvent.actor_id)
        .join(Booking, Booking.id == BookingEvent.booking_id)
        .where(Booking.code == code)
        .order_by(BookingEvent.seq)
    ).all()
    assert actors == [person_id(li), person_id(tablet)]
    assert tablet.get("/me", headers=header).json["name"] == "平板"
    own = {"service": service.code, "start": "2026-11-26T10:00:00+08:00", "client_uuid": str(uuid4())}
    assert li.post("/bookings", own).status_code == 201
    assert li.get("/bookings").json["total"] == 1
    assert tablet.get("/bookings", headers=header).json["total"] == 0, "what is Li's own stays on Li's phone"
    assert tablet.get("/me/calendar", headers=header).json != li.get("/me/calendar").json
    clock.forward(hours=8)
    over = walk(tablet, centre, service, header)
    assert (over.status_code, over.json["code"]) == (403, "pin_required")


@pytest.mark.rule("B120")
def test_a_token_is_worth_nothing_touched_elsewhere_or_in_other_hands(
    session: Session, centre: Centre, service: Service, tablet: Caller, li: Caller, sign_in: SignIn, clock: Clock
) -> None:
    token = take(tablet, centre, li).json["token"]
    elsewhere = create_centre(session, now=clock.now)
    other = create_service(session, elsewhere, now=clock.now)
    both = staff_at(sign_in, centre)
    admin = sign_in(role="district_admin")
    head, _, mac = token.rpartition(".")
    for wrong in ("x", "1.2.3.4", f"{head}.{mac[:-2]}AA", f"9{head}.{mac}", "9" * 5000, f"{2**40}.1.1.x", "１.1.1.é"):
        refused = walk(tablet, centre, service, {"X-Attendant": wrong})
        assert (refused.status_code, refused.json["code"]) == (403, "pin_required"), wrong
    assert walk(both, centre, service, {"X-Attendant": token}).status_code == 201, "another device of this desk"
    assert walk(admin, elsewhere, other, {"X-Attendant": token}).status_code == 403, "bound to its centre"
    driver = sign_in(role="driver")
    assert walk(driver, centre, service, {"X-Attendant": token}).status_code == 403
    end_grants(session, person_id(li), "centre_staff", scope_kind="centre", scope_id=centre.id, today=clock.now.date())
    session.commit()
    gone = walk(tablet, centre, service, {"X-Attendant": token})
    assert (gone.status_code, gone.json["code"]) == (403, "pin_required"), "no longer on duty there"


@pytest.mark.rule("B120")
def test_a_new_pin_ends_the_old_tokens(
    centre: Centre, service: Service, tablet: Caller, li: Caller, clock: Clock
) -> None:
    token = take(tablet, centre, li).json["token"]
    clock.forward(minutes=1)
    li.call("PUT", "/me/desk-pin", {"pin": "135790"})
    assert walk(tablet, centre, service, {"X-Attendant": token}).status_code == 403
    assert take(tablet, centre, li).json["code"] == "pin_wrong"
    assert take(tablet, centre, li, "135790").status_code == 200


@pytest.mark.rule("B120")
def test_five_wrong_pins_rest_it_for_a_quarter_of_an_hour(
    session: Session, centre: Centre, tablet: Caller, li: Caller, clock: Clock
) -> None:
    for _ in range(5):
        wrong = take(tablet, centre, li, "0001")
        assert (wrong.status_code, wrong.json["code"]) == (422, "pin_wrong")
    locked = take(tablet, centre, li)
    assert (locked.status_code, locked.json["code"]) == (429, "pin_locked")
    assert int(locked.headers["Retry-After"]) == 900
    failures = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "desk.pin_failed")
    assert session.scalar(failures) == 5
    clock.forward(minutes=15)
    assert take(tablet, centre, li).status_code == 200
    assert session.scalars(select(DeskPin.failures)).all() == [0]
    for _ in range(4):
        take(tablet, centre, li, "0001")
    assert take(tablet, centre, li).status_code == 200, "the fifth try may still be right"


@pytest.mark.rule("B120")
@pytest.mark.parametrize("pin", ["", "123", "1234567", "12a4", "１２３４", "1111", " 12 "])
def test_a_pin_is_four_to_six_digits_and_lies_hashed(session: Session, tablet: Caller, pin: str) -> None:
    refused = tablet.call("PUT", "/me/desk-pin", {"pin": pin})
    assert refused.status_code == 422
    assert tablet.call("PUT", "/me/desk-pin", {"pin": "4826"}).status_code == 204
    assert session.scalars(select(DeskPin.pin_hash)).one().startswith("$argon2id$")


@pytest.mark.rule("B120")
def test_only_staff_of_the_centre_who_have_a_pin_take_the_desk(
    session: Session, centre: Centre, tablet: Caller, sign_in: SignIn, clock: Clock
) -> None:
    assert take(tablet, centre, tablet).json["code"] == "pin_not_set"
    stranger = staff_at(sign_in, create_centre(session, now=clock.now))
    stranger.call("PUT", "/me/desk-pin", {"pin": "2580"})
    refused = take(tablet, centre, stranger)
    assert (refused.status_code, refused.json["code"]) == (404, "unknown_attendant")
    assert session.scalars(select(DeskPin.failures)).all() == [0], "no desk rests the PIN of another's"
    assert sign_in(role="driver").call("PUT", "/me/desk-pin", {"pin": "2580"}).status_code == 403


@pytest.mark.rule("B121")
def test_a_note_is_written_once_settled_once_and_stays(
    session: Session, centre: Centre, tablet: Caller, li: Caller, clock: Clock
) -> None:
    notes, key = f"/desk/{centre.code}/notes", str(uuid4())
    body = {"kind": "lost_property", "text": "S2 里有一把伞", "client_uuid": key}
    made, again = tablet.post(notes, body), tablet.post(notes, body)
    assert (made.status_code, again.status_code) == (201, 200)
    NoteOut.model_validate(made.json)
    assert again.json == made.json
    assert tablet.post(notes, {**body, "text": "别的"}).json["code"] == "client_uuid_reused"
    clock.forward(days=20)
    assert [n["text"] for n in li.get(notes).json["items"]] == ["S2 里有一把伞"], "open ones stay listed"
    settle = f"{notes}/{made.json['id']}/settle"
    first = li.post(settle, {"text": "已交还失主"})
    assert (first.json["settled_by"], first.json["settled_text"]) == ("李班长", "已交还失主")
    assert tablet.post(settle, {"text": "已交还失主"}).json == first.json
    assert tablet.post(settle, {"text": "没人来领"}).json["code"] == "conflict_settled"
    assert li.get(notes).json["items"] == [], "settled and older than a week"
    assert session.scalar(select(func.count()).select_from(ShiftNote)) == 1
    missing = li.post(f"{notes}/999999/settle", {})
    assert (missing.status_code, missing.json["code"]) == (404, "unknown_note")


@pytest.mark.rule("B122")
def test_the_offline_pack_verifies_passes_and_knows_who_comes(
    session: Session, centre: Centre, service: Service, tablet: Caller, sign_in: SignIn, clock: Clock
) -> None:
    driver = sign_in(name="欧阳建国")
    signed = []
    for hours in (1, 23, 25):
        start = (clock.now + timedelta(hours=hours)).isoformat()
        body = {"service": service.code, "start": start, "client_uuid": str(uuid4()), "plate": "粤B12345"}
        signed.append(driver.post("/bookings", body).json["pass"])
    answer = tablet.get(f"/desk/{centre.code}/offline")
    OfflineOut.model_validate(answer.json)
    pack = answer.json
    [key] = pack["keys"]
    raw = urlsafe_b64decode(key["public_key"] + "=")
    facts = [verify_pass(text, {key["id"]: raw}) for text in signed]
    assert [b["code"] for b in pack["bookings"]] == [f.code for f in facts[:2]]
    assert {(b["who"], b["plate_tail"]) for b in pack["bookings"]} == {("欧阳师傅", "2345")}
    assert "建国" not in answer.text
    assert pack["services"] == [service.code]
    looked = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "desk.offline")
    tablet.get(f"/desk/{centre.code}/offline")
    assert session.scalar(looked) == 1


@pytest.mark.rule("B97", "B99")
def test_an_upload_answers_item_by_item_and_conflicts_are_settled(
    session: Session, centre: Centre, service: Service, tablet: Caller, clock: Clock
) -> None:
    early, late = (clock.now - timedelta(minutes=m) for m in (20, 10))
    items = [
        {"client_uuid": str(uuid4()), "kind": "walk_in", "at": at.isoformat(), "service": service.code, "unit": "U1",
         "minutes": 60, "name": name}
        for at, name in ((early, "张一"), (late, "张二"))
    ] + [{"client_uuid": str(uuid4()), "kind": "arrival", "at": late.isoformat(), "code": "ZZZZZZZZ"}]  # fmt: skip
    sync = f"/desk/{centre.code}/sync"
    answer = tablet.post(sync, {"device": "tablet-1", "items": items})
    assert answer.status_code == 200, answer.json
    SyncOut.model_validate(answer.json)
    assert [i["result"] for i in answer.json["items"]] == ["admitted", "conflict", "refused"]
    assert [i["client_uuid"] for i in answer.json["items"]] == [i["client_uuid"] for i in items]
    assert answer.json["items"][2]["code"] == "unknown_booking"
    again = tablet.post(sync, {"device": "tablet-1", "items": items}).json["items"]
    assert [(i["result"], i["booking"], i["message"]) for i in again] == [
        (i["result"], i["booking"], i["message"]) for i in answer.json["items"]
    ]
    conflicts = tablet.get(f"/desk/{centre.code}/conflicts").json["items"]
    ConflictOut.model_validate(conflicts[0])
    assert [(c["who"], c["unit"], c["minutes"]) for c in conflicts] == [("张师傅", "U1", 60)]
    settle = f"/desk/{centre.code}/conflicts/{conflicts[0]['id']}/settle"
    assert tablet.post(settle, {}).json["code"] == "settle_how"
    assert tablet.post(settle, {"unit": "U1"}).json["code"] == "unit_taken"
    assert tablet.post(settle, {"unit": "U7"}).json["code"] == "unknown_unit"
    done = tablet.post(settle, {"unit": "U2"})
    assert done.status_code == 200, done.json
    assert tablet.post(settle, {"unit": "U2"}).json["settled_at"] == done.json["settled_at"]
    assert tablet.post(settle, {"note": "别的"}).json["code"] == "conflict_settled"
    placed = session.scalars(select(Booking).where(Booking.code == done.json["booking"])).one()
    assert (placed.state, placed.ends_at) == ("checked_in", late + timedelta(minutes=60))
    earliest = {**items[0], "client_uuid": str(uuid4()), "at": (early - timedelta(minutes=5)).isoformat(), "unit": "U2"}
    assert tablet.post(sync, {"device": "tablet-2", "items": [earliest]}).json["items"][0]["result"] == "conflict"
    assert session.get_one(Booking, placed.id).state == "checked_in", "what staff settled stands"
    stranger = tablet.post("/desk/nowhere/sync", {"device": "x", "items": []})
    assert stranger.status_code == 404


@pytest.mark.rule("B97")
@pytest.mark.parametrize(
    "change", [{"at": "2026-11-25T10:00:00"}, {"at": 12}, {"kind": "dance"}, {"minutes": 2**40}, {"client_uuid": "x"}]
)
def test_an_upload_that_cannot_be_read_leaves_nothing(
    session: Session, centre: Centre, service: Service, tablet: Caller, clock: Clock, change: dict[str, Any]
) -> None:
    item = {"client_uuid": str(uuid4()), "kind": "walk_in", "at": clock.now.isoformat(), "service": service.code}
    answer = tablet.post(f"/desk/{centre.code}/sync", {"device": "d", "items": [item, {**item, **change}]})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    assert session.scalar(select(func.count()).select_from(Arrival)) == 0


@pytest.mark.rule("B123")
def test_who_is_walked_in_off_the_wait_list_waits_no_longer(
    session: Session, centre: Centre, service: Service, tablet: Caller, sign_in: SignIn, clock: Clock
) -> None:
    codes = [walk(tablet, centre, service, minutes=60).json["code"] for _ in range(2)]
    driver = sign_in(name="林师傅")
    wish = {"service": service.code, "start": clock.now.isoformat(), "minutes": 30,
            "until": (clock.now + timedelta(hours=1)).isoformat(), "client_uuid": str(uuid4())}  # fmt: skip
    entry = driver.post("/waitlist", wish)
    assert entry.status_code == 201, entry.json
    clock.forward(minutes=30)
    tablet.post(f"/bookings/{codes[0]}/complete")
    assert driver.get(f"/waitlist/{entry.json['id']}").json["state"] == "offered"
    board = tablet.get(f"/desk/{centre.code}/board").json
    assert [(o["who"], o["entry"]) for o in board["offers"]] == [("林师傅", entry.json["id"])]
    assert [w["position"] for w in board["waiting"]] == [1]
    refused = walk(tablet, centre, service)
    assert refused.json["code"] in ("slot_full", "unit_taken"), "held for who waits"
    given = walk(tablet, centre, service, entry=entry.json["id"])
    assert given.status_code == 201, given.json
    assert driver.get(f"/waitlist/{entry.json['id']}").json["state"] == "served"
    assert driver.get(f"/bookings/{given.json['code']}").json["state"] == "checked_in"
    assert session.scalars(select(Hold.is_open)).all() == [False]
    assert session.scalars(select(WaitlistEntry.booking_id)).all() == [
        session.scalars(select(Booking.id).where(Booking.code == given.json["code"])).one()
    ]
    unknown = walk(tablet, centre, service, entry="ZZZZZZZZ")
    assert unknown.status_code == 404
