"""Staff sign-in 工作人员登录: argon2 passwords, optional one-time codes, a brake on guessing."""

import base64
import hashlib
import hmac
import math
import secrets
import struct
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from domain.errors import Conflict, Invalid, NotSignedIn, TooMany
from models.people import Person, SignInAttempts, StaffCredential
from services import audit
from services.ports import Cipher

MIN_PASSWORD = 10
TOTP_STEP = 30
MOST_ATTEMPTS = 10
ATTEMPTS_WINDOW = timedelta(minutes=15)


@cache
def password_hasher() -> PasswordHasher:
    """One for passwords and PINs."""
    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash that no password opens: an unknown name takes as long as a wrong password."""
    return password_hasher().hash(secrets.token_hex(16))


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
        StaffCredential(
            person_id=person.id, login=login, password_hash=password_hasher().hash(password), created_at=now
        )
    )
    session.flush()
    return person


def count_attempt(session: Session, login: str, address: str, *, cipher: Cipher, now: datetime) -> TooMany | None:
    """Count one try at a login's password from one address; past ten in 15 minutes it is put off (decision 26).

    Counted in a commit of its own before the password is looked at, so that many at once count too; the
    refusal is returned, not raised, for the count to stay (decision 12). Nothing else is limited by address.
    """
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    is_over = SignInAttempts.since <= now - ATTEMPTS_WINDOW
    counted = session.execute(
        dialect.insert(SignInAttempts)
        .values(key_hash=_attempts_key(login, address, cipher), attempts=1, since=now)
        .on_conflict_do_update(
            index_elements=[SignInAttempts.key_hash],
            set_={
                "attempts": case((is_over, 1), else_=SignInAttempts.attempts + 1),
                "since": case((is_over, now), else_=SignInAttempts.since),
            },
        )
        .returning(SignInAttempts.attempts, SignInAttempts.since)
    ).one()
    if counted.attempts <= MOST_ATTEMPTS:
        return None
    left = counted.since + ATTEMPTS_WINDOW - now
    return TooMany("too_many_requests", retry_after=max(1, math.ceil(left.total_seconds())))


def clear_attempts(session: Session, login: str, address: str, *, cipher: Cipher) -> None:
    """Who got in starts anew."""
    session.execute(delete(SignInAttempts).where(SignInAttempts.key_hash == _attempts_key(login, address, cipher)))


def drop_old_attempts(session: Session, *, now: datetime) -> int:
    """Delete counts that hold nobody back any more; says how many."""
    rows = session.execute(delete(SignInAttempts).where(SignInAttempts.since <= now - ATTEMPTS_WINDOW))
    return int(rows.rowcount)  # type: ignore[attr-defined]  # typed as Result; a DELETE gives a CursorResult


def _attempts_key(login: str, address: str, cipher: Cipher) -> str:
    return cipher.keyed_hash("staff-sign-in", f"{address} {login.lower()}")


def check_password(
    session: Session, login: str, password: str, otp: str | None, *, cipher: Cipher, now: datetime
) -> Person:
    """The person behind a name and password. Raises NotSignedIn with one code for every reason."""
    credential = _credential(session, login)
    try:
        password_hasher().verify(credential.password_hash if credential else _nobody(), password)
    except (VerificationError, InvalidHashError):
        raise NotSignedIn("staff_sign_in_failed") from None
    if credential is None:
        raise NotSignedIn("staff_sign_in_failed")
    if credential.totp_cipher and not check_totp(cipher.decrypt(credential.totp_cipher), otp or "", now=now):
        raise NotSignedIn("staff_sign_in_failed")
    return session.get_one(Person, credential.person_id)


def note_failure(session: Session, login: str, *, now: datetime) -> None:
    """Leave a trace of a failed sign-in to an account that exists (decision 12)."""
    credential = _credential(session, login)
    if credential is not None:
        audit.record(
            session,
            person_id=None,
            action="staff.sign_in_failed",
            subject_kind="person",
            subject_id=credential.person_id,
            now=now,
        )


def _credential(session: Session, login: str) -> StaffCredential | None:
    return session.scalar(select(StaffCredential).where(func.lower(StaffCredential.login) == login.lower()))


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
