"""Where an entry of the wait-list stands 位次: its position, the log of offers, and how its person will hear of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from domain.availability import LONGEST_OCCUPANCY
from domain.waitlist import WAITING_STATES, competes
from models.centre import Hold
from models.people import WeChatAccount
from models.waitlist import WaitlistEntry
from models.wechat import SubscribeAllowance
from services.ports import Options
from services.waitlist.views import ACTIVE, OFFER_TEMPLATE, EntryView

LOG_LINES = 50
_entry, _hold = WaitlistEntry.__table__.c, Hold.__table__.c
_LINE = select(
    _entry.id, _entry.service_id, _entry.zone, _entry.is_first, _entry.joined_at, _entry.starts_at, _entry.until_at
).where(ACTIVE)


@dataclass(frozen=True, slots=True)
class OfferLine:
    """One offer of the list, without a name: when, of what, until when, what became of it, and whether it was mine."""

    at: datetime
    start: datetime
    end: datetime
    state: str
    until: datetime
    mine: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an entry stands, and how its person will hear of an offer."""

    entry: EntryView
    position: int | None
    told_by: str
    log: tuple[OfferLine, ...] = ()


def standings(session: Session, entries: Sequence[EntryView], *, options: Options, now: datetime) -> list[Standing]:
    """Entries with their positions: one query for all of them, and one for the consents."""
    places = positions(session, entries, now=now)
    waiting = {e.person_id for e in entries if e.person_id and e.state_at(now) in WAITING_STATES}
    reached = _with_consent(session, waiting, options)
    return [Standing(e, places.get(e.id), _told_by(e, reached)) for e in entries]


def standing(session: Session, entry: EntryView, *, options: Options, now: datetime) -> Standing:
    """One entry with its position."""
    return standings(session, [entry], options=options, now=now)[0]


def with_log(session: Session, entry: EntryView, *, options: Options, now: datetime) -> Standing:
    """One entry with its position and the log of the offers made since it joined."""
    known = standing(session, entry, options=options, now=now)
    return Standing(entry, known.position, known.told_by, offer_log(session, entry, now=now))


def positions(session: Session, entries: Sequence[EntryView], *, now: datetime) -> dict[int, int]:
    """Where each entry stands among those of its service whose wishes overlap its own and compete for its zone."""
    waiting = [entry for entry in entries if entry.state_at(now) in WAITING_STATES]
    if not waiting:
        return {}
    line = session.execute(_LINE.where(_entry.service_id.in_({entry.service.id for entry in waiting}))).all()
    return {entry.id: 1 + sum(_is_ahead(row, entry) for row in line) for entry in waiting}


def offer_log(session: Session, entry: EntryView, *, now: datetime) -> tuple[OfferLine, ...]:
    """The offers made for the time of this wish since it joined, the oldest first, without names or codes."""
    rows = session.execute(
        select(Hold.__table__, _entry.zone)
        .join_from(Hold.__table__, WaitlistEntry.__table__, _hold.entry_id == _entry.id)
        .where(
            _hold.service_id == entry.service.id,
            _hold.starts_at < entry.until,
            _hold.starts_at > entry.start - LONGEST_OCCUPANCY,
            _hold.ends_at > entry.start,
            _hold.made_at >= entry.joined_at,
            _hold.made_at <= (entry.ended_at or now),
        )
        .order_by(_hold.made_at.desc(), _hold.id.desc())
        .limit(LOG_LINES)
    ).all()
    lines = [
        OfferLine(
            row.made_at, row.starts_at, row.ends_at, _became(row, now), row.answer_until, row.entry_id == entry.id
        )
        for row in rows
        if competes(entry.service, row.zone, entry.zone)
    ]
    return tuple(lines[::-1])


def _became(row: Row[*tuple[Any, ...]], now: datetime) -> str:
    if row.outcome is not None:
        return str(row.outcome)
    return "offered" if now < row.answer_until else "lapsed"


def _is_ahead(other: Row[*tuple[Any, ...]], entry: EntryView) -> bool:
    if other.service_id != entry.service.id or not (other.starts_at < entry.until and entry.start < other.until_at):
        return False
    before = (not other.is_first, other.joined_at, other.id) < (not entry.is_first, entry.joined_at, entry.id)
    return before and competes(entry.service, other.zone, entry.zone)


def _told_by(entry: EntryView, reached: set[int]) -> str:
    if entry.person_id is None:
        return "desk"
    return "message" if entry.person_id in reached else "inbox"


def _with_consent(session: Session, people: set[int], options: Options) -> set[int]:
    """Who has an unused consent for the message of an offer."""
    template = options.subscribe_templates.get(OFFER_TEMPLATE)
    if not people or not template:
        return set()
    return set(
        session.scalars(
            select(WeChatAccount.person_id)
            .join(
                SubscribeAllowance,
                (SubscribeAllowance.appid == WeChatAccount.appid) & (SubscribeAllowance.openid == WeChatAccount.openid),
            )
            .where(
                WeChatAccount.person_id.in_(people),
                WeChatAccount.appid == options.mp_appid,
                SubscribeAllowance.template_id == template,
                SubscribeAllowance.remaining > 0,
            )
        )
    )
