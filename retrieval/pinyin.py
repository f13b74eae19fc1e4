"""How characters sound, for questions with homophones or typed in pinyin.

Sounds that people mix up are one: z/zh, c/ch, s/sh, l/n, in/ing, en/eng, an/ang, f/h before u.
"""

import re
import unicodedata
from functools import lru_cache

_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
_FINALS = (("ing", "in"), ("eng", "en"), ("ang", "an"))
_LATIN = re.compile(r"[a-z]+")


def fuzzy(syllable: str) -> str:
    """One spelling for sounds that are often mixed up."""
    for initial, plain in _INITIALS:
        if syllable.startswith(initial):
            syllable = plain + syllable[len(initial) :]
            break
    for final, plain in _FINALS:
        if syllable.endswith(final):
            syllable = syllable[: -len(final)] + plain
            break
    return "fu" + syllable[2:] if syllable.startswith("hu") and len(syllable) == 2 else syllable


def plain_syllable(marked: str) -> str:
    """zhōng → zhong, lǜ → lv."""
    letters = unicodedata.normalize("NFD", marked.replace("ü", "v").replace("ǖ", "v").replace("ǘ", "v"))
    letters = letters.replace("u\u0308", "v")
    return "".join(c for c in letters if "a" <= c <= "z")


@lru_cache(maxsize=1)
def sounds() -> tuple[bytes, tuple[str, ...]]:
    """For each 16-bit code the number of its sound (0 = none), and the plain syllables as they are typed.

    Reads pypinyin's dictionary; a stored index carries the result, so that answering needs no dictionary.
    """
    from pypinyin.pinyin_dict import pinyin_dict

    numbers: dict[str, int] = {}
    table = [0] * 0x10000
    spelled: set[str] = set()
    for code, readings in pinyin_dict.items():
        if code >= 0x10000:
            continue
        syllable = plain_syllable(readings.split(",")[0])
        if syllable:
            spelled.add(syllable)
            table[code] = numbers.setdefault(fuzzy(syllable), len(numbers) + 1)
    ordered = tuple(f"{s}:{numbers[fuzzy(s)]}" for s in sorted(spelled))
    return b"".join(n.to_bytes(2, "little") for n in table), ordered


def read_syllables(spelled: tuple[str, ...]) -> dict[str, int]:
    """Typed syllable → number of its sound."""
    return {s: int(n) for s, _, n in (item.partition(":") for item in spelled)}


def split_latin(run: str, syllables: dict[str, int]) -> list[int]:
    """zhuanjingtexin → the sounds of its syllables, as few as possible; none when it is not pinyin."""
    best: list[list[int] | None] = [[]] + [None] * len(run)
    for end in range(1, len(run) + 1):
        for start in range(max(0, end - 6), end):
            before, sound = best[start], syllables.get(run[start:end])
            if before is None or sound is None:
                continue
            found = best[end]
            if found is None or len(before) + 1 < len(found):
                best[end] = [*before, sound]
    return best[-1] or []


def latin_runs(text: str) -> list[str]:
    """The runs of Latin letters in a normalised text."""
    return _LATIN.findall(text)
