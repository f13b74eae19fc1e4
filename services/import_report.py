"""What became of each row of an import: the good ones go in, the others are said with their place and reason."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["added", "changed", "unchanged", "refused"]


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One row: where it stands in the file, what became of it, and why not."""

    where: str
    outcome: Outcome
    reason: str = ""


@dataclass(slots=True)
class ImportReport:
    """All rows of one import, in order."""

    rows: list[ImportRow] = field(default_factory=list)

    def add(self, where: str, outcome: Outcome, reason: str = "") -> None:
        self.rows.append(ImportRow(where, outcome, reason))

    @property
    def refused(self) -> list[ImportRow]:
        return [row for row in self.rows if row.outcome == "refused"]

    def count(self, outcome: Outcome) -> int:
        """How many rows ended so."""
        return sum(row.outcome == outcome for row in self.rows)

    @property
    def changed_anything(self) -> bool:
        return any(row.outcome in ("added", "changed") for row in self.rows)

    def summary(self) -> str:
        """Counts in one line, then a line for each refused row."""
        counts = Counter(row.outcome for row in self.rows)
        line = ", ".join(f"{counts[name]} {name}" for name in ("added", "changed", "unchanged", "refused"))
        return "\n".join([line, *(f"{row.where}: {row.reason}" for row in self.refused)])
