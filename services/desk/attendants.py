"""Attendants 值班员: several share one device; each takes the desk with a PIN and then acts under their own name."""

import hmac
import math
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.errors import Invalid, NotAllowed, NotFound, TooMany
from domain.permissions import ACTIONS, Actor, GrantFacts, runs_desk
from models.desk import DeskPin
from models.people import Grant, Person
from services import audit
from services.desk.scope import desk_centre
from services.first_wins import insert_if_first
from services.ports import Signer
from services.staff import password_hasher

SHIFT = timedelta(hours=8)
MOST_FAILURES = 5
LOCKED = timedelta(minutes=15)
PIN_DIGITS = range(4, 7)
PURPOSE = "desk-attendant"
_pin, _person, _grant = DeskPin.__table__.c, Person.__table__.c, Grant.__table__.c


@dataclass(frozen=True, slots=True)
class Attendant:
    """Somebody who may take the desk of a centre."""

    id: int
    name: str
    has_pin: bool


@dataclass(frozen=True, slots=True)
class OnDuty:
    """The token with which somebody acts at one desk, shown once, for eight hours."""

    token: str
    name: str
    expires_at: datetime


def list_attendants(session: Session, code: str, *, actor: Actor, today: date) -> list[Attendant]:
    """Whoever is staff of this centre today. Raises as `desk_centre`."""
    centre = desk_centre(session, code, actor)
    rows = session.execute(
        select(_person.id, _person.name, _pin.person_id.label("pin"))
        .select_from(Person.__table__)
        .join(Grant.__table__, _grant.person_id == _person.id)
        .outerjoin(DeskPin.__table__, _pin.person_id == _person.id)
        .where(
            _person.state == "active",
            _grant.role.in_(sorted(ACTIONS["desk.run"])),
            _grant.scope_kind == "centre",
            _grant.scope_id == centre.id,
            _grant.from_on <= today,
            _grant.to_on.is_(None) | (_grant.to_on > today),
        )
        .distinct()
        .order_by(_person.id)
    )
    return [Attendant(row.id, row.name, row.pin is not None) for row in rows]


def set_pin(session: Session, pin: str, *, actor: Actor, now: datetime) -> None:
    """Set one's own PIN (值班 PIN); tokens taken with an older one end. Raises Invalid `pin_digits`."""
    if len(pin) not in PIN_DIGITS or not (pin.isascii() and pin.isdigit()) or len(set(pin)) == 1:
        raise Invalid("pin_digits")
    values = {"pin_hash": password_hasher().hash(pin), "set_at": now, "failures": 0, "locked_until": None}
    new = {"person_id": actor.person_id, **values}
    table = DeskPin.__table__
    if session.execute(insert_if_first(session.get_bind().dialect.name, table), new).rowcount != 1:  # type: ignore[attr-defined]  # typed as Result; an INSERT gives a CursorResult
        session.execute(update(table).where(_pin.person_id == actor.person_id).values(values))  # type: ignore[arg-type]  # `__table__` is typed as FromClause


