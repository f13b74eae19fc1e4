"""Fit the classifiers on our own examples: `python -m bot.understanding.fit`.

Softmax regression with L2, full batch, no random numbers: the same examples give the same weights.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.understanding.classifier import HEADS, WEIGHTS
from bot.understanding.examples import Example, digest, examples
from bot.understanding.features import features_of

Matrix = NDArray[np.float32]
STEPS = 300
RATE = 2.0
PENALTY = 5e-5
SMALLEST = 0.015


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


def vocabulary(texts: Sequence[dict[str, float]]) -> dict[str, int]:
    counts = Counter(name for values in texts for name in values)
    names = sorted(name for name, count in counts.items() if count >= 2 or name.startswith("w:"))
    return {name: at for at, name in enumerate(names)}


def matrix(texts: Sequence[dict[str, float]], names: dict[str, int]) -> Matrix:
    out = np.zeros((len(texts), len(names)), dtype=np.float32)
    for row, values in enumerate(texts):
        for name, value in values.items():
            if name in names:
                out[row, names[name]] = value
    return out


def fit_head(x: Matrix, wanted: Sequence[str], weights: Matrix) -> tuple[list[str], Matrix, Matrix]:
    """Classes, weights (features × classes) and bias; Nesterov's method on the weighted cross entropy."""
    classes = sorted(set(wanted))
    target = np.zeros((len(wanted), len(classes)), dtype=np.float32)
    for row, label in enumerate(wanted):
        target[row, classes.index(label)] = 1
    share = (weights / weights.sum())[:, None]
    w = np.zeros((x.shape[1], len(classes)), dtype=np.float32)
    b = np.zeros(len(classes), dtype=np.float32)
    speed_w, speed_b = np.zeros_like(w), np.zeros_like(b)
    for step in range(STEPS):
        ahead_w, ahead_b = w + 0.9 * speed_w, b + 0.9 * speed_b
        logits = x @ ahead_w + ahead_b
        logits -= logits.max(axis=1, keepdims=True)
        p = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        error = (p - target) * share
        rate = RATE * min(1.0, (step + 1) / 20)
        speed_w = 0.9 * speed_w - rate * (x.T @ error + PENALTY * ahead_w)
        speed_b = 0.9 * speed_b - rate * error.sum(axis=0)
        w, b = w + speed_w, b + speed_b
    return classes, w, b


def fit(data: Sequence[Example]) -> dict[str, NDArray[np.generic]]:
    """All heads over one vocabulary."""
    values = [features_of(example.text).values for example in data]
    names = vocabulary(values)
    x = matrix(values, names)
    out: dict[str, NDArray[np.generic]] = {"names": np.array("\n".join(names)), "digest": np.array(digest())}
    for head in HEADS:
        rows = [at for at, example in enumerate(data) if label_for(head, example)]
        wanted = [str(label_for(head, data[at])) for at in rows]
        weights = np.array([data[at].weight for at in rows], dtype=np.float32)
        classes, w, b = fit_head(x[rows], wanted, weights)
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
