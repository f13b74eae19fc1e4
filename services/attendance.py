"""Checking in 签到: every scan is kept, one of them counts. The hot path: one look, three writes.

Who wins is decided by the unique indexes of `check_ins`, in the insert itself. The loser of a race
(the same person twice, one ticket and two accounts, one phone and two people) looks again and then
sees what the winner wrote, on both databases.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, Select, Table, TextClause, and_, bindparam, null, select, text
from sqlalchemy.orm import Session

from domain.attendance import (
    COUNTED_GRADES,
    PRESENT_STATES,
    ActivityFacts,
    MembershipFacts,
    TicketFacts,
    arrival_state,
    check_audience,
    check_takes_place,
    credit_on,
    grade_scan,
    ticket_refusal,
)
from domain.errors import Busy, Conflict, Invalid, NotFound, Refusal
from domain.permissions import Actor
from models.activity import COUNTED, IN_REVIEW, NOT_REJECTED, ActivityHost, CheckIn
from models.base import Base
from models.organisation import PartyBranch
from services.first_wins import insert_if_first
from services.ports import Signer
from services.registrations import move_registration, new_registration
from services.scan_tickets import read_ticket

ATTEMPTS = 5
"""How often a scan looks again after losing a race; each time somebody else has won."""


@dataclass(frozen=True, slots=True)
class CheckInByCode:
    """One scan as the phone sends it. `device_hash` is a keyed hash of the request's X-Device-Id."""

    activity: str
    ticket: str
    client_uuid: str
    request_digest: str
    device_hash: str | None = None


@dataclass(frozen=True, slots=True)
class CheckInOutcome:
    """What became of a scan. With `refusal` the scan is kept all the same: commit, then answer 4xx (decision 12)."""

    activity_code: str
    activity_title: str
    host_branch: str | None
    at: datetime
    grade: str
    reasons: tuple[str, ...] = ()
    state: str = "registered"
    is_first: bool = False
    refusal: Refusal | None = None


def check_in(
    session: Session, command: CheckInByCode, *, actor: Actor, signer: Signer, now: datetime
) -> CheckInOutcome:
    """Check one person in by a scan ticket; repeats answer as the first time, refused scans are kept.

    Raises:
        NotFound: `unknown_activity`. Conflict: `client_uuid_reused`. Busy: five races lost in a row.
    """
    connection = session.connection()
    ticket = _read_or_none(command.ticket, signer)
    for _ in range(ATTEMPTS):
        scan = _look(connection, command, ticket, actor)
        outcome = scan.settle(connection, now=now)
        if outcome is not None:
            return outcome
    raise Busy("busy")


def _read_or_none(text: str, signer: Signer) -> TicketFacts | None:
    try:
        return read_ticket(text, signer)
    except Invalid:
        return None


# -- one look at all that matters ------------------------------------------------------------------

_SCANS: Table = CheckIn.metadata.tables["check_ins"]
_TABLES = Base.metadata.tables


@cache
def _look_query() -> Select[Any]:
    """The activity, my registration, the scans that could matter, my memberships on that date: one statement."""
    activity, mine, member = _TABLES["activities"], _TABLES["registrations"], _TABLES["memberships"]
    counted, review, keyed, used, device = (
        _SCANS.alias(name) for name in ("counted", "in_review", "keyed", "used", "device")
    )
    person: BindParameter[int] = bindparam("person")
    me_here = [(scan.c.activity_id == activity.c.id) & (scan.c.person_id == person) for scan in (counted, review)]
    host = (
        select(PartyBranch.name)
        .join(ActivityHost, ActivityHost.branch_id == PartyBranch.id)
        .where(ActivityHost.activity_id == activity.c.id)
        .order_by(ActivityHost.id)
        .limit(1)
        .scalar_subquery()
    )
    columns = (
        *(activity.c[name] for name in ("id", "code", "title", "state", "audience", "starts", "ends", "held_on")),
        *(activity.c[name] for name in ("checkin_mode", "late_after_minutes", "timezone", "capacity")),
        host.label("host_branch"),
        mine.c.id.label("registration_id"),
        mine.c.state.label("registration_state"),
        *(counted.c[name].label(f"counted_{name}") for name in ("id", "at", "grade", "reasons")),
        *(review.c[name].label(f"review_{name}") for name in ("id", "at", "grade", "reasons")),
        *(
            keyed.c[name].label(f"keyed_{name}")
            for name in ("id", "at", "grade", "reasons", "request_digest", "repeat_of_id")
        ),
        used.c.person_id.label("ticket_owner"),
        device.c.person_id.label("device_owner"),
        *(member.c[name].label(f"member_{name}") for name in ("branch_id", "kind", "from_on", "to_on")),
    )
    return (
        select(*columns)
        .select_from(activity)
        .outerjoin(mine, and_(mine.c.activity_id == activity.c.id, mine.c.person_id == person))
        .outerjoin(counted, and_(me_here[0], _indexed("counted", COUNTED)))
        .outerjoin(review, and_(me_here[1], _indexed("in_review", IN_REVIEW)))
        .outerjoin(
            keyed,
            and_(
                keyed.c.person_id == person,
                keyed.c.client_uuid == bindparam("key"),
                _indexed("keyed", NOT_REJECTED),
            ),
        )
        .outerjoin(used, and_(used.c.ticket_nonce == bindparam("nonce"), _indexed("used", "binds_ticket")))
        .outerjoin(
            device,
            and_(
                device.c.activity_id == activity.c.id,
                device.c.device_hash == bindparam("device"),
                _indexed("device", "claims_device"),
            ),
        )
        .outerjoin(
            member,
            and_(
                member.c.person_id == person,
                member.c.from_on <= activity.c.held_on,
                (member.c.to_on == null()) | (member.c.to_on > activity.c.held_on),
            ),
        )
        .where(activity.c.code == bindparam("code"))
    )


