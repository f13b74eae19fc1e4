"""The vectors are what their generator makes: nobody may edit an expectation by hand."""

import subprocess
from pathlib import Path

import pytest

from tests.wechat_vectors import FOLDER

WITH_NODE = FOLDER.parents[1] / "tools" / "with-node"  # finds node, or the one the front ends are built with


@pytest.mark.rule("W10")
def test_generator_makes_the_same_file(tmp_path: Path) -> None:
    out = tmp_path / "vectors.json"
    command = [str(WITH_NODE), "node", str(FOLDER / "generate.mjs"), "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    assert out.read_bytes() == (FOLDER / "vectors.json").read_bytes()
