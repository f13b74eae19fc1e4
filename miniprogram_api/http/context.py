"""How an endpoint reaches what the factory passed in."""

from typing import cast
from zoneinfo import ZoneInfo

from flask import Flask, current_app

from domain.local_time import zone_named
from services.ports import Deps

EXTENSION = "lianyi"


def install(app: Flask, deps: Deps) -> None:
    """Hang the dependencies on the app; called once by the factory."""
    app.extensions[EXTENSION] = deps


def deps() -> Deps:
    """The dependencies of the running app."""
    return cast(Deps, current_app.extensions[EXTENSION])


def district_zone() -> ZoneInfo:
    """The clock of what belongs to no centre (decision 15)."""
    return zone_named(deps().options.timezone)
