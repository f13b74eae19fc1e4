"""People 人员: sign-in, tokens, own settings."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import Conflict, Invalid, NotAllowed, NotSignedIn
from domain.permissions import Actor, GrantFacts
from models.centre import Centre
from models.organisation import Chain, Department, Membership, Org, PartyBranch
from models.people import AuthToken, Grant, Person, StaffCredential, WeChatAccount
from services.ports import Cipher, WeChatIdentity

TOKEN_DAYS = 30
MOST_SETTINGS = 20
NAMED_SCOPES = {
    "department": (Department.id, Department.code, Department.name),
    "chain": (Chain.id, Chain.code, Chain.name),
    "branch": (PartyBranch.id, PartyBranch.code, PartyBranch.name),
    "centre": (Centre.id, Centre.code, Centre.name),
}
NEW_PERSON_NAME = "微信用户"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh token (shown once) and whose it is."""

    token: str
    expires_at: datetime
    person: Person


def hash_token(token: str) -> str:
    """Tokens are random and long, so a plain hash is enough to store (decision 6)."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in_wechat(session: Session, identity: WeChatIdentity, *, device_id: str | None, now: datetime) -> SignedIn:
    """Sign in the person behind a WeChat account; an unknown account becomes a new person.

    Accounts of one unionid are one person (decision 5). Raises NotAllowed for a blocked person.
    """
    account = _account_of(session, identity) or _new_account(session, identity, now=now)
    if identity.unionid and account.unionid != identity.unionid:
        account.unionid = identity.unionid
    return issue_token(session, session.get_one(Person, account.person_id), device_id=device_id, now=now)


def _account_of(session: Session, identity: WeChatIdentity) -> WeChatAccount | None:
    return session.scalar(
        select(WeChatAccount).where(WeChatAccount.appid == identity.appid, WeChatAccount.openid == identity.openid)
    )


def _new_account(session: Session, identity: WeChatIdentity, *, now: datetime) -> WeChatAccount:
    """A first sign-in; two in the same moment make one person."""
    try:
        with session.begin_nested():
            person = _person_of_unionid(session, identity.unionid)
            if person is None:
                person = Person(name=NEW_PERSON_NAME, settings={}, created_at=now)
                session.add(person)
                session.flush()
            account = WeChatAccount(
                person_id=person.id,
                appid=identity.appid,
                openid=identity.openid,
                unionid=identity.unionid,
                created_at=now,
            )
            session.add(account)
        return account
    except IntegrityError:
        rival = _account_of(session, identity)
        if rival is None:
            raise
        return rival


def _person_of_unionid(session: Session, unionid: str | None) -> Person | None:
    if not unionid:
        return None
    return session.scalar(
        select(Person).join(WeChatAccount, WeChatAccount.person_id == Person.id).where(WeChatAccount.unionid == unionid)
    )


def issue_token(session: Session, person: Person, *, device_id: str | None, now: datetime) -> SignedIn:
    """A new opaque token for this device. Raises NotAllowed `sign_in_blocked` for a blocked or erased person."""
    if person.state != "active":
        raise NotAllowed("sign_in_blocked")
    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(days=TOKEN_DAYS)
    session.add(
        AuthToken(
            person_id=person.id,
            token_hash=hash_token(token),
            device_id=device_id,
            expires_at=expires_at,
            created_at=now,
        )
    )
    session.flush()
    return SignedIn(token, expires_at, person)


def sign_out(session: Session, token: str, *, now: datetime) -> None:
    """Revoke one token; a token that is unknown or revoked already changes nothing."""
    session.execute(
        update(AuthToken)
        .where(AuthToken.token_hash == hash_token(token), AuthToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def drop_old_tokens(session: Session, *, now: datetime) -> int:
    """Delete the tokens that ended, with the devices they name; says how many."""
    rows = session.execute(delete(AuthToken).where(AuthToken.expires_at <= now))
    return int(rows.rowcount)  # type: ignore[attr-defined]  # typed as Result; a DELETE gives a CursorResult


_token, _person, _grant = AuthToken.__table__.c, Person.__table__.c, Grant.__table__.c
# Asked by every request: built once, on the tables.
_BY_TOKEN = (
    select(
        _person.id,
        _person.zone,
        _person.name,
        _grant.role,
        _grant.scope_kind,
        _grant.scope_id,
        _grant.from_on,
        _grant.to_on,
    )
    .select_from(AuthToken.__table__)
    .join(Person.__table__, _person.id == _token.person_id)
    .outerjoin(
        Grant.__table__,
        and_(
            _grant.person_id == _person.id,
            _grant.from_on <= bindparam("today"),
            _grant.to_on.is_(None) | (_grant.to_on > bindparam("today")),
        ),
    )
    .where(
        _token.token_hash == bindparam("token_hash"),
        _token.revoked_at.is_(None),
        _token.expires_at > bindparam("now"),
        _person.state == "active",
    )
)


def authenticate(session: Session, token: str, *, device_id: str | None, now: datetime, today: date) -> Actor:
    """The actor behind a token, with the grants valid today: one query.

    Raises NotSignedIn: `session_expired` for a token that is unknown, revoked or too old.
    """
    rows = session.execute(_BY_TOKEN, {"token_hash": hash_token(token), "now": now, "today": today}).all()
    if not rows:
        raise NotSignedIn("session_expired")
    grants = tuple(
        GrantFacts(row.role, row.scope_kind, row.scope_id, row.from_on, row.to_on)
        for row in rows
        if row.role is not None
    )
    first = rows[0]
    return Actor(person_id=first.id, grants=grants, zone=first.zone, device_id=device_id, name=first.name)


def actor_of(session: Session, person_id: int, *, today: date) -> Actor | None:
    """A person known by other means than a token (a WeChat message, the terminal); None unless active."""
    person = session.get(Person, person_id)
    if person is None or person.state != "active":
        return None
    rows = session.scalars(
        select(Grant).where(
            Grant.person_id == person_id,
            Grant.from_on <= today,
            (Grant.to_on.is_(None)) | (Grant.to_on > today),
        )
    )
    grants = tuple(GrantFacts(row.role, row.scope_kind, row.scope_id, row.from_on, row.to_on) for row in rows)
    return Actor(person_id=person.id, grants=grants, zone=person.zone, name=person.name)


def grant_role(
    session: Session,
    person_id: int,
    role: str,
    *,
    scope_kind: str = "district",
    scope_id: int | None = None,
    from_on: date,
    to_on: date | None = None,
    now: datetime,
) -> Grant:
    """Give a role; the same role in the same scope, still open, is given once."""
    existing = session.scalar(
        select(Grant).where(
            Grant.person_id == person_id,
            Grant.role == role,
            Grant.scope_kind == scope_kind,
            Grant.scope_id.is_not_distinct_from(scope_id),
            Grant.to_on.is_(None),
        )
    )
    if existing:
        return existing
    grant = Grant(
        person_id=person_id,
        role=role,
        scope_kind=scope_kind,
        scope_id=scope_id,
        from_on=from_on,
        to_on=to_on,
        created_at=now,
    )
    session.add(grant)
    session.flush()
    return grant


def end_grants(
    session: Session, person_id: int, role: str, *, scope_kind: str, scope_id: int | None, today: date
) -> int:
    """Take a role back from today: rows that began earlier keep their history, later ones go. Returns how many."""
    rows = session.scalars(
        select(Grant).where(
            Grant.person_id == person_id,
            Grant.role == role,
            Grant.scope_kind == scope_kind,
            Grant.scope_id.is_not_distinct_from(scope_id),
            (Grant.to_on.is_(None)) | (Grant.to_on > today),
        )
    ).all()
    for row in rows:
        if row.from_on < today:
            row.to_on = today
        else:
            session.delete(row)
    session.flush()
    return len(rows)


def change_me(
    session: Session, person_id: int, *, name: str | None, zone: str | None, settings: dict[str, bool] | None
) -> None:
    """Change one's own name, zone or settings; None leaves a thing as it is.

    A name that a branch or an office wrote down stays: hosts know people by it.
    Raises Invalid `invalid` for more settings than a person can have, Conflict `name_registered`.
    """
    person = session.get_one(Person, person_id)
    if name is not None and name != person.name:
        if _is_on_a_roster(session, person_id):
            raise Conflict("name_registered")
        person.name = name
    if zone is not None:
        person.zone = zone
    if settings is not None:
        person.settings = {**person.settings, **settings}
        if len(person.settings) > MOST_SETTINGS:
            raise Invalid("invalid", fields={"settings": [f"at most {MOST_SETTINGS}"]})
    session.flush()


def _is_on_a_roster(session: Session, person_id: int) -> bool:
    """Whether a branch has the person as a member, or an office gave them an account."""
    member = select(Membership.id).where(Membership.person_id == person_id)
    staff = select(StaffCredential.id).where(StaffCredential.person_id == person_id)
    return session.scalar(member.limit(1)) is not None or session.scalar(staff.limit(1)) is not None


@dataclass(frozen=True, slots=True)
class ScopeName:
    """What a grant reaches: its code, and its name of today. The district has no code."""

    code: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person sees of themself."""

    person: Person
    phone_masked: str | None
    orgs: tuple[tuple[str, str], ...]
    branch: tuple[str, str] | None
    scopes: dict[tuple[str, int | None], ScopeName]


