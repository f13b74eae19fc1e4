"""The desk's part in marks 爽约记录: what people contested, and whether it counts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from domain.booking_text import KEPT, WAIVED, clock_text
from domain.errors import Conflict, NotAllowed, NotFound
from domain.marks import LOOK_BACK
from domain.permissions import Actor
from models.centre import Mark, Service
from services.booking.mark_views import MarkView, locked_mark, read_marks
from services.booking.states import tell
from services.booking.views import booking_by_code
from services.desk.scope import desk_centre

_mark, _service = Mark.__table__.c, Service.__table__.c


def list_contested(
    session: Session, centre: str, *, actor: Actor, waiting_only: bool = True, now: datetime
) -> Sequence[MarkView]:
    """What people contested at this centre, the oldest first; without `waiting_only` also what was decided lately.

    Nobody sees marks that were not contested: there is no list of people to blame. Raises NotFound `unknown_centre`;
    NotAllowed `not_allowed` for a desk elsewhere.
    """
    facts = desk_centre(session, centre, actor)
    wanted = (_service.centre_id == facts.id) & _mark.contested_at.is_not(None)
    wanted &= _mark.decided_at.is_(None) if waiting_only else _mark.at > now - LOOK_BACK
    return read_marks(session, wanted)[::-1]


def decide(
    session: Session, centre: str, mark_id: int, *, waive: bool, reason: str, actor: Actor, now: datetime
) -> MarkView:
    """Waive a contested mark (免记) or keep it (保留), with a reason its owner is told; once, and nobody their own.

    Raises NotFound `unknown_centre`, `unknown_mark`; NotAllowed `not_allowed`, `own_mark`; Conflict
    `mark_not_contested`, `mark_decided`.
    """
    facts = desk_centre(session, centre, actor)
    mark = locked_mark(session, mark_id)
    if mark.service.centre_id != facts.id:
        raise NotFound("unknown_mark")
    if mark.person_id == actor.person_id:
        raise NotAllowed("own_mark")
    if mark.contested_at is None:
        raise Conflict("mark_not_contested")
    if mark.decided_at is not None:
        if waive == (mark.keep_reason is None):
            return mark
        raise Conflict("mark_decided")
    decision: dict[str, Any] = {"waived_at": now, "waive_reason": reason} if waive else {"keep_reason": reason}
    session.execute(
        update(Mark.__table__)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        .where(_mark.id == mark_id)
        .values(decided_at=now, decided_by_id=actor.person_id, **decision)
    )
    news = (WAIVED if waive else KEPT).format(reason=reason, day=clock_text(mark.expires_at, facts.tz))
    tell(
        session,
        booking_by_code(session, mark.booking),
        "mark_decided",
        key=f"{mark.contested_at:%y%m%d%H%M%S}",
        now=now,
        news=news,
    )
    return replace(mark, decided_at=now, **decision)
