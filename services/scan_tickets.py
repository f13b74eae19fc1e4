"""The code on the host's screen 动态码 and the ticket a scan is worth 扫码票据. Neither has a table."""

import base64
import binascii
import hmac
import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from domain.attendance import (
    QR_PATH,
    STEPS_AHEAD,
    TICKET_LIFETIME,
    TicketFacts,
    check_code,
    check_takes_place,
    check_window,
    read_qr,
    rotating_code,
    step_at,
    step_start,
)
from domain.errors import Conflict, Invalid
from domain.permissions import Actor
from models.activity import Activity
from services.activities import check_host, facts_of, find_activity, places_of
from services.ports import Signer

PREFIX = "ST1."
LAYOUT = struct.Struct(">QQQ12s")  # activity id, step, issued at (ms), nonce
MAC_BYTES = 16
CODE_PURPOSE, TICKET_PURPOSE = "rotating-code", "scan-ticket"


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """A ticket just made, and for what."""

    text: str
    expires_at: datetime
    activity: Activity


@dataclass(frozen=True, slots=True)
class ShownStep:
    """What the screen shows during one step."""

    qr: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class DisplayCode:
    """The step of now, the coming ones, and how many are there."""

    now: ShownStep
    coming: tuple[ShownStep, ...]
    registered: int
    checked_in: int
    activity: Activity


def issue_scan_ticket(session: Session, activity_code: str, qr: str, *, signer: Signer, now: datetime) -> IssuedTicket:
    """Turn a scan into a ticket valid for five minutes; needs no sign-in and writes nothing.

    Raises:
        NotFound: `unknown_activity`. Invalid: `code_forged`.
        Conflict: `code_wrong_activity`, `code_expired`, `code_not_yet`, `check_in_not_open`, `check_in_closed`,
            `check_in_by_host`, `activity_cancelled`, `activity_postponed`.
    """
    activity = find_activity(session, activity_code)
    scanned, code = read_qr(qr)
    if scanned.upper() != activity.code:
        raise Conflict("code_wrong_activity", activity=scanned[:32])
    facts = facts_of(activity)
    check_takes_place(facts)
    check_window(facts, now=now)
    step = check_code(code_key(activity, signer), code, now=now)
    ticket = TicketFacts(activity.id, step, now, secrets.token_hex(12))
    return IssuedTicket(write_ticket(ticket, signer), now + TICKET_LIFETIME, activity)


def display_code(
    session: Session, activity_code: str, *, actor: Actor, signer: Signer, base_url: str, now: datetime
) -> DisplayCode:
    """What the host's screen shows: the code of now and of the next five minutes, for page memory only.

    Raises NotFound `unknown_activity`, NotAllowed `not_host`.
    """
    activity = find_activity(session, activity_code)
    check_host(session, activity, actor)
    key, step = code_key(activity, signer), step_at(now)
    prefix = f"{base_url}{QR_PATH}{activity.code}."
    steps = [
        ShownStep(prefix + rotating_code(key, n), step_start(n), step_start(n + 1))
        for n in range(step, step + 1 + STEPS_AHEAD)
    ]
    registered, checked_in = places_of(session, [activity.id]).get(activity.id, (0, 0))
    return DisplayCode(steps[0], tuple(steps[1:]), registered, checked_in, activity)


def code_key(activity: Activity, signer: Signer) -> bytes:
    """The key of an activity's codes: useless without the server's own key."""
    return signer.mac(CODE_PURPOSE, activity.secret)


def write_ticket(ticket: TicketFacts, signer: Signer) -> str:
    """A signed ticket as short text."""
    issued_ms = round(ticket.issued_at.timestamp() * 1000)
    body = LAYOUT.pack(ticket.activity_id, ticket.step, issued_ms, bytes.fromhex(ticket.nonce))
    mac = signer.mac(TICKET_PURPOSE, body)[:MAC_BYTES]
    return PREFIX + base64.urlsafe_b64encode(body + mac).decode().rstrip("=")


def read_ticket(text: str, signer: Signer) -> TicketFacts:
    """What a ticket says, once its signature is right. Raises Invalid `ticket_invalid`."""
    if not text.startswith(PREFIX):
        raise Invalid("ticket_invalid")
    try:
        raw = base64.b64decode(text[len(PREFIX) :] + "=" * (-(len(text) - len(PREFIX)) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("ticket_invalid") from None
    body, mac = raw[: LAYOUT.size], raw[LAYOUT.size :]
    if len(raw) != LAYOUT.size + MAC_BYTES or not hmac.compare_digest(
        signer.mac(TICKET_PURPOSE, body)[:MAC_BYTES], mac
    ):
        raise Invalid("ticket_invalid")
    activity_id, step, issued_ms, nonce = LAYOUT.unpack(body)
    return TicketFacts(activity_id, step, datetime.fromtimestamp(issued_ms / 1000, UTC), nonce.hex())
