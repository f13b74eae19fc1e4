"""What no endpoint should have to look at: control characters in paths and queries."""

from flask import request

from domain.errors import Invalid, NotFound
from miniprogram_api.schemas.base import has_control_characters


def refuse_control_characters() -> None:
    """A path with a control character names nothing (404); a query with one is refused (422)."""
    if request.view_args and has_control_characters(request.view_args):
        raise NotFound("not_found")
    if request.query_string and has_control_characters(request.args.to_dict(flat=False)):
        raise Invalid("control_characters")
