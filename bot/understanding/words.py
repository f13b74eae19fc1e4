"""The words of the field, by group, found in a text exactly or by their sound."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.understanding.text import Sounds, latin_free, sounds_of

HERE = Path(__file__).parent
SHORTEST_BY_SOUND = 3
LONGEST = 14


@dataclass(frozen=True, slots=True)
class Found:
    """A word of a group in the text; `by_sound` where only its pinyin agrees (typo, homophone, pinyin typed)."""

    word: str
    groups: frozenset[str]
    by_sound: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """The groups of `words.txt`, ready to be looked up."""

    groups: dict[str, tuple[str, ...]]
    exact: dict[str, frozenset[str]]
    sounds: dict[Sounds, tuple[str, frozenset[str]]]

    def find(self, text: str, sounds: Sounds) -> list[Found]:
        """Longest words first, left to right; then words that only sound alike."""
        found = list(self._exact(text))
        seen = {item.word for item in found}
        for item in self._by_sound(sounds):
            if item.word not in seen and not any(item.groups <= other.groups for other in found if not other.by_sound):
                seen.add(item.word)
                found.append(item)
        return found

    def _exact(self, text: str) -> Iterator[Found]:
        start = 0
        while start < len(text):
            for size in range(min(LONGEST, len(text) - start), 0, -1):
                groups = self.exact.get(text[start : start + size])
                if groups and not _inside_latin(text, start, size):
                    yield Found(text[start : start + size], groups)
                    start += max(1, size - 1) if size > 2 else size
                    break
            else:
                start += 1

    def _by_sound(self, sounds: Sounds) -> Iterator[Found]:
        start = 0
        while start < len(sounds):
            for size in range(min(LONGEST, len(sounds) - start), SHORTEST_BY_SOUND - 1, -1):
                hit = self.sounds.get(sounds[start : start + size])
                if hit:
                    yield Found(hit[0], hit[1], by_sound=True)
                    start += size
                    break
            else:
                start += 1


def _inside_latin(text: str, start: int, size: int) -> bool:
    """`hi` in `shipping` is no greeting: a Latin word counts only as a whole."""
    word = text[start : start + size]
    if not (word[0].isascii() and word[0].isalnum()):
        return False
    before, after = text[start - 1 : start], text[start + size : start + size + 1]
    return any(c.isascii() and c.isalnum() for c in (before, after) if c)


def read_groups(text: str) -> dict[str, tuple[str, ...]]:
    """`[group]` lines followed by words separated by blanks; `#` starts a comment line."""
    groups: dict[str, tuple[str, ...]] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("[") and line.rstrip().endswith("]"):
            name = line.strip()[1:-1]
            groups[name] = ()
        elif line.strip() and not line.startswith("#"):
            groups[name] += tuple(word.lower() for word in line.split())
    return groups


@cache
def field_words() -> Words:
    """The words shipped with the program, read once."""
    groups = read_groups((HERE / "words.txt").read_text("utf-8"))
    exact: dict[str, set[str]] = {}
    for group, words in groups.items():
        for word in words:
            exact.setdefault(word, set()).add(group)
    sounds: dict[Sounds, tuple[str, frozenset[str]]] = {}
    for word, in_groups in exact.items():
        if latin_free(word) and len(word) >= SHORTEST_BY_SOUND:
            sounds.setdefault(sounds_of(word), (word, frozenset(in_groups)))
    return Words(groups, {word: frozenset(g) for word, g in exact.items()}, sounds)
