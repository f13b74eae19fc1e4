"""The ledger's own check must see what it is for."""

from pathlib import Path

import pytest

from tools.check_rules import ids_in, ids_tested, problems, read_ledger

LEDGER = """
done: B

| id | rule |
| --- | --- |
| B01 | a place is given once |
| B02 | a full slot offers others |
| C01 | a code is old after 20 s |
"""


def test_ids_are_found_wherever_a_mark_can_stand() -> None:
    source = """
import pytest
pytestmark = pytest.mark.rule("B01")
@pytest.mark.rule("B02", "B03")
def test_one(): ...
@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.rule("C01"))])
class TestTwo: ...
"""
    assert set(ids_in(source)) == {"B01", "B02", "B03", "C01"}


@pytest.mark.parametrize(
    ("tested", "said"),
    [
        ({"B01", "B02"}, []),
        ({"B01"}, ["B02: module booking is called done, but no test holds it: a full slot offers others"]),
        ({"B01", "B02", "B99"}, ["B99: a test names it, docs/rules.md does not"]),
    ],
)
def test_unknown_ids_and_untested_rules_of_a_done_module_fail(tested: set[str], said: list[str]) -> None:
    assert problems(read_ledger(LEDGER), tested) == said


def test_an_id_given_twice_fails() -> None:
    assert problems(read_ledger(LEDGER + "| B01 | again |\n"), {"B01", "B02"}) == ["B01: stands in docs/rules.md twice"]


def test_tests_are_read_without_being_run(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text("import no_such_module, pytest\n@pytest.mark.rule('C01')\ndef test_x(): ...\n")
    assert ids_tested(tmp_path) == {"C01"}
