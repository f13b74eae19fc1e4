"""The pass of a booking 预约凭证: signed text that staff devices verify without a network (decision 28).

`LY1.<key id>.<base64url payload>.<base64url signature>`; Ed25519 over everything before the signature.
The payload holds no full name and no phone.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.booking import PASS_STATES
from domain.errors import Invalid
from services.booking.views import BookingView
from services.ports import Signer

VERSION = "LY1"
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class PassFacts:
    """What a verified pass says."""

    code: str
    tail: str
    service: str
    unit: str | None
    start: datetime
    end: datetime


def make_pass(booking: BookingView, *, holder: str, signer: Signer) -> str | None:
    """The pass of a booking that is still to be used; None for any other. `holder` is the owner's name."""
    if booking.state not in PASS_STATES:
        return None
    payload = {
        "code": booking.code,
        "tail": holder[-1:],
        "service": booking.service.code,
        "unit": booking.unit_no,
        "start": int(booking.start.timestamp()),
        "end": int(booking.end.timestamp()),
    }
    body = _encode(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode())
    signed = f"{VERSION}.{signer.key_id}.{body}"
    return f"{signed}.{_encode(signer.sign(signed.encode()))}"


def verify_pass(text: str, public_keys: Mapping[str, bytes]) -> PassFacts:
    """Read a pass whose signature one of our keys made. Raises Invalid `pass_invalid`."""
    try:
        version, key_id, body, signature = text.split(".")
        if version != VERSION or len(text) > LONGEST:
            raise Invalid("pass_invalid")
        key = Ed25519PublicKey.from_public_bytes(public_keys[key_id])
        key.verify(_decode(signature), f"{version}.{key_id}.{body}".encode())
        payload = json.loads(_decode(body))
        return PassFacts(
            code=payload["code"],
            tail=payload["tail"],
            service=payload["service"],
            unit=payload["unit"],
            start=datetime.fromtimestamp(payload["start"], UTC),
            end=datetime.fromtimestamp(payload["end"], UTC),
        )
    except (ValueError, KeyError, TypeError, InvalidSignature, Base64Error):
        raise Invalid("pass_invalid") from None


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
