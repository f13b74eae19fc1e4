"""Shift notes 交接记录 of a desk, lost property included."""

from apiflask import APIBlueprint

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.desk_people import NoteIn, NoteOut, NotesOut, SettleNoteIn
from services.desk import shift_notes

bp = APIBlueprint("shift_notes", __name__, url_prefix="/api/v1/desk", tag="服务台 Desk")


@bp.get("/<centre>/notes")
@bp.output(NotesOut)
def list_notes(centre: str) -> NotesOut:
    """The open notes, and all of the last week, newest first."""
    with deps().read() as session:
        facts, notes = shift_notes.list_notes(session, centre, actor=current_actor(), now=deps().now())
    return NotesOut(items=[NoteOut.of(note, facts.tz) for note in notes])


@bp.post("/<centre>/notes")
@bp.input(NoteIn)
@bp.output(NoteOut, status_code=201)
def add_note(centre: str, json_data: NoteIn) -> tuple[NoteOut, int]:
    """Write something down for the next shift; the same `client_uuid` again answers 200 with the first."""
    with deps().unit_of_work() as session:
        command = json_data.to_command(actor=current_actor(), centre=centre)
        facts, note, repeated = shift_notes.add_note(session, command, now=deps().now())
    return NoteOut.of(note, facts.tz), 200 if repeated else 201


@bp.post("/<centre>/notes/<int:note_id>/settle")
@bp.input(SettleNoteIn)
@bp.output(NoteOut)
def settle_note(centre: str, note_id: int, json_data: SettleNoteIn) -> NoteOut:
    """Put a note away."""
    with deps().unit_of_work() as session:
        facts, note = shift_notes.settle_note(
            session, centre, note_id, actor=current_actor(), text=json_data.text or None, now=deps().now()
        )
    return NoteOut.of(note, facts.tz)
