"""Console accounts, roles and invitations."""

import secrets
from datetime import date, datetime

import click
from sqlalchemy.orm import Session

from domain.errors import Refusal
from domain.permissions import ROLES
from models.people import Person
from server.cli.context import container
from services import claims, scopes
from services.people import end_grants, grant_role
from services.staff import create_staff as create

ROLE = click.Choice(sorted(ROLES))


def find_scope(session: Session, scope: str) -> tuple[str, int | None]:
    """`district`, or `kind:code`, as a grant stores it; one that is not there ends the command."""
    try:
        return scopes.find_scope(session, scope)
    except scopes.UnknownScope as error:
        raise click.ClickException(str(error)) from error


def _person(session: Session, person_id: int) -> Person:
    found = session.get(Person, person_id)
    if found is None:
        raise click.ClickException(f"no person {person_id}")
    return found


@click.command("create-staff")
@click.argument("name")
@click.option("--login", default=None, help="Sign-in name; the name itself by default.")
@click.option("--role", required=True, type=ROLE)
@click.option("--scope", required=True, help="district, or centre:CODE, branch:CODE, department:CODE …")
@click.option("--password", default=None, help="Asked for when left out; '-' makes one and prints it once.")
def create_staff(name: str, login: str | None, role: str, scope: str, password: str | None) -> None:
    """A console account with one role."""
    made = secrets.token_urlsafe(12) if password == "-" else None
    secret = made or password or click.prompt("Password", hide_input=True, confirmation_prompt=True)
    deps = container()
    now = deps.now()
    today = deps.options.today(now)
    try:
        with deps.unit_of_work() as session:
            kind, scope_id = find_scope(session, scope)
            person = create(session, name=name, login=login or name, password=secret, now=now)
            grant_role(
                session,
                person.id,
                role,
                scope_kind=kind,
                scope_id=scope_id,
                from_on=today,
                now=now,
            )
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.code}: {refusal.message}") from refusal
    click.echo(f"person {person.id} signs in as {login or name}" + (f" with {made}" if made else ""))


@click.command()
@click.argument("person", type=int)
@click.argument("role", type=ROLE)
@click.option("--scope", required=True)
@click.option("--from", "from_on", type=click.DateTime(["%Y-%m-%d"]), default=None)
@click.option("--to", "to_on", type=click.DateTime(["%Y-%m-%d"]), default=None, help="First day without it.")
def grant(person: int, role: str, scope: str, from_on: datetime | None, to_on: datetime | None) -> None:
    """Give PERSON (id) a role."""
    deps = container()
    with deps.unit_of_work() as session:
        kind, scope_id = find_scope(session, scope)
        given = grant_role(
            session,
            _person(session, person).id,
            role,
            scope_kind=kind,
            scope_id=scope_id,
            from_on=_day(from_on) or deps.options.today(deps.now()),
            to_on=_day(to_on),
            now=deps.now(),
        )
    click.echo(f"grant {given.id}: {role} in {scope} from {given.from_on} to {given.to_on or 'open'}")


def _day(value: datetime | None) -> date | None:
    return value.date() if value else None


@click.command()
@click.argument("person", type=int)
@click.argument("role", type=ROLE)
@click.option("--scope", required=True)
def revoke(person: int, role: str, scope: str) -> None:
    """Take a role back from today."""
    deps = container()
    with deps.unit_of_work() as session:
        kind, scope_id = find_scope(session, scope)
        ended = end_grants(
            session,
            _person(session, person).id,
            role,
            scope_kind=kind,
            scope_id=scope_id,
            today=deps.options.today(deps.now()),
        )
    click.echo(f"{ended} ended")


@click.command()
@click.option("--org", default=None, help="A firm's code: the invited becomes its contact.")
@click.option("--branch", default=None, help="A branch's code: the invited becomes its member.")
def invite(org: str | None, branch: str | None) -> None:
    """An invitation code, valid for 14 days and one use."""
    if (org is None) == (branch is None):
        raise click.ClickException("name either --org or --branch")
    deps = container()
    with deps.unit_of_work() as session:
        _, scope_id = find_scope(session, f"org:{org}" if org else f"branch:{branch}")
        code, until = claims.invite(
            session, org_id=scope_id if org else None, branch_id=scope_id if branch else None, now=deps.now()
        )
    click.echo(f"{code}  valid until {until:%Y-%m-%d %H:%M} UTC")
