"""Finding a guest 查找: by code, pass, plate or its tail, or name; each look is audited, by ids alone (decision 9)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from domain.booking import EARLY_ARRIVAL
from domain.codes import read_code
from domain.errors import Invalid
from domain.local_time import DAY_MINUTES, at_minute, local_day
from domain.permissions import Actor
from domain.plates import TAIL, read_plate
from models.centre import Booking
from services import audit
from services.booking.passes import VERSION, verify_pass
from services.booking.views import read_bookings
from services.centre.catalogue import CentreFacts
from services.desk.admitting import Keys
from services.desk.lines import DeskLine, desk_lines
from services.desk.scope import desk_centre
from services.ports import Cipher

MOST = 30
_booking = Booking.__table__.c


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and by what; for the audit log too."""

    centre: CentreFacts
    by: str
    lines: tuple[DeskLine, ...]


def find(session: Session, code: str, text: str, *, actor: Actor, cipher: Cipher, keys: Keys, now: datetime) -> Found:
    """Bookings of this centre that match: a code or a pass of any day, the rest among yesterday's and today's.

    Raises as `desk_centre`; Invalid `pass_invalid` for a pass that none of our keys signed.
    """
    centre = desk_centre(session, code, actor)
    here = _booking.service_id.in_([service.id for service in centre.services])
    text = text.strip()
    if text.startswith(f"{VERSION}."):
        return _found(session, centre, "pass", here & (_booking.code == verify_pass(text, keys).code), cipher)
    if key := read_code(text):
        by_code = _found(session, centre, "code", here & (_booking.code == key), cipher)
        if by_code.lines:
            return by_code
    recent = here & _recently(centre, now)
    if plate := _plate_of(text):
        hashed = cipher.keyed_hash("plate", plate)
        return _found(session, centre, "plate", recent & (_booking.plate_hash == hashed), cipher)
    tail = text.upper()
    if len(tail) == TAIL and tail.isalnum():
        hashed = cipher.keyed_hash("plate-tail", tail)
        by_tail = _found(session, centre, "tail", recent & (_booking.plate_tail_hash == hashed), cipher)
        if by_tail.lines:
            return by_tail
    return _by_name(session, centre, text, recent, cipher)


def note_find(session: Session, found: Found, actor: Actor, *, now: datetime) -> None:
    """One audit row per look: how, and which bookings; never what was typed."""
    audit.record(
        session,
        person_id=actor.person_id,
        action="desk.find",
        subject_kind="centre",
        subject_id=found.centre.id,
        details={"by": found.by, "bookings": [line.booking.id for line in found.lines]},
        now=now,
    )


def _found(session: Session, centre: CentreFacts, by: str, where: ColumnElement[bool], cipher: Cipher) -> Found:
    lines = desk_lines(session, read_bookings(session, where, limit=MOST), cipher=cipher)
    return Found(centre, by, tuple(lines))


def _by_name(session: Session, centre: CentreFacts, text: str, recent: ColumnElement[bool], cipher: Cipher) -> Found:
    """Names of guests without an account are ciphertext: they are compared here, two days' worth of them."""
    wanted = text.casefold()
    lines = desk_lines(session, read_bookings(session, recent), cipher=cipher)
    named = [line for line in lines if wanted and (wanted in (line.name or "").casefold() or wanted in line.who)]
    return Found(centre, "name", tuple(named[:MOST]))


def _recently(centre: CentreFacts, now: datetime) -> ColumnElement[bool]:
    """Bookings that touch yesterday or today; after half past eleven also those let in for tomorrow's first start."""
    today = local_day(now, centre.tz)
    since = at_minute(today - timedelta(days=1), 0, centre.tz)
    until = max(at_minute(today, DAY_MINUTES, centre.tz), now + EARLY_ARRIVAL)
    return (_booking.starts_at < until) & (_booking.starts_at > since - timedelta(days=1)) & (_booking.ends_at > since)


def _plate_of(text: str) -> str | None:
    try:
        return read_plate(text)
    except Invalid:
        return None
