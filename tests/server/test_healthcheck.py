"""What a container is judged by."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from server.healthcheck import main
from tests.web_process import free_port


class Readyz(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/readyz" else 404)
        self.end_headers()
        self.wfile.write(b'{"migrations":"at 0001, wanted 0007"}')

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Readyz]]:
    class Handler(Readyz):
        pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setenv("LIANYI_PORT", str(server.server_port))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Handler
        server.shutdown()
        thread.join()


def test_ready_is_zero(served: type[Readyz]) -> None:
    assert main() == 0


def test_not_ready_is_one_and_says_why(served: type[Readyz], capsys: pytest.CaptureFixture[str]) -> None:
    served.status = 503
    assert main() == 1
    assert "wanted 0007" in capsys.readouterr().err


def test_nobody_there_is_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LIANYI_PORT", str(free_port()))
    assert main() == 1
    assert "refused" in capsys.readouterr().err
