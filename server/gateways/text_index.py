"""The text index of this process: looks at the revision in the database, maps the index of it.

Nothing happens before the first question; then the revision is looked at once a second at most,
so a published policy is found by every worker within two seconds and the time of one small build.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from domain.local_time import local_day
from retrieval.port import Hit
from server.db import Database
from services.policy_index import policy_documents, revision

if TYPE_CHECKING:
    from retrieval.bigram_index import BigramIndex

log = logging.getLogger(__name__)
LOOK_SECONDS = 1.0


class PolicyTextIndex:
    """Implements `retrieval.port.TextIndex` over the published policies."""

    def __init__(self, database: Database, folder: Path, clock: Callable[[], datetime], *, timezone: tzinfo) -> None:
        self._database = database
        self._clock = clock
        self._timezone = timezone
        self._folder = folder / "policies"
        self._lock = Lock()
        self._looked = float("-inf")
        self._revision: int | None = None
        self._index: BigramIndex | None = None

    def search(self, query: str, *, limit: int = 10) -> Sequence[Hit]:
        """The best policies; none while nothing was ever built here."""
        index = self._current()
        return index.search(query, limit=limit) if index else []

    def is_ready(self) -> bool:
        """Whether this machine has an index; builds it when it is the first to ask."""
        return self._current() is not None

    def _current(self) -> "BigramIndex | None":
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return self._index
        # One thread looks; the others go on with what there is, or wait when there is nothing yet.
        if self._lock.acquire(blocking=self._index is None):
            try:
                if time.monotonic() - self._looked >= LOOK_SECONDS:
                    self._look()
                    self._looked = time.monotonic()
            finally:
                self._lock.release()
        return self._index

    def _look(self) -> None:
        with self._database.read() as session:
            wanted = revision(session)
        if wanted == self._revision:
            return
        from retrieval.store import IndexStore  # late: brings in numpy, and `make run` must answer at once

        store = IndexStore(self._folder)
        index = store.load(wanted)
        if index is None:
            with self._database.read() as session:  # documents no older than the revision they are kept under
                wanted = revision(session)
                documents = policy_documents(session, today=local_day(self._clock(), self._timezone))
            index = store.build(wanted, lambda: documents, wait=self._index is None)
        if index is not None:
            self._index, self._revision = index, wanted
            log.info("text index at revision %s, %s documents", wanted, len(index.ids))
