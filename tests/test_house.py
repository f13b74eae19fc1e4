"""What holds for the whole tree and no linter says."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOMAIN = sorted((ROOT / "domain").rglob("*.py"))
OUTSIDE_WORLD = {"socket", "subprocess", "sqlite3", "urllib", "http", "os", "io", "time", "logging", "threading"}
HARMLESS = {"urllib.parse"}


def imported(file: Path) -> set[str]:
    """The modules every import of a file names, lazy ones included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return names


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize("file", DOMAIN, ids=lambda file: file.name)
def test_the_rules_know_the_standard_library_alone(file: Path) -> None:
    """And of it nothing that reaches outside: no clock, no file, no network (decision 3)."""
    allowed = (sys.stdlib_module_names - OUTSIDE_WORLD) | {"domain"}
    assert packages(imported(file) - HARMLESS) <= allowed


@pytest.mark.parametrize("file", DOMAIN, ids=lambda file: file.name)
def test_the_rules_read_no_clock(file: Path) -> None:
    calls = {
        f"{node.func.value.id}.{node.func.attr}"
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    }
    assert not calls & {"datetime.now", "datetime.utcnow", "date.today", "datetime.today"}


def test_importing_the_server_package_loads_no_flask() -> None:
    assert (ROOT / "server/__init__.py").read_text("utf-8").strip() == ""


def test_training_is_never_imported_by_serving() -> None:
    """lightgbm lies in requirements-dev alone (decision 3)."""
    serving = ("domain", "retrieval", "models", "services", "bot", "miniprogram_api", "server")
    users = [
        file.relative_to(ROOT).as_posix()
        for package in serving
        for file in (ROOT / package).rglob("*.py")
        if "lightgbm" in packages(imported(file))
    ]
    assert set(users) <= {"retrieval/fit.py"}
