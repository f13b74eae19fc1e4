"""Notices of a centre 公告: posted, changed and ended by its staff; congestion stretches the grace of bookings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.booking_text import clock_text
from domain.errors import Invalid, NotFound
from domain.permissions import Actor, runs_desk
from models.centre import Booking, Centre, CentreNotice, Service
from services import audit
from services.booking.marks import waive_jammed
from services.booking.states import news_key, tell
from services.booking.views import read_bookings
from services.centre.catalogue import CentreFacts, centre_by_code, centre_facts
from services.notifications import already_told

FURTHEST_BACK = timedelta(days=1)
MOST_GRACE_MINUTES = 240
MOST_TOLD = 500


@dataclass(frozen=True, slots=True)
class Post:
    """A new notice. No `until`: it stands until somebody ends it."""

    centre: str
    kind: str
    text: str
    start: datetime | None = None
    until: datetime | None = None
    grace_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Posted:
    """A notice with its centre."""

    row: CentreNotice
    centre: CentreFacts


def list_notices(session: Session, centre: str, *, now: datetime) -> list[Posted]:
    """The notices of a centre that stand or are announced, the newest first. Raises NotFound `unknown_centre`."""
    facts = centre_by_code(session, centre)
    rows = session.scalars(
        select(CentreNotice)
        .where(
            CentreNotice.centre_id == facts.id,
            CentreNotice.is_past.is_(False),
            or_(CentreNotice.ends_at.is_(None), CentreNotice.ends_at > now),
        )
        .order_by(CentreNotice.id.desc())
    )
    return [Posted(row, facts) for row in rows]


def post(session: Session, command: Post, *, actor: Actor, now: datetime) -> Posted:
    """Post a notice; the same one again while it stands changes nothing. Owners whose grace grows are told.

    A jam may be announced after it began, up to a day later.
    Raises NotFound `unknown_centre` (also for a desk elsewhere); Invalid `notice_times`, `notice_too_old`, `invalid`.
    """
    centre = _own_centre(session, command.centre, actor)
    start = command.start or now
    minutes = command.grace_minutes if command.kind == "congestion" else 0
    _check(start, command.until, minutes, now)
    if start < now - FURTHEST_BACK:
        raise Invalid("notice_too_old", hours=int(FURTHEST_BACK.total_seconds() // 3600))
    for posted in list_notices(session, centre.code, now=now):
        row = posted.row
        if (row.kind, row.message, row.ends_at, row.grace_minutes) == (
            command.kind, command.text, command.until, minutes,
        ):  # fmt: skip
            return posted
    row = CentreNotice(
        centre_id=centre.id,
        kind=command.kind,
        message=command.text,
        starts_at=start,
        ends_at=command.until,
        grace_minutes=minutes,
        posted_by_id=actor.person_id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    _trace(session, row, "notice.posted", actor, now)
    _tell_owners(session, row, now)
    return Posted(row, centre)


def change(
    session: Session,
    notice_id: int,
    *,
    actor: Actor,
    now: datetime,
    text: str | None = None,
    until: datetime | None = None,
    grace_minutes: int | None = None,
    end: bool = False,
) -> Posted:
    """Change a notice that stands or is announced, or end it now; ending it twice changes nothing.

    Raises NotFound `unknown_notice`; Invalid `notice_times`, `invalid`.
    """
    row = session.get(CentreNotice, notice_id, with_for_update=True)
    if row is None or not runs_desk(actor, row.centre_id):
        raise NotFound("unknown_notice")
    over = row.is_past or (row.ends_at is not None and row.ends_at <= now)
    if over and not end:
        raise NotFound("unknown_notice")
    if not over:
        _apply(row, text, until, grace_minutes, end, now)
        session.flush()
        _trace(session, row, "notice.ended" if end else "notice.changed", actor, now)
        _tell_owners(session, row, now)
    return Posted(row, _facts(session, row.centre_id))


def _apply(
    row: CentreNotice, text: str | None, until: datetime | None, minutes: int | None, end: bool, now: datetime
) -> None:
    if end:
        # One that was only announced never stood: it ends as soon as it would begin.
        row.starts_at, row.ends_at = min(row.starts_at, now), max(now, min(row.starts_at, now))
        if row.starts_at == row.ends_at:
            row.is_past, row.ends_at = True, None
        return
    if until is not None or minutes is not None:
        wanted = row.grace_minutes if minutes is None or row.kind != "congestion" else minutes
        _check(row.starts_at, until or row.ends_at, wanted, now)
        row.ends_at, row.grace_minutes = until or row.ends_at, wanted
    row.message = text or row.message


def _check(start: datetime, until: datetime | None, minutes: int, now: datetime) -> None:
    if until is not None and (until <= start or until <= now):
        raise Invalid("notice_times")
    if not 0 <= minutes <= MOST_GRACE_MINUTES or minutes % 5:
        raise Invalid("invalid", fields={"grace_minutes": [f"0–{MOST_GRACE_MINUTES}, steps of 5"]})


def _own_centre(session: Session, code: str, actor: Actor) -> CentreFacts:
    centre = centre_by_code(session, code)
    if not runs_desk(actor, centre.id):
        raise NotFound("unknown_centre")
    return centre


def _facts(session: Session, centre_id: int) -> CentreFacts:
    revision = session.scalar(select(Centre.catalogue_revision).where(Centre.id == centre_id)) or 0
    return centre_facts(session, centre_id, revision)


def _trace(session: Session, row: CentreNotice, action: str, actor: Actor, now: datetime) -> None:
    details: dict[str, Any] = {"kind": row.kind, "grace_minutes": row.grace_minutes}
    audit.record(
        session, person_id=actor.person_id, action=action, subject_kind="notice", subject_id=row.id,
        details=details, now=now,
    )  # fmt: skip


def _tell_owners(session: Session, row: CentreNotice, now: datetime) -> None:
    """Who is on the way hears that the place waits for them; once for each length of grace.

    Who was marked before anybody knew of the jam is not marked any more.
    """
    if row.kind == "congestion" and not row.is_past:
        waive_jammed(session, row.centre_id, row.starts_at, row.ends_at, now=now)
    if row.kind != "congestion" or not row.grace_minutes or row.is_past or (row.ends_at and row.ends_at <= now):
        return
    services: Sequence[int] = session.scalars(select(Service.id).where(Service.centre_id == row.centre_id)).all()
    ahead = (
        Booking.service_id.in_(services)
        & (Booking.state == "confirmed")
        & (Booking.starts_at >= row.starts_at)
        & (Booking.grace_until > now)
    )
    if row.ends_at is not None:
        ahead &= Booking.starts_at < row.ends_at
    key = f"{row.id}:{row.grace_minutes}"
    bookings = read_bookings(session, ahead, limit=MOST_TOLD)
    told = already_told(session, [news_key("booking_kept", booking.id, key) for booking in bookings])
    for booking in bookings:
        if news_key("booking_kept", booking.id, key) not in told:
            until = clock_text(booking.kept_until, booking.service.opening.tz)
            tell(session, booking, "booking_kept", key=key, until=until, now=now)
