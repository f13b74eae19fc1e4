"""The vectors are what their generator makes: nobody may edit an expectation by hand."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.wechat_vectors import FOLDER


@pytest.mark.rule("W10")
def test_generator_makes_the_same_file(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node, which builds the front ends")
    out = tmp_path / "vectors.json"
    subprocess.run([node, str(FOLDER / "generate.mjs"), "--out", str(out)], check=True, capture_output=True)
    assert out.read_bytes() == (FOLDER / "vectors.json").read_bytes()