def _indexed(alias: str, condition: str) -> TextClause:
    """The condition of a partial index, word for word: with bound values no database would use the index."""
    return text(re.sub(r"\b(repeat_of_id|grade|binds_ticket|claims_device)\b", rf"{alias}.\1", condition))


def _look(connection: Connection, command: CheckInByCode, ticket: TicketFacts | None, actor: Actor) -> "_Scan":
    rows = connection.execute(
        _look_query(),
        {
            "code": command.activity.upper(),
            "person": actor.person_id,
            "key": command.client_uuid,
            "nonce": ticket.nonce if ticket else None,
            "device": command.device_hash,
        },
    ).all()
    if not rows:
        raise NotFound("unknown_activity")
    return _Scan(command, ticket, actor, rows)


# -- what becomes of it ----------------------------------------------------------------------------


class _Scan:
    """One scan against what the database holds right now."""

    def __init__(
        self, command: CheckInByCode, ticket: TicketFacts | None, actor: Actor, rows: Sequence[Row[Any]]
    ) -> None:
        self.command, self.ticket, self.actor = command, ticket, actor
        self.seen = seen = rows[0]
        self.facts = ActivityFacts(
            state=seen.state,
            audience=seen.audience,
            starts=seen.starts,
            ends=seen.ends,
            checkin_mode=seen.checkin_mode,
            late_after_minutes=seen.late_after_minutes,
            timezone=seen.timezone,
        )
        self.credit = credit_on(
            [
                MembershipFacts(r.member_branch_id, r.member_kind, r.member_from_on, r.member_to_on)
                for r in rows
                if r.member_branch_id is not None
            ],
            seen.held_on,
        )

    def settle(self, connection: Connection, *, now: datetime) -> CheckInOutcome | None:
        """Write the scan and what follows from it; None where somebody else was first, so look again."""
        seen = self.seen
        if seen.keyed_id is not None:
            if seen.keyed_request_digest != self.command.request_digest:
                raise Conflict("client_uuid_reused")
            return self._as_before(self._first_of_key())
        refusal = self._refusal(now)
        if refusal is not None:
            return self._keep_refused(connection, refusal, now=now)
        if seen.counted_id is not None:
            return self._keep_repeat(connection, "counted", now=now)
        shared = seen.device_owner is not None and seen.device_owner != self.actor.person_id
        grade, reasons = grade_scan(is_device_shared=shared)
        if grade == "review" and seen.review_id is not None:
            return self._keep_repeat(connection, "review", now=now)
        return self._keep_first(connection, grade, reasons, now=now)

    def _refusal(self, now: datetime) -> Refusal | None:
        try:
            check_takes_place(self.facts)
            if self.ticket is None:
                return Invalid("ticket_invalid")
            refusal = ticket_refusal(
                self.ticket,
                activity_id=self.seen.id,
                owner=self.seen.ticket_owner,
                person=self.actor.person_id,
                now=now,
            )
            if refusal is not None and not (refusal.code == "ticket_expired" and self.seen.counted_id is not None):
                return refusal
            check_audience(
                self.facts.audience,
                credit=self.credit,
                has_member_role=self.actor.has_role("member"),
                is_listed=self.seen.registration_state not in (None, "cancelled"),
            )
        except NotFound:
            raise
        except Refusal as refusal:
            return refusal
        return None

    def _first_of_key(self) -> str:
        """Where this key's scan was a repeat, the first answer was that of the scan it repeated."""
        seen = self.seen
        firsts = {seen.counted_id: "counted", seen.review_id: "review"}
        return firsts.get(seen.keyed_repeat_of_id, "keyed") if seen.keyed_repeat_of_id else "keyed"

    # the four ways a scan ends

    def _as_before(self, which: str) -> CheckInOutcome:
        """The answer of the first time."""
        seen = self.seen._mapping
        return self._outcome(
            seen[f"{which}_at"],
            seen[f"{which}_grade"],
            seen[f"{which}_reasons"],
            state=self.seen.registration_state or "registered",
        )

    def _keep_repeat(self, connection: Connection, which: str, *, now: datetime) -> CheckInOutcome | None:
        """Already in: the scan is kept beside the first one, which stands."""
        first = self.seen._mapping
        kept = self._insert(
            connection,
            now=now,
            grade=first[f"{which}_grade"],
            reasons=first[f"{which}_reasons"],
            repeat_of_id=first[f"{which}_id"],
        )
        return self._as_before(which) if kept else None

    def _keep_refused(self, connection: Connection, refusal: Refusal, *, now: datetime) -> CheckInOutcome | None:
        if not self._insert(connection, now=now, grade="rejected", reasons=[refusal.code]):
            return None
        return self._outcome(now, "rejected", [refusal.code], state=self.seen.registration_state, refusal=refusal)

    def _keep_first(
        self, connection: Connection, grade: str, reasons: list[str], *, now: datetime
    ) -> CheckInOutcome | None:
        at = self._scanned_at(now)
        if not self._insert(connection, now=now, grade=grade, reasons=reasons):
            return None
        state = arrival_state(self.facts, at) if grade in COUNTED_GRADES else "registered"
        self._arrive(connection, state, now=now)
        return self._outcome(at, grade, reasons, state=state, is_first=True)

    def _arrive(self, connection: Connection, state: str, *, now: datetime) -> None:
        """Registration follows the scan: made at the door where there is none; attended wins over leave."""
        seen, person = self.seen, self.actor.person_id
        found: tuple[int, str] | None = (
            (seen.registration_id, seen.registration_state) if seen.registration_id is not None else None
        )
        if found is None:
            made = new_registration(
                connection,
                activity_id=seen.id,
                person_id=person,
                credit=self.credit,
                source="door",
                reason="check_in",
                state=state,
                capacity=seen.capacity,
                now=now,
            )
            if made:
                return
            found = _lock_registration(connection, seen.id, person)
        while found and state in PRESENT_STATES and found[1] not in PRESENT_STATES:
            if move_registration(connection, found[0], found[1], state, reason="check_in", by=person, now=now):
                return
            found = _lock_registration(connection, seen.id, person)

    def _insert(self, connection: Connection, *, now: datetime, grade: str, **values: Any) -> bool:
        """Write the scan row; False where a unique index says that somebody else was first."""
        seen, ticket = self.seen, self.ticket
        is_ours = ticket is not None and ticket.activity_id == seen.id
        device = self.command.device_hash if grade != "rejected" else None
        row = {
            "activity_id": seen.id,
            "person_id": self.actor.person_id,
            "at": self._scanned_at(now),
            "method": "code",
            "grade": grade,
            "repeat_of_id": None,
            "ticket_nonce": ticket.nonce if ticket else None,
            "code_step": ticket.step if ticket else None,
            "binds_ticket": is_ours and seen.ticket_owner is None,
            "device_hash": self.command.device_hash,
            "claims_device": device is not None and seen.device_owner is None,
            "created_at": now,
            "client_uuid": self.command.client_uuid,
            "request_digest": self.command.request_digest,
            **values,
        }
        return connection.execute(insert_if_first(connection.dialect.name, _SCANS), row).rowcount == 1

    def _scanned_at(self, now: datetime) -> datetime:
        return self.ticket.issued_at if self.ticket else now

    def _outcome(
        self,
        at: datetime,
        grade: str,
        reasons: list[str],
        *,
        state: str | None,
        is_first: bool = False,
        refusal: Refusal | None = None,
    ) -> CheckInOutcome:
        return CheckInOutcome(
            activity_code=self.seen.code,
            activity_title=self.seen.title,
            host_branch=self.seen.host_branch,
            at=self.facts.local(at),
            grade=grade,
            reasons=tuple(reasons),
            state=state or "registered",
            is_first=is_first,
            refusal=refusal,
        )


def _lock_registration(connection: Connection, activity_id: int, person_id: int) -> tuple[int, str] | None:
    table = _TABLES["registrations"]
    row = connection.execute(
        select(table.c.id, table.c.state)
        .where(table.c.activity_id == activity_id, table.c.person_id == person_id)
        .with_for_update()
    ).first()
    return (row.id, row.state) if row else None
