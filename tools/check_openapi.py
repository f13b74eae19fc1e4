"""`python -m tools.check_openapi [--write]`: docs/openapi.json and the front end's types follow from the code."""

import os
import subprocess
import sys
import tempfile
from difflib import unified_diff
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/openapi.json"
TYPES = ROOT / "miniprogram/src/api/schema.d.ts"
SHOWN_LINES = 40


def document_of_the_code() -> str:
    """What `python -m server openapi` prints, with demo settings whatever the environment says."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LIANYI_")}
    command = [sys.executable, "-m", "server", "openapi"]
    done = subprocess.run(command, cwd=ROOT, env=environ, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def types_of(document: Path) -> str:
    """The TypeScript types that openapi-typescript makes of the document."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "schema.d.ts"
        command = [
            str(ROOT / "tools/with-node"),
            "npx",
            "--no-install",
            "openapi-typescript",
            str(document),
            "-o",
            str(out),
        ]
        subprocess.run(command, cwd=ROOT / "miniprogram", check=True, stdout=subprocess.DEVNULL)
        return out.read_text("utf-8")


def difference(file: Path, wanted: str) -> list[str]:
    """The first lines in which a file differs from what it should say; empty when it is up to date."""
    present = file.read_text("utf-8") if file.is_file() else ""
    name = str(file.relative_to(ROOT))
    lines = unified_diff(present.splitlines(), wanted.splitlines(), name, "from the code", lineterm="", n=1)
    return list(lines)[:SHOWN_LINES]


@click.command()
@click.option("--write", is_flag=True, help="Write both anew instead of complaining.")
def main(write: bool) -> None:
    """Compare, or write, the OpenAPI document and the types made from it."""
    document = document_of_the_code()
    if write:
        DOCUMENT.write_text(document, "utf-8")
        TYPES.parent.mkdir(parents=True, exist_ok=True)
        TYPES.write_text(types_of(DOCUMENT), "utf-8")
        return
    stale = difference(DOCUMENT, document)
    stale = stale or difference(TYPES, types_of(DOCUMENT))
    if stale:
        click.echo("\n".join(stale), err=True)
        raise click.ClickException("out of date; run: make openapi")
    click.echo("OpenAPI document and types: up to date")


if __name__ == "__main__":
    main()
