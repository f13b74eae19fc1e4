"""Decision 36, over real HTTP: the client always hears the 413."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from server.body_limit import BODY_BYTES, DRAIN_BYTES, UPLOAD_BYTES, UPLOAD_PATH
from tests.web_process import gunicorn


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with gunicorn("tests.server.body_limit_app:app", workers=1) as url:
        yield urlsplit(url).netloc


def send(address: str, body: bytes, path: str = "/", *, chunked: bool = False) -> tuple[int, bytes, bool]:
    """Status, body and whether the connection still answers a second request."""
    with closing(http.client.HTTPConnection(address, timeout=30)) as connection:
        connection.request("POST", path, iter([body]) if chunked else body, encode_chunked=chunked)
        answer = connection.getresponse()
        raw = answer.read()
        if answer.will_close:
            return answer.status, raw, False
        connection.request("POST", path, b"abc")
        return answer.status, raw, connection.getresponse().read() == b"3"


@pytest.mark.rule("O90")
@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
@pytest.mark.parametrize(
    ("size", "path", "status"),
    [
        (0, "/", 200),
        (BODY_BYTES, "/", 200),
        (BODY_BYTES + 1, "/", 413),
        (5 * BODY_BYTES, "/", 413),
        (UPLOAD_BYTES, UPLOAD_PATH, 200),
        (UPLOAD_BYTES + BODY_BYTES, UPLOAD_PATH, 413),
        (DRAIN_BYTES - 1, "/", 413),
    ],
)
def test_too_large_a_body_is_drained_and_answered_with_413(
    address: str, size: int, path: str, status: int, chunked: bool
) -> None:
    seen, raw, still_open = send(address, b"x" * size, path, chunked=chunked)
    assert seen == status
    assert still_open
    if status == 200:
        assert raw == str(size).encode()
    else:
        refusal = json.loads(raw)
        assert refusal["code"] == "too_large"
        assert refusal["message"]


@pytest.mark.rule("O90")
def test_past_32_mb_nothing_more_is_read(address: str) -> None:
    """The announced gigabyte is never sent: the answer comes all the same, and the connection closes."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n")
        answer = b""
        while part := raw.recv(65536):  # ends when the server closes
            answer += part
    assert answer.startswith(b"HTTP/1.1 413 ")
