"""Several desks and devices in one moment, each in a transaction of its own, on both databases."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from domain.errors import Refusal
from domain.permissions import Actor
from models.centre import Booking, Centre, Service
from models.desk import Arrival
from models.platform import AuditEntry
from server.db import Database
from services.centre.catalogue import centre_by_code
from services.centre.occupancy import check_occupancy
from services.desk.scope import note_look
from services.desk.sync import Item, Upload, sync
from services.desk.walk_ins import WalkIn, walk_in
from tests.factories_booking import CIPHER, create_booking, create_centre, create_service, staff_of
from tests.services.test_check_in_race import at_once, migrated

NOW = datetime.fromisoformat("2026-11-25T02:00:00+00:00")
TIMES = 24


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database of its own: these tests really commit."""
    if request.param == "sqlite":
        yield from migrated(f"sqlite:///{tmp_path_factory.mktemp('desk')}/desk.db")
    else:
        yield from migrated(request.getfixturevalue("postgres").create_database())


def desk_in(database: Database) -> tuple[Centre, list[Service], Actor]:
    with database.unit_of_work() as session:
        centre = create_centre(session, now=NOW)
        services = [create_service(session, centre, units=(("U1", None), ("U2", None)), now=NOW) for _ in range(2)]
        return centre, services, staff_of(session, centre, now=NOW)


def walking(database: Database, wish: WalkIn) -> Callable[[], str]:
    def call() -> str:
        try:
            with database.unit_of_work() as session:
                made = walk_in(session, wish, cipher=CIPHER, now=NOW)
                return f"{made.booking.code} {made.booking.unit_no}"
        except Refusal as refusal:
            return refusal.code

    return call


@pytest.mark.rule("B124")
def test_of_many_walk_ins_for_one_unit_one_gets_it(database: Database) -> None:
    centre, [service, _], staff = desk_in(database)
    tally = at_once([walking(database, WalkIn(staff, centre.code, service.code, uuid4(), unit="U1"))] * TIMES)
    given = [word for word in tally if word.endswith(" U1")]
    assert len(given) == 1, "one key: one walk-in"
    wishes = [WalkIn(staff, centre.code, service.code, uuid4(), unit="U2") for _ in range(TIMES)]
    tally = at_once([walking(database, wish) for wish in wishes])
    assert sum(n for word, n in tally.items() if word.endswith(" U2")) == 1
    assert tally["unit_taken"] == TIMES - 1
    with database.read() as session:
        assert check_occupancy(session) == []


@pytest.mark.rule("B97", "B98")
def test_devices_that_upload_at_once_neither_wait_in_a_circle_nor_count_twice(database: Database) -> None:
    centre, services, staff = desk_in(database)
    with database.unit_of_work() as session:
        made = create_booking(session, services[0], NOW, now=NOW - timedelta(hours=1)).code
    queues = []
    for n in range(6):
        first, second = services if n % 2 else services[::-1]
        at = NOW - timedelta(minutes=n)
        queues.append(
            [
                Item(str(uuid4()), "walk_in", at, service=first.code, unit="U2"),
                Item(str(uuid4()), "walk_in", at, service=second.code, unit="U2"),
                Item(str(uuid4()), "arrival", at, code=made),
                Item(str(uuid4()), "arrival", at, code="ZZZZZZZZ"),
            ]
        )

    def sending(device: int) -> Callable[[], str]:
        def call() -> str:
            with database.unit_of_work() as session:
                upload = Upload(centre.code, f"d{device}", queues[device], staff, {})
                return " ".join(one.result for one in sync(session, upload, cipher=CIPHER, now=NOW))

        return call

    at_once([sending(n % 6) for n in range(TIMES)])
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Arrival)) == 6 * 4
        held = session.execute(
            select(Arrival.device_id).where(Arrival.kind == "walk_in", Arrival.result == "admitted")
        ).all()
        assert [row.device_id for row in held] == ["d5", "d5"], "the earliest arrival, in both services"
        inside = session.scalars(select(Booking.state).where(Booking.code == made)).all()
        assert inside == ["checked_in"]
        arrived = session.scalars(select(Arrival.result).where(Arrival.kind == "arrival", Arrival.refusal.is_(None)))
        assert sorted(arrived) == ["admitted", *["repeat"] * 5]
        assert check_occupancy(session) == []


@pytest.mark.rule("B95")
def test_one_person_s_looks_in_one_moment_are_one_audit_row(database: Database) -> None:
    centre, _, staff = desk_in(database)

    def call() -> str:
        with database.unit_of_work() as session:
            note_look(session, centre_by_code(session, centre.code), staff, "desk.board", now=NOW)
        return ""

    at_once([call] * TIMES)
    with database.read() as session:
        looks = select(func.count()).select_from(AuditEntry).where(AuditEntry.subject_id == centre.id)
        assert session.scalar(looks) == 1
