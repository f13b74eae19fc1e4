"""The desk over HTTP: walk-ins, board, finding, passes, undo, who may."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from domain.codes import new_code
from miniprogram_api.schemas.bookings import BookingOut
from miniprogram_api.schemas.desk import ArrivedOut
from miniprogram_api.schemas.desk_board import BoardOut, FoundOut
from models.centre import Booking, BookingEvent, Centre, Mark, Service
from models.platform import AuditEntry
from server.container import Container
from services.centre.occupancy import check_occupancy
from tests.conftest import Caller, Clock, SignIn
from tests.factories import create_person
from tests.factories_booking import MALE_AND_FEMALE, create_booking, create_centre, create_service, unit_ids

HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def centre(session: Session, now: datetime) -> Centre:
    return create_centre(session, now=now)


@pytest.fixture
def shower(session: Session, centre: Centre, now: datetime) -> Service:
    made = create_service(session, centre, units=(*MALE_AND_FEMALE, ("F1", "family")), now=now)
    session.commit()
    return made


@pytest.fixture
def staff(sign_in: SignIn, centre: Centre) -> Caller:
    return sign_in(role="centre_staff", scope_kind="centre", scope_id=centre.id, name="值班员王")


def walk(centre: Centre, staff: Caller, service: Service, /, **changes: Any) -> Any:
    body = {"service": service.code, "client_uuid": str(uuid4()), **changes}
    return staff.post(f"/desk/{centre.code}/walk-ins", body)


def states(session: Session, code: str) -> list[tuple[str | None, str, str | None]]:
    rows = session.execute(
        select(BookingEvent.from_state, BookingEvent.to_state, BookingEvent.reason)
        .join(Booking, Booking.id == BookingEvent.booking_id)
        .where(Booking.code == code)
        .order_by(BookingEvent.seq)
    )
    return [(row[0], row[1], row[2]) for row in rows]


@pytest.mark.rule("B85")
def test_a_walk_in_starts_this_minute_and_takes_whole_steps(
    session: Session, centre: Centre, shower: Service, staff: Caller, clock: Clock
) -> None:
    clock.forward(minutes=7, seconds=41)
    answer = walk(centre, staff, shower, zone="male", name="张伟", plate="粤b·12345", minutes=60)
    assert answer.status_code == 201
    BookingOut.model_validate(answer.json)
    body = answer.json
    assert (body["state"], body["source"], body["unit"]) == ("checked_in", "walkin", "S1")
    assert (body["start"], body["end"]) == ("2026-11-25T10:07:00+08:00", "2026-11-25T11:07:00+08:00")
    assert (body["guest"], body["plate"]) == ("张伟", "粤B12345")
    row = session.scalars(select(Booking).where(Booking.code == body["code"])).one()
    assert b"\xe5\xbc\xa0" not in (row.guest_cipher or b"")
    assert row.made_by_id == staff.actor.person_id if staff.actor else False
    assert states(session, body["code"]) == [(None, "checked_in", None)]
    for minutes in (0, -30, 20, 45, 1441, 100_000):
        refused = walk(centre, staff, shower, zone="male", minutes=minutes)
        assert (refused.status_code, refused.json["code"]) == (422, "minutes_out_of_range"), minutes


@pytest.mark.rule("B85")
def test_the_same_walk_in_sent_again_is_the_first(
    centre: Centre, shower: Service, staff: Caller, sign_in: SignIn
) -> None:
    key = str(uuid4())
    first = walk(centre, staff, shower, zone="male", client_uuid=key)
    again = walk(centre, staff, shower, zone="male", client_uuid=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["code"] == first.json["code"]
    other = walk(centre, staff, shower, zone="female", client_uuid=key)
    assert (other.status_code, other.json["code"]) == (409, "client_uuid_reused")
    colleague = sign_in(role="centre_staff", scope_kind="centre", scope_id=centre.id)
    assert walk(centre, colleague, shower, zone="male", client_uuid=key).status_code == 201


@pytest.mark.rule("B85")
def test_staff_give_the_walk_in_share_and_family_units_last(
    session: Session, centre: Centre, staff: Caller, now: datetime
) -> None:
    units = (("U1", None), ("U2", None), ("FAM", "family"))
    service = create_service(session, centre, units=units, walkin_permille=500, is_bookable=False, now=now)
    session.commit()
    given = [walk(centre, staff, service, zone="male").json["unit"] for _ in range(3)]
    assert given == ["U1", "U2", "FAM"]
    full = walk(centre, staff, service, zone="male")
    assert (full.status_code, full.json["code"]) == (409, "slot_full")


@pytest.mark.rule("B86")
def test_what_is_taken_is_never_given_and_the_longest_stay_is_said(
    session: Session, centre: Centre, shower: Service, staff: Caller, now: datetime
) -> None:
    create_booking(session, shower, now + timedelta(minutes=90), zone="male", now=now)
    create_booking(session, shower, now + timedelta(minutes=90), zone="male", now=now)
    session.commit()
    for wish in ({"unit": "S1"}, {}, {"unit": "S1", "override_reason": "领导同意"}):
        refused = walk(centre, staff, shower, zone="male", minutes=90, **wish)
        assert (refused.status_code, refused.json["code"]) == (
            (409, "unit_taken") if "unit" in wish else (201, None)
        ) or (refused.status_code == 201 and refused.json["unit"] == "F1")
        if refused.status_code == 409:
            assert refused.json["details"]["longest_minutes"] == 60
            assert refused.json["details"]["until"] == "2026-11-25T11:00:00+08:00"
    assert walk(centre, staff, shower, zone="male", minutes=60, unit="s1").json["unit"] == "S1"
    taken = walk(centre, staff, shower, zone="male", unit="S1")
    assert (taken.json["code"], taken.json["details"]["longest_minutes"]) == ("unit_taken", 0)


@pytest.mark.rule("B86")
def test_zones_are_hard_and_a_unit_is_named_by_its_number(centre: Centre, shower: Service, staff: Caller) -> None:
    asked = walk(centre, staff, shower)
    assert (asked.status_code, asked.json["code"]) == (409, "zone_required")
    wrong = walk(centre, staff, shower, zone="male", unit="S3")
    assert (wrong.status_code, wrong.json["code"]) == (409, "zone_not_served")
    unknown = walk(centre, staff, shower, zone="male", unit="S9")
    assert (unknown.status_code, unknown.json["code"]) == (404, "unknown_unit")
    own = walk(centre, staff, shower, unit="S3").json
    assert (own["unit"], own["zone"]) == ("S3", "female")
    assert walk(centre, staff, shower, zone="female", unit="F1").json["unit"] == "F1"


@pytest.mark.rule("B87")
def test_rules_are_set_aside_only_with_a_reason_that_is_kept(
    session: Session, centre: Centre, staff: Caller, now: datetime
) -> None:
    service = create_service(
        session, centre, units=(("U1", None),), hours=((None, 720, 1080),), who_may_book=["member"], now=now
    )
    session.commit()
    refused = walk(centre, staff, service, minutes=150)
    assert (refused.status_code, refused.json["code"]) == (422, "override_reason_required")
    assert refused.json["details"]["rules"] == ["closed_then", "who_may_book", "minutes_out_of_range"]
    given = walk(centre, staff, service, minutes=150, override_reason="经值班长同意")
    assert given.status_code == 201
    rules = "override:closed_then+who_may_book+minutes_out_of_range"
    assert states(session, given.json["code"]) == [(None, "checked_in", rules)]
    kept = session.scalars(select(Booking.override_reason).where(Booking.code == given.json["code"])).one()
    assert kept == "经值班长同意"
    again = walk(centre, staff, service, override_reason="再来一个")
    assert again.json["code"] in ("slot_full", "unit_taken")


@pytest.mark.rule("B87")
def test_a_pool_takes_walk_ins_up_to_its_seats(session: Session, centre: Centre, staff: Caller, now: datetime) -> None:
    pool = create_service(session, centre, capacity=4, max_party=3, now=now)
    session.commit()
    assert walk(centre, staff, pool, party_size=4).json["code"] == "override_reason_required"
    assert walk(centre, staff, pool, party_size=3).status_code == 201
    assert walk(centre, staff, pool, party_size=2).json["code"] == "slot_full"
    assert walk(centre, staff, pool, party_size=1).status_code == 201
    assert check_occupancy(session) == []


def pass_of(sign_in: SignIn, service: Service, start: datetime, **changes: Any) -> tuple[str, str]:
    driver = sign_in(zone="male", name="林师傅", **changes)
    body = {"service": service.code, "start": start.isoformat(), "client_uuid": str(uuid4()), "plate": "粤B12345"}
    booked = driver.post("/bookings", body)
    assert booked.status_code == 201, booked.json
    return booked.json["code"], booked.json["pass"]


@pytest.mark.rule("B88")
def test_a_pass_lets_in_once_and_answers_the_same_until_the_stay_is_over(
    centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock
) -> None:
    code, signed = pass_of(sign_in, shower, clock.now + HALF_HOUR)
    arrivals = f"/desk/{centre.code}/arrivals"
    first = staff.post(arrivals, {"pass": signed})
    assert first.status_code == 200, first.json
    ArrivedOut.model_validate(first.json)
    assert (first.json["state"], first.json["repeat"]) == ("checked_in", False)
    again = staff.post(arrivals, {"pass": signed})
    assert (again.status_code, again.json["repeat"], again.json["code"]) == (200, True, code)
    clock.forward(minutes=61)
    over = staff.post(arrivals, {"pass": signed})
    assert (over.status_code, over.json["code"]) == (409, "pass_used")
    assert over.json["details"]["at"] == "2026-11-25T10:00:00+08:00"


@pytest.mark.rule("B88")
def test_the_pass_of_a_time_that_was_moved_names_the_new_code(
    centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock
) -> None:
    code, signed = pass_of(sign_in, shower, clock.now + HALF_HOUR)
    new = staff.post(f"/bookings/{code}/move", {"start": (clock.now + 4 * HALF_HOUR).isoformat()}).json["code"]
    for shown in ({"pass": signed}, {"code": code}):
        answer = staff.post(f"/desk/{centre.code}/arrivals", shown)
        assert (answer.status_code, answer.json["code"]) == (409, "pass_moved")
        assert new in answer.json["message"]


@pytest.mark.rule("B88")
def test_forged_and_foreign_passes_are_refused_by_name(
    session: Session, centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock
) -> None:
    code, signed = pass_of(sign_in, shower, clock.now + HALF_HOUR)
    arrivals = f"/desk/{centre.code}/arrivals"
    for forged in (signed[:-3] + "AAA", "LY1.x.y.z", "x", ""):
        answer = staff.post(arrivals, {"pass": forged})
        assert (answer.status_code, answer.json["code"]) == (422, "pass_invalid"), forged
    elsewhere = create_centre(session, name="盐田驿站", now=clock.now)
    there = sign_in(role="centre_staff", scope_kind="centre", scope_id=elsewhere.id)
    foreign = there.post(f"/desk/{elsewhere.code}/arrivals", {"pass": signed})
    assert (foreign.status_code, foreign.json["code"]) == (409, "pass_other_centre")
    assert centre.name in foreign.json["message"]
    by_code = there.post(f"/desk/{elsewhere.code}/arrivals", {"code": code})
    assert (by_code.status_code, by_code.json["code"]) == (404, "unknown_booking")
    _, another = pass_of(sign_in, shower, clock.now + HALF_HOUR)
    mixed = staff.post(f"/bookings/{code}/check-in", {"pass": another})
    assert (mixed.status_code, mixed.json["code"]) == (422, "pass_invalid")
    assert staff.post(f"/bookings/{code}/check-in", {"pass": signed}).json["state"] == "checked_in"
    both = staff.post(arrivals, {"pass": signed, "code": code})
    assert (both.status_code, both.json["code"]) == (422, "invalid")


@pytest.mark.rule("B88")
def test_check_in_needs_no_body(centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock) -> None:
    code, _ = pass_of(sign_in, shower, clock.now + HALF_HOUR)
    headers = {"Authorization": f"Bearer {staff.token}"}
    answer = staff.http.post(f"/api/v1/bookings/{code}/check-in", headers=headers)
    assert (answer.status_code, (answer.json or {}).get("state")) == (200, "checked_in")


@pytest.mark.rule("B89")
def test_nobody_came_only_once_the_place_is_no_longer_kept(
    session: Session, centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock
) -> None:
    code, _ = pass_of(sign_in, shower, clock.now + HALF_HOUR)
    early = staff.post(f"/bookings/{code}/no-show")
    assert (early.status_code, early.json["code"]) == (409, "grace_runs")
    assert early.json["details"]["until"] == "2026-11-25T10:45:00+08:00"
    clock.forward(minutes=45)
    assert staff.post(f"/bookings/{code}/no-show").json["state"] == "no_show"
    assert staff.post(f"/bookings/{code}/no-show").json["state"] == "no_show"
    assert len(states(session, code)) == 2
    assert session.scalars(select(Mark.kind)).all() == ["no_show"]


@pytest.mark.rule("B92")
def test_a_guest_is_placed_in_another_free_unit_of_the_zone(
    session: Session, centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock
) -> None:
    code, _ = pass_of(sign_in, shower, clock.now + HALF_HOUR)
    other, _ = pass_of(sign_in, shower, clock.now + HALF_HOUR)
    taken = staff.post(f"/bookings/{code}/unit", {"unit": "S2"})
    assert (taken.status_code, taken.json["code"]) == (409, "unit_taken")
    wrong = staff.post(f"/bookings/{code}/unit", {"unit": "S3"})
    assert (wrong.status_code, wrong.json["code"]) == (409, "zone_not_served")
    assert staff.post(f"/bookings/{code}/unit", {"unit": "F1"}).json["unit"] == "F1"
    assert staff.post(f"/bookings/{code}/unit", {"unit": "F1"}).json["unit"] == "F1"
    assert staff.post(f"/bookings/{other}/unit", {"unit": "S1"}).json["unit"] == "S1"
    assert states(session, code) == [(None, "confirmed", None), ("confirmed", "confirmed", "unit:F1")]
    assert check_occupancy(session) == []


@pytest.mark.rule("B93")
def test_the_last_step_is_taken_back_for_fifteen_minutes_with_a_trace(
    session: Session, centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock
) -> None:
    code, _ = pass_of(sign_in, shower, clock.now)
    path = f"/bookings/{code}"
    nothing = staff.post(f"{path}/undo")
    assert (nothing.status_code, nothing.json["code"]) == (409, "undo_over")
    staff.post(f"{path}/check-in")
    clock.forward(minutes=10)
    assert staff.post(f"{path}/undo").json["state"] == "confirmed"
    assert staff.post(f"{path}/undo").json["state"] == "confirmed", "a repeat changes nothing"
    staff.post(f"{path}/check-in")
    staff.post(f"{path}/complete")
    assert staff.post(f"{path}/undo").json["state"] == "checked_in"
    staff.post(f"{path}/complete")
    clock.forward(minutes=15)
    late = staff.post(f"{path}/undo")
    assert (late.status_code, late.json["code"]) == (409, "undo_over")
    reasons = [(after, why) for _, after, why in states(session, code)]
    assert [state for state, why in reasons if why == "undo"] == ["confirmed", "checked_in"]
    assert check_occupancy(session) == []


@pytest.mark.rule("B93")
def test_a_no_show_taken_back_has_no_mark_and_time_to_come_in(
    session: Session, centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock
) -> None:
    code, _ = pass_of(sign_in, shower, clock.now)
    clock.forward(minutes=15)
    staff.post(f"/bookings/{code}/no-show")
    clock.forward(minutes=5)
    back = staff.post(f"/bookings/{code}/undo").json
    assert (back["state"], back["grace_until"]) == ("confirmed", "2026-11-25T10:35:00+08:00")
    assert session.scalars(select(Mark.waive_reason)).all() == ["undo"]
    assert staff.post(f"/bookings/{code}/check-in").json["state"] == "checked_in"


@pytest.mark.rule("B93")
def test_who_was_let_in_by_mistake_has_time_to_come_in(
    centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock
) -> None:
    code, _ = pass_of(sign_in, shower, clock.now)
    clock.forward(minutes=14)
    staff.post(f"/bookings/{code}/check-in")
    clock.forward(minutes=5)
    back = staff.post(f"/bookings/{code}/undo").json
    assert (back["state"], back["grace_until"]) == ("confirmed", "2026-11-25T10:34:00+08:00")


@pytest.mark.rule("B93")
def test_a_walk_in_taken_back_is_gone_and_its_place_free(
    session: Session, centre: Centre, shower: Service, staff: Caller, clock: Clock
) -> None:
    code = walk(centre, staff, shower, zone="male", unit="S1").json["code"]
    assert staff.post(f"/bookings/{code}/undo").json["state"] == "cancelled"
    assert states(session, code)[-1] == ("checked_in", "cancelled", "undo")
    assert walk(centre, staff, shower, zone="male", unit="S1").status_code == 201
    assert check_occupancy(session) == []


@pytest.mark.rule("B93")
def test_a_place_given_away_meanwhile_is_not_taken_back(
    session: Session, centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock
) -> None:
    code = walk(centre, staff, shower, zone="male", unit="S1", minutes=60).json["code"]
    clock.forward(minutes=10)
    staff.post(f"/bookings/{code}/complete")
    clock.forward(minutes=10)
    assert walk(centre, staff, shower, zone="male", unit="S1").status_code == 201
    answer = staff.post(f"/bookings/{code}/undo")
    assert (answer.status_code, answer.json["code"]) == (409, "undo_conflict")
    assert staff.get(f"/bookings/{code}").json["state"] == "completed"


@pytest.mark.rule("B94")
def test_the_board_shows_the_day_and_last_night_by_form_of_address(
    session: Session, centre: Centre, staff: Caller, sign_in: SignIn, now: datetime, clock: Clock
) -> None:
    rest = create_service(
        session, centre, units=(("B1", None), ("B2", None)), hours=((None, 1200, 540),), max_minutes=720, now=now
    )
    shower = create_service(session, centre, units=(("S1", None), ("S2", None)), now=now)
    evening = now - timedelta(hours=12)
    create_booking(session, rest, now - timedelta(hours=11), minutes=480, now=evening,
                   person=create_person(session, name="欧阳建国", now=now))  # fmt: skip
    create_booking(session, shower, now + timedelta(days=1), now=now)
    session.commit()
    start = (now + timedelta(hours=1)).isoformat()
    body = {"service": shower.code, "start": start, "plate": "粤B12345", "client_uuid": str(uuid4())}
    assert sign_in(name="张伟").post("/bookings", body).status_code == 201
    walk(centre, staff, shower, unit="S2", name="李四", minutes=60)
    answer = staff.get(f"/desk/{centre.code}/board")
    assert answer.status_code == 200, answer.json
    BoardOut.model_validate(answer.json)
    board = answer.json
    assert (board["date"], board["centre"]["code"]) == ("2026-11-25", centre.code)
    lines = {b["who"]: b for part in board["services"] for b in part["bookings"]}
    assert set(lines) == {"欧阳师傅", "张师傅", "李师傅"}
    assert lines["欧阳师傅"]["is_overnight_from_yesterday"]
    assert (lines["张师傅"]["plate_tail"], lines["张师傅"]["unit"]) == ("2345", "S1")
    assert lines["李师傅"]["undo_until"] == "2026-11-25T10:15:00+08:00"
    assert "张伟" not in answer.text
    assert "12345" not in answer.text
    units = {u["no"]: u for part in board["services"] for u in part["units"]}
    assert (units["S2"]["free_until"], units["S1"]["free_until"]) == (board["now"], "2026-11-25T11:00:00+08:00")
    assert board["counts"]["arrived"] == 1
    assert board["counts"]["expected"] == 2, "last night's guest was never let in"
    yesterday = staff.get(f"/desk/{centre.code}/board?date=2026-11-24").json
    assert [b["who"] for part in yesterday["services"] for b in part["bookings"]] == ["欧阳师傅"]


@pytest.mark.rule("B94")
def test_the_board_takes_as_many_queries_for_one_booking_as_for_forty(
    session: Session, centre: Centre, staff: Caller, now: datetime
) -> None:
    pool = create_service(session, centre, capacity=100, now=now)
    unit = create_service(session, centre, units=tuple((f"U{n}", None) for n in range(50)), now=now)
    counts: list[int] = []
    statements: list[str] = []

    def counted(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    for more in (1, 40):
        for _ in range(more):
            create_booking(session, pool, now + HALF_HOUR, now=now)
            create_booking(session, unit, now + HALF_HOUR, now=now)
        session.commit()
        staff.get(f"/desk/{centre.code}/board")  # facts of the centre read, look noted
        event.listen(session.get_bind(), "before_cursor_execute", counted)
        statements.clear()
        assert staff.get(f"/desk/{centre.code}/board").status_code == 200
        event.remove(session.get_bind(), "before_cursor_execute", counted)
        counts.append(len([s for s in statements if s.lstrip().upper().startswith(("SELECT", "WITH"))]))
    assert counts[0] == counts[1] <= 12, statements


@pytest.mark.rule("B95")
def test_looks_at_guests_are_audited_by_ids(
    session: Session, centre: Centre, shower: Service, staff: Caller, clock: Clock
) -> None:
    code = walk(centre, staff, shower, zone="male", name="张伟", plate="粤B12345").json["code"]
    for _ in range(3):
        staff.get(f"/desk/{centre.code}/board")
    for _ in range(2):
        staff.get(f"/desk/{centre.code}/find?q=张伟")
    clock.forward(hours=24)
    staff.get(f"/desk/{centre.code}/board")
    rows = session.execute(select(AuditEntry.action, AuditEntry.subject_id, AuditEntry.details)).all()
    looks = [row for row in rows if row.action == "desk.board"]
    finds = [row for row in rows if row.action == "desk.find"]
    booking = session.scalars(select(Booking.id).where(Booking.code == code)).one()
    assert [row.subject_id for row in looks] == [centre.id] * 2
    assert [row.details for row in finds] == [{"by": "name", "bookings": [booking]}] * 2


@pytest.mark.rule("B95")
@pytest.mark.parametrize("text", ["{code}", "{lower}", "粤B·12345", "2345", "张伟", "张师傅", "伟", "{pass}"])
def test_a_guest_is_found_by_what_they_can_say(
    session: Session, centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock, text: str
) -> None:
    driver = sign_in(zone="male", name="张伟")
    body = {"service": shower.code, "start": clock.now.isoformat(), "client_uuid": str(uuid4()), "plate": "粤B12345"}
    made = driver.post("/bookings", body).json
    asked = text.format(code=made["code"], lower=made["code"].lower(), **{"pass": made["pass"]})
    found = staff.get(f"/desk/{centre.code}/find", query_string={"q": asked})
    FoundOut.model_validate(found.json)
    [item] = found.json["items"]
    assert (item["code"], item["name"], item["plate"]) == (made["code"], "张伟", "粤B12345")


@pytest.mark.rule("B95")
def test_the_desk_reads_whose_booking_it_is_and_leaves_a_trace(
    session: Session, centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock
) -> None:
    driver = sign_in(zone="male", name="张伟")
    body = {"service": shower.code, "start": clock.now.isoformat(), "client_uuid": str(uuid4())}
    code = driver.post("/bookings", body).json["code"]
    assert staff.get(f"/bookings/{code}").json["name"] == "张伟"
    assert driver.get(f"/bookings/{code}").json["name"] is None
    walked = walk(centre, staff, shower, zone="female", name="李四").json["code"]
    assert staff.get(f"/bookings/{walked}").json["name"] == "李四"
    looks = session.scalars(select(AuditEntry.person_id).where(AuditEntry.action == "desk.booking")).all()
    assert looks == [staff.actor.person_id if staff.actor else None] * 2


@pytest.mark.rule("B95")
def test_a_tail_finds_yesterday_and_today_only_and_here_only(
    session: Session, centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock
) -> None:
    driver = sign_in(zone="male", name="张伟")
    later = clock.now + timedelta(days=1)
    body = {"service": shower.code, "start": later.isoformat(), "client_uuid": str(uuid4()), "plate": "粤B12345"}
    code = driver.post("/bookings", body).json["code"]
    find = f"/desk/{centre.code}/find?q="
    assert staff.get(find + "2345").json["items"] == []
    assert len(staff.get(find + code).json["items"]) == 1
    clock.forward(days=2)
    assert len(staff.get(find + "2345").json["items"]) == 1
    clock.forward(days=1)
    assert staff.get(find + "2345").json["items"] == []
    elsewhere = create_centre(session, now=clock.now)
    there = sign_in(role="centre_staff", scope_kind="centre", scope_id=elsewhere.id)
    assert there.get(f"/desk/{elsewhere.code}/find?q={code}").json["items"] == []


@pytest.mark.rule("B96")
def test_another_desk_is_not_opened_and_its_bookings_do_not_exist(
    session: Session, centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock
) -> None:
    code, _ = pass_of(sign_in, shower, clock.now)
    elsewhere = create_centre(session, now=clock.now)
    stranger = sign_in(role="centre_staff", scope_kind="centre", scope_id=elsewhere.id)
    for path in ("board", "find?q=x", "offline", "conflicts", "notes", "attendants"):
        refused = stranger.get(f"/desk/{centre.code}/{path}")
        assert (refused.status_code, refused.json["code"]) == (403, "not_allowed"), path
        unknown = stranger.get(f"/desk/{new_code()}/{path}")
        assert (unknown.status_code, unknown.json["code"]) == (404, "unknown_centre"), path
    assert walk(centre, stranger, shower, zone="male").status_code == 403
    assert walk(elsewhere, stranger, shower, zone="male").json["code"] == "unknown_service"
    for verb in ("check-in", "complete", "no-show", "undo", "unit"):
        answer = stranger.post(f"/bookings/{code}/{verb}", {"unit": "S1"})
        assert (answer.status_code, answer.json["code"]) == (404, "unknown_booking"), verb


@pytest.mark.rule("B96")
def test_units_of_the_board_match_what_can_be_given(
    session: Session, centre: Centre, shower: Service, staff: Caller, container: Container
) -> None:
    numbers = set(unit_ids(session, shower))
    board = staff.get(f"/desk/{centre.code}/board").json
    assert {u["no"] for part in board["services"] for u in part["units"]} == numbers


ODD: tuple[Any, ...] = (
    *(0, -1, 1, 30, 2**31, 10**40, 1.5, True, None, [], {}, "", " ", "x" * 3000, "a\x00b", "\u202e", "２", "%", "{x}"),
    *("male", "S1", "F1", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-25T10:00:00+08:00"),
)


@pytest.mark.rule("B96")
@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_desk_sends_about_real_things_is_answered(
    centre: Centre, shower: Service, staff: Caller, sign_in: SignIn, clock: Clock, seed: int
) -> None:
    dice = random.Random(seed)
    code, signed = pass_of(sign_in, shower, clock.now)
    values = (*ODD, code, signed, signed[:-1], shower.code, "walk_in", "arrival", "complete", str(uuid4()))
    item = ("client_uuid", "kind", "at", "pass", "code", "service", "unit", "minutes", "zone", "party_size", "plate")
    walked = ("client_uuid", "service", "minutes", "zone", "unit", "party_size", "name", "plate", "entry")
    sensible = {"service": shower.code, "at": clock.now.isoformat(), "kind": "arrival", "zone": "male"}

    def body(names: tuple[str, ...]) -> dict[str, Any]:
        made = {name: dice.choice(values) for name in names if dice.random() < 0.4}
        kept = {name: value for name, value in sensible.items() if name in names and dice.random() < 0.8}
        return {"client_uuid": str(uuid4()), **made, **kept}

    def one() -> Any:
        desk = f"/desk/{centre.code}"
        return dice.choice(
            (
                lambda: staff.post(f"{desk}/walk-ins", body((*walked, "override_reason"))),
                lambda: staff.post(f"{desk}/arrivals", body(("pass", "code"))),
                lambda: staff.post(f"{desk}/sync", {"device": "d", "items": [body(item) for _ in range(3)]}),
                lambda: staff.post(f"{desk}/conflicts/1/settle", body(("unit", "note"))),
                lambda: staff.post(f"{desk}/attendant", body(("attendant", "pin"))),
                lambda: staff.post(f"{desk}/notes", body(("kind", "text"))),
                lambda: staff.post(f"/bookings/{code}/{dice.choice(('unit', 'undo', 'check-in'))}", body(("unit",))),
                lambda: staff.post(f"/bookings/{code}/{dice.choice(('complete', 'no-show', 'undo'))}", body(("x",))),
                lambda: staff.get(f"{desk}/find", query_string={"q": str(dice.choice(values))}),
                lambda: staff.get(
                    f"{desk}/board", query_string={"date": dice.choice(("2026-11-25", "0001-01-01", ""))}
                ),
            )
        )()

    for _ in range(60):
        answer = one()
        assert answer.status_code < 500, (answer.request.url, answer.get_json())
