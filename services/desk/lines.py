"""Bookings as lines on a desk's board 值班台: who comes, by which name, and what can still be taken back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.desk import LastStep, undo_until, who_text
from domain.local_time import local_day
from domain.plates import plate_tail
from models.people import Person
from services.booking.views import BookingView
from services.desk.undo import last_steps
from services.ports import Cipher, unsealed

_person = Person.__table__.c


@dataclass(frozen=True, slots=True)
class DeskLine:
    """A booking with the name and plate behind it; what of them is shown is decided where it is shown."""

    booking: BookingView
    name: str | None
    plate: str | None
    step: LastStep | None

    @property
    def who(self) -> str:
        return who_text(self.name)

    @property
    def tail(self) -> str | None:
        return plate_tail(self.plate) if self.plate else None

    def undo_until(self, now: datetime) -> datetime | None:
        return undo_until(self.booking.source, self.booking.state, self.step, now=now)

    def is_from_before(self, day: date) -> bool:
        """Whether it began on an earlier day: last night's guests."""
        return local_day(self.booking.start, self.booking.service.opening.tz) < day


def desk_lines(
    session: Session, bookings: Sequence[BookingView], *, cipher: Cipher, names: dict[int, str] | None = None
) -> list[DeskLine]:
    """Lines in order of time: a query for the last steps, and one for the names unless the caller has them."""
    if not bookings:
        return []
    if names is None:
        names = names_of(session, (booking.person_id for booking in bookings))
    steps = last_steps(session, [booking.id for booking in bookings])
    lines = [
        DeskLine(
            booking,
            name_behind(booking.person_id, booking.guest_cipher, names, cipher),
            unsealed(cipher, booking.plate_cipher),
            steps.get(booking.id),
        )
        for booking in bookings
    ]
    return sorted(lines, key=lambda line: (line.booking.start, line.booking.id))


def names_of(session: Session, person_ids: Iterable[int | None]) -> dict[int, str]:
    """Names by person, in one query."""
    wanted = {person_id for person_id in person_ids if person_id is not None}
    if not wanted:
        return {}
    return {row.id: row.name for row in session.execute(select(_person.id, _person.name).where(_person.id.in_(wanted)))}


def name_behind(person_id: int | None, guest: bytes | None, names: dict[int, str], cipher: Cipher) -> str | None:
    """The name of a person with an account, else the one the desk wrote down."""
    if person_id is not None:
        return names.get(person_id)
    return unsealed(cipher, guest)
