"""Shift notes 交接记录: what the next attendant has to know, lost property (失物) included. Settled, never deleted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session

from domain.errors import Conflict, NotFound
from domain.permissions import Actor
from models.desk import ShiftNote
from models.people import Person
from services.centre.catalogue import CentreFacts
from services.desk.scope import desk_centre
from services.idempotency import check_same_request, digest

SHOWN_FOR = timedelta(days=7)
MOST = 200
_note, _person = ShiftNote.__table__.c, Person.__table__.c
_settler = Person.__table__.alias("settler")


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note, by whom, and how it was settled."""

    id: int
    kind: str
    text: str
    at: datetime
    by: str
    settled_at: datetime | None
    settled_by: str | None
    settle_text: str | None


@dataclass(frozen=True, slots=True)
class AddNote:
    """What somebody writes down for the next shift."""

    actor: Actor
    centre: str
    kind: str
    text: str
    client_uuid: UUID


def list_notes(session: Session, code: str, *, actor: Actor, now: datetime) -> tuple[CentreFacts, list[NoteView]]:
    """The open ones however old, and those of the last week, newest first. Raises as `desk_centre`."""
    centre = desk_centre(session, code, actor)
    recent = _note.settled_at.is_(None) | (_note.at > now - SHOWN_FOR)
    return centre, _read(session, (_note.centre_id == centre.id) & recent)


def add_note(session: Session, command: AddNote, *, now: datetime) -> tuple[CentreFacts, NoteView, bool]:
    """Write a note; the same `client_uuid` again gives the first, with True. Raises Conflict `client_uuid_reused`."""
    centre = desk_centre(session, command.centre, command.actor)
    author = command.actor.person_id
    asked = digest({"centre": centre.id, "kind": command.kind, "text": command.text})
    earlier = session.execute(
        select(_note.id, _note.request_digest).where(
            _note.author_id == author, _note.client_uuid == str(command.client_uuid)
        )
    ).one_or_none()
    if earlier is not None:
        check_same_request(earlier, asked)
        return centre, _read(session, _note.id == earlier.id)[0], True
    made = session.execute(
        insert(ShiftNote.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        .values(
            centre_id=centre.id,
            author_id=author,
            kind=command.kind,
            text=command.text,
            at=now,
            client_uuid=str(command.client_uuid),
            request_digest=asked,
        )
        .returning(_note.id)
    ).scalar_one()
    return centre, _read(session, _note.id == made)[0], False


def settle_note(
    session: Session, code: str, note_id: int, *, actor: Actor, text: str | None, now: datetime
) -> tuple[CentreFacts, NoteView]:
    """Put a note away (已处理), with who did it; settled the same way before, nothing happens.

    Raises NotFound `unknown_note`; Conflict `conflict_settled` where somebody settled it otherwise.
    """
    centre = desk_centre(session, code, actor)
    here = (_note.id == note_id) & (_note.centre_id == centre.id)
    row = session.execute(select(_note.settled_at, _note.settle_text).where(here).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("unknown_note")
    if row.settled_at is None:
        session.execute(
            update(ShiftNote.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
            .where(here)
            .values(settled_at=now, settled_by_id=actor.person_id, settle_text=text)
        )
    elif row.settle_text != text:
        raise Conflict("conflict_settled")
    return centre, _read(session, here)[0]


def _read(session: Session, where: ColumnElement[bool]) -> list[NoteView]:
    rows = session.execute(
        select(ShiftNote.__table__, _person.name.label("by"), _settler.c.name.label("settled_by"))
        .join_from(ShiftNote.__table__, Person.__table__, _person.id == _note.author_id)
        .outerjoin(_settler, _settler.c.id == _note.settled_by_id)
        .where(where)
        .order_by(_note.at.desc(), _note.id.desc())
        .limit(MOST)
    )
    return [NoteView(r.id, r.kind, r.text, r.at, r.by, r.settled_at, r.settled_by, r.settle_text) for r in rows]
