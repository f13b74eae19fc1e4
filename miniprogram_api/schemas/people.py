"""Shapes of sign-in and of one's own record."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, Field

from domain.permissions import ROLES, Actor
from miniprogram_api.schemas.base import RequestModel
from services.people import Profile, ScopeName, SignedIn

Zone = Literal["male", "female"]
SettingName = Annotated[str, Field(min_length=1, max_length=40)]
NOWHERE = ScopeName(None, "")


class SignInIn(RequestModel):
    code: str = Field(min_length=1, max_length=200)


class StaffSignInIn(RequestModel):
    name: str = Field(min_length=1, max_length=50)
    password: str = Field(min_length=1, max_length=200)
    otp: str | None = Field(None, max_length=10)


class MeIn(RequestModel):
    name: str | None = Field(None, min_length=1, max_length=50)
    zone: Zone | None = None
    settings: dict[SettingName, bool] | None = Field(None, max_length=20)


class PhoneIn(RequestModel):
    code: str = Field(min_length=1, max_length=200)


class ClaimIn(RequestModel):
    code: str = Field(min_length=4, max_length=40)


class ClaimOut(BaseModel):
    kind: str
    name: str | None


class LinkCodeOut(BaseModel):
    code: str
    expires_at: datetime


class RoleOut(BaseModel):
    role: str
    role_name: str
    scope_kind: str
    scope_id: int | None
    scope_code: str | None
    scope_name: str
    valid_to: date | None


class OrgRef(BaseModel):
    code: str
    name: str


class PersonOut(BaseModel):
    id: int
    name: str
    zone: Zone | None
    phone_masked: str | None
    roles: list[RoleOut]
    orgs: list[OrgRef]
    branch: OrgRef | None
    settings: dict[str, Any]

    @classmethod
    def of(cls, actor: Actor, found: Profile) -> "PersonOut":
        person = found.person
        return cls(
            id=person.id,
            name=person.name,
            zone=cast(Zone | None, person.zone),
            phone_masked=found.phone_masked,
            roles=[
                RoleOut(
                    role=g.role,
                    role_name=ROLES.get(g.role, g.role),
                    scope_kind=g.scope_kind,
                    scope_id=g.scope_id,
                    scope_code=scope.code,
                    scope_name=scope.name,
                    valid_to=g.to_on,
                )
                for g in actor.grants
                for scope in [found.scopes.get((g.scope_kind, g.scope_id), NOWHERE)]
            ],
            orgs=[OrgRef(code=code, name=name) for code, name in found.orgs],
            branch=OrgRef(code=found.branch[0], name=found.branch[1]) if found.branch else None,
            settings=person.settings,
        )


class SignInOut(BaseModel):
    token: str
    expires_at: datetime
    person: PersonOut

    @classmethod
    def of(cls, signed_in: SignedIn, person: PersonOut) -> "SignInOut":
        return cls(token=signed_in.token, expires_at=signed_in.expires_at, person=person)
