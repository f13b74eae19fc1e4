"""A message made plain: width, case, traditional characters, signs; and how it sounds."""

import re
from functools import lru_cache

from retrieval.normalise import normalise
from retrieval.pinyin import read_syllables, sounds, split_latin

_SIGNS = re.compile(r"[\W_]+")
_RUNS = re.compile(r"[a-z]+|[0-9]+|.")
# Cantonese → Mandarin, longest first: what is said in either is learned once. 唔该 stays a greeting.
_CANTONESE = {
    "唔该": "唔该",
    "听日": "明天",
    "寻日": "昨天",
    "而家": "现在",
    "几多": "多少",
    "几蚊": "多少钱",
    "边度": "哪里",
    "边个": "谁",
    "点样": "怎样",
    "点解": "为什么",
    "乜嘢": "什么",
    "系咪": "是不是",
    "有冇": "有没有",
    "有无": "有没有",
    "唔使": "不用",
    "返工": "上班",
    "嘅": "的",
    "喺": "在",
    "冇": "没有",
    "咩": "什么",
    "乜": "什么",
    "嚟": "来",
    "唔": "不",
    "搵": "找",
    "揾": "找",
    "啲": "些",
    "佢": "他",
    "咗": "了",
    "畀": "给",
    "俾": "给",
    "攞": "拿",
    "瞓": "睡",
    "㗎": "的",
    "嗰": "那",
    "咁": "这么",
    "哋": "们",
    "睇": "看",
    "仲": "还",
}
_SPOKEN = re.compile("|".join(_CANTONESE))
LATIN_MAX = 40
"""A longer run of letters is no pinyin that anybody typed."""

Sounds = tuple[int, ...]


def plain(text: str) -> str:
    """Lower case, half width, simplified, without signs and blanks."""
    return _SIGNS.sub("", normalise(text))


def mandarin(clean: str) -> str:
    """A plain text with Cantonese words put as they are said in the north."""
    return _SPOKEN.sub(lambda found: _CANTONESE[found[0]], clean)


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
