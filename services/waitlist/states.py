"""The one place where an entry of the wait-list changes its state: the column and its event together (decision 11)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import literal, update
from sqlalchemy.orm import Session

from domain.booking_text import moment_text, when_text
from domain.errors import Conflict
from domain.waitlist import ENTRY_MOVES, MOST_LAPSES, NEWS
from models.centre import Hold
from models.waitlist import WaitlistEntry, WaitlistEvent
from services.event_log import EventLog
from services.notifications import enqueue
from services.waitlist.views import OFFER_TEMPLATE, EntryView, OfferView

PAGE = "/pages/bookings/waitlist?id={}"
_entry, _hold = WaitlistEntry.__table__.c, Hold.__table__.c
_events = EventLog(WaitlistEvent.__table__, of="entry_id")


def record_joined(session: Session, entry_id: int, *, actor_id: int, reason: str | None, now: datetime) -> None:
    """The event with which an entry begins."""
    _events.begin(session, entry_id, "waiting", actor_id=actor_id, reason=reason, now=now)


def move_entry(
    session: Session,
    entry: EntryView,
    to: str,
    *,
    actor_id: int | None = None,
    reason: str | None = None,
    now: datetime,
    **changes: Any,
) -> EntryView:
    """Move an entry to another state and write the event; the caller has locked its service.

    Raises Conflict `wait_over` for a way that does not exist, also when somebody else moved it meanwhile.
    """
    if to not in ENTRY_MOVES.get(entry.state, frozenset()):
        raise Conflict("wait_over", state=entry.state)
    values = {"state": to, "ended_at": None if to in ENTRY_MOVES else now, **changes}
    moved = session.execute(
        update(WaitlistEntry.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        .where(_entry.id == entry.id, _entry.state == entry.state)
        .values(values)
        .returning(literal(1))
    )
    if moved.scalar_one_or_none() is None:
        raise Conflict("wait_over", state=entry.state)
    _events.add(session, entry.id, entry.state, to, actor_id=actor_id, reason=reason, now=now)
    offer = entry.offer if to == "offered" else None
    return replace(
        entry, state=to, ended_at=values["ended_at"], lapses=changes.get("lapses", entry.lapses), offer=offer
    )


def end_offer(session: Session, offer: OfferView, outcome: str, *, now: datetime) -> None:
    """The held place is free again; its entry is moved by the caller."""
    session.execute(
        update(Hold.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        .where(_hold.id == offer.hold_id, _hold.is_open)
        .values(is_open=False, outcome=outcome, ended_at=now)
    )


def lapse(session: Session, entry: EntryView, *, now: datetime) -> EntryView:
    """Nobody answered in time: the first time the place in line is kept, the second ends it. The person is told.

    Where the wished time is over meanwhile there is nothing left to wait for.
    """
    if entry.offer is not None:
        end_offer(session, entry.offer, "lapsed", now=now)
    lapses = entry.lapses + 1
    reason = "second_lapse" if lapses >= MOST_LAPSES else "wish_over" if entry.is_over(now) else "first_lapse"
    to = "waiting" if reason == "first_lapse" else "lapsed"
    moved = move_entry(session, entry, to, reason=reason, lapses=lapses, now=now)
    tell_entry(session, moved, reason, now=now)
    return moved


def withdraw(session: Session, entry: EntryView, *, now: datetime) -> EntryView:
    """The offered place cannot be used after all: the entry waits on at its place, nothing counts. The person is told.

    The caller offers anew once the place is taken out of use.
    """
    if entry.offer is None:
        return entry
    end_offer(session, entry.offer, "withdrawn", now=now)
    moved = move_entry(session, entry, "waiting", reason="withdrawn", now=now)
    tell_entry(session, moved, "withdrawn", key=f":{entry.offer.hold_id}", now=now)
    return moved


def tell_offer(session: Session, entry: EntryView, offer: OfferView, *, now: datetime) -> None:
    """News of a place, with the deadline in words; once per offer. A guest of the desk hears it there."""
    if entry.person_id is None:
        return
    service, tz = entry.service, entry.service.opening.tz
    enqueue(
        session,
        person_id=entry.person_id,
        template=OFFER_TEMPLATE,
        data={
            "service": service.name,
            "time": when_text(offer.start, offer.end, tz),
            "deadline": moment_text(offer.answer_until, tz),
        },
        page=PAGE.format(entry.code),
        dedupe_key=f"{OFFER_TEMPLATE}:{offer.hold_id}",
        now=now,
    )


def tell_entry(session: Session, entry: EntryView, why: str, *, key: str = "", now: datetime) -> None:
    """News of what became of an entry; once per reason and key."""
    if entry.person_id is None:
        return
    enqueue(
        session,
        person_id=entry.person_id,
        template="waitlist_news",
        data={
            "service": entry.service.name,
            "time": when_text(entry.start, entry.until, entry.service.opening.tz),
            "reason": NEWS[why],
        },
        page=PAGE.format(entry.code),
        dedupe_key=f"waitlist_{why}:{entry.id}{key}",
        now=now,
    )
