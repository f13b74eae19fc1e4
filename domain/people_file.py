"""Reading the import form of people: branches, who belongs to them, who holds which role.

Every row of `people`, `memberships` and `grants` names a person by phone, or by name; it may carry one
membership (`branch`, `kind`) and one grant (`role`, `scope`) as columns, or several as lists.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.file_rows import Unreadable, is_blank, read_day, read_list, read_text
from domain.permissions import ROLES

PARTS = ("branches", "people", "memberships", "grants")
PART_NAMES: dict[str, str] = {
    **{part: part for part in PARTS},
    "branch": "branches", "person": "people", "membership": "memberships", "grant": "grants",
    "党支部": "branches", "支部": "branches", "人员": "people", "党员": "memberships", "角色": "grants",
    "授权": "grants",
}  # fmt: skip
NAMES: dict[str, str] = {
    **{name: name for name in (
        "part", "code", "name", "chain", "orgs", "phone", "zone", "branch", "kind", "role", "scope", "from", "to",
    )},
    "类别": "part", "编码": "code", "名称": "name", "姓名": "name", "产业链": "chain", "单位": "orgs", "手机": "phone",
    "手机号": "phone", "电话": "phone", "分区": "zone", "性别": "zone", "支部": "branch", "党支部": "branch",
    "类型": "kind", "身份": "kind", "角色": "role", "范围": "scope", "开始": "from", "结束": "to",
}  # fmt: skip
BRANCH_KINDS = {"own": "own", "joint": "joint", "独立": "own", "联合": "joint"}
MEMBER_KINDS = {
    "member": "member", "probationary": "probationary", "activist": "activist", "党员": "member",
    "正式党员": "member", "预备党员": "probationary", "积极分子": "activist", "入党积极分子": "activist",
}  # fmt: skip
ZONE_WORDS = {"male": "male", "female": "female", "男": "male", "女": "female"}
ROLE_WORDS = {role: role for role in ROLES} | {label: role for role, label in ROLES.items()}
DISTRICT_ROLES = frozenset({"driver", "employee", "district_admin"})
_PHONE = re.compile(r"1\d{10}|\+(?!86)\d{7,15}")


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A branch, with the firms it belongs to."""

    code: str
    name: str
    kind: str
    chain: str | None
    orgs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MembershipRow:
    """Belongs to a branch from a day (None: today), until before another."""

    branch: str
    kind: str
    from_on: date | None
    to_on: date | None


@dataclass(frozen=True, slots=True)
class GrantRow:
    """Holds a role in a scope (`district`, `centre:CODE`) from a day (None: today), until before another."""

    role: str
    scope: str
    from_on: date | None
    to_on: date | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person with what the row says of them. Never in a log: name and phone are personal."""

    name: str | None
    phone: str | None
    zone: str | None
    memberships: tuple[MembershipRow, ...]
    grants: tuple[GrantRow, ...]


def read_branch(row: Mapping[str, Any]) -> BranchRow:
    """Raises Unreadable."""
    orgs = read_list(row.get("orgs")) or []
    if not all(isinstance(code, str) for code in orgs):
        raise Unreadable("orgs is no list of firms' codes")
    return BranchRow(
        code=read_text(row, "code", 32),
        name=read_text(row, "name", 100),
        kind=_word(row, "kind", BRANCH_KINDS) or ("joint" if len(orgs) > 1 else "own"),
        chain=read_text(row, "chain", 32, needed=False),
        orgs=tuple(orgs),
    )


def read_person(row: Mapping[str, Any]) -> PersonRow:
    """Raises Unreadable, never with the phone in it."""
    memberships = [_membership(part) for part in _parts(row, "memberships")]
    if not is_blank(row.get("branch")):
        memberships.append(_membership(row))
    grants = [_grant(part) for part in _parts(row, "grants")]
    if not is_blank(row.get("role")):
        grants.append(_grant(row))
    name, phone = read_text(row, "name", 50, needed=False), read_phone(row)
    if name is None and phone is None:
        raise Unreadable("neither name nor phone")
    return PersonRow(name, phone, _word(row, "zone", ZONE_WORDS), tuple(memberships), tuple(grants))


def read_phone(row: Mapping[str, Any]) -> str | None:
    """A mobile number as WeChat gives it: eleven digits, or + and the country. Raises Unreadable, without it."""
    value = row.get("phone")
    if is_blank(value):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    digits = re.sub(r"[\s\-().'‑–]", "", str(value))
    digits = re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", digits)
    if not _PHONE.fullmatch(digits):
        raise Unreadable("phone is no mobile number of eleven digits, or + with country")
    return digits


def _parts(row: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = row.get(name)
    if is_blank(value):
        return []
    if not isinstance(value, list) or not all(isinstance(part, Mapping) for part in value):
        raise Unreadable(f"{name} is no list of objects")
    return value


def _membership(row: Mapping[str, Any]) -> MembershipRow:
    kind = _word(row, "kind", MEMBER_KINDS) or "member"
    return MembershipRow(read_text(row, "branch", 32), kind, *_days(row))


def _grant(row: Mapping[str, Any]) -> GrantRow:
    role = _word(row, "role", ROLE_WORDS)
    if role is None:
        raise Unreadable("role is missing")
    scope = read_text(row, "scope", 60, needed=False)
    if scope is None and not is_blank(row.get("branch")) and role == "branch_secretary":
        scope = f"branch:{read_text(row, 'branch', 32)}"
    if scope is None and role in DISTRICT_ROLES:
        scope = "district"
    if scope is None:
        raise Unreadable("scope is missing: district, or centre:CODE, branch:CODE, org:CODE …")
    return GrantRow(role, "district" if scope == "全区" else scope, *_days(row))


def _days(row: Mapping[str, Any]) -> tuple[date | None, date | None]:
    from_on, to_on = read_day(row, "from"), read_day(row, "to")
    if to_on is not None and from_on is not None and to_on <= from_on:
        raise Unreadable("to is not after from")
    return from_on, to_on


def _word(row: Mapping[str, Any], name: str, words: Mapping[str, str]) -> str | None:
    value = row.get(name)
    if is_blank(value):
        return None
    found = words.get(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise Unreadable(f"{name} is none of {', '.join(sorted(set(words.values())))}")
    return found
