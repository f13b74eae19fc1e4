"""Texts as arrays of numbers: normalised codes, sounds, and the grams made of them."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from retrieval.normalise import code_table, normalise, strip_fillers
from retrieval.pinyin import latin_runs, split_latin
from retrieval.postings import Grams

Codes = NDArray[np.uint16]
LEFT_OUT = 0xFFFF


@lru_cache(maxsize=1)
def _table() -> Codes:
    return np.frombuffer(code_table(), "<u2")


def encode(text: str) -> Codes:
    """One normalised code per 16-bit unit of the text; breaks are 0. Same length as the text in UTF-16."""
    codes: Codes = _table()[np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")]
    return codes


def pairs(codes: Codes) -> Grams:
    """Two neighbours as one number; none across a break."""
    if len(codes) < 2:
        return np.zeros(0, np.uint32)
    left, right = codes[:-1].astype(np.uint32), codes[1:].astype(np.uint32)
    found: Grams = ((left << np.uint32(16)) | right)[(left != 0) & (right != 0)]
    return found


def singles(codes: Codes) -> Grams:
    """Every character that is no break."""
    found: Grams = codes[codes != 0].astype(np.uint32)
    return found


def visible(codes: Codes) -> Codes:
    """Without what is left out altogether (zero-width characters)."""
    kept: Codes = codes[codes != LEFT_OUT]
    return kept


class Question:
    """A question as the three channels see it."""

    def __init__(self, text: str, sounds: Codes, syllables: dict[str, int]) -> None:
        self.text = strip_fillers(normalise(text))
        self.codes = visible(encode(self.text))
        self.pairs = np.unique(pairs(self.codes))
        self.singles = np.unique(singles(self.codes))
        heard = [pairs(sounds[self.codes])]
        for run in latin_runs(self.text):
            spoken = split_latin(run, syllables) if len(run) > 3 else []
            heard.append(pairs(np.array(spoken, np.uint16)))
        self.sounds = np.unique(np.concatenate(heard))
