"""migrate, seed and the import of policies."""

import json
from pathlib import Path

import click

from server.cli.context import container
from services.policy_import import import_policies as import_policy_rows


@click.command()
@click.argument("revision", default="head")
def migrate(revision: str) -> None:
    """Bring the schema to REVISION (default: head)."""
    from server.migrate import current_revision
    from server.migrate import migrate as run

    engine = container(any_schema=True).database.engine
    run(engine, revision)
    click.echo(f"schema at {current_revision(engine)}")


@click.command()
@click.option("--demo", is_flag=True, help="A full demo district to look at.")
def seed(demo: bool) -> None:
    """Reference data; with --demo a full district. A second call changes nothing."""
    from server.demo.district import seed_demo, seed_reference

    deps = container()
    with deps.unit_of_work() as session:
        seed_reference(session)
        if demo:
            seed_demo(session, deps, now=deps.now())
    click.echo("seeded")


@click.command("import-policies")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def import_policies(files: tuple[Path, ...]) -> None:
    """Policies and their fact fields from JSON. A second import changes nothing."""
    deps = container()
    now = deps.now()
    today = deps.options.today(now)
    refused = False
    for file in files:
        with deps.unit_of_work() as session:
            report = import_policy_rows(session, json.loads(file.read_text("utf-8")), today=today, now=now)
        click.echo(f"{file.name}: {report.summary()}")
        refused = refused or bool(report.refused)
    if refused:
        raise SystemExit(1)
