"""Shapes of attendants and shift notes."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from domain.local_time import iso
from domain.permissions import Actor
from miniprogram_api.schemas.base import ClientKey, RequestModel
from services.desk.attendants import Attendant
from services.desk.shift_notes import AddNote, NoteView

NoteKind = Literal["note", "lost_property", "handover"]


class PinIn(RequestModel):
    pin: str = Field(min_length=1, max_length=20, description="4–6 digits")


class TakeDeskIn(PinIn):
    attendant: int = Field(ge=1, le=2**31 - 1)


class OnDutyOut(BaseModel):
    token: str
    name: str
    expires_at: str


class AttendantOut(BaseModel):
    id: int
    name: str
    has_pin: bool


class AttendantsOut(BaseModel):
    items: list[AttendantOut]

    @classmethod
    def of(cls, found: list[Attendant]) -> "AttendantsOut":
        return cls(items=[AttendantOut(id=a.id, name=a.name, has_pin=a.has_pin) for a in found])


class NoteIn(ClientKey):
    kind: NoteKind = "note"
    text: str = Field(min_length=1, max_length=500)

    def to_command(self, *, actor: Actor, centre: str) -> AddNote:
        return AddNote(actor=actor, centre=centre, kind=self.kind, text=self.text, client_uuid=self.client_uuid)


class SettleNoteIn(RequestModel):
    text: str | None = Field(None, max_length=200)


class NoteOut(BaseModel):
    id: int
    kind: NoteKind
    text: str
    by: str
    at: str
    settled_at: str | None
    settled_by: str | None
    settled_text: str | None

    @classmethod
    def of(cls, note: NoteView, tz: Any) -> "NoteOut":
        values: dict[str, Any] = {
            "id": note.id,
            "kind": note.kind,
            "text": note.text,
            "by": note.by,
            "at": iso(note.at, tz),
            "settled_at": iso(note.settled_at, tz) if note.settled_at else None,
            "settled_by": note.settled_by,
            "settled_text": note.settle_text,
        }
        return cls(**values)


class NotesOut(BaseModel):
    items: list[NoteOut]
