"""One form for every text: width, case, invisible characters, traditional to simplified.

The same table serves short questions (`normalise`) and whole collections (`code_table`, one step
per character), so that a question can never be normalised otherwise than the documents.
"""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

_PAIRS = Path(__file__).with_name("traditional.txt")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
# Polite and filling words of a spoken question; rare in documents, so they would weigh too much.
_FILLERS = re.compile(
    "请问一下|请问下|请问|麻烦问一下|麻烦问下|麻烦|想问一下|想问下|问一下|问下|咨询一下|咨询下|想咨询|请教一下|请教|"
    "您好|你好|哈喽|谢谢|多谢|拜托|帮忙看看|帮我看看|帮我查查|帮我查一下|帮我查|我想知道|想知道|我想了解|想了解一下|想了解|"
    "告诉我|能不能告诉|一下子|那个|就是说|话说|唔该|啊|呀|呢|嘛|哦|喔|噢|哎|欸|咧|哩|啦|吖"
)


@lru_cache(maxsize=1)
def simplified() -> dict[str, str]:
    """Traditional character → simplified one."""
    pairs: dict[str, str] = {}
    for line in _PAIRS.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            pairs.update(zip(line[::2], line[1::2], strict=True))
    return pairs


@lru_cache(maxsize=1)
def _translation() -> dict[int, str]:
    return str.maketrans(simplified())


def normalise(text: str) -> str:
    """Full width to half, lower case, no invisible characters, simplified, single spaces."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).lower()
    return " ".join(text.translate(_translation()).split())


def strip_fillers(text: str) -> str:
    """A normalised question without politeness; the question itself when nothing else is in it."""
    return _FILLERS.sub("", text).strip() or text


@lru_cache(maxsize=1)
def code_table() -> bytes:
    """For each 16-bit code its normalised code, 0 for a break, 0xFFFF for what is left out altogether."""
    pairs = simplified()
    table = bytearray()
    for code in range(0x10000):
        char = chr(code)
        if 0xD800 <= code < 0xE000:
            target = 0
        elif _INVISIBLE.match(char):
            target = 0xFFFF
        else:
            folded = unicodedata.normalize("NFKC", char).lower()
            folded = pairs.get(folded, folded)
            target = ord(folded) if len(folded) == 1 and folded.isalnum() and ord(folded) < 0xFFFF else 0
        table += target.to_bytes(2, "little")
    return bytes(table)
