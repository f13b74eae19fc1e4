"""A small centre of its own in a running product, its desk and many drivers: what the races of booking are run in."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from bench.load import Answer, Call, Client
from services.people import issue_token
from tests.factories import create_person
from tests.factories_booking import create_centre, create_service
from tests.live import Live

STEP = timedelta(minutes=5)
ANY_ZONE = (("U1", None),)
HOLDING = "('requested', 'confirmed', 'checked_in', 'completed', 'overstayed')"
# Bookings and open holds as one list of taken time.
TAKEN = (
    "SELECT service_id, unit_id, starts_at, occupied_until, party_size AS seats, 'b' || id AS of FROM bookings"
    f" WHERE state IN {HOLDING}"
    " UNION ALL SELECT service_id, unit_id, starts_at, occupied_until, seats, 'h' || id FROM holds WHERE is_open"
)
TWICE = text(
    f"WITH taken AS ({TAKEN}) SELECT count(*) FROM taken a JOIN taken b ON a.unit_id = b.unit_id AND a.of < b.of"
    " AND a.starts_at < b.occupied_until AND b.starts_at < a.occupied_until WHERE a.service_id = :service"
)
MOST_SEATS = text(
    f"WITH taken AS ({TAKEN}) SELECT coalesce(max(together), 0) FROM ("
    " SELECT sum(b.seats) AS together FROM taken a JOIN taken b ON b.service_id = a.service_id"
    " AND b.starts_at <= a.starts_at AND a.starts_at < b.occupied_until WHERE a.service_id = :service GROUP BY a.of"
    ") AS sums"
)


@dataclass
class Scene:
    """One service of one centre; `drivers` and `desk` are tokens."""

    served: Live
    service_id: int
    service: str
    centre: str
    drivers: list[str]
    desk: str
    start: datetime
    made: dict[str, str] = field(default_factory=dict)

    @property
    def at(self) -> str:
        return self.start.isoformat()

    def later(self, minutes: int) -> str:
        return (self.start + timedelta(minutes=minutes)).isoformat()

    # -- calls --------------------------------------------------------------------------------------------------

    def post(self, token: str, path: str, **body: Any) -> Call:
        return Call("POST", f"/api/v1{path}", body, {"Authorization": f"Bearer {token}"})

    def booking(self, token: str, start: str | None = None, **body: Any) -> Call:
        wish = {"service": self.service, "start": start or self.at, "minutes": 30, "client_uuid": str(uuid4()), **body}
        return self.post(token, "/bookings", **wish)

    def waiting(self, token: str, start: str | None = None, **body: Any) -> Call:
        wish = {"service": self.service, "start": start or self.at, "minutes": 30, "client_uuid": str(uuid4()), **body}
        return self.post(token, "/waitlist", **wish)

    def of(self, token: str, code: str, what: str, **body: Any) -> Call:
        return self.post(token, f"/bookings/{code}/{what}", **body)

    def ask(self, *calls: Call) -> list[Any]:
        """One after the other, each of which must go through."""
        client, bodies = Client(self.served.address), []
        try:
            for call in calls:
                answer = client.send(call)
                assert answer.status in (200, 201), (call, answer)
                bodies.append(answer.json())
        finally:
            client.close()
        return bodies

    # -- what came of it ----------------------------------------------------------------------------------------

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.served.deps.read() as session:
            return list(session.execute(text(statement), {"service": self.service_id, **values}).all())

    def states(self, table: str = "bookings") -> Counter[str]:
        return Counter(row[0] for row in self.rows(f"SELECT state FROM {table} WHERE service_id = :service"))

    def taken_twice(self) -> int:
        """Pairs of bookings and holds that have the same unit at the same time."""
        with self.served.deps.read() as session:
            return int(session.scalar(TWICE, {"service": self.service_id}) or 0)

    def most_seats(self) -> int:
        """The most seats taken at one instant."""
        with self.served.deps.read() as session:
            return int(session.scalar(MOST_SEATS, {"service": self.service_id}) or 0)

    def offers(self) -> list[Any]:
        return self.rows(
            "SELECT e.code, h.unit_id FROM holds h JOIN waitlist_entries e ON e.id = h.entry_id"
            " WHERE h.service_id = :service AND h.is_open ORDER BY e.id"
        )


def scene(served: Live, *, drivers: int, units: Sequence[tuple[str, str | None]] = ANY_ZONE, **facts: Any) -> Scene:
    """A service of half hours that starts every five minutes, without cleaning; nothing of it is taken."""
    now = datetime.now(UTC)
    whole = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
    with served.deps.unit_of_work() as session:
        centre = create_centre(session, now=now, code=f"RACE{uuid4().hex[:8]}")
        values = {"step_minutes": 5, "cell_minutes": 5, "cleaning_minutes": 0, "slot_minutes": 30, **facts}
        service = create_service(session, centre, now=now, units=tuple(units), **values)
        people = [create_person(session, now=now) for _ in range(drivers)]
        staff = create_person(session, role="centre_staff", scope_kind="centre", scope_id=centre.id, now=now)
        tokens = [issue_token(session, person, device_id=None, now=now).token for person in [*people, staff]]
        return Scene(served, service.id, service.code, centre.code, tokens[:-1], tokens[-1], whole + timedelta(days=2))


def at_once(address: str, calls: Sequence[Call]) -> list[Answer]:
    """Every call on a connection of its own, all let go at the same moment; answers in their order."""
    answers: list[Answer | None] = [None] * len(calls)
    line = threading.Barrier(len(calls))

    def one(place: int) -> None:
        client = Client(address)
        try:
            line.wait(30)
            answers[place] = client.send(calls[place])
        finally:
            client.close()

    threads = [threading.Thread(target=one, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert all(answers), "a call was not answered"
    return [answer for answer in answers if answer is not None]


def said(answers: Sequence[Answer]) -> Mapping[Any, int]:
    """How often each status, or each refusal's code."""
    return Counter(answer.status if answer.status < 400 else answer.json()["code"] for answer in answers)
