"""Fit the classifiers on our own examples: `python -m bot.understanding.fit`.

Softmax regression with L2, full batch; damage is drawn from a fixed seed: the same examples give the
same weights.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from bot.understanding.classifier import HEADS, WEIGHTS
from bot.understanding.examples import Example, digest, examples
from bot.understanding.features import features_from, features_of
from bot.understanding.meaning import without_politeness
from bot.understanding.text import sounds_of

Matrix = NDArray[np.float32]
STEPS = 900
RATE = 2.0
PENALTY = 2e-5
SMALLEST = 0.015
SEED = 1921
DAMAGED_WEIGHT = 0.25
"""What a damaged copy of an example counts."""
UNSEEN = "\ue000"
"""Stands for a wrong character that sounds right."""

Values = dict[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to learn: an example, whole or damaged."""

    example: Example
    values: Values
    weight: float


def rows_of(data: Sequence[Example]) -> Iterator[Row]:
    """Each example as written; those people wrote whole also with a slip of the finger and of the ear."""
    chance = Random(SEED)
    for example in data:
        clean = without_politeness(example.text)
        yield Row(example, features_of(clean).values, example.weight)
        if example.weight < 1 or len(clean) < 5:
            continue
        at = chance.randrange(len(clean) - 1)
        dropped = clean[:at] + clean[at + 1 :]
        at = chance.randrange(len(clean) - 1)
        swapped = clean[:at] + clean[at + 1] + clean[at] + clean[at + 2 :]
        misheard = "".join(UNSEEN if chance.random() < 0.2 else char for char in clean)
        for values in (
            features_of(dropped).values,
            features_of(swapped).values,
            features_from(misheard, sounds_of(clean)).values,
        ):
            yield Row(example, values, DAMAGED_WEIGHT)


def label_for(head: str, example: Example) -> str | None:
    """What a head learns from an example; None where it is not its matter."""
    if head == "intent":
        return example.intent
    intent = head.partition(".")[0]
    if example.intent != intent:
        return None
    if intent == "policy":
        return example.label if example.label != "general" else None
    if head == "demand.category":
        return example.label or None
    if head == "demand.action":
        return (example.action or "new") if example.weight == 1 else None
    return example.label if example.label and example.weight == 1 else None


def vocabulary(rows: Sequence[Row]) -> dict[str, int]:
    """Features seen in two whole examples or more, and every group of words."""
    counts = Counter(name for row in rows if row.weight == row.example.weight for name in row.values)
    names = sorted(name for name, count in counts.items() if count >= 2 or name.startswith("w:"))
    return {name: at for at, name in enumerate(names)}


class Sparse:
    """Rows of few values each, multiplied from both sides without a full matrix."""

    def __init__(self, rows: Sequence[Values], names: dict[str, int]) -> None:
        pairs = [(r, names[n], v) for r, values in enumerate(rows) for n, v in values.items() if n in names]
        self.row = np.array([p[0] for p in pairs])
        self.column = np.array([p[1] for p in pairs])
        self.value = np.array([p[2] for p in pairs], dtype=np.float32)[:, None]
        self.by_column = np.argsort(self.column, kind="stable")
        self.rows, self.columns = len(rows), len(names)

    def times(self, weights: Matrix) -> Matrix:
        """Rows × weights."""
        return _sum_by(self.row, weights[self.column] * self.value, self.rows)

    def transposed_times(self, errors: Matrix) -> Matrix:
        """Columns × errors."""
        order = self.by_column
        return _sum_by(self.column[order], errors[self.row[order]] * self.value[order], self.columns)


def _sum_by(sorted_keys: NDArray[np.int64], values: Matrix, size: int) -> Matrix:
    out = np.zeros((size, values.shape[1]), dtype=np.float32)
    starts = np.flatnonzero(np.r_[True, sorted_keys[1:] != sorted_keys[:-1]])
    out[sorted_keys[starts]] = np.add.reduceat(values, starts, axis=0)
    return out


def fit_head(x: Sparse, wanted: Sequence[str], weights: Matrix) -> tuple[list[str], Matrix, Matrix]:
    """Classes, weights (features × classes) and bias; Nesterov's method on the weighted cross entropy."""
    classes = sorted(set(wanted))
    target = np.zeros((len(wanted), len(classes)), dtype=np.float32)
    for row, label in enumerate(wanted):
        target[row, classes.index(label)] = 1
    share = (weights / weights.sum())[:, None]
    w = np.zeros((x.columns, len(classes)), dtype=np.float32)
    b = np.zeros(len(classes), dtype=np.float32)
    speed_w, speed_b = np.zeros_like(w), np.zeros_like(b)
    for step in range(STEPS):
        ahead_w, ahead_b = w + 0.9 * speed_w, b + 0.9 * speed_b
        logits = x.times(ahead_w) + ahead_b
        logits -= logits.max(axis=1, keepdims=True)
        p: Matrix = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        error: Matrix = (p - target) * share
        rate = RATE * min(1.0, (step + 1) / 20)
        speed_w *= 0.9
        speed_w -= rate * (x.transposed_times(error) + PENALTY * ahead_w)
        speed_b *= 0.9
        speed_b -= rate * error.sum(axis=0)
        w += speed_w
        b += speed_b
    return classes, w, b


def fit(data: Sequence[Example]) -> dict[str, NDArray[np.generic]]:
    """All heads over one vocabulary."""
    rows = list(rows_of(data))
    names = vocabulary(rows)
    out: dict[str, NDArray[np.generic]] = {"names": np.array("\n".join(names)), "digest": np.array(digest())}
    for head in HEADS:
        chosen = [row for row in rows if label_for(head, row.example)]
        wanted = [str(label_for(head, row.example)) for row in chosen]
        weights = np.array([row.weight for row in chosen], dtype=np.float32)
        classes, w, b = fit_head(Sparse([row.values for row in chosen], names), wanted, weights)
        w[np.abs(w) < SMALLEST] = 0
        out[f"{head}:classes"] = np.array("\n".join(classes))
        out[f"{head}:weights"] = w.astype(np.float16)
        out[f"{head}:bias"] = b
    return out


def main() -> None:
    np.savez_compressed(WEIGHTS, **fit(examples()))  # type: ignore[arg-type]
    print(f"{len(examples())} examples → {WEIGHTS.name}, {WEIGHTS.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
