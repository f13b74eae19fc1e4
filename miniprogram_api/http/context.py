"""How an endpoint reaches what the factory passed in."""

from typing import cast

from flask import Flask, current_app

from services.ports import Deps

EXTENSION = "lianyi"


def install(app: Flask, deps: Deps) -> None:
    """Hang the dependencies on the app; called once by the factory."""
    app.extensions[EXTENSION] = deps


def deps() -> Deps:
    """The dependencies of the running app."""
    return cast(Deps, current_app.extensions[EXTENSION])