def profile(session: Session, actor: Actor, *, cipher: Cipher, today: date) -> Profile:
    """Own record: masked phone, the firms one acts for, the home branch of today."""
    person = session.get_one(Person, actor.person_id)
    org_ids = actor.scopes("enterprise_contact", "org")
    orgs = session.scalars(select(Org).where(Org.id.in_(org_ids)).order_by(Org.id)).all() if org_ids else []
    branch = home_branch(session, actor.person_id, today)
    return Profile(
        person=person,
        phone_masked=mask_phone(cipher.decrypt(person.phone_cipher)) if person.phone_cipher else None,
        orgs=tuple((org.code, org.name_on(today)) for org in orgs),
        branch=(branch.code, branch.name) if branch else None,
        scopes=scopes_of(session, actor, today=today),
    )


def scopes_of(session: Session, actor: Actor, *, today: date) -> dict[tuple[str, int | None], ScopeName]:
    """What each scope of a person's grants is called, by (kind, id)."""
    found: dict[tuple[str, int | None], ScopeName] = {("district", None): ScopeName(None, "全区")}
    wanted = {kind: {g.scope_id for g in actor.grants if g.scope_kind == kind} for kind in (*NAMED_SCOPES, "org")}
    for kind, columns in NAMED_SCOPES.items():
        if wanted[kind]:
            rows = session.execute(select(*columns).where(columns[0].in_(wanted[kind])))
            found |= {(kind, row[0]): ScopeName(row[1], row[2]) for row in rows}
    if wanted["org"]:
        orgs = session.scalars(select(Org).where(Org.id.in_(wanted["org"])))
        found |= {("org", org.id): ScopeName(org.code, org.name_on(today)) for org in orgs}
    return found


def home_branch(session: Session, person_id: int, day: date) -> PartyBranch | None:
    """The branch a person belongs to on that day (党组织隶属)."""
    return session.scalar(
        select(PartyBranch)
        .join(Membership, Membership.branch_id == PartyBranch.id)
        .where(
            Membership.person_id == person_id,
            Membership.from_on <= day,
            (Membership.to_on.is_(None)) | (Membership.to_on > day),
        )
        .order_by(Membership.from_on.desc())
    )


def mask_phone(phone: str) -> str:
    """138****8000: enough for the owner to know which one it is."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else "****"


def save_phone(session: Session, person_id: int, phone: str, *, cipher: Cipher) -> None:
    """Keep a verified phone: ciphertext to show, keyed hash to find (decision 9)."""
    person = session.get_one(Person, person_id)
    person.phone_cipher = cipher.encrypt(phone)
    person.phone_hash = cipher.keyed_hash("phone", phone)
    session.flush()
