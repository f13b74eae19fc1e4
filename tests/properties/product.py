"""The product beside the model: the whole app on one connection, asked over HTTP, read in the words of the model."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from apiflask import APIFlask
from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from models.centre import Booking, BookingEvent, Closure, Hold, Mark, Service, Unit
from models.waitlist import WaitlistEntry
from server.app import create_app
from server.container import Container, build
from server.db import WRITES
from server.jobs.registry import JOBS, Job
from server.settings import Settings
from services.centre.occupancy import check_occupancy
from services.people import issue_token
from tests.conftest import Clock, EmptyIndex, OneConnectionDatabase
from tests.factories import create_person
from tests.factories_booking import create_centre, create_service
from tests.fakes import FakeWeChat
from tests.properties import booking_model as model

TZ = ZoneInfo("Asia/Shanghai")
MIDNIGHT = datetime(2026, 11, 25, tzinfo=TZ).astimezone(UTC)
NOT_OF_BOOKING = {
    "deliver-notifications",
    "send-late-replies",
    "prune-wechat-claims",
    "drop-old-records",
    "keep-demo-alive",
}
BOOKING_JOBS: Sequence[Job] = tuple(job for job in JOBS if job.id not in NOT_OF_BOOKING)


def minute(at: datetime) -> int:
    """An instant in the model's minutes; everything here happens on whole ones."""
    whole, rest = divmod(at - MIDNIGHT, timedelta(minutes=1))
    assert not rest, at
    return whole


def instant(at: int) -> datetime:
    return MIDNIGHT + timedelta(minutes=at)


def iso(at: int) -> str:
    return instant(at).astimezone(TZ).isoformat()


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any

    @property
    def code(self) -> str | None:
        """The refusal, or None where it went through."""
        return None if self.status in (200, 201) else str(self.body["code"])


@dataclass(frozen=True)
class Held:
    """One row that keeps a place."""

    id: int
    kind: str
    entry: str | None
    closure: int | None
    is_open: bool
    outcome: str | None
    service: str
    unit: str | None
    start: int
    end: int
    until: int
    answer_until: int | None
    seats: int


@dataclass(frozen=True)
class Seen:
    """What the tables say."""

    bookings: dict[str, model.Booking]
    entries: dict[str, model.Entry]
    holds: dict[int, Held]
    marks: list[tuple[str, str, int]]
    moved_to: dict[str, str]


