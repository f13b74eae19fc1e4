"""One mark 爽约记录 with the booking it is about."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from domain.errors import NotFound
from domain.marks import LASTS
from domain.service_types import ServiceFacts
from models.centre import Booking, Mark, Service
from models.people import Person
from services.centre.catalogue import centre_facts

MOST_LISTED = 100
_mark, _booking, _service = Mark.__table__.c, Booking.__table__.c, Service.__table__.c
_VIEW = (
    select(
        *_mark,
        _booking.code,
        _booking.service_id,
        _service.centre_id,
        _service.catalogue_revision,
        Person.__table__.c.name,
    )
    .join_from(Mark.__table__, Booking.__table__, _mark.booking_id == _booking.id)
    .join(Service.__table__, _booking.service_id == _service.id)
    .join(Person.__table__, _mark.person_id == Person.__table__.c.id)
)


@dataclass(frozen=True, slots=True)
class MarkView:
    """A mark, the code of its booking, and its owner's name."""

    id: int
    person_id: int
    kind: str
    halves: int
    at: datetime
    booking: str
    service: ServiceFacts
    name: str
    waived_at: datetime | None
    waive_reason: str | None
    contested_at: datetime | None
    contest_text: str | None
    decided_at: datetime | None
    keep_reason: str | None
    can_contest: bool = False

    @property
    def expires_at(self) -> datetime:
        return self.at + LASTS


def read_marks(session: Session, where: ColumnElement[bool], *, lock: bool = False) -> list[MarkView]:
    """Marks, the newest first."""
    statement = _VIEW.where(where).order_by(_mark.at.desc(), _mark.id.desc()).limit(MOST_LISTED)
    if lock:
        statement = statement.with_for_update(key_share=True, of=Mark.__table__)
    return [
        MarkView(
            id=row.id,
            person_id=row.person_id,
            kind=row.kind,
            halves=row.halves,
            at=row.at,
            booking=row.code,
            service=centre_facts(session, row.centre_id, row.catalogue_revision).service(row.service_id),
            name=row.name,
            waived_at=row.waived_at,
            waive_reason=row.waive_reason,
            contested_at=row.contested_at,
            contest_text=row.contest_text,
            decided_at=row.decided_at,
            keep_reason=row.keep_reason,
        )
        for row in session.execute(statement)
    ]


def locked_mark(session: Session, mark_id: int) -> MarkView:
    """A mark to be changed. Raises NotFound `unknown_mark`."""
    found = read_marks(session, _mark.id == mark_id, lock=True)
    if not found:
        raise NotFound("unknown_mark")
    return found[0]
