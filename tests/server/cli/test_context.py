"""What is wrong with the settings or the database is said in one line, not in a traceback."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from server.cli import main
from tests.web_process import free_port


@pytest.mark.parametrize(
    "url",
    ["garbage", "sqlite:////proc/none/a.db", "postgresql+psycopg://x:a-password@127.0.0.1:1/none", "sqlite:///{folder}/a.db"],
    ids=["no address", "no folder", "no server", "not a database"],
)  # fmt: skip
def test_a_database_that_cannot_be_used_is_said(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.db").write_bytes(b"this is no database" * 1000)
    monkeypatch.setenv("LIANYI_DATABASE_URL", url.format(folder=tmp_path))
    done = CliRunner().invoke(main, ["up", "--port", str(free_port())])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert "\nError: the database cannot be used (" in "\n" + done.output
    assert "LIANYI_DATABASE_URL" in done.output
    assert "a-password" not in done.output
