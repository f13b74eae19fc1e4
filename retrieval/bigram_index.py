"""The text index: character bigrams, single characters as a weak channel, pinyin bigrams.

Built once from a collection, kept as flat arrays in files that are mapped, never changed.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.documents import Document
from retrieval.encoding import Codes, Question, encode, pairs, singles, visible
from retrieval.passages import best_passage
from retrieval.pinyin import read_syllables, sounds
from retrieval.port import Hit
from retrieval.postings import Channel, Counted, build_channel

SINGLE_SHARE = 0.2
SOUND_SHARE = 0.3
FORMAT = 1
_CHANNELS = ("pairs", "singles", "sounds")
_ARRAYS = ("vocabulary", "starts", "documents", "weights")


@dataclass(frozen=True, slots=True)
class BigramIndex:
    """A searchable, immutable collection. Ties go to the earlier document, so results never waver."""

    ids: tuple[str, ...]
    channels: tuple[Channel, Channel, Channel]
    sound_of: Codes
    syllables: dict[str, int]
    texts: NDArray[np.uint8]  # all texts in UTF-16, one after another
    offsets: NDArray[np.int64]

    @classmethod
    def build(cls, documents: Iterable[Document]) -> "BigramIndex":
        """Reads the collection once."""
        sound_bytes, spelled = sounds()
        sound_of: Codes = np.frombuffer(sound_bytes, "<u2")
        ids: list[str] = []
        counted: tuple[list[Counted], ...] = ([], [], [])
        raw: list[bytes] = []
        for document in documents:
            codes = visible(encode(f"{document.body}\n{document.also}" if document.also else document.body))
            ids.append(document.id)
            raw.append(document.body.encode("utf-16-le", "surrogatepass"))
            for channel, found in zip(counted, (pairs(codes), singles(codes), pairs(sound_of[codes])), strict=True):
                channel.append(Counted.of(found))
        one, two, three = (build_channel(texts) for texts in counted)
        offsets = np.cumsum([0, *map(len, raw)], dtype=np.int64)
        texts = np.frombuffer(b"".join(raw), np.uint8)
        return cls(tuple(ids), (one, two, three), sound_of, read_syllables(spelled), texts, offsets)

    def save(self, folder: Path) -> None:
        """Writes the arrays into an existing empty folder."""
        for name, channel in zip(_CHANNELS, self.channels, strict=True):
            for part in _ARRAYS:
                np.save(folder / f"{name}.{part}.npy", getattr(channel, part))
        np.save(folder / "sounds.npy", self.sound_of)
        np.save(folder / "texts.npy", self.texts)
        np.save(folder / "offsets.npy", self.offsets)
        about = {"format": FORMAT, "ids": self.ids, "syllables": self.syllables}
        (folder / "about.json").write_text(json.dumps(about, ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> "BigramIndex":
        """Maps a saved index into memory. Raises OSError or ValueError when it is not whole."""
        about = json.loads((folder / "about.json").read_text("utf-8"))
        if about["format"] != FORMAT:
            raise ValueError(f"index format {about['format']}, wanted {FORMAT}")

        def mapped(name: str) -> NDArray[np.generic]:
            found: NDArray[np.generic] = np.load(folder / f"{name}.npy", mmap_mode="r")
            return found

        one, two, three = (Channel(*(mapped(f"{name}.{part}") for part in _ARRAYS)) for name in _CHANNELS)  # type: ignore[arg-type]
        return cls(
            tuple(about["ids"]),
            (one, two, three),
            mapped("sounds"),  # type: ignore[arg-type]
            about["syllables"],
            mapped("texts"),  # type: ignore[arg-type]
            mapped("offsets"),  # type: ignore[arg-type]
        )

    def ask(self, query: str) -> Question:
        return Question(query, self.sound_of, self.syllables)

    def rank(self, query: str | Question, limit: int) -> list[tuple[int, float]]:
        """The best documents by number, with their scores; those without any match are left out."""
        question = self.ask(query) if isinstance(query, str) else query
        scores = np.zeros(len(self.ids), np.float32)
        one, two, three = self.channels
        one.add_scores(question.pairs, 1.0, scores)
        two.add_scores(question.singles, SINGLE_SHARE, scores)
        three.add_scores(question.sounds, SOUND_SHARE, scores)
        if not len(scores):
            return []
        limit = min(limit, len(scores))
        best = np.argpartition(-scores, limit - 1)[: limit + 8] if limit < len(scores) else np.arange(len(scores))
        # argpartition may cut a tie anywhere: take everything as good as the last one, then sort
        floor = np.partition(scores[best], len(best) - limit)[len(best) - limit]
        best = np.flatnonzero(scores >= max(float(floor), 1e-6))
        order = np.lexsort((best, -scores[best]))[:limit]
        return [(int(best[i]), float(scores[best[i]])) for i in order]

    def search(self, query: str, *, limit: int = 10) -> Sequence[Hit]:
        """The best documents with what matched and the passage that answers best."""
        question = self.ask(query)
        return [
            Hit(self.ids[number], score, self.explain(question, number), self.passage(question, number))
            for number, score in self.rank(question, limit)
        ]

    def explain(self, query: str | Question, number: int) -> tuple[str, ...]:
        """The words of the question that stand in the document, longest first."""
        question = self.ask(query) if isinstance(query, str) else query
        grams = pairs_in_place(question.codes)
        present = self.channels[0].weights_in(grams, number) > 0
        words: list[str] = []
        run = ""
        for position, here in enumerate(present):
            if here:
                run = run or chr(question.codes[position])
                run += chr(question.codes[position + 1])
            elif run:
                words.append(run)
                run = ""
        words.append(run)
        return tuple(sorted({w for w in words if w}, key=lambda w: (-len(w), question.text.find(w))))

    def passage(self, query: str | Question, number: int) -> str:
        """About 220 characters of the document around the clause that answers best."""
        question = self.ask(query) if isinstance(query, str) else query
        return best_passage(self.text(number), question, self.channels[0])

    def text(self, number: int) -> str:
        """The document as it was given."""
        raw = self.texts[self.offsets[number] : self.offsets[number + 1]].tobytes()
        return raw.decode("utf-16-le", "surrogatepass")

    def is_ready(self) -> bool:
        return True


def pairs_in_place(codes: Codes) -> NDArray[np.uint32]:
    """Every neighbouring pair at its position; pairs across a break are 0 and match nothing."""
    if len(codes) < 2:
        return np.zeros(0, np.uint32)
    left, right = codes[:-1].astype(np.uint32), codes[1:].astype(np.uint32)
    both: NDArray[np.uint32] = np.where((left != 0) & (right != 0), (left << np.uint32(16)) | right, 0)
    return both.astype(np.uint32)
