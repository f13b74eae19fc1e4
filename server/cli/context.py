"""Settings and container for a command, with errors said in one line."""

import click

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
    deps = build(settings())
    if not any_schema and current_revision(deps.database.engine) != head_revision():
        raise click.ClickException("the database is not at this version; run: python -m server migrate")
    return deps
