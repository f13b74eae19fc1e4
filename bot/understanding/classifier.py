"""The fitted weights at work: one sparse sum per head."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.understanding.features import Features

WEIGHTS = Path(__file__).parent / "weights.npz"
HEADS = ("intent", "policy.category", "demand.category", "demand.action", "booking.action", "checkin.action")


@dataclass(frozen=True, slots=True)
class Guess:
    """The labels of one head with their shares, best first."""

    shares: tuple[tuple[str, float], ...]

    @property
    def label(self) -> str:
        return self.shares[0][0]

    @property
    def share(self) -> float:
        return self.shares[0][1]

    def weighted(self, weights: dict[str, float]) -> "Guess":
        """The same shares with some labels likelier, adding up to 1 again."""
        raw = {label: share * weights.get(label, 1.0) for label, share in self.shares}
        total = sum(raw.values()) or 1.0
        ranked = sorted(raw.items(), key=lambda item: (-item[1], item[0]))
        return Guess(tuple((label, round(share / total, 4)) for label, share in ranked))

    def of(self, label: str) -> float:
        return dict(self.shares).get(label, 0.0)


class Classifier:
    """All heads over one vocabulary of features."""

    def __init__(self, arrays: Any) -> None:
        self.digest = str(arrays["digest"])
        self._names = {name: at for at, name in enumerate(str(arrays["names"]).split("\n"))}
        self._heads = {
            head: (
                str(arrays[f"{head}:classes"]).split("\n"),
                np.asarray(arrays[f"{head}:weights"], dtype=np.float32),
                np.asarray(arrays[f"{head}:bias"], dtype=np.float32),
            )
            for head in HEADS
        }

    def guess(self, head: str, features: Features) -> Guess:
        """Shares of every label of a head, best first; ties by name, so that nothing is left to chance."""
        classes, weights, bias = self._heads[head]
        rows, values = self._rows(features)
        logits = bias + (values @ weights[rows] if len(rows) else 0)
        p = np.exp(logits - logits.max())
        p = p / p.sum()
        ranked = sorted(zip(classes, p.tolist(), strict=True), key=lambda item: (-item[1], item[0]))
        return Guess(tuple((label, round(share, 4)) for label, share in ranked))

    def known_share(self, features: Features) -> float:
        """How much of the text the classifiers have ever seen: near 0 for gibberish."""
        total = sum(v * v for name, v in features.values.items() if not name.startswith("w:"))
        known = sum(v * v for name, v in features.values.items() if not name.startswith("w:") and name in self._names)
        return known / total if total else 0.0

    def _rows(self, features: Features) -> tuple[list[int], NDArray[np.float32]]:
        pairs = [(self._names[name], value) for name, value in features.values.items() if name in self._names]
        return [at for at, _ in pairs], np.array([value for _, value in pairs], dtype=np.float32)


@cache
def classifier() -> Classifier:
    """The weights shipped with the program, read once."""
    with np.load(WEIGHTS, allow_pickle=False) as arrays:
        return Classifier(arrays)
