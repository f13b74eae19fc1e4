"""Marks 爽约记录: written on a no-show and a late cancel, seen and contested by their owner.

Never for what the centre did, one for one booking, and waived at once where the roads were jammed. The desk's part
is in `mark_desk`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from domain.booking_text import NARROWED, REASONS, clock_text
from domain.errors import Conflict, NotFound
from domain.marks import HALVES, LASTS, LOOK_BACK, MarkFacts, matters, restricted_until
from domain.permissions import Actor
from models.centre import Booking, Mark, Service
from services.booking.mark_views import MarkView, locked_mark, read_marks
from services.booking.states import moment_key, move_state, tell
from services.booking.views import BookingView

_mark, _booking, _service = Mark.__table__.c, Booking.__table__.c, Service.__table__.c
_INSERT = insert(Mark.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause


@dataclass(frozen=True, slots=True)
class OwnMarks:
    """What somebody's marks come to today, in halves."""

    items: Sequence[MarkView]
    halves: int
    restricted_until: datetime | None


def no_show(
    session: Session, booking: BookingView, *, actor_id: int | None, now: datetime, offer: bool = True
) -> BookingView:
    """Release the place of whoever did not come (爽约), write the mark and tell them; a second time nothing happens.

    The caller has locked the service and knows that the deadline is over. Raises Conflict `booking_state`.
    """
    jammed = _is_jammed(booking)
    reason = "congestion" if jammed else None
    released = move_state(session, booking, "no_show", actor_id=actor_id, reason=reason, now=now, offer=offer)
    if released is booking:
        return booking
    narrowed = write_mark(session, released, "no_show", now=now)
    why = REASONS["no_show_jammed" if jammed else "no_show"]
    if narrowed:
        why += NARROWED.format(until=clock_text(narrowed, booking.service.opening.tz))
    tell(session, released, "booking_cancelled", key=moment_key(now), now=now, reason=why)
    return released


def write_mark(session: Session, booking: BookingView, kind: str, *, now: datetime) -> datetime | None:
    """Mark a booking (爽约记录), waived at once where it began in congestion; a second one replaces the first.

    Returns until when its owner's booking is narrowed, None where it is not. A guest without an account has no marks.
    """
    if booking.person_id is None:
        return None
    jammed = _is_jammed(booking)
    values: dict[str, Any] = {
        "kind": kind,
        "halves": HALVES[kind],
        "at": now,
        "waived_at": now if jammed else None,
        "waive_reason": "congestion" if jammed else None,
        "contested_at": None,
        "contest_text": None,
        "decided_at": None,
        "decided_by_id": None,
        "keep_reason": None,
    }
    replaced = session.execute(
        update(Mark.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        .where(_mark.booking_id == booking.id)
        .values(values)
        .returning(_mark.id)
    )
    if replaced.scalar_one_or_none() is None:
        session.execute(_INSERT, {"person_id": booking.person_id, "booking_id": booking.id, **values})
    return None if jammed else restricted_until(_counting(session, booking.person_id, now), now=now)


def take_back(session: Session, booking_id: int, *, now: datetime) -> None:
    """Waive the mark of a no-show that was none: they came after all (撤销爽约)."""
    session.execute(
        update(Mark.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        .where(_mark.booking_id == booking_id, _mark.waived_at.is_(None))
        .values(waived_at=now, waive_reason="undo")
    )


def waive_jammed(session: Session, centre_id: int, start: datetime, end: datetime | None, *, now: datetime) -> None:
    """Waive what was marked before anybody said that the road was jammed (补发的拥堵公告): by when the booking began.

    What the desk decided to keep stays.
    """
    began = select(_booking.id).join_from(Booking.__table__, Service.__table__, _booking.service_id == _service.id)
    began = began.where(_service.centre_id == centre_id, _booking.starts_at >= start)
    if end is not None:
        began = began.where(_booking.starts_at < end)
    session.execute(
        update(Mark.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        .where(_mark.booking_id.in_(began), _mark.waived_at.is_(None), _mark.keep_reason.is_(None))
        .values(waived_at=now, waive_reason="congestion")
    )


def list_mine(session: Session, person_id: int, *, now: datetime) -> OwnMarks:
    """One's own marks for as long as they can matter, the newest first, waived ones included."""
    items = read_marks(session, (_mark.person_id == person_id) & (_mark.at > now - LOOK_BACK))
    counting = [MarkFacts(m.at, m.halves) for m in items if m.waived_at is None]
    return OwnMarks(
        items=[replace(m, can_contest=_can_contest(m, counting, now)) for m in items],
        halves=sum(m.halves for m in counting if m.at > now - LASTS),
        restricted_until=restricted_until(counting, now=now),
    )


def contest(session: Session, mark_id: int, *, actor: Actor, text: str, now: datetime) -> MarkView:
    """Say what happened (申诉): once, while the mark counts; the desk of the centre decides. The same text is a repeat.

    Raises NotFound `unknown_mark`; Conflict `mark_contested`, `mark_over`.
    """
    mark = locked_mark(session, mark_id)
    if mark.person_id != actor.person_id:
        raise NotFound("unknown_mark")
    if mark.contested_at is not None:
        if mark.contest_text == text:
            return mark
        raise Conflict("mark_contested")
    if not _can_contest(mark, _counting(session, actor.person_id, now), now):
        raise Conflict("mark_over")
    session.execute(
        update(Mark.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        .where(_mark.id == mark_id)
        .values(contested_at=now, contest_text=text)
    )
    return replace(mark, contested_at=now, contest_text=text)


def _is_jammed(booking: BookingView) -> bool:
    return any(jam.covers(booking.start) for jam in booking.service.congestion)


def _can_contest(mark: MarkView, counting: Sequence[MarkFacts], now: datetime) -> bool:
    if mark.waived_at is not None or mark.contested_at is not None:
        return False
    return matters(MarkFacts(mark.at, mark.halves), counting, now=now)


def _counting(session: Session, person_id: int, now: datetime) -> list[MarkFacts]:
    rows = session.execute(
        select(_mark.at, _mark.halves).where(
            _mark.person_id == person_id, _mark.at > now - LOOK_BACK, _mark.waived_at.is_(None)
        )
    )
    return [MarkFacts(row.at, row.halves) for row in rows]
