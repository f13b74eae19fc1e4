"""Builders with sane defaults: `create_person(session, role="driver")`."""

from datetime import date, datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from models.organisation import Chain, Department, Membership, Org, OrgName, PartyBranch
from models.people import Person, WeChatAccount
from services.people import grant_role

_numbers = count(1)
LONG_AGO = date(2020, 1, 1)


def create_person(
    session: Session,
    *,
    now: datetime,
    role: str | None = None,
    scope_kind: str = "district",
    scope_id: int | None = None,
    **changes: Any,
) -> Person:
    """A person, with one grant where a role is named."""
    number = next(_numbers)
    person = Person(**{"name": f"测试{number}", "settings": {}, "created_at": now, **changes})
    session.add(person)
    session.flush()
    if role:
        grant_role(session, person.id, role, scope_kind=scope_kind, scope_id=scope_id, from_on=LONG_AGO, now=now)
    return person


def create_wechat_account(session: Session, person: Person, *, now: datetime, **changes: Any) -> WeChatAccount:
    """A WeChat identity of a person."""
    number = next(_numbers)
    account = WeChatAccount(
        **{"person_id": person.id, "appid": "wxtest", "openid": f"o{number:027d}", "created_at": now, **changes}
    )
    session.add(account)
    session.flush()
    return account


def create_org(session: Session, *, now: datetime, name: str | None = None, **changes: Any) -> Org:
    """A firm with one name."""
    number = next(_numbers)
    org = Org(
        **{"code": f"org_{number:06d}", "kind": "enterprise", "is_fictional": True, "tags": [], "created_at": now}
        | changes
    )
    org.names = [OrgName(name=name or f"测试企业{number}", from_on=LONG_AGO)]
    session.add(org)
    session.flush()
    return org


def create_department(session: Session, **changes: Any) -> Department:
    """A department."""
    number = next(_numbers)
    department = Department(**{"code": f"dept{number}", "name": f"测试部门{number}", **changes})
    session.add(department)
    session.flush()
    return department


def create_chain(session: Session, **changes: Any) -> Chain:
    """A chain without stages."""
    number = next(_numbers)
    chain = Chain(**{"code": f"CHAIN{number}", "name": f"测试产业链{number}", **changes})
    session.add(chain)
    session.flush()
    return chain


def create_branch(session: Session, **changes: Any) -> PartyBranch:
    """A party branch."""
    number = next(_numbers)
    branch = PartyBranch(**{"code": f"BRANCH{number}", "name": f"测试党支部{number}", "kind": "own", **changes})
    session.add(branch)
    session.flush()
    return branch


def join_branch(
    session: Session, person: Person, branch: PartyBranch, *, from_on: date = LONG_AGO, **changes: Any
) -> Membership:
    """A membership."""
    membership = Membership(
        **{"person_id": person.id, "branch_id": branch.id, "kind": "member", "from_on": from_on, **changes}
    )
    session.add(membership)
    session.flush()
    return membership
