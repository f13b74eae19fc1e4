"""Importing people 人员导入: branches, who belongs to them, who holds which role. The same file again changes nothing.

A person is found by phone (keyed hash), else by name among those of the same branch or scope. The report
and the log never hold a name or a phone: a row is known by its line.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from domain.file_rows import Unreadable, place_of
from domain.people_file import PARTS, MembershipRow, PersonRow, read_branch, read_person
from models.organisation import Membership, PartyBranch, PartyBranchOrg
from models.people import Grant, Person
from services.import_report import ImportReport, Outcome
from services.people import NEW_PERSON_NAME
from services.ports import Cipher
from services.scopes import UnknownScope, find_scope


@dataclass(frozen=True, slots=True)
class _Membership:
    branch_id: int
    kind: str
    from_on: date | None
    to_on: date | None


@dataclass(frozen=True, slots=True)
class _Grant:
    role: str
    scope_kind: str
    scope_id: int | None
    from_on: date | None
    to_on: date | None


@dataclass(frozen=True, slots=True)
class _Run:
    """One import: its session and day, and the scopes looked up so far."""

    session: Session
    cipher: Cipher
    today: date
    now: datetime
    scopes: dict[str, tuple[str, int | None]]

    def scope(self, text: str) -> tuple[str, int | None]:
        """As `find_scope`, asked once for each. Raises UnknownScope."""
        if text not in self.scopes:
            self.scopes[text] = find_scope(self.session, text)
        return self.scopes[text]


def import_people(session: Session, payload: Any, *, cipher: Cipher, today: date, now: datetime) -> ImportReport:
    """`{"branches": […], "people": […], "memberships": […], "grants": […]}`, each part optional.

    A row that cannot be read is reported with its place and reason, the others go in. Raises nothing for bad rows.
    """
    report = ImportReport()
    if not isinstance(payload, Mapping):
        report.add("file", "refused", f"no object with {', '.join(PARTS)}")
        return report
    for part in payload:
        if part not in PARTS:
            report.add(str(part), "refused", f"is none of {', '.join(PARTS)}")
    run = _Run(session, cipher, today, now, {})
    _each(run, report, payload, "branches", _branch)
    for part in PARTS[1:]:
        _each(run, report, payload, part, _person)
    return report


def _each(
    run: _Run,
    report: ImportReport,
    payload: Mapping[str, Any],
    part: str,
    keep: Callable[[_Run, Mapping[str, Any]], Outcome],
) -> None:
    rows = payload.get(part, [])
    if not isinstance(rows, list):
        report.add(part, "refused", "is not a list")
        return
    for number, row in enumerate(rows, 1):
        where = place_of(row, f"{part}[{number}]")
        try:
            if not isinstance(row, Mapping):
                raise Unreadable("is not an object")
            with run.session.begin_nested():  # a refused row leaves nothing
                outcome = keep(run, row)
            report.add(where, outcome)
        except (Unreadable, UnknownScope) as error:
            report.add(where, "refused", str(error))


def _branch(run: _Run, row: Mapping[str, Any]) -> Outcome:
    session, wanted = run.session, read_branch(row)
    orgs = [run.scope(f"org:{code}")[1] for code in wanted.orgs]
    chain_id = run.scope(f"chain:{wanted.chain}")[1] if wanted.chain else None
    branch = session.scalar(select(PartyBranch).where(func.lower(PartyBranch.code) == wanted.code.lower()))
    columns = {"name": wanted.name, "kind": wanted.kind, "chain_id": chain_id}
    outcome: Outcome = "unchanged"
    if branch is None:
        branch, outcome = PartyBranch(code=wanted.code, **columns), "added"
        session.add(branch)
        session.flush()
    held = set(session.scalars(select(PartyBranchOrg.org_id).where(PartyBranchOrg.branch_id == branch.id)))
    missing = [org_id for org_id in orgs if org_id not in held]
    session.add_all(PartyBranchOrg(branch_id=branch.id, org_id=org_id) for org_id in missing)
    if (_change(branch, columns) or missing) and outcome == "unchanged":
        outcome = "changed"
    session.flush()
    return outcome


def _person(run: _Run, row: Mapping[str, Any]) -> Outcome:
    session, wanted = run.session, read_person(row)
    if wanted.phone is None and not (wanted.memberships or wanted.grants):
        raise Unreadable("a name alone is nobody: give the phone, or a branch or role")
    memberships = [_placed(run, membership) for membership in wanted.memberships]
    grants = [_Grant(g.role, *run.scope(g.scope), g.from_on, g.to_on) for g in wanted.grants]
    phone_hash = run.cipher.keyed_hash("phone", wanted.phone) if wanted.phone else None
    person = _find(session, wanted, phone_hash, memberships, grants)
    is_new = person is None
    if person is None:
        if wanted.name is None:
            raise Unreadable("nobody has that phone, and there is no name")
        person = Person(name=wanted.name, settings={}, created_at=run.now)
        session.add(person)
    changed = _change(person, {"name": wanted.name or person.name, "zone": wanted.zone or person.zone})
    if phone_hash and person.phone_hash != phone_hash and wanted.phone:
        person.phone_hash, person.phone_cipher = phone_hash, run.cipher.encrypt(wanted.phone)
        changed = True
    session.flush()
    held = [] if is_new else _held(session, person.id)
    for membership in memberships:
        changed |= _join(run, person.id, membership, held)
    for grant in grants:
        changed |= _give(run, person.id, grant, held)
    session.flush()
    return "added" if is_new else "changed" if changed else "unchanged"


def _held(session: Session, person_id: int) -> list[Membership | Grant]:
    """What somebody has and had, the newest last, what is still open after what ended."""
    memberships = session.scalars(select(Membership).where(Membership.person_id == person_id))
    grants = session.scalars(select(Grant).where(Grant.person_id == person_id))
    return sorted([*memberships, *grants], key=lambda row: (row.to_on is None, row.from_on))


def _placed(run: _Run, row: MembershipRow) -> _Membership:
    branch_id = run.scope(f"branch:{row.branch}")[1]
    assert branch_id is not None  # only `district` has no id
    return _Membership(branch_id, row.kind, row.from_on, row.to_on)


def _find(
    session: Session,
    wanted: PersonRow,
    phone_hash: str | None,
    memberships: Sequence[_Membership],
    grants: Sequence[_Grant],
) -> Person | None:
    """The person a row speaks of, or None for somebody new. Raises Unreadable where that is not certain."""
    active = select(Person).where(Person.state == "active")
    branches = {membership.branch_id for membership in memberships}
    if phone_hash is not None:
        found = session.scalars(active.where(Person.phone_hash == phone_hash)).all()
        if len(found) > 1:
            found = [person for person in found if _is_known(session, person.id)]
            if len(found) != 1:
                raise Unreadable("two people have that phone; join them first")
        if found:
            _check_name(session, found[0], wanted.name, branches)
            return found[0]
    if wanted.name is None or not (branches or grants):
        return None
    places = [Person.id.in_(select(Membership.person_id).where(Membership.branch_id.in_(branches)))]
    places += [
        Person.id.in_(
            select(Grant.person_id).where(
                Grant.scope_kind == grant.scope_kind, Grant.scope_id.is_not_distinct_from(grant.scope_id)
            )
        )
        for grant in grants
    ]
    named = active.where(Person.name == wanted.name, or_(*places))
    if phone_hash is not None:
        named = named.where(Person.phone_hash.is_(None))
    same = session.scalars(named).all()
    if len(same) > 1:
        raise Unreadable("two people of that name there; give the phone")
    return same[0] if same else None


def _check_name(session: Session, person: Person, name: str | None, branches: set[int]) -> None:
    """A phone that belongs to somebody an office knows under another name is more likely a slip than a new name."""
    if name in (None, person.name) or person.name == NEW_PERSON_NAME or not _is_known(session, person.id):
        return
    own = select(Membership.id).where(Membership.person_id == person.id, Membership.branch_id.in_(branches))
    if session.scalar(own.limit(1)) is None:
        raise Unreadable("the phone belongs to somebody of another name")


def _is_known(session: Session, person_id: int) -> bool:
    """Whether a branch or an office has the person already."""
    member = select(Membership.id).where(Membership.person_id == person_id).limit(1)
    granted = select(Grant.id).where(Grant.person_id == person_id).limit(1)
    return session.scalar(member) is not None or session.scalar(granted) is not None


def _join(run: _Run, person_id: int, wanted: _Membership, held: list[Membership | Grant]) -> bool:
    """Belong to the branch from that day; a membership elsewhere that is still open ends the same day."""
    memberships = [row for row in held if isinstance(row, Membership)]
    here = [m for m in memberships if m.branch_id == wanted.branch_id and wanted.from_on in (None, m.from_on)]
    role = "activist" if wanted.kind == "activist" else "member"
    if here:
        begun = here[-1]
        was = begun.kind
        changed = _change(begun, {"kind": wanted.kind}) | _end_on(begun, wanted.to_on)
        if begun.to_on is not None and wanted.to_on is None:
            return changed  # ended since, by another word than this file's
        if (was == "activist") != (wanted.kind == "activist"):
            _end_roles(held, wanted.branch_id, run.today)
            return _give(run, person_id, _Grant(role, "branch", wanted.branch_id, run.today, wanted.to_on), held)
        return _give(run, person_id, _Grant(role, "branch", wanted.branch_id, None, wanted.to_on), held) or changed
    from_on = wanted.from_on or run.today
    _check_days(from_on, wanted.to_on)
    for other in memberships:
        if other.to_on is None and other.from_on < from_on:
            other.to_on = from_on
            _end_roles(held, other.branch_id, from_on)
    made = Membership(
        person_id=person_id,
        branch_id=wanted.branch_id,
        kind=wanted.kind,
        from_on=from_on,
        to_on=wanted.to_on,
        confirmed_at=run.now,
    )
    run.session.add(made)
    held.append(made)
    _give(run, person_id, _Grant(role, "branch", wanted.branch_id, from_on, wanted.to_on), held)
    return True


def _end_roles(held: Sequence[Membership | Grant], branch_id: int, day: date) -> None:
    """The roles of a former member end with the membership."""
    for row in [row for row in held if isinstance(row, Grant)]:
        is_theirs = row.role in ("member", "activist") and (row.scope_kind, row.scope_id) == ("branch", branch_id)
        if is_theirs and row.to_on is None and row.from_on < day:
            row.to_on = day


def _give(run: _Run, person_id: int, wanted: _Grant, held: list[Membership | Grant]) -> bool:
    here = [
        row
        for row in held
        if isinstance(row, Grant)
        and (row.role, row.scope_kind, row.scope_id) == (wanted.role, wanted.scope_kind, wanted.scope_id)
        and wanted.from_on in (None, row.from_on)
    ]
    if here:
        return _end_on(here[-1], wanted.to_on)
    from_on = wanted.from_on or run.today
    _check_days(from_on, wanted.to_on)
    made = Grant(
        person_id=person_id,
        role=wanted.role,
        scope_kind=wanted.scope_kind,
        scope_id=wanted.scope_id,
        from_on=from_on,
        to_on=wanted.to_on,
        created_at=run.now,
    )
    run.session.add(made)
    held.append(made)
    return True


def _end_on(row: Membership | Grant, to_on: date | None) -> bool:
    """Set the end the file says; a file that says none never takes an end back."""
    if to_on is None:
        return False
    _check_days(row.from_on, to_on)
    return _change(row, {"to_on": to_on})


def _check_days(from_on: date, to_on: date | None) -> None:
    if to_on is not None and to_on <= from_on:
        raise Unreadable("to is not after from")


def _change(row: Any, columns: Mapping[str, Any]) -> bool:
    """Set what differs; say whether anything did."""
    differing = {name: value for name, value in columns.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    return bool(differing)
