"""Personal data of bookings is kept no longer than needed 保存期限; what happened stays, without saying to whom."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Update, or_, select, update
from sqlalchemy.orm import Session

from models.centre import Booking, Mark
from models.desk import Arrival, ShiftNote
from models.waitlist import WaitlistEntry

KEPT = timedelta(days=180)
"""Plates, and names of guests without an account."""
KEPT_WORDS = timedelta(days=365)
"""What people wrote: contested marks, shift notes."""
FORGOTTEN = "（已过保存期限）"
BATCH = 1000


def forget_guests(session: Session, *, now: datetime) -> int:
    """Plates and names of guests go 180 days after their stay, from bookings, the wait-list and the desk's uploads."""
    old = (
        select(Booking.id)
        .where(Booking.ends_at < now - KEPT, or_(Booking.plate_cipher.is_not(None), Booking.guest_cipher.is_not(None)))
        .limit(BATCH)
    )
    changed = _run(
        session,
        update(Booking)
        .where(Booking.id.in_(old))
        .values(plate_cipher=None, plate_hash=None, plate_tail_hash=None, guest_cipher=None),
    )
    for table, ended in ((WaitlistEntry, WaitlistEntry.ended_at), (Arrival, Arrival.received_at)):
        named = or_(table.plate_cipher.is_not(None), table.guest_cipher.is_not(None))
        found = select(table.id).where(ended < now - KEPT, named).limit(BATCH)
        changed += _run(session, update(table).where(table.id.in_(found)).values(plate_cipher=None, guest_cipher=None))
    return changed


def forget_words(session: Session, *, now: datetime) -> int:
    """What people wrote at the desk, or to contest a mark, goes after a year; that they did stays."""
    marks = (
        update(Mark)
        .where(Mark.contested_at < now - KEPT_WORDS, Mark.contest_text.is_not(None))
        .values(contest_text=None)
    )
    notes = (
        update(ShiftNote)
        .where(ShiftNote.at < now - KEPT_WORDS, ShiftNote.text != FORGOTTEN)
        .values(text=FORGOTTEN, settle_text=None)
    )
    reasons = (
        update(Booking)
        .where(Booking.ends_at < now - KEPT_WORDS, Booking.override_reason.is_not(None))
        .values(override_reason=None)
    )
    settled = (
        update(Arrival)
        .where(Arrival.settled_at < now - KEPT_WORDS, Arrival.settle_note.not_in((FORGOTTEN,)))
        .values(settle_note=FORGOTTEN)
    )
    return sum(_run(session, statement) for statement in (marks, notes, reasons, settled))


def _run(session: Session, statement: Update) -> int:
    done: CursorResult[Any] = session.execute(statement, execution_options={"synchronize_session": False})  # type: ignore[assignment]
    return done.rowcount
