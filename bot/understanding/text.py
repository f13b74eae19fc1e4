"""A message made plain: width, case, traditional characters, signs; and how it sounds."""

import re
from functools import lru_cache

from retrieval.normalise import normalise
from retrieval.pinyin import read_syllables, sounds, split_latin

_SIGNS = re.compile(r"[\W_]+")
_RUNS = re.compile(r"[a-z]+|[0-9]+|.")
LATIN_MAX = 40
"""A longer run of letters is no pinyin that anybody typed."""

Sounds = tuple[int, ...]


def plain(text: str) -> str:
    """Lower case, half width, simplified, without signs and blanks."""
    return _SIGNS.sub("", normalise(text))


def latin_free(word: str) -> bool:
    """Whether a word is written in characters alone, so that its sound is known."""
    return not any(c.isascii() for c in word)


@lru_cache(maxsize=1)
def _tables() -> tuple[bytes, dict[str, int]]:
    table, spelled = sounds()
    return table, read_syllables(spelled)


@lru_cache(maxsize=4096)
def sounds_of(clean: str) -> Sounds:
    """The sounds of a plain text as numbers, alike sounds being one; typed pinyin is split, 0 is no sound."""
    table, syllables = _tables()
    out: list[int] = []
    for run in _RUNS.findall(clean):
        if run[0].isascii():
            out.extend(split_latin(run, syllables) if len(run) <= LATIN_MAX and run[0].isalpha() else [0])
        else:
            code = ord(run)
            out.append(int.from_bytes(table[2 * code : 2 * code + 2], "little") if code < 0x10000 else 0)
    return tuple(out)
