"""Settings and container for a command, with errors said in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.exc import SQLAlchemyError

from server.container import Container, build
from server.migrate import current_revision, head_revision
from server.settings import Settings, SettingsError


def settings() -> Settings:
    """Settings from the environment; a wrong one ends the command with what to set."""
    try:
        return Settings.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def container(*, any_schema: bool = False) -> Container:
    """Everything a command needs. An unmigrated database ends the command with what to do, unless it is asked for."""
    with database_errors_said():
        deps = build(settings())
    if not any_schema and current_revision(deps.database.engine) != head_revision():
        raise click.ClickException("the database is not at this version; run: python -m server migrate")
    return deps


@contextmanager
def database_errors_said() -> Iterator[None]:
    """A database that is not there, not ours or not writable ends the command in one line, without a password.

    Raises ClickException.
    """
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        said = str(cause).strip().partition("\n")[0] or type(cause).__name__
        raise click.ClickException(f"the database cannot be used ({said}); check LIANYI_DATABASE_URL") from error
