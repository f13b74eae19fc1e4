"""Indexes on disk: one immutable folder per revision, built by one process, mapped by all (decision 31).

A builder holds a file lock, writes beside, and renames: a reader sees a whole index or none.
"""

import fcntl
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from retrieval.bigram_index import BigramIndex
from retrieval.documents import Document

KEPT = 2


class IndexStore:
    """The indexes of one collection in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, revision: int) -> BigramIndex | None:
        """The index of a revision, or None when it has not been built here or is not whole."""
        try:
            return BigramIndex.load(self._path(revision))
        except (OSError, ValueError, KeyError):
            return None

    def build(self, revision: int, documents: Callable[[], Iterable[Document]], *, wait: bool) -> BigramIndex | None:
        """Builds the index of a revision unless another process is at it.

        With `wait` it waits for that process and takes what it built; without, it returns None and
        the caller goes on with what it has.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._lock(wait=wait) as mine:
            if not mine:
                return None
            found = self.load(revision)
            if found is None:
                self._write(revision, BigramIndex.build(documents()))
                found = self.load(revision)
            self._prune(revision)
            return found

    def _write(self, revision: int, index: BigramIndex) -> None:
        beside = self._folder / f"new-{revision}"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        index.save(beside)
        target = self._path(revision)
        shutil.rmtree(target, ignore_errors=True)
        beside.rename(target)

    def _prune(self, revision: int) -> None:
        """Old ones go; whoever has them mapped keeps them until done."""
        others = [p for p in self._folder.glob("r*") if p != self._path(revision)]
        others.sort(key=lambda p: p.stat().st_mtime, reverse=True)
        for path in others[KEPT - 1 :]:
            shutil.rmtree(path, ignore_errors=True)

    def _path(self, revision: int) -> Path:
        return self._folder / f"r{revision}"

    @contextmanager
    def _lock(self, *, wait: bool) -> Iterator[bool]:
        with (self._folder / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True
