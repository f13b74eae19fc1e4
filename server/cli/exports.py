"""Exports to CSV, Excel or JSON."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from domain import centre_tables
from domain.errors import Refusal
from server.cli.context import container
from services import audit, exports
from services.ports import Cipher
from services.table_files import FileUnreadable, is_json, write_table

KINDS = ("centres", "people", "calendar", "bookings")
DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".csv, .xlsx or .json")
@click.option("--centre", default=None, help="bookings: of one centre only")
@click.option("--from", "first", type=DAY, default=None, help="bookings: first day (default: today)")
@click.option("--to", "last", type=DAY, default=None, help="bookings: last day (default: 14 days on)")
def export(kind: str, out: Path, centre: str | None, first: datetime | None, last: datetime | None) -> None:
    """Write KIND to a file: centres, people and calendar as their imports read them, bookings as a list.

    People come with their phones: keep that file safe. It can be read by its owner alone.
    """
    deps = container()
    now = deps.now()
    begin = first.date() if first else deps.options.today(now)
    end = last.date() if last else begin + timedelta(days=14)
    try:
        as_json = is_json(out)
        with deps.read() as session:
            content = _content(kind, session, deps.cipher, begin, end, centre)
    except FileUnreadable as error:
        raise click.ClickException(str(error)) from error
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.code}: {refusal.message}") from refusal
    out.touch(mode=0o600)
    if as_json:
        out.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
    else:
        write_table(out, centre_tables.flat(content["centres"]) if kind == "centres" else content)
    if kind in ("people", "bookings"):
        with deps.unit_of_work() as session:
            audit.record(session, person_id=None, action=f"export.{kind}", subject_kind=kind, subject_id=None, now=now)
    click.echo(f"{sum(len(rows) for rows in content.values())} rows in {out}")


def _content(
    kind: str, session: Session, cipher: Cipher, first: date, last: date, centre: str | None
) -> dict[str, Any]:
    if kind == "centres":
        return {"centres": exports.export_centres(session)}
    if kind == "people":
        return exports.export_people(session, cipher=cipher)
    if kind == "calendar":
        return exports.export_calendar(session)
    return exports.export_bookings(session, exports.BookingsWanted(first, last, centre), cipher=cipher)
