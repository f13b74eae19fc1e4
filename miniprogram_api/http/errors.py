"""The only place where a refusal meets an HTTP status."""

import logging
from typing import Any

from apiflask import APIFlask, HTTPError
from flask import Response, jsonify
from sqlalchemy.exc import DataError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException

from domain.error_messages import message_for
from domain.errors import Busy, Conflict, Invalid, NotAllowed, NotFound, NotSignedIn, Refusal, TooMany

log = logging.getLogger(__name__)

STATUS: dict[type[Refusal], int] = {
    NotSignedIn: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    TooMany: 429,
    Busy: 503,
}
HTTP_CODES = {
    400: "malformed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    503: "busy",
}
RETRY_SECONDS = 1


def body(code: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """The one error shape of the contract."""
    details = details or {}
    return {"code": code, "message": message_for(code, details), "details": details}


def respond(status: int, code: str, details: dict[str, Any] | None = None) -> Response:
    """An error answer; 429 and 503 say when to come back."""
    response = jsonify(body(code, details))
    response.status_code = status
    if status in (429, 503):
        response.headers["Retry-After"] = str((details or {}).get("retry_after", RETRY_SECONDS))
    return response


def render_refusal(refusal: Refusal) -> Response:
    """A refusal as its HTTP answer; also for outcomes that were committed first (decision 12)."""
    return respond(STATUS[type(refusal)], refusal.code, refusal.details)


def install(app: APIFlask) -> None:
    """Register the handlers; everything a client can send ends in one of them."""
    app.register_error_handler(Refusal, render_refusal)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(RecursionError, lambda _: respond(400, "malformed"))
    app.register_error_handler(DataError, _data)
    app.register_error_handler(OverflowError, lambda _: respond(422, "invalid"))
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(TimeoutError, _busy)
    app.error_processor(_invalid)
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if isinstance(error.response, Response):
        return error.response
    if status < 400 or (status >= 500 and status != 503):
        log.exception("unexpected http error status=%s", status)
        return respond(500, "server_error")
    return respond(status, HTTP_CODES.get(status, "malformed"))


def _invalid(error: HTTPError) -> tuple[dict[str, Any], int]:
    """Pydantic's findings: which field, what is wrong; control characters have a code of their own."""
    fields: dict[str, list[str]] = {}
    for location in (error.detail or {}).values():
        fields |= location if isinstance(location, dict) else {}
    status = error.status_code
    if any("control_characters" in text for texts in fields.values() for text in texts):
        return body("control_characters", {"fields": sorted(fields)}), 422
    return body(HTTP_CODES.get(status, "malformed"), {"fields": fields} if fields else None), status


def _data(error: DataError) -> Response:
    log.info("value out of the database's range: %s", type(error.orig).__name__)
    return respond(422, "invalid")


def _busy(error: Exception) -> Response:
    log.warning("database busy: %s", type(getattr(error, "orig", error)).__name__)
    return respond(503, "busy")


def _unexpected(error: Exception) -> Response:
    log.exception("unexpected %s", type(error).__name__)
    return respond(500, "server_error")
