"""The OpenAPI document, and a doctor's look at a deployment."""

import json

import click

from server.cli.context import container, settings


@click.command()
def openapi() -> None:
    """Print the OpenAPI document, made from the code."""
    from server.app import create_app

    app = create_app(settings())
    with app.app_context():
        click.echo(json.dumps(app.spec, ensure_ascii=False, indent=1, sort_keys=True))


@click.command()
def doctor() -> None:
    """Checks of settings, database, index and clock, with what to do about each finding."""
    from server.web.health import readiness
    from services.centre.closure_holds import check_closures
    from services.centre.occupancy import check_occupancy
    from services.centre.work_calendar import unknown_years

    deps = container(any_schema=True)
    findings = readiness(deps)
    lines = [f"{part}: {said}" for part, said in findings.items()]
    wrong = [part for part in ("database", "migrations", "index") if findings[part] != "ok"]
    if not wrong:
        with deps.read() as session:
            occupancy = [*check_occupancy(session), *check_closures(session, now=deps.now())]
            unknown = unknown_years(session, today=deps.options.today(deps.now()))
        lines += [f"occupancy: {finding}" for finding in occupancy] or ["occupancy: ok"]
        wrong += ["occupancy"] if occupancy else []
        lines += [f"calendar: of {year} only the weekends are known" for year in unknown] or ["calendar: ok"]
    click.echo("\n".join(lines))
    if "calendar: ok" not in lines and not wrong:
        click.echo("→ once the State Council's notice is out, run: python -m server import-calendar FILE")
    if "migrations" in wrong:
        click.echo("→ run: python -m server migrate")
    if wrong:
        raise SystemExit(1)
