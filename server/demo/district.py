"""The demo district 演示区: seeded once when the database is empty. People, branches and firms' facts are fictional."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from domain.codes import new_code
from models.centre import Centre, RosterRule
from models.organisation import (
    Chain,
    ChainStage,
    Department,
    Membership,
    Org,
    OrgName,
    OrgStage,
    PartyBranch,
    PartyBranchOrg,
)
from models.people import Grant, Person, WeChatAccount
from server.demo.party_days import keep_party_days
from server.demo_identities import ALL, DemoPerson, demo_openid, demo_phone, demo_unionid
from services.centre.importing import import_centres
from services.policy_import import import_org_facts, import_policies
from services.ports import Deps

ORG_CODE_LENGTH = 6
FOLDER = Path(__file__).parent
SINCE = date(2025, 1, 1)
BRANCHES = (
    ("YARD_BRANCH", "港口车场联合党支部（演示）", "joint"),
    ("JEWEL_BRANCH", "珠宝基地联合党支部（演示）", "joint"),
)


def load(name: str) -> dict[str, Any]:
    """One of the sample files beside this module."""
    found: dict[str, Any] = json.loads((FOLDER / name).read_text("utf-8"))
    return found


def is_empty(session: Session) -> bool:
    """Whether nobody is in the database yet."""
    return session.scalar(select(func.count()).select_from(Person)) == 0


def seed_reference(session: Session) -> None:
    """Chains with their stages, and departments. What is there stays as it is."""
    chains = load("sample_chains_centres.json")["chains"]
    known = set(session.scalars(select(Chain.code)))
    for row in chains:
        if row["code"] in known:
            continue
        stages = [
            ChainStage(code=stage["code"], name=stage["name"], position=number)
            for number, stage in enumerate(row["stages"], 1)
        ]
        session.add(
            Chain(
                code=row["code"],
                name=row["name"],
                place=row.get("place"),
                lead_unit=row.get("lead_unit"),
                stages=stages,
            )
        )
    departments = set(session.scalars(select(Department.code)))
    session.add_all(
        Department(code=row["code"], name=row["name"])
        for row in load("sample_orgs.json")["departments"]
        if row["code"] not in departments
    )
    session.flush()


def seed_demo(session: Session, deps: Deps, *, now: datetime) -> None:
    """Everything to look at: firms with facts, centres, policies, people, a party day. Once only."""
    if not is_empty(session):
        return
    today = deps.options.today(now)
    import_centres(session, load("sample_chains_centres.json"), now=now)
    _seed_policies(session, today=today, now=now)
    _seed_orgs(session, today=today, now=now)
    _seed_branches(session)
    _seed_people(session, deps, now=now)
    keep_party_days(session, now=now)


def keep_rosters(session: Session, *, now: datetime) -> int:
    """A demo filled before desks had rosters gets those of the sample; returns how many services changed."""
    is_demo = session.scalar(select(PartyBranch.id).where(PartyBranch.code == BRANCHES[0][0])) is not None
    if not is_demo or session.scalar(select(RosterRule.id).limit(1)) is not None:
        return 0
    return import_centres(session, load("sample_chains_centres.json"), now=now).count("changed")


def _seed_policies(session: Session, *, today: date, now: datetime) -> None:
    import_policies(
        session,
        {
            "categories": _categories(),
            "fields": load("policy_fields.json")["fields"],
            "policies": load("sample_policies.json")["policies"],
        },
        today=today,
        now=now,
    )


def _categories() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / "policy_categories.json").read_text("utf-8"))
    return found


def _seed_orgs(session: Session, *, today: date, now: datetime) -> None:
    """Real names come without facts, fictional ones with theirs."""
    chains = {chain.code: chain for chain in session.scalars(select(Chain))}
    for row in load("sample_orgs.json")["orgs"]:
        org = Org(
            code="org_" + new_code(ORG_CODE_LENGTH).lower(),
            kind=row["kind"],
            region=row["facts"].get("region"),
            size_class=row["facts"].get("size_class"),
            is_fictional=row["fictional"],
            tags=[],
            created_at=now,
            names=[OrgName(name=row["name"], from_on=SINCE)],
        )
        session.add(org)
        session.flush()
        chain = chains.get(row["chain"])
        if chain is not None:
            stage = next((stage for stage in chain.stages if stage.code == row["stage"]), None)
            session.add(OrgStage(org_id=org.id, chain_id=chain.id, stage_id=stage.id if stage else None))
        if row["facts"]:
            import_org_facts(session, org.id, row["facts"], today=today, now=now)
    session.flush()


def _seed_branches(session: Session) -> None:
    firms = session.scalars(select(Org.id).where(Org.is_fictional).order_by(Org.id).limit(4)).all()
    for code, name, kind in BRANCHES:
        branch = PartyBranch(code=code, name=name, kind=kind)
        session.add(branch)
        session.flush()
        session.add_all(PartyBranchOrg(branch_id=branch.id, org_id=org_id) for org_id in firms)
    session.flush()


def _seed_people(session: Session, deps: Deps, *, now: datetime) -> None:
    """The nine main people and 398 for load, each known to the stand-in WeChat in both apps."""
    people = list(ALL.values())
    ids = session.scalars(
        insert(Person).returning(Person.id, sort_by_parameter_order=True),
        [
            {
                "name": person.shown_as,
                "zone": person.zone,
                "state": "active",
                "settings": {},
                "created_at": now,
                "phone_cipher": deps.cipher.encrypt(demo_phone(person.name)),
                "phone_hash": deps.cipher.keyed_hash("phone", demo_phone(person.name)),
            }
            for person in people
        ],
    ).all()
    pairs = list(zip(ids, people, strict=True))
    session.execute(
        insert(WeChatAccount),
        [
            {
                "person_id": id_,
                "appid": appid,
                "openid": demo_openid(appid, person.name),
                "unionid": demo_unionid(person.name),
                "created_at": now,
            }
            for id_, person in pairs
            for appid in (deps.options.mp_appid, deps.options.oa_appid)
        ],
    )
    scopes = _scopes(session, people)
    session.execute(
        insert(Grant),
        [
            {
                "person_id": id_,
                "role": person.role,
                "scope_kind": scopes[person.scope][0],
                "scope_id": scopes[person.scope][1],
                "from_on": SINCE,
                "created_at": now,
            }
            for id_, person in pairs
        ],
    )
    session.execute(
        insert(Membership),
        [
            {"person_id": id_, "branch_id": scopes[person.scope][1], "kind": "member", "from_on": SINCE}
            for id_, person in pairs
            if scopes[person.scope][0] == "branch"
        ],
    )


def _scopes(session: Session, people: list[DemoPerson]) -> dict[str, tuple[str, int | None]]:
    """`branch:YARD_BRANCH` → ("branch", 1) for every scope that occurs; firms are named by their name."""
    found: dict[str, tuple[str, int | None]] = {}
    for scope in {person.scope for person in people}:
        kind, _, code = scope.partition(":")
        found[scope] = (kind, _scope_id(session, kind, code))
    return found


def _scope_id(session: Session, kind: str, code: str) -> int | None:
    if kind == "district":
        return None
    if kind == "org":
        return session.scalars(select(OrgName.org_id).where(OrgName.name == code)).one()
    columns = {
        "branch": (PartyBranch.id, PartyBranch.code),
        "centre": (Centre.id, Centre.code),
        "chain": (Chain.id, Chain.code),
        "department": (Department.id, Department.code),
    }
    id_, code_column = columns[kind]
    return session.scalars(select(id_).where(code_column == code)).one()
