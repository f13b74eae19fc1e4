"""People, places and tickets enough for a benchmark, and the requests made of them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select

from bench.load import Answer, Call, send_all
from models.centre import Service
from models.organisation import PartyBranch
from models.people import Person
from services.activity_making import CreateActivity, add_activity, publish
from services.people import issue_token
from tests.live import Live

SERVICE = "DRIVER_HOME.bay"
MINUTES = 240
DAYS = range(1, 14)
QUESTIONS = (
    "高企认定需要什么条件",
    "研发费用补助怎么申请",
    "我们能申请什么补贴",
    "技术改造有什么支持",
    "人才住房补贴要什么材料",
)


def crowd(served: Live, count: int) -> list[dict[str, str]]:
    """So many new people; the headers of a phone of each."""
    now = datetime.now(UTC)
    row = {"zone": "male", "state": "active", "settings": {}, "created_at": now}
    with served.deps.unit_of_work() as session:
        session.execute(insert(Person), [{**row, "name": f"测{number:05d}"} for number in range(count)])
        people = session.scalars(select(Person).order_by(Person.id.desc()).limit(count)).all()
        tokens = [issue_token(session, person, device_id=None, now=now).token for person in people]
    return [{"Authorization": f"Bearer {token}", "X-Device-Id": str(uuid4())} for token in tokens]


def bookings(served: Live, phones: Sequence[dict[str, str]]) -> list[Call]:
    """One booking each, every one of which has a place."""
    starts = list(islice(_places(served), len(phones)))
    assert len(starts) == len(phones), f"only {len(starts)} places for {len(phones)} people"
    Random(1).shuffle(starts)
    return [
        Call(
            "POST",
            "/api/v1/bookings",
            {"service": SERVICE, "start": start, "minutes": MINUTES, "client_uuid": str(uuid4())},
            phone,
        )
        for start, phone in zip(starts, phones, strict=True)
    ]


def _places(served: Live) -> Iterator[str]:
    """Starts that do not touch one another, each as often as it has places."""
    until: datetime | None = None
    for ahead in DAYS:
        day = (datetime.now(UTC) + timedelta(days=ahead)).date().isoformat()
        slots: Any = _one(served, Call("GET", _availability(day))).json()["slots"]
        for slot in slots:
            start = datetime.fromisoformat(slot["start"])
            if slot["free"] and (until is None or start >= until):
                until = start + timedelta(minutes=MINUTES + 30)
                yield from [slot["start"]] * slot["free"]


def _availability(day: str) -> str:
    return f"/api/v1/services/{SERVICE}/availability?date={day}"


def availabilities(count: int) -> list[Call]:
    """Guests looking at the coming days in turn."""
    days = [(datetime.now(UTC) + timedelta(days=ahead)).date().isoformat() for ahead in DAYS]
    return [Call("GET", _availability(days[number % len(days)])) for number in range(count)]


def free_slot(served: Live) -> dict[str, Any]:
    """A start of the day after tomorrow with all its places free."""
    day = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    slots: Any = _one(served, Call("GET", _availability(day))).json()["slots"]
    found: dict[str, Any] = max(slots, key=lambda slot: slot["free"])
    return found


def keep_a_day(served: Live, folder: Path) -> Path:
    """The product's answer for one day in a file, for the floor to send the same."""
    day = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    kept = folder / "day.json"
    kept.write_bytes(_one(served, Call("GET", _availability(day))).body)
    return kept


def service_id(served: Live) -> int:
    """The row of the service that everyone books."""
    with served.deps.read() as session:
        return session.scalars(select(Service.id).where(Service.code == SERVICE)).one()


def questions(phones: Sequence[dict[str, str]]) -> list[Call]:
    return [
        Call("POST", "/api/v1/bot/messages", {"text": QUESTIONS[number % len(QUESTIONS)]}, phone)
        for number, phone in enumerate(phones)
    ]


def party_day(served: Live) -> str:
    """An activity open to everyone whose check-in is open now; its code."""
    now = datetime.now(UTC)
    command = CreateActivity(
        type="theme_day",
        title="压力测试主题党日",
        place="司机之家",
        starts=now + timedelta(minutes=10),
        ends=now + timedelta(hours=3),
        timezone="Asia/Shanghai",
        audience="open",
    )
    with served.deps.unit_of_work() as session:
        branch_id = session.scalars(select(PartyBranch.id).where(PartyBranch.code == "YARD_BRANCH")).one()
        activity = add_activity(session, command, [("branch", branch_id)], created_by_id=None, now=now)
        publish(session, activity, by=None, now=now)
        return activity.code


def check_ins(served: Live, code: str, phones: Sequence[dict[str, str]]) -> list[Call]:
    """One ticket each from the host's screen, and the check-in with it; the scans themselves are not measured."""
    host = {"Authorization": f"Bearer {served.tokens(['secretary'])[0]}"}
    shown = _one(served, Call("GET", f"/api/v1/activities/{code}/display-code", None, host)).json()
    scan = Call("POST", f"/api/v1/activities/{code}/scan-tickets", {"qr": shown["qr"]})
    tickets = [answer.json()["ticket"] for answer in send_all(served.address, [scan] * len(phones))]
    return [
        Call(
            "POST",
            f"/api/v1/activities/{code}/check-ins",
            {"ticket": ticket, "method": "code", "client_uuid": str(uuid4())},
            phone,
        )
        for ticket, phone in zip(tickets, phones, strict=True)
    ]


def _one(served: Live, call: Call) -> Answer:
    [answer] = send_all(served.address, [call], connections=1)
    assert answer.status in (200, 201), answer
    return answer
