"""Bodies over the limit: drained so that the client hears the answer, then 413.

A server that answers without reading resets the connection, and most clients never see the 413.
Up to DRAIN_BYTES are read and thrown away; past that the answer goes out and gunicorn closes the connection.
A chunked body has no announced length: it is read up to the limit and handed on with one.
"""

import io
import json
from collections.abc import Callable, Iterable
from typing import IO, Any

from domain.error_messages import message_for

MEBIBYTE = 1024 * 1024
BODY_BYTES = MEBIBYTE
UPLOAD_BYTES = 10 * MEBIBYTE
UPLOAD_ENVELOPE_BYTES = 64 * 1024  # the multipart boundaries and names around a file of exactly 10 MB
DRAIN_BYTES = 32 * MEBIBYTE
UPLOAD_PATH = "/api/v1/files"
STEP_BYTES = 64 * 1024

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]


class BodyLimit:
    """WSGI middleware around the whole application."""

    def __init__(self, app: Wsgi) -> None:
        self._app = app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        limit = UPLOAD_BYTES + UPLOAD_ENVELOPE_BYTES if environ.get("PATH_INFO") == UPLOAD_PATH else BODY_BYTES
        source: IO[bytes] = environ["wsgi.input"]
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = _read(source, limit + 1)
            if len(body) > limit:
                _drain(source, DRAIN_BYTES - len(body))
                return _refuse(start_response, limit)
            del environ["HTTP_TRANSFER_ENCODING"]
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        elif (announced := _length(environ)) > limit:
            if announced <= DRAIN_BYTES:
                _drain(source, announced)
            return _refuse(start_response, limit)
        return self._app(environ, start_response)


def _length(environ: Environ) -> int:
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() else 0


def _read(source: IO[bytes], most: int) -> bytes:
    parts: list[bytes] = []
    while most > 0 and (part := source.read(min(STEP_BYTES, most))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _drain(source: IO[bytes], most: int) -> None:
    while most > 0 and (part := source.read(min(STEP_BYTES, most))):
        most -= len(part)


def _refuse(start_response: StartResponse, limit: int) -> Iterable[bytes]:
    refusal = {"code": "too_large", "message": message_for("too_large", {}), "details": {"max_bytes": limit}}
    body = json.dumps(refusal, ensure_ascii=False).encode()
    headers = [("Content-Type", "application/json; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response("413 Content Too Large", headers)
    return [body]
