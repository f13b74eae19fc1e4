"""Uploading what a desk did without a network 离线上传: nothing is dropped, each item ends as a row with its result."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.booking import check_arrival
from domain.codes import code_key, read_code
from domain.desk import OFFLINE_MOVES, OLDEST_ARRIVAL, check_stay
from domain.errors import Conflict, Invalid, NotFound, Refusal
from domain.permissions import Actor
from domain.plates import read_plate
from domain.service_types import ServiceFacts
from models.centre import Booking
from models.desk import Arrival
from services.booking.passes import verify_pass
from services.booking.views import BookingView, read_bookings
from services.centre.catalogue import CentreFacts, lock_service
from services.desk.admitting import ARRIVED_STATES, Keys, close_stay, let_in
from services.desk.claims import CAME, weigh_claims
from services.desk.scope import desk_centre
from services.desk.walk_ins import named_unit
from services.idempotency import digest
from services.ports import Cipher

_arrival, _booking = Arrival.__table__.c, Booking.__table__.c


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened at a desk, `at` by the device's clock."""

    client_uuid: str
    kind: str
    at: datetime
    pass_text: str | None = None
    code: str | None = None
    service: str | None = None
    unit: str | None = None
    minutes: int | None = None
    zone: str | None = None
    party_size: int = 1
    name: str | None = None
    plate: str | None = None


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of an item: admitted, repeat, marked, conflict or refused, with the code of the refusal."""

    client_uuid: str
    kind: str
    result: str
    code: str | None = None
    details: tuple[tuple[str, str], ...] = ()
    booking: str | None = None
    conflict: int | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """Who sends what from which device."""

    centre: str
    device: str
    items: Sequence[Item]
    actor: Actor
    keys: Keys


def sync(session: Session, upload: Upload, *, cipher: Cipher, now: datetime) -> list[ItemResult]:
    """Take an upload in, in order, a savepoint for each item; sent again it answers as it stands now.

    The services it touches are locked first, in the order of their ids, so that two devices never wait in a circle.
    Raises as `desk_centre`; a single item never makes the others fail.
    """
    centre = desk_centre(session, upload.centre, upload.actor)
    codes = {item.client_uuid: _code_of(item, upload.keys) for item in upload.items}
    services = {
        service_id: lock_service(session, service_id)
        for service_id in sorted(_services_of(session, centre, upload.items, codes.values()))
    }
    desk = _Desk(session, upload, centre, services, cipher, now)
    taken = [desk.take_in(item, codes[item.client_uuid]) for item in upload.items]
    desk.weigh()
    return [desk.as_it_stands(item, result) for item, result in zip(upload.items, taken, strict=True)]


def _code_of(item: Item, keys: Keys) -> str | None:
    """The booking an item is about, by its pass or code; empty for a pass that is none of ours."""
    if item.pass_text is None:
        return read_code(item.code) if item.code else None
    try:
        return verify_pass(item.pass_text, keys).code
    except Invalid:
        return ""


def _services_of(session: Session, centre: CentreFacts, items: Sequence[Item], codes: Iterable[str | None]) -> set[int]:
    wanted = {code for code in codes if code}
    rows = session.execute(select(_booking.service_id).where(_booking.code.in_(wanted)).distinct()) if wanted else ()
    here = {service.id for service in centre.services}
    named = {code_key(item.service) for item in items if item.service}
    return {row.service_id for row in rows if row.service_id in here} | {
        service.id for service in centre.services if code_key(service.code) in named
    }


class _Desk:
    """One upload at work."""

    def __init__(
        self,
        session: Session,
        upload: Upload,
        centre: CentreFacts,
        services: dict[int, ServiceFacts],
        cipher: Cipher,
        now: datetime,
    ) -> None:
        self.session, self.upload, self.centre, self.services = session, upload, centre, services
        self.cipher, self.now = cipher, now
        self.to_weigh: dict[int, ServiceFacts] = {}
        """The services with new claims: weighed once, when the whole upload is in."""

    def take_in(self, item: Item, code: str | None) -> ItemResult:
        """One item: known already, done, or refused; in each case there is a row of it."""
        asked = self._digest(item)
        stored = self._stored(item, asked)
        if stored is not None:
            return stored
        try:
            with self.session.begin_nested():
                self._do(item, code, asked)
        except Refusal as refusal:
            with self.session.begin_nested():
                self._keep(item, asked, "refused", refusal=refusal.code)
            details = tuple((k, str(v)) for k, v in refusal.details.items())
            return ItemResult(item.client_uuid, item.kind, "refused", refusal.code, details)
        except IntegrityError:
            pass  # another upload of the same item was first: its row says what became of it
        stored = self._stored(item, asked)
        assert stored is not None
        return stored

    def weigh(self) -> None:
        """Give out the places that the upload claimed: once for each service, however many items it had."""
        for _, service in sorted(self.to_weigh.items()):
            weigh_claims(self.session, service, cipher=self.cipher, now=self.now)

    def as_it_stands(self, item: Item, result: ItemResult) -> ItemResult:
        """What became of an item once its place was weighed."""
        if not self.to_weigh or result.result == "refused":
            return result
        return self._stored(item, self._digest(item)) or result

    def _do(self, item: Item, code: str | None, asked: str) -> None:
        at = min(item.at, self.now)
        if self.now - at > OLDEST_ARRIVAL:
            raise Invalid("arrival_too_old")
        if item.kind == "walk_in":
            self._walk_in(item, at, asked)
            return
        booking = self._booking(item, code)
        if booking.state in OFFLINE_MOVES or self._is_claimed(booking):
            booking = self._claim_or_follow(item, booking, at, asked)
            return
        result = self._arrive(booking, at) if item.kind == "arrival" else self._leave(booking, at)
        self._keep(item, asked, result, at=at, booking=booking)

    def _booking(self, item: Item, code: str | None) -> BookingView:
        if code == "":
            raise Invalid("pass_invalid")
        found = read_bookings(self.session, _booking.code == code, lock=True) if code else []
        if not found:
            raise NotFound("unknown_booking")
        if found[0].service.centre_id != self.centre.id:
            if item.pass_text is None:
                raise NotFound("unknown_booking")
            raise Conflict("pass_other_centre", centre=found[0].service.centre_name)
        return found[0]

    def _arrive(self, booking: BookingView, at: datetime) -> str:
        if booking.state in ARRIVED_STATES:
            return "repeat"
        let_in(self.session, booking, actor_id=self.upload.actor.person_id, at=at, now=self.now, reason=CAME)
        return "admitted"

    def _leave(self, booking: BookingView, at: datetime) -> str:
        """Whoever left was there: one who leaves before the arrival was sent has arrived as well."""
        if booking.state == "completed":
            return "repeat"
        if booking.state == "confirmed":
            self._arrive(booking, at)
            booking = read_bookings(self.session, _booking.id == booking.id)[0]
        close_stay(self.session, booking, actor_id=self.upload.actor.person_id, at=at, now=self.now, reason=CAME)
        return "admitted"

    def _claim_or_follow(self, item: Item, booking: BookingView, at: datetime, asked: str) -> BookingView:
        """Let in although cancelled, released or moved meanwhile: stays let in, if need be without a place."""
        later = self._moved_to(booking, at) if booking.state == "moved" else None
        if later is not None:
            result = self._arrive(later, at) if item.kind == "arrival" else self._leave(later, at)
            self._keep(item, asked, result, at=at, booking=later)
            return later
        tz = booking.service.opening.tz
        if item.kind == "arrival":
            check_arrival(booking.start, booking.end, tz, now=at)
        self._keep(item, asked, self._claim_result(item, booking), at=at, booking=booking)
        self._weigh(booking.service)
        return booking

    def _claim_result(self, item: Item, booking: BookingView) -> str:
        """The first row of a booking is the claim; of the others the first leaving counts, the rest are repeats."""
        if not self._is_claimed(booking):
            return "conflict"
        if item.kind == "arrival":
            return "repeat"
        left = select(_arrival.id).where(_arrival.booking_id == booking.id, _arrival.kind == "complete").limit(1)
        return "admitted" if self.session.scalar(left) is None else "repeat"

    def _moved_to(self, booking: BookingView, at: datetime) -> BookingView | None:
        """The booking it was moved to, where its guest may be let in at that moment, or is in."""
        found = read_bookings(self.session, _booking.id == booking.moved_to_id, lock=True)
        if not found:
            return None
        later = found[0]
        if later.state == "moved":
            return self._moved_to(later, at)
        try:
            check_arrival(later.start, later.end, later.service.opening.tz, now=at)
        except Conflict:
            return None
        return later if later.state in (*ARRIVED_STATES, "confirmed") else None

    def _is_claimed(self, booking: BookingView) -> bool:
        return (
            self.session.scalar(
                select(_arrival.id)
                .where(
                    _arrival.booking_id == booking.id,
                    _arrival.settled_at.is_(None),
                    _arrival.result.in_(("marked", "conflict")) | (_arrival.kind == "walk_in"),
                )
                .limit(1)
            )
            is not None
        )

    def _walk_in(self, item: Item, at: datetime, asked: str) -> None:
        service = next(
            (s for s in self.services.values() if s.code.casefold() == (item.service or "").casefold()), None
        )
        if service is None:
            raise Invalid("no_service")
        minutes = service.slot_minutes if item.minutes is None else item.minutes
        check_stay(service, minutes, item.party_size)
        unit = named_unit(service, item.unit, None) if item.unit else None
        earlier = self.session.scalar(
            select(_booking.id).where(
                _booking.made_by_id == self.upload.actor.person_id, _booking.client_uuid == item.client_uuid
            )
        )
        if earlier is not None:  # it went through after all, only its answer was lost
            known = read_bookings(self.session, _booking.id == earlier)[0]
            self._keep(item, asked, "repeat", at=at, booking=known)
            return
        self._keep(
            item, asked, "conflict", at=at, service_id=service.id, unit_id=unit.id if unit else None, minutes=minutes
        )
        self._weigh(service)

    def _weigh(self, service: ServiceFacts) -> None:
        self.to_weigh[service.id] = self.services.get(service.id, service)

    def _keep(
        self,
        item: Item,
        asked: str,
        result: str,
        *,
        at: datetime | None = None,
        booking: BookingView | None = None,
        refusal: str | None = None,
        service_id: int | None = None,
        unit_id: int | None = None,
        minutes: int | None = None,
    ) -> None:
        name, plate = _guest(item)
        self.session.execute(
            insert(Arrival.__table__).values(  # type: ignore[arg-type]  # `__table__` is typed as FromClause
                centre_id=self.centre.id,
                device_id=self.upload.device,
                kind=item.kind,
                at=at or item.at,
                received_at=self.now,
                actor_id=self.upload.actor.person_id,
                booking_id=booking.id if booking else None,
                service_id=booking.service.id if booking else service_id,
                unit_id=booking.unit_id if booking else unit_id,
                minutes=minutes,
                zone=item.zone,
                party_size=item.party_size,
                guest_cipher=self.cipher.encrypt(name) if name else None,
                plate_cipher=self.cipher.encrypt(plate) if plate else None,
                result=result,
                refusal=refusal,
                client_uuid=item.client_uuid,
                request_digest=asked,
            )
        )

    def _stored(self, item: Item, asked: str) -> ItemResult | None:
        row = self.session.execute(
            select(
                _arrival.id, _arrival.kind, _arrival.result, _arrival.refusal, _arrival.request_digest, _booking.code
            )
            .outerjoin_from(Arrival.__table__, Booking.__table__, _booking.id == _arrival.booking_id)
            .where(
                _arrival.centre_id == self.centre.id,
                _arrival.device_id == self.upload.device,
                _arrival.client_uuid == item.client_uuid,
            )
        ).one_or_none()
        if row is None:
            return None
        if row.request_digest != asked:
            return ItemResult(item.client_uuid, item.kind, "refused", "client_uuid_reused")
        conflict = row.id if row.result == "conflict" else None
        return ItemResult(item.client_uuid, row.kind, row.result, row.refusal, (), row.code, conflict)

    def _digest(self, item: Item) -> str:
        """What was sent; name and plate go in as keyed hashes."""
        named = {"name": item.name, "plate": item.plate}
        hashed = {key: self.cipher.keyed_hash(key, value) if value else None for key, value in named.items()}
        return digest(
            {
                "kind": item.kind,
                "at": item.at.isoformat(),
                "pass": item.pass_text,
                "code": item.code,
                "service": item.service,
                "unit": item.unit,
                "minutes": item.minutes,
                "zone": item.zone,
                "party_size": item.party_size,
                **hashed,
            }
        )


def _guest(item: Item) -> tuple[str | None, str | None]:
    """Name and plate; what is no plate after all is kept as part of the name."""
    if not item.plate:
        return item.name, None
    try:
        return item.name, read_plate(item.plate)
    except Invalid:
        return f"{item.name or ''} {item.plate}".strip()[:50], None
