"""What never reaches the application is refused in the same shape, and nothing of it is logged or echoed."""

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.web_process import gunicorn

LONG = b"x" * 9000


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with gunicorn("tests.server.body_limit_app:app", workers=1) as url:
        host, port = urlsplit(url).netloc.split(":")
        yield host, int(port)


def send(address: tuple[str, int], request: bytes) -> bytes:
    with socket.create_connection(address, timeout=10) as raw:
        raw.sendall(request)
        answer = b""
        while part := raw.recv(65536):
            answer += part
    return answer


@pytest.mark.rule("O15")
@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (b"GET /?q=" + LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "too_large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + LONG + b"\r\n\r\n", 431, "too_large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer s\x00ecret\r\n\r\n", 400, "malformed"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer secret\r\n\r\n", 400, "malformed"),
        (b"secret\r\n\r\n", 400, "malformed"),
        (b"GET / HTTP/9.secret\r\n\r\n", 400, "malformed"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: secret\r\n\r\n", 400, "malformed"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: secret\r\n\r\n", 400, "malformed"),
    ],
    ids=["line", "headers", "nul", "space", "nonsense", "version", "length", "coding"],
)
def test_what_is_no_http_is_refused_in_our_shape(
    address: tuple[str, int], capfd: pytest.CaptureFixture[str], request_bytes: bytes, status: int, code: str
) -> None:
    head, _, body = send(address, request_bytes).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    said = json.loads(body)
    assert (said["code"], set(said)) == (code, {"code", "message", "details"})
    assert "secret" not in capfd.readouterr().err
    assert b"secret" not in head + body
