"""What the rest of the house knows of text search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found: its id, a score (higher is better), why, and the best passage."""

    doc_id: str
    score: float
    matched: tuple[str, ...]
    passage: str


class TextIndex(Protocol):
    """A searchable collection. Deterministic: the same collection and query give the same hits."""

    def search(self, query: str, *, limit: int = 10) -> Sequence[Hit]: ...

    def is_ready(self) -> bool:
        """Whether it has been built at least once on this machine."""
        ...
