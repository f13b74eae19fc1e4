"""One entry of a wait-list 候补 as its person, the desk and the offers see it. See also `standing`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, select
from sqlalchemy.orm import Session

from domain.codes import read_code
from domain.errors import NotFound
from domain.permissions import Actor, runs_desk
from domain.service_types import ServiceFacts
from domain.waitlist import MOST_LAPSES, WAITING_STATES, WishFacts, starts_for
from models.centre import Booking, Hold, Service
from models.waitlist import WaitlistEntry
from services.centre.catalogue import centre_facts

OFFER_TEMPLATE = "waitlist_offer"
_entry, _hold, _service = WaitlistEntry.__table__.c, Hold.__table__.c, Service.__table__.c
_booking = Booking.__table__.c
ACTIVE: ColumnElement[bool] = _entry.state.in_(
    bindparam("active_states", WAITING_STATES, expanding=True, literal_execute=True)  # as the index says it
)
IN_LINE = (_entry.is_first.desc(), _entry.joined_at, _entry.id)
_SELECT = (
    select(
        WaitlistEntry.__table__,
        _hold.id.label("hold_id"),
        _hold.unit_id,
        _hold.starts_at.label("offer_start"),
        _hold.ends_at.label("offer_end"),
        _hold.answer_until,
        _booking.code.label("booking_code"),
        _service.centre_id,
        _service.catalogue_revision,
    )
    .join_from(WaitlistEntry.__table__, Service.__table__, _entry.service_id == _service.id)
    .outerjoin(Hold.__table__, (_hold.entry_id == _entry.id) & _hold.is_open)
    .outerjoin(Booking.__table__, _booking.id == _entry.booking_id)
)


@dataclass(frozen=True, slots=True)
class OfferView:
    """The place held for somebody until they answer."""

    hold_id: int
    unit_id: int | None
    start: datetime
    end: datetime
    answer_until: datetime


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry with the facts of its service, and the offer that stands."""

    id: int
    code: str
    state: str
    service: ServiceFacts
    person_id: int | None
    made_by_id: int | None
    guest_cipher: bytes | None
    plate_cipher: bytes | None
    start: datetime
    until: datetime
    minutes: int
    min_minutes: int
    zone: str | None
    party_size: int
    accessible: bool
    is_first: bool
    no_night_offers: bool
    lapses: int
    joined_at: datetime
    ended_at: datetime | None
    booking_code: str | None
    offer: OfferView | None = None

    @property
    def wish(self) -> WishFacts:
        return WishFacts(
            self.start, self.until, self.minutes, self.min_minutes, self.zone, self.party_size, self.accessible
        )

    def is_open_to_answer(self, now: datetime) -> bool:
        """Past its deadline an offer is over, whether or not the clock has come by."""
        return self.state == "offered" and self.offer is not None and now < self.offer.answer_until

    def lapses_at(self, now: datetime) -> int:
        overdue = self.state == "offered" and not self.is_open_to_answer(now)
        return self.lapses + overdue

    def state_at(self, now: datetime) -> str:
        """The state as it is at that moment: an overdue offer has lapsed, a wish whose time is over has ended."""
        if self.state not in WAITING_STATES or self.is_open_to_answer(now):
            return self.state
        return "lapsed" if self.lapses_at(now) >= MOST_LAPSES or self.is_over(now) else "waiting"

    def is_over(self, now: datetime) -> bool:
        """Whether no start is left that would do."""
        return self.start < now and not starts_for(self.service, self.wish, now=now)

    @property
    def offered_unit(self) -> str | None:
        return self.service.unit_no(self.offer.unit_id) if self.offer else None


def get_entry(session: Session, code: str, *, actor: Actor) -> EntryView:
    """An entry, for its person or the desk of its centre. Raises NotFound `unknown_entry` for anyone else."""
    key = read_code(code)
    found = read_entries(session, _entry.code == key) if key else []
    if not found:
        raise NotFound("unknown_entry")
    return check_entry_reader(found[0], actor)


def check_entry_reader(entry: EntryView, actor: Actor) -> EntryView:
    """The entry, for its person or the desk of its centre. Raises NotFound `unknown_entry` for anyone else."""
    if entry.person_id != actor.person_id and not runs_desk(actor, entry.service.centre_id):
        raise NotFound("unknown_entry")
    return entry


def list_own_entries(
    session: Session, person_id: int, *, offset: int = 0, limit: int = 20
) -> tuple[list[EntryView], int]:
    """One's own entries, the newest first, with how many there are."""
    mine = _entry.person_id == person_id
    total = session.scalar(select(func.count()).select_from(WaitlistEntry.__table__).where(mine)) or 0
    return read_entries(session, mine, order=(_entry.id.desc(),), offset=offset, limit=limit), total


def read_entries(
    session: Session,
    where: ColumnElement[bool],
    *,
    order: Sequence[ColumnElement[Any]] = IN_LINE,
    offset: int = 0,
    limit: int | None = None,
) -> list[EntryView]:
    """Entries with their services and open offers, in the order of the line."""
    statement = _SELECT.where(where).order_by(*order).offset(offset).limit(limit)
    return [_view(session, row) for row in session.execute(statement)]


def _view(session: Session, row: Row[*tuple[Any, ...]]) -> EntryView:
    offer = None
    if row.hold_id is not None:
        offer = OfferView(row.hold_id, row.unit_id, row.offer_start, row.offer_end, row.answer_until)
    return EntryView(
        id=row.id,
        code=row.code,
        state=row.state,
        service=centre_facts(session, row.centre_id, row.catalogue_revision).service(row.service_id),
        person_id=row.person_id,
        made_by_id=row.made_by_id,
        guest_cipher=row.guest_cipher,
        plate_cipher=row.plate_cipher,
        start=row.starts_at,
        until=row.until_at,
        minutes=row.minutes,
        min_minutes=row.min_minutes,
        zone=row.zone,
        party_size=row.party_size,
        accessible=row.accessible,
        is_first=row.is_first,
        no_night_offers=row.no_night_offers,
        lapses=row.lapses,
        joined_at=row.joined_at,
        ended_at=row.ended_at,
        booking_code=row.booking_code,
        offer=offer,
    )
