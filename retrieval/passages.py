"""The clause to show: the window of a document in which the question's rarest words stand together."""

import numpy as np

from retrieval.encoding import Question, encode
from retrieval.postings import Channel

WIDTH = 220
_ENDS = "。！？；\n"


def best_passage(text: str, question: Question, channel: Channel) -> str:
    """About 220 characters, begun and ended at a sentence where there is one near."""
    if len(text) <= WIDTH:
        return text.strip()
    start = _best_start(text, question, channel)
    begin = max(text.rfind(end, max(0, start - 60), start) for end in _ENDS) + 1
    begin = begin or max(0, start - 20)
    stop = min(len(text), begin + WIDTH)
    ends = [text.rfind(end, begin + WIDTH // 2, stop) for end in _ENDS]
    stop = max(ends) + 1 if max(ends) > 0 else stop
    return text[begin:stop].strip()


def _best_start(text: str, question: Question, channel: Channel) -> int:
    """Where the window with the most weight begins; every pair counts once per window by its rarity."""
    codes = encode(text)
    left, right = codes[:-1].astype(np.uint32), codes[1:].astype(np.uint32)
    here = (left << np.uint32(16)) | right
    if not len(question.pairs):
        return 0
    gain = np.zeros(len(here) + 1, np.float64)
    for gram in question.pairs:
        at = np.flatnonzero(here == gram)
        if not len(at):
            continue
        worth = _rarity(channel, int(gram))
        gain[at] += worth
        again = at[1:][np.diff(at) < WIDTH]
        gain[again] -= worth * 0.8  # the same word a second time adds little
    total = np.concatenate([[0.0], np.cumsum(gain)])
    width = min(WIDTH, len(gain))
    windows = total[width:] - total[:-width]
    first = int(np.argmax(windows)) if len(windows) else 0
    inside = np.flatnonzero(gain[first : first + width])
    return first + (int(inside[0]) if len(inside) else 0)


def _rarity(channel: Channel, gram: int) -> float:
    index = int(np.searchsorted(channel.vocabulary, np.uint32(gram)))
    if index >= len(channel.vocabulary) or channel.vocabulary[index] != gram:
        return 0.0
    return 1.0 / float(np.log2(2 + channel.starts[index + 1] - channel.starts[index]))
