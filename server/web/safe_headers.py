"""Headers that tell a browser not to guess, not to tell others where one was, and not to be framed."""

from flask import Flask, Response

EVERYWHERE = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("X-Frame-Options", "SAMEORIGIN"),
)
# The app's own page: scripts from here alone, so that no text in it can ever become one.
PAGE_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "media-src 'self' blob:; object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
)


def install(app: Flask) -> None:
    """Set them on every answer."""
    app.after_request(_set)


def _set(response: Response) -> Response:
    for name, value in EVERYWHERE:
        response.headers[name] = value
    return response
