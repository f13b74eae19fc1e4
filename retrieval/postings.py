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


@dataclass(frozen=True, slots=True)
class Counted:
    """The grams of one document, each once, with how often it occurs."""

    grams: Grams
    counts: NDArray[np.uint16]
    length: int

    @classmethod
    def of(cls, grams: Grams) -> "Counted":
        unique, counts = np.unique(grams, return_counts=True)
        return cls(unique, np.minimum(counts, 0xFFFF).astype(np.uint16), len(grams))


def build_channel(texts: Sequence[Counted]) -> Channel:
    """The channel of a collection."""
    lengths = np.array([text.length for text in texts], np.float32)
    average = max(float(lengths.mean()), 1.0) if len(lengths) else 1.0
    grams = np.concatenate([np.zeros(0, np.uint32), *(text.grams for text in texts)])
    order = np.argsort(grams, kind="stable")  # stable: documents stay in order within a gram
    grams = grams[order]
    vocabulary, first, holders = np.unique(grams, return_index=True, return_counts=True)
    total = len(grams)
    del grams
    documents = np.repeat(np.arange(len(texts), dtype=np.uint32), [len(text.grams) for text in texts])[order]
    counts = np.concatenate([np.zeros(0, np.uint16), *(text.counts for text in texts)])[order].astype(np.float32)
    del order
    rarity = np.log1p((len(texts) - holders + 0.5) / (holders + 0.5)).astype(np.float32)
    shrink = (K1 * (1 - B + B * lengths / average)).astype(np.float32)
    weights = np.repeat(rarity * np.float32(K1 + 1), holders) * counts
    counts += shrink[documents]
    weights /= counts
    starts = np.append(first, total).astype(np.int64)
    return Channel(vocabulary, starts, documents, weights)