def count_try(
    session: Session, code: str, attendant_id: int, *, actor: Actor, today: date, now: datetime
) -> TooMany | None:
    """Count one try at a PIN before it is looked at; after five the PIN rests for fifteen minutes.

    Counted in a commit of its own, so that many at once count too; the refusal is returned for the count to stay
    (decision 12). Only who is staff of this centre is tried: no desk rests the PIN of another's.
    Raises as `desk_centre`; NotFound `unknown_attendant`; Invalid `pin_not_set`.
    """
    if not any(a.id == attendant_id for a in list_attendants(session, code, actor=actor, today=today)):
        raise NotFound("unknown_attendant")
    row = session.execute(
        select(_pin.failures, _pin.locked_until).where(_pin.person_id == attendant_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise Invalid("pin_not_set")
    if row.locked_until is not None and now < row.locked_until:
        return TooMany("pin_locked", retry_after=max(1, math.ceil((row.locked_until - now).total_seconds())))
    failures = 1 if row.locked_until is not None else row.failures + 1
    session.execute(
        update(DeskPin.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        .where(_pin.person_id == attendant_id)
        .values(failures=failures, locked_until=now + LOCKED if failures >= MOST_FAILURES else None)
    )
    return None


def check_pin(
    session: Session,
    code: str,
    attendant_id: int,
    pin: str,
    *,
    actor: Actor,
    today: date,
    signer: Signer,
    now: datetime,
) -> OnDuty:
    """The token for whoever knows the PIN. Raises Invalid `pin_wrong`; NotFound `unknown_attendant`."""
    centre = desk_centre(session, code, actor)
    known = next((a for a in list_attendants(session, code, actor=actor, today=today) if a.id == attendant_id), None)
    if known is None:
        raise NotFound("unknown_attendant")
    row = session.execute(select(_pin.pin_hash, _pin.set_at).where(_pin.person_id == attendant_id)).one()
    try:
        password_hasher().verify(row.pin_hash, pin)
    except (VerificationError, InvalidHashError):
        raise Invalid("pin_wrong") from None
    expires_at = (now + SHIFT).replace(microsecond=0)
    body = f"{attendant_id}.{centre.id}.{int(expires_at.timestamp())}"
    return OnDuty(f"{body}.{_mac(signer, body, row.set_at)}", known.name, expires_at)


def forget_failures(session: Session, attendant_id: int) -> None:
    """Who got it right starts anew."""
    session.execute(
        update(DeskPin.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        .where(_pin.person_id == attendant_id)
        .values(failures=0, locked_until=None)
    )


def note_failure(session: Session, attendant_id: int, *, actor: Actor, now: datetime) -> None:
    """Leave a trace of a wrong PIN (decision 12)."""
    audit.record(
        session,
        person_id=actor.person_id,
        action="desk.pin_failed",
        subject_kind="person",
        subject_id=attendant_id,
        now=now,
    )


def attendant_of(session: Session, token: str, *, actor: Actor, today: date, signer: Signer, now: datetime) -> Actor:
    """Who acts at a desk by an attendant's token on a signed-in device: that person, at that centre alone.

    Both the device's account and the attendant must be on duty there today. Raises NotAllowed `pin_required` for a
    token that is touched, over, or of a PIN since changed.
    """
    body, _, mac = token.rpartition(".")
    try:
        person_id, centre_id, expires = (int(part) for part in body.split("."))
    except ValueError:
        raise NotAllowed("pin_required") from None
    if not runs_desk(actor, centre_id) or not max(person_id, centre_id) < 2**31:
        raise NotAllowed("pin_required")
    rows = session.execute(
        select(_person.name, _pin.set_at, _grant.role, _grant.from_on, _grant.to_on)
        .select_from(Person.__table__)
        .join(DeskPin.__table__, _pin.person_id == _person.id)
        .join(Grant.__table__, _grant.person_id == _person.id)
        .where(
            _person.id == person_id,
            _person.state == "active",
            _grant.role.in_(sorted(ACTIONS["desk.run"])),
            (_grant.scope_kind == "district") | ((_grant.scope_kind == "centre") & (_grant.scope_id == centre_id)),
            _grant.from_on <= today,
            _grant.to_on.is_(None) | (_grant.to_on > today),
        )
    ).all()
    valid = rows and hmac.compare_digest(mac.encode(), _mac(signer, body, rows[0].set_at).encode())
    if not valid or now.timestamp() >= expires:
        raise NotAllowed("pin_required")
    grants = tuple(GrantFacts(row.role, "centre", centre_id, row.from_on, row.to_on) for row in rows)
    return Actor(person_id, grants, device_id=actor.device_id, name=rows[0].name)


def _mac(signer: Signer, body: str, set_at: datetime) -> str:
    """Bound to the PIN by the moment it was set: a new PIN ends the tokens of the old one."""
    message = f"{body}.{int(set_at.astimezone(UTC).timestamp() * 1000)}".encode()
    return urlsafe_b64encode(signer.mac(PURPOSE, message)).rstrip(b"=").decode()
