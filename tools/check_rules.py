"""`python -m tools.check_rules`: the rules ledger against the tests, without running them.

`docs/rules.md` lists every rule as a row `| B14 | text |`. A test holds a rule by
`@pytest.mark.rule("B14")`. A row of the modules named on the line `done: B, C` needs a test.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEDGER = ROOT / "docs/rules.md"
TESTS = ROOT / "tests"
MODULES = {
    "B": "booking", "C": "check-in", "P": "policies", "T": "bot", "D": "demands", "L": "lists",
    "O": "organisation and platform", "W": "WeChat",
}  # fmt: skip
ROW = re.compile(r"^\|\s*([A-Z]\d+[a-z]?)\s*\|\s*(\S.*?)\s*\|")
DONE = re.compile(r"^done:\s*(.*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The rules, the ids that stand there twice, and the modules called done."""

    rules: Mapping[str, str]
    twice: frozenset[str]
    done: frozenset[str]


def read_ledger(text: str) -> Ledger:
    """The rows and the `done:` line of docs/rules.md."""
    rules: dict[str, str] = {}
    twice: set[str] = set()
    done: set[str] = set()
    for line in text.splitlines():
        if row := ROW.match(line):
            if row[1] in rules:
                twice.add(row[1])
            rules[row[1]] = row[2]
        elif named := DONE.match(line):
            done |= {name.strip().upper() for name in named[1].split(",") if name.strip()}
    return Ledger(rules, frozenset(twice), frozenset(done))


def ids_in(source: str) -> Iterator[str]:
    """The ids of every `rule(…)` mark in a test file, also inside `pytest.param(marks=…)` and `pytestmark`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "rule":
            yield from (a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))


def ids_tested(folder: Path) -> set[str]:
    return {rule for file in sorted(folder.rglob("*.py")) for rule in ids_in(file.read_text("utf-8"))}


def problems(ledger: Ledger, tested: Iterable[str]) -> list[str]:
    """What makes the check fail: unknown ids, an id twice, an untested rule of a module called done."""
    tested = set(tested)
    found = [f"{rule}: a test names it, docs/rules.md does not" for rule in sorted(tested - ledger.rules.keys())]
    found += [f"{rule}: stands in docs/rules.md twice" for rule in sorted(ledger.twice)]
    found += [f"done: {name} is no module" for name in sorted(ledger.done - MODULES.keys())]
    found += [
        f"{rule}: module {MODULES[rule[0]]} is called done, but no test holds it: {text}"
        for rule, text in ledger.rules.items()
        if rule[0] in ledger.done & MODULES.keys() and rule not in tested
    ]
    return found


def main() -> None:
    ledger = read_ledger(LEDGER.read_text("utf-8"))
    tested = ids_tested(TESTS)
    untested = [rule for rule in ledger.rules if rule not in tested]
    for module, name in MODULES.items():
        of_module = [rule for rule in ledger.rules if rule[0] == module]
        open_ones = [rule for rule in of_module if rule in untested]
        said = " ".join(open_ones) or "none"
        print(f"rules {name}: {len(of_module) - len(open_ones)} of {len(of_module)} tested; without a test: {said}")
    found = problems(ledger, tested)
    for problem in found:
        print(problem, file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
