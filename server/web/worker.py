"""Gunicorn's thread worker, except that what is no HTTP is refused in our error shape.

A request that cannot be parsed never reaches the application; gunicorn alone would answer it with an
English HTML page and log the line or header that it could not read, which may hold a token.
"""

import json
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

from domain.error_messages import message_for


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """The web process's worker."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """414, 431 or 400 for what is no HTTP; everything else is gunicorn's to say."""
        if not isinstance(exc, ParseException):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("not HTTP: %s", type(exc).__name__)
        try:
            write_nonblock(client, refusal(exc))
        except OSError:
            self.log.debug("the client went away")


def refusal(error: ParseException) -> bytes:
    """The whole answer; the connection ends with it."""
    status, code = "400 Bad Request", "malformed"
    if isinstance(error, LimitRequestLine):
        status, code = "414 URI Too Long", "too_large"
    elif isinstance(error, LimitRequestHeaders):
        status, code = "431 Request Header Fields Too Large", "too_large"
    said = {"code": code, "message": message_for(code, {}), "details": {}}
    body = json.dumps(said, ensure_ascii=False).encode()
    head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body
