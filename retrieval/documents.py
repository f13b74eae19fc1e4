"""Collections in files: JSON lines, plain or gzip."""

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Document:
    """One text to find. The title is searched like the text; `also` is searched and never shown."""

    id: str
    title: str
    text: str
    also: str = ""

    @property
    def body(self) -> str:
        """What is searched: the title stands in front unless the text begins with it."""
        return self.text if self.text.startswith(self.title) else f"{self.title}\n{self.text}"


class BadLine(ValueError):
    """A line that cannot be read: its number and why."""


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file. Raises BadLine naming the line, OSError for a broken archive."""
    with path.open("rb") as raw:
        lines = io.TextIOWrapper(gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw, encoding="utf-8")
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise BadLine(f"{path.name} line {number}: not JSON ({error.msg})") from error
            if not isinstance(row, dict) or "id" not in row:
                raise BadLine(f"{path.name} line {number}: an object with an id is needed")
            yield row


def read_documents(path: Path) -> Iterator[Document]:
    """Documents `{"id","title","text"}`, one after another."""
    for row in read_lines(path):
        yield Document(str(row["id"]), str(row.get("title") or ""), str(row.get("text") or ""))


def read_queries(path: Path) -> list[tuple[str, str]]:
    """Queries `{"id","text"}`."""
    return [(str(r["id"]), str(r.get("text") or "")) for r in read_lines(path)]
