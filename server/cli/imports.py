"""The imports of what a district keeps itself: centres, people, the working calendar. JSON, CSV or Excel."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy.orm import Session

from domain import calendar_days_file, centre_tables, people_file
from server.cli.context import container
from services.centre.calendar_import import PART as CALENDAR_PART
from services.centre.calendar_import import import_calendar as import_calendar_rows
from services.centre.importing import import_centres as import_centre_rows
from services.import_report import ImportReport
from services.people_import import import_people as import_people_rows
from services.ports import Deps
from services.table_files import FileUnreadable, is_json, read_json, read_table

T = TypeVar("T")
FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.command("import-centres")
@FILE
def import_centres(file: Path) -> None:
    """Centres, services, units, opening rules and desk rosters from JSON, CSV or Excel.

    A row that cannot be read is reported with its line and reason, the others go in. A second import of
    the same file changes nothing.
    """

    def read() -> tuple[Any, centre_tables.Refused]:
        if is_json(file):
            return read_json(file), []
        names, part_names = centre_tables.NAMES, centre_tables.PART_NAMES
        return centre_tables.nested(read_table(file, default_part="centres", names=names, part_names=part_names))

    payload, refused = _readable(read)
    _run(lambda session, deps: import_centre_rows(session, payload, now=deps.now()), refused)


@click.command("import-people")
@FILE
def import_people(file: Path) -> None:
    """Branches, people, memberships and roles from JSON, CSV or Excel.

    A row that cannot be read is reported with its line and reason, never with a phone; the others go in. A
    second import of the same file changes nothing.
    """
    payload = _readable(lambda: _parts(file, people_file.NAMES, people_file.PART_NAMES, "people"))

    def run(session: Session, deps: Deps) -> ImportReport:
        now = deps.now()
        return import_people_rows(session, payload, cipher=deps.cipher, today=deps.options.today(now), now=now)

    _run(run)


@click.command("import-calendar")
@FILE
def import_calendar(file: Path) -> None:
    """Public holidays and make-up working days of the district's own calendar, from JSON, CSV or Excel.

    What stands here goes before the built-in calendar. A second import of the same file changes nothing.
    """
    payload = _readable(lambda: _parts(file, calendar_days_file.NAMES, {CALENDAR_PART: CALENDAR_PART}, CALENDAR_PART))
    _run(lambda session, deps: import_calendar_rows(session, payload, now=deps.now()))


def _parts(file: Path, names: Mapping[str, str], part_names: Mapping[str, str], default_part: str) -> Any:
    if is_json(file):
        return read_json(file)
    return read_table(file, default_part=default_part, names=names, part_names=part_names)


def _readable(read: Callable[[], T]) -> T:
    """The file's content; one that cannot be read at all ends the command with why."""
    try:
        return read()
    except FileUnreadable as error:
        raise click.ClickException(f"the file cannot be read: {error}") from error


def _run(run: Callable[[Session, Deps], ImportReport], refused: centre_tables.Refused | None = None) -> None:
    """One transaction, the report, and exit code 1 where a row was refused."""
    deps = container()
    with deps.unit_of_work() as session:
        report = run(session, deps)
    for where, reason in refused or []:
        report.add(where, "refused", reason)
    click.echo(report.summary())
    if report.refused:
        raise SystemExit(1)