class Product:
    """One centre with the services of the model, some people and the desk."""

    def __init__(self, app: APIFlask, container: Container, clock: Clock, session: Session) -> None:
        self.container, self.clock, self.session = container, clock, session
        self._http = app.test_client()
        self._tokens: dict[str, str] = {}
        self._names: dict[int, str] = {}
        self._units: dict[int, str] = {}
        self._services: dict[int, str] = {}
        self.centre = ""

    def set_up(self, services: dict[str, model.Service], people: Sequence[str]) -> dict[str, model.Service]:
        """Make them; gives the services by the codes they got."""
        now, made = self.clock.now, {}
        with self.container.unit_of_work() as session:
            centre = create_centre(session, now=now)
            for facts in services.values():
                seats: dict[str, Any] = {} if facts.units else {"capacity": facts.seats}
                row = create_service(
                    session,
                    centre,
                    now=now,
                    units=tuple((unit.no, unit.zone) for unit in facts.units),
                    step_minutes=facts.step,
                    cell_minutes=facts.step,
                    cleaning_minutes=facts.cleaning,
                    grace_minutes=facts.grace,
                    walkin_permille=facts.walkin_permille,
                    max_minutes=facts.longest,
                    is_overnight=facts.is_overnight,
                    **seats,
                )
                made[row.code] = facts
            for name in people:
                person = create_person(session, name=name, now=now)
                self._names[person.id] = name
                self._tokens[name] = issue_token(session, person, device_id=None, now=now).token
            staff = create_person(
                session, role="centre_staff", scope_kind="centre", scope_id=centre.id, now=now, name="值班员"
            )
            self._tokens["desk"] = issue_token(session, staff, device_id=None, now=now).token
            self.centre = centre.code
        self._units = {unit.id: unit.no for unit in self.session.scalars(select(Unit))}
        self._services = {service.id: service.code for service in self.session.scalars(select(Service))}
        return made

    def call(self, who: str, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """As the app sends it; a 5xx is never an answer."""
        answer: Any = self._http.open(
            f"/api/v1{path}",
            method=method,
            json=body,
            headers={"Authorization": f"Bearer {self._tokens[who]}", "X-Device-Id": f"device-{who}"},
        )
        assert answer.status_code < 500, (path, body, answer.json)
        assert answer.status_code not in (401, 403, 405), (path, body, answer.json)
        assert answer.status_code != 404 or answer.json["code"] != "not_found", f"{method} {path} is not there"
        return Answer(answer.status_code, answer.json)

    def post(self, who: str, path: str, **body: Any) -> Answer:
        return self.call(who, "POST", path, {name: value for name, value in body.items() if value is not None})

    def run(self, job: Job) -> None:
        """One scheduled job, as the scheduler runs it."""
        job.run(self.container)

    # -- reading ------------------------------------------------------------------------------------------------

    def seen(self) -> Seen:
        self.session.expire_all()
        units, services = self._units, self._services
        rows = {row.id: row for row in self.session.scalars(select(Booking)) if row.service_id in services}
        entries = {row.id: row for row in self.session.scalars(select(WaitlistEntry))}
        return Seen(
            {row.code: self._booking(row, units, services) for row in rows.values()},
            {row.code: self._entry(row, services) for row in entries.values()},
            {
                row.id: Held(
                    row.id,
                    row.kind,
                    entries[row.entry_id].code if row.entry_id else None,
                    row.closure_id,
                    row.is_open,
                    row.outcome,
                    services[row.service_id],
                    units.get(row.unit_id) if row.unit_id else None,
                    minute(row.starts_at),
                    minute(row.ends_at),
                    minute(row.occupied_until),
                    minute(row.answer_until) if row.answer_until else None,
                    row.seats,
                )
                for row in self.session.scalars(select(Hold).order_by(Hold.id))
            },
            sorted(
                (self._names[mark.person_id], rows[mark.booking_id].code, mark.halves)
                for mark in self.session.scalars(select(Mark).where(Mark.waived_at.is_(None)))
            ),
            {row.code: rows[row.moved_to_id].code for row in rows.values() if row.moved_to_id},
        )

    def history(self) -> dict[str, list[tuple[str | None, str, str | None]]]:
        """The events of each booking, in their order; a gap in the numbers shows as a wrong step."""
        found: dict[str, list[tuple[str | None, str, str | None]]] = {}
        rows = self.session.execute(
            select(Booking.code, BookingEvent.seq, BookingEvent.from_state, BookingEvent.to_state, BookingEvent.reason)
            .join(Booking, Booking.id == BookingEvent.booking_id)
            .order_by(BookingEvent.booking_id, BookingEvent.seq)
        )
        for code, seq, came_from, to, reason in rows:
            events = found.setdefault(code, [])
            assert seq == len(events) + 1, f"the events of {code} have a gap at {seq}"
            events.append((came_from, to, reason))
        return found

    def occupancy_findings(self) -> list[str]:
        return [f"{finding.subject}: {finding.text}" for finding in check_occupancy(self.session)]

    def closures(self) -> list[Closure]:
        return list(self.session.scalars(select(Closure).where(Closure.ended_at.is_(None)).order_by(Closure.id)))

    def _booking(self, row: Booking, units: dict[int, str], services: dict[int, str]) -> model.Booking:
        return model.Booking(
            row.code,
            self._names[row.person_id] if row.person_id else None,
            services[row.service_id],
            units[row.unit_id] if row.unit_id else None,
            row.zone,
            minute(row.starts_at),
            minute(row.ends_at),
            minute(row.occupied_until),
            minute(row.grace_until),
            row.state,
            row.party_size,
            row.late_minutes,
        )

    def _entry(self, row: WaitlistEntry, services: dict[int, str]) -> model.Entry:
        return model.Entry(
            row.code,
            self._names[row.person_id] if row.person_id else None,
            services[row.service_id],
            row.zone,
            minute(row.starts_at),
            minute(row.until_at),
            row.minutes,
            row.min_minutes,
            0,
            row.party_size,
            row.state,
            row.lapses,
            row.no_night_offers,
        )


class Workshop:
    """One app for many examples: each begins in an empty, migrated database and leaves it empty."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine, self._clock = engine, Clock()
        settings = Settings.from_env(
            {
                "LIANYI_DATABASE_URL": "sqlite:///unused.db",
                "LIANYI_FILES_DIR": str(folder / "files"),
                "LIANYI_INDEX_DIR": str(folder / "index"),
                "LIANYI_BASE_URL": "http://testserver",
            }
        )
        self._database = MovableDatabase(engine)
        self._container = build(
            settings, database=self._database, clock=self._clock, wechat=FakeWeChat(), text_index=EmptyIndex()
        )
        self._app = create_app(settings, self._container)

    @contextmanager
    def product(self) -> Iterator[Product]:
        with self._engine.connect().execution_options(**{WRITES: True}) as connection:
            outer = connection.begin()
            self._database.move_to(connection)
            with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
                yield Product(self._app, self._container, self._clock, session)
            outer.rollback()


class MovableDatabase(OneConnectionDatabase):
    """Units of work inside the outer transaction of the example that runs."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def move_to(self, connection: Connection) -> None:
        self._connection = connection


TODAY = date(2026, 11, 25)
