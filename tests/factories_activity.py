"""Builders for activities: `create_activity(session, now=now)` is a party day that runs right now."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.attendance import rotating_code, step_at
from domain.permissions import Actor, GrantFacts
from models.activity import Activity, CheckIn, Registration
from models.organisation import PartyBranch
from models.people import Person
from services.activity_making import CreateActivity, add_activity, publish
from services.attendance import CheckInByCode, CheckInOutcome, check_in
from services.idempotency import digest
from services.ports import Signer
from services.registrations import Register, register
from services.scan_tickets import code_key, issue_scan_ticket
from tests.factories import LONG_AGO, create_branch


def create_activity(
    session: Session,
    *,
    now: datetime,
    branch: PartyBranch | None = None,
    starts_in: timedelta = timedelta(0),
    lasts: timedelta = timedelta(hours=2),
    is_published: bool = True,
    **changes: Any,
) -> Activity:
    """An open party day of one branch, published, starting `starts_in` from now."""
    command = CreateActivity(
        **{
            "type": "theme_day",
            "title": "主题党日",
            "place": "党群活动室",
            "starts": now + starts_in,
            "ends": now + starts_in + lasts,
            "timezone": "Asia/Shanghai",
            "audience": "open",
            **changes,
        }
    )
    host = branch or create_branch(session)
    activity = add_activity(session, command, [("branch", host.id)], created_by_id=None, now=now)
    if is_published:
        publish(session, activity, by=None, now=now)
    return activity


def actor_of(person: Person, *grants: tuple[str, str, int | None]) -> Actor:
    """Somebody with grants `(role, scope kind, scope id)`."""
    return Actor(person.id, tuple(GrantFacts(role, kind, ref, LONG_AGO) for role, kind, ref in grants))


def secretary_of(person: Person, branch: PartyBranch) -> Actor:
    return actor_of(person, ("branch_secretary", "branch", branch.id))


def screen(activity: Activity, signer: Signer, *, at: datetime) -> str:
    """What the host's screen shows at that moment."""
    return f"http://testserver/q/checkin/{activity.code}.{rotating_code(code_key(activity, signer), step_at(at))}"


def take_ticket(session: Session, activity: Activity, signer: Signer, *, now: datetime) -> str:
    """Scan the screen now."""
    return issue_scan_ticket(session, activity.code, screen(activity, signer, at=now), signer=signer, now=now).text


def scan_command(
    activity: Activity, ticket: str, *, device: str | None = None, key: str | None = None
) -> CheckInByCode:
    """A check-in as the phone sends it."""
    return CheckInByCode(
        activity=activity.code,
        ticket=ticket,
        client_uuid=key or str(uuid4()),
        request_digest=digest({"activity": activity.code, "ticket": ticket}),
        device_hash=hashlib.sha256(device.encode()).hexdigest() if device else None,
    )


def scan_in(
    session: Session,
    activity: Activity,
    person: Person,
    signer: Signer,
    *,
    now: datetime,
    ticket: str | None = None,
    device: str | None = None,
    key: str | None = None,
    grants: Sequence[tuple[str, str, int | None]] = (),
) -> CheckInOutcome:
    """Scan (unless a ticket is given) and check in, at one moment."""
    ticket = ticket or take_ticket(session, activity, signer, now=now)
    command = scan_command(activity, ticket, device=device, key=key)
    return check_in(session, command, actor=actor_of(person, *grants), signer=signer, now=now)


def register_person(session: Session, activity: Activity, person: Person, *, now: datetime) -> Registration:
    """Register by app."""
    command = Register(activity.code, str(uuid4()), digest({"activity": activity.code}))
    return register(session, command, actor=actor_of(person), now=now)[0]


def registration_of(session: Session, activity: Activity, person: Person) -> Registration:
    """The row as the database has it now."""
    found = session.scalars(
        select(Registration)
        .where(Registration.activity_id == activity.id, Registration.person_id == person.id)
        .execution_options(populate_existing=True)
    ).one()
    return found


def scans_of(session: Session, activity: Activity, person: Person | None = None) -> list[CheckIn]:
    """All scans of an activity, oldest first."""
    query = select(CheckIn).where(CheckIn.activity_id == activity.id).order_by(CheckIn.id)
    if person is not None:
        query = query.where(CheckIn.person_id == person.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def count_scans(session: Session, activity: Activity, **conditions: Any) -> int:
    """How many scans with these values."""
    query = select(func.count()).select_from(CheckIn).where(CheckIn.activity_id == activity.id)
    return session.scalar(query.filter_by(**conditions)) or 0
