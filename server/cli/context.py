"""Settings and container for a command, with errors said in one line."""

import click

from server.container import Container, build
from server.settings import Settings, SettingsError


def settings() -> Settings:
    """Settings from the environment; a wrong one ends the command with what to set."""
    try:
        return Settings.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def container() -> Container:
    """Everything a command needs."""
    return build(settings())
