"""What no endpoint should have to look at: control characters in paths and queries."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import request

from domain.errors import Invalid, NotFound
from miniprogram_api.schemas.base import has_control_characters

P = ParamSpec("P")
R = TypeVar("R")


def refuse_control_characters() -> None:
    """A path with a control character names nothing (404); a query with one is refused (422)."""
    if request.view_args and has_control_characters(request.view_args):
        raise NotFound("not_found")
    if request.query_string and has_control_characters(request.args.to_dict(flat=False)):
        raise Invalid("control_characters")


def body_optional(view: Callable[P, R]) -> Callable[P, R]:
    """A POST whose members are all optional may come without any body."""

    @wraps(view)
    def without_body(*args: P.args, **kwargs: P.kwargs) -> R:
        if not request.get_data():
            request.get_json = lambda *_, **__: {}  # type: ignore[method-assign]  # what an empty object would have given
        return view(*args, **kwargs)

    return without_body
