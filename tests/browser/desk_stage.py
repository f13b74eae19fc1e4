"""What the tests of the staff desk share: a district nobody else acts in, and hands at the desk."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page
from sqlalchemy import select, update

from models.centre import Booking, BookingEvent
from models.people import Person
from tests.browser.backstage import SHANGHAI
from tests.browser.conftest import Phone
from tests.browser.taps import seen, tap
from tests.live import Live, live

CENTRE = "DRIVER_HOME"
SHOWER = f"{CENTRE}.shower"
LAUNDRY = f"{CENTRE}.laundry"
BAY = f"{CENTRE}.bay"
DESK = "/#/pages/desk/index"
Snap = Callable[[Page, str], Path]


@pytest.fixture(scope="module")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A district of its own without scheduler, so that nobody but the desk says who did not come."""
    folder = tmp_path_factory.mktemp("desk")
    with live(f"sqlite:///{folder / 'lianyi.db'}", folder, standin=True) as served:
        yield served


@pytest.fixture
def staff(phones: Callable[..., Phone]) -> Phone:
    """The device at the desk of the drivers' home, signed in as its attendant."""
    return phones("staff")


def soon(live: Live, half_hours: int = 0) -> str:
    """The next half hour, so that the door opens for it now already."""
    now = live.deps.now().astimezone(SHANGHAI)
    start = now.replace(minute=0, second=0, microsecond=0) + timedelta(minutes=30 if now.minute < 30 else 60)
    return (start + timedelta(minutes=30 * half_hours)).isoformat()


def row_of(live: Live, code: str) -> Booking:
    with live.deps.read() as session:
        return session.scalars(select(Booking).where(Booking.code == code)).one()


def steps_of(live: Live, code: str) -> list[tuple[str, str | None]]:
    """What became of a booking and who did it."""
    with live.deps.read() as session:
        rows = session.execute(
            select(BookingEvent.to_state, Person.name)
            .join(Booking, Booking.id == BookingEvent.booking_id)
            .outerjoin(Person, Person.id == BookingEvent.actor_id)
            .where(Booking.code == code)
            .order_by(BookingEvent.seq)
        )
        return [(row.to_state, row.name) for row in rows]


def type_in(page: Page, test_id: str, text: str) -> None:
    seen(page, test_id).locator("input, textarea").fill(text)


def set_pin(live: Live, who: str, pin: str) -> None:
    """Answered with nothing (204), which `call` cannot read."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {live.tokens([who])[0]}"}
    body = json.dumps({"pin": pin}).encode()
    request = urllib.request.Request(f"{live.address}/api/v1/me/desk-pin", data=body, headers=headers, method="PUT")
    urllib.request.urlopen(request, timeout=20).close()


def look_for(page: Page, text: str) -> None:
    type_in(page, "desk-find", text)
    tap(page, "desk-find-go")


def past_grace(live: Live, code: str) -> None:
    """Three quarters of an hour later: the guest has not come and the place need not be kept any more."""
    past = live.deps.now() - timedelta(minutes=1)
    with live.deps.unit_of_work() as session:
        late = {"starts_at": past - timedelta(minutes=45), "grace_until": past}
        session.execute(update(Booking).where(Booking.code == code).values(late))
