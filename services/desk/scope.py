"""Whose desk it is: a centre, for those who are on duty there."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import NotAllowed
from domain.local_time import local_day
from domain.permissions import Actor, runs_desk
from models.people import Person
from models.platform import AuditEntry
from services import audit
from services.centre.catalogue import CentreFacts, centre_by_code, lock_centre

_audit = AuditEntry.__table__.c


def desk_centre(session: Session, code: str, actor: Actor, *, lock: bool = False) -> CentreFacts:
    """A centre, for who runs its desk; with `lock` nobody else changes or books it meanwhile.

    Raises NotFound `unknown_centre`; NotAllowed `not_allowed`.
    """
    centre = centre_by_code(session, code)
    if not runs_desk(actor, centre.id):
        raise NotAllowed("not_allowed")
    return lock_centre(session, code) if lock else centre


def is_noted(session: Session, centre: CentreFacts, actor: Actor, action: str, *, now: datetime) -> bool:
    """Whether that somebody looked at this centre's guests today is in the audit log already."""
    last = session.scalar(
        select(_audit.at)
        .where(
            _audit.subject_kind == "centre",
            _audit.subject_id == centre.id,
            _audit.action == action,
            _audit.person_id == actor.person_id,
        )
        .order_by(_audit.id.desc())
        .limit(1)
    )
    return last is not None and local_day(last, centre.tz) == local_day(now, centre.tz)


def note_look(session: Session, centre: CentreFacts, actor: Actor, action: str, *, now: datetime) -> None:
    """One audit row per person, centre and local day; the person's row is locked, so two tabs write one."""
    session.execute(
        select(Person.__table__.c.id)
        .where(Person.__table__.c.id == actor.person_id)
        .with_for_update(key_share=True, of=Person.__table__)
    )
    if not is_noted(session, centre, actor, action, now=now):
        audit.record(
            session, person_id=actor.person_id, action=action, subject_kind="centre", subject_id=centre.id, now=now
        )
