"""The smallest application behind the body limit: says how many bytes reached it."""

from typing import Any

from server.body_limit import BodyLimit, Environ, StartResponse


def count(environ: Environ, start_response: StartResponse) -> list[bytes]:
    source: Any = environ["wsgi.input"]
    length = int(environ.get("CONTENT_LENGTH") or 0)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(len(source.read(length))).encode()]


app = BodyLimit(count)
