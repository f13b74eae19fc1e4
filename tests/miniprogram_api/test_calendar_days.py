"""The working calendar over HTTP: read by staff, changed by the admin, felt by every centre at once."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.centre import OpeningRule, Service
from models.platform import AuditEntry
from tests.conftest import Caller, SignIn
from tests.factories_booking import create_booking, create_centre, create_service

THURSDAY, SATURDAY = "2026-11-26", "2026-11-28"


def starts(caller: Caller, service: str, day: str) -> int:
    return len(caller.get(f"/services/{service}/availability?date={day}").json["slots"])


@pytest.fixture
def service(session: Session, now: datetime) -> str:
    """Open 09:00–21:00 on working days, 10:00–12:00 on other days, not at all on holidays."""
    centre = create_centre(session, now=now, hours=())
    made = create_service(session, centre, now=now)
    for kind, opens, closes in (("workday", 540, 1260), ("restday", 600, 720), ("holiday", 0, 0)):
        session.add(
            OpeningRule(
                centre_id=centre.id,
                day_kind=kind,
                opens_minutes=opens,
                closes_minutes=closes,
                is_closed=kind == "holiday",
                effective_from=now.date().replace(year=2000),
            )
        )
    session.commit()
    return made.code


@pytest.mark.rule("B105", "B106", "B107", "B108")
def test_a_changed_day_is_felt_at_once_and_taken_back(sign_in: SignIn, service: str, session: Session) -> None:
    admin = sign_in(role="district_admin")
    assert (starts(admin, service, THURSDAY), starts(admin, service, SATURDAY)) == (24, 4)
    answer = admin.post("/calendar-days", {"date": THURSDAY, "kind": "holiday", "name": "区庆"}).json
    assert answer == {
        "day": {"date": THURSDAY, "kind": "holiday", "name": "区庆", "source": "staff"},
        "applied": True,
        "affected": [],
    }
    admin.post("/calendar-days", {"date": SATURDAY, "kind": "workday", "name": "区庆调休"})
    assert (starts(admin, service, THURSDAY), starts(admin, service, SATURDAY)) == (0, 24)
    shown = admin.get(f"/calendar-days?from={THURSDAY}&to=2026-12-31").json
    assert [(day["date"], day["kind"]) for day in shown["items"]] == [(THURSDAY, "holiday"), (SATURDAY, "workday")]
    back = admin.post("/calendar-days", {"date": THURSDAY, "kind": None}).json["day"]
    assert (back["kind"], back["source"]) == ("workday", "weekday")
    assert starts(admin, service, THURSDAY) == 24
    again = admin.post("/calendar-days", {"date": THURSDAY, "kind": None})
    assert (again.status_code, again.json["code"]) == (404, "unknown_calendar_day")
    kept = session.scalars(select(AuditEntry.details).where(AuditEntry.action == "calendar.changed")).all()
    assert [row["kind"] for row in kept] == ["holiday", "workday", None]


@pytest.mark.rule("B108")
def test_bookings_outside_the_hours_are_named_before_and_with_the_change(
    sign_in: SignIn, service: str, session: Session, now: datetime
) -> None:
    row = session.scalars(select(Service).where(Service.code == service)).one()
    early = create_booking(session, row, datetime.fromisoformat(f"{THURSDAY}T10:00:00+08:00"), now=now)
    late = create_booking(session, row, datetime.fromisoformat(f"{THURSDAY}T15:00:00+08:00"), now=now)
    create_booking(session, row, datetime.fromisoformat("2026-11-27T15:00:00+08:00"), now=now)
    session.commit()
    admin = sign_in(role="district_admin")
    asked = admin.post("/calendar-days", {"date": THURSDAY, "kind": "restday", "apply": False}).json
    assert (asked["day"], asked["applied"]) == (None, False)
    assert [booking["code"] for booking in asked["affected"]] == [late.code]
    assert starts(admin, service, THURSDAY) == 24
    done = admin.post("/calendar-days", {"date": THURSDAY, "kind": "holiday"}).json
    assert [booking["code"] for booking in done["affected"]] == [early.code, late.code]
    assert done["affected"][0]["start"] == f"{THURSDAY}T10:00:00+08:00"


@pytest.mark.rule("B109")
def test_staff_read_and_only_the_admin_changes(sign_in: SignIn) -> None:
    staff = sign_in(role="centre_staff", scope_kind="centre", scope_id=1)
    shown = staff.get("/calendar-days?from=2026-10-01&to=2026-10-10").json
    assert shown["items"][0] == {"date": "2026-10-01", "kind": "holiday", "name": "国庆节", "source": "library"}
    assert shown["items"][-1] == {"date": "2026-10-10", "kind": "workday", "name": "国庆节调休", "source": "library"}
    assert shown["unknown_years"] == [2027]
    assert staff.post("/calendar-days", {"date": THURSDAY, "kind": "holiday"}).status_code == 403
    assert sign_in(role="driver").get("/calendar-days?from=2026-10-01&to=2026-10-10").status_code == 403


@pytest.mark.rule("B31", "B109")
@pytest.mark.parametrize(
    "body",
    [
        {"date": "1900-01-01", "kind": "holiday"}, {"date": "soon", "kind": "holiday"}, {"kind": "holiday"},
        {"date": THURSDAY, "kind": "party"}, {"date": THURSDAY},
        {"date": THURSDAY, "kind": "holiday", "name": "x" * 51},
        {"date": "1900-01-01", "kind": None}, [],
    ],
)  # fmt: skip
def test_a_day_that_cannot_be_is_refused(sign_in: SignIn, body: object) -> None:
    assert sign_in(role="district_admin").post("/calendar-days", body).status_code in (400, 422)


@pytest.mark.rule("B109")
@pytest.mark.parametrize("query", ["from=2026-10-02&to=2026-10-01", "from=2026-01-01&to=2028-01-01", "from=x&to=y", ""])
def test_a_stretch_that_cannot_be_is_refused(sign_in: SignIn, query: str) -> None:
    assert sign_in(role="district_admin").get(f"/calendar-days?{query}").status_code == 422
