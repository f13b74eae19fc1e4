"""One channel of the search: which grams occur in which documents, weighed by BM25.

Grams are 32-bit numbers (two 16-bit codes), so that the vocabulary is a sorted array and a whole
channel is four flat arrays that can lie in a file and be mapped into memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75

Grams = NDArray[np.uint32]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Channel:
    """`vocabulary[i]` occurs in `documents[starts[i]:starts[i + 1]]`, with those `weights`."""

    vocabulary: Grams
    starts: NDArray[np.int64]
    documents: NDArray[np.uint32]
    weights: Floats

    def add_scores(self, grams: Grams, share: float, scores: Floats) -> None:
        """Adds this channel's share of the score of every document."""
        for index in self._found(grams):
            span = slice(self.starts[index], self.starts[index + 1])
            scores[self.documents[span]] += share * self.weights[span]

    def weights_in(self, grams: Grams, document: int) -> Floats:
        """The weight of each gram in one document, 0 where it does not occur."""
        out = np.zeros(len(grams), np.float32)
        for position, gram in enumerate(grams):
            index = int(np.searchsorted(self.vocabulary, gram))
            if index >= len(self.vocabulary) or self.vocabulary[index] != gram:
                continue
            low, high = int(self.starts[index]), int(self.starts[index + 1])
            at = low + int(np.searchsorted(self.documents[low:high], document))
            if at < high and self.documents[at] == document:
                out[position] = self.weights[at]
        return out

    def _found(self, grams: Grams) -> list[int]:
        if not len(self.vocabulary) or not len(grams):
            return []
        at = np.minimum(np.searchsorted(self.vocabulary, grams), len(self.vocabulary) - 1)
        return [int(i) for i in at[self.vocabulary[at] == grams]]


def build_channel(texts: Sequence[Grams]) -> Channel:
    """The channel of a collection, one array of grams per document."""
    lengths = np.array([len(t) for t in texts], np.float32)
    average = max(float(lengths.mean()), 1.0) if len(lengths) else 1.0
    parts = [np.unique(t, return_counts=True) for t in texts]
    if not parts:
        parts = [(np.zeros(0, np.uint32), np.zeros(0, np.intp))]
    grams = np.concatenate([p[0] for p in parts]).astype(np.uint32)
    counts = np.concatenate([p[1] for p in parts]).astype(np.float32)
    documents = np.repeat(np.arange(len(parts), dtype=np.uint32), [len(p[0]) for p in parts])
    order = np.argsort(grams, kind="stable")  # stable: documents stay in order within a gram
    grams, counts, documents = grams[order], counts[order], documents[order]
    vocabulary, first, holders = np.unique(grams, return_index=True, return_counts=True)
    rarity = np.log1p((len(texts) - holders + 0.5) / (holders + 0.5)).astype(np.float32)
    shrink = K1 * (1 - B + B * lengths / average)
    weights = np.repeat(rarity, holders) * counts * (K1 + 1)
    if len(texts):
        weights /= counts + shrink[documents]
    starts = np.append(first, len(grams)).astype(np.int64)
    return Channel(vocabulary.astype(np.uint32), starts, documents, weights.astype(np.float32))
