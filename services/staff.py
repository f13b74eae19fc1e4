"""Staff sign-in 工作人员登录: argon2 passwords, optional one-time codes, a brake on guessing."""

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.errors import Conflict, Invalid, NotSignedIn
from models.people import Person, StaffCredential
from services.ports import Cipher

MIN_PASSWORD = 10
TOTP_STEP = 30


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash that no password opens: an unknown name takes as long as a wrong password."""
    return _hasher().hash(secrets.token_hex(16))


def create_staff(session: Session, *, name: str, login: str, password: str, now: datetime) -> Person:
    """A person with a console account. Raises Conflict `login_taken`, Invalid `password_too_short`."""
    if len(password) < MIN_PASSWORD:
        raise Invalid("password_too_short", min=MIN_PASSWORD)
    if session.scalar(select(StaffCredential.id).where(func.lower(StaffCredential.login) == login.lower())):
        raise Conflict("login_taken")
    person = Person(name=name, settings={}, created_at=now)
    session.add(person)
    session.flush()
    session.add(
        StaffCredential(person_id=person.id, login=login, password_hash=_hasher().hash(password), created_at=now)
    )
    session.flush()
    return person


def check_password(
    session: Session, login: str, password: str, otp: str | None, *, cipher: Cipher, now: datetime
) -> Person:
    """The person behind a name and password. Raises NotSignedIn with one code for every reason."""
    credential = session.scalar(select(StaffCredential).where(func.lower(StaffCredential.login) == login.lower()))
    try:
        _hasher().verify(credential.password_hash if credential else _nobody(), password)
    except (VerificationError, InvalidHashError):
        raise NotSignedIn("staff_sign_in_failed") from None
    if credential is None:
        raise NotSignedIn("staff_sign_in_failed")
    if credential.totp_cipher and not check_totp(cipher.decrypt(credential.totp_cipher), otp or "", now=now):
        raise NotSignedIn("staff_sign_in_failed")
    return session.get_one(Person, credential.person_id)


def totp(secret: str, at: datetime) -> str:
    """The six digits of RFC 6238 (HMAC-SHA-1, 30 s) for a base32 secret."""
    counter = struct.pack(">Q", int(at.timestamp()) // TOTP_STEP)
    mac = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = mac[-1] & 15
    return f"{(int.from_bytes(mac[offset : offset + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def check_totp(secret: str, otp: str, *, now: datetime) -> bool:
    """Whether the code is of this step or a neighbour: phones' clocks are never quite right."""
    steps = (now + timedelta(seconds=TOTP_STEP * k) for k in (-1, 0, 1))
    return any(hmac.compare_digest(totp(secret, at).encode(), otp.encode()) for at in steps)
