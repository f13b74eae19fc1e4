"""One-time codes: an invitation to a firm or branch 邀请码, the link between two WeChat accounts."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from domain.codes import new_code
from domain.errors import Conflict, Invalid
from domain.permissions import Actor
from models.activity import CheckIn, Leave, Registration
from models.centre import Booking
from models.demand import Demand
from models.organisation import Membership, Org, PartyBranch
from models.people import AuthToken, ClaimCode, Grant, Person, StaffCredential, WeChatAccount
from models.waitlist import WaitlistEntry
from services import audit
from services.people import grant_role

LINK_VALID = timedelta(minutes=10)
INVITE_LENGTH = 12
INVITE_VALID = timedelta(days=14)
CLAIMED_NAME = "已并入"
RECORDS = (Membership, Booking, Registration, CheckIn, Leave, Demand, WaitlistEntry)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a code was for, and the name of the firm or branch."""

    kind: str
    name: str | None


def _hash(code: str) -> str:
    return hashlib.sha256(code.strip().upper().encode()).hexdigest()


def make_link_code(session: Session, person_id: int, *, now: datetime) -> tuple[str, datetime]:
    """A code that joins the account it is typed in to this person, for ten minutes, once."""
    code, until = new_code(), now + LINK_VALID
    session.add(ClaimCode(code_hash=_hash(code), kind="link", person_id=person_id, expires_at=until, created_at=now))
    session.flush()
    return code, until


def invite(
    session: Session, *, org_id: int | None = None, branch_id: int | None = None, now: datetime
) -> tuple[str, datetime]:
    """An invitation for a firm's contact or a branch's member. Raises Invalid unless exactly one is named."""
    if (org_id is None) == (branch_id is None):
        raise Invalid("invalid")
    code, until = new_code(INVITE_LENGTH), now + INVITE_VALID
    session.add(
        ClaimCode(
            code_hash=_hash(code), kind="invite", org_id=org_id, branch_id=branch_id, expires_at=until, created_at=now
        )
    )
    session.flush()
    return code, until


def use(session: Session, code: str, *, actor: Actor, now: datetime, today: date) -> Claimed:
    """Use a code once. Raises Conflict `claim_invalid` for one that is unknown, used or too old."""
    row = session.scalar(select(ClaimCode).where(ClaimCode.code_hash == _hash(code)).with_for_update())
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise Conflict("claim_invalid")
    row.used_at = now
    if row.kind == "link":
        return _link(session, row, actor, now=now)
    if row.org_id is not None:
        org = session.get_one(Org, row.org_id)
        grant_role(
            session, actor.person_id, "enterprise_contact", scope_kind="org", scope_id=org.id, from_on=today, now=now
        )
        return Claimed("invite", org.name_on(today))
    branch = session.get_one(PartyBranch, row.branch_id)
    _join(session, actor.person_id, branch.id, today=today, now=now)
    return Claimed("invite", branch.name)


def _join(session: Session, person_id: int, branch_id: int, *, today: date, now: datetime) -> None:
    """Become a member of a branch from today; a membership elsewhere ends the same day."""
    held = session.scalars(
        select(Membership).where(Membership.person_id == person_id, Membership.to_on.is_(None))
    ).all()
    if any(m.branch_id == branch_id for m in held):
        return
    for membership in held:
        if membership.from_on >= today:
            session.delete(membership)
        else:
            membership.to_on = today
    session.add(Membership(person_id=person_id, branch_id=branch_id, from_on=today, confirmed_at=now))
    grant_role(session, person_id, "member", scope_kind="branch", scope_id=branch_id, from_on=today, now=now)


def _link(session: Session, row: ClaimCode, actor: Actor, *, now: datetime) -> Claimed:
    """The accounts of the one typing join the person who made the code; old tokens end (decision 5).

    Raises Conflict `link_needs_merge` where the one typing has a record of their own to keep:
    merging two people with records is done by an office, reversibly, never by a code.
    """
    if row.person_id is None or row.person_id == actor.person_id:
        raise Conflict("claim_invalid")
    if actor.grants or _has_record(session, actor.person_id):
        raise Conflict("link_needs_merge")
    session.execute(
        update(WeChatAccount).where(WeChatAccount.person_id == actor.person_id).values(person_id=row.person_id)
    )
    session.execute(
        update(AuthToken)
        .where(AuthToken.person_id == actor.person_id, AuthToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return Claimed("link", None)


def claim_by_phone(session: Session, person_id: int, *, now: datetime) -> bool:
    """Become the person of a list (名册认领) who has this confirmed phone and never signed in; says whether one was.

    Their branch and roles come over, with the name an office wrote down; ids of what moved stay in the audit log, so
    that it can be taken back. Somebody with a record of their own is left for an office to join.
    """
    person = session.get_one(Person, person_id)
    listed = session.scalars(
        select(Person).where(
            Person.phone_hash == person.phone_hash,
            Person.id != person_id,
            Person.state == "active",
            ~exists().where(WeChatAccount.person_id == Person.id),
            ~exists().where(StaffCredential.person_id == Person.id),
        )
    ).all()
    if person.phone_hash is None or len(listed) != 1:
        return False
    found = listed[0]
    if any(session.scalar(select(kind.id).where(kind.person_id == found.id).limit(1)) for kind in RECORDS[1:]):
        return False
    memberships = session.scalars(select(Membership).where(Membership.person_id == found.id)).all()
    own = select(Membership.id).where(Membership.person_id == person_id, Membership.to_on.is_(None))
    if memberships and session.scalar(own.limit(1)) is not None:
        return False
    grants = session.scalars(select(Grant).where(Grant.person_id == found.id)).all()
    for membership in memberships:
        membership.person_id = person_id
    for grant in grants:
        grant.person_id = person_id
    person.name, person.zone = found.name, person.zone or found.zone
    found.state, found.name, found.phone_hash, found.phone_cipher = "erased", CLAIMED_NAME, None, None
    moved = {"memberships": [row.id for row in memberships], "grants": [row.id for row in grants]}
    audit.record(
        session,
        person_id=person_id,
        action="person.claimed",
        subject_kind="person",
        subject_id=found.id,
        now=now,
        details=moved,
    )
    session.flush()
    return True


def _has_record(session: Session, person_id: int) -> bool:
    return any(session.scalar(select(kind.id).where(kind.person_id == person_id).limit(1)) for kind in RECORDS)
