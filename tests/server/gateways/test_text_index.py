from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from server.gateways import text_index
from server.gateways.text_index import PolicyTextIndex
from services.policy_import import import_policies
from tests.conftest import OneConnectionDatabase

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
MakeIndex = Callable[[], PolicyTextIndex]


class Stopwatch:
    """Stands in for `time`: seconds pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    found = Stopwatch()
    monkeypatch.setattr(text_index, "time", found)
    return found


@pytest.fixture
def worker(connection: Connection, tmp_path: Path) -> MakeIndex:
    """Makes workers that share one disk and one database."""
    return lambda: PolicyTextIndex(OneConnectionDatabase(connection), tmp_path, lambda: NOW, timezone=UTC)


def publish(session: Session, code: str, name: str) -> None:
    row: dict[str, Any] = {"code": code, "name": name, "category": "finance", "conditions": {"all": []}}
    report = import_policies(session, {"policies": [row]}, today=date(2026, 11, 25), now=NOW)
    assert report.refused == []
    session.commit()


@pytest.mark.rule("P23")
def test_every_worker_finds_a_published_policy_within_seconds(
    session: Session, worker: MakeIndex, watch: Stopwatch
) -> None:
    one, two = worker(), worker()
    assert one.is_ready()
    assert two.is_ready()
    assert list(one.search("贷款贴息")) == []
    publish(session, "F02", "小微企业贷款贴息")
    watch.seconds += 2
    assert [hit.doc_id for hit in one.search("贷款贴息")] == ["F02"]
    assert [hit.doc_id for hit in two.search("贷款贴息")] == ["F02"]


def test_the_database_is_not_asked_for_every_question(session: Session, worker: MakeIndex, watch: Stopwatch) -> None:
    index = worker()
    assert index.is_ready()
    publish(session, "F02", "小微企业贷款贴息")
    watch.seconds += 0.5
    assert list(index.search("贷款贴息")) == []  # looked half a second ago
    watch.seconds += 0.6
    assert [hit.doc_id for hit in index.search("贷款贴息")] == ["F02"]


@pytest.mark.rule("P23")
def test_the_second_worker_maps_what_the_first_built(
    session: Session, worker: MakeIndex, watch: Stopwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(session, "F02", "小微企业贷款贴息")
    assert worker().is_ready()
    monkeypatch.setattr("retrieval.bigram_index.BigramIndex.build", lambda _: pytest.fail("built twice"))
    assert [hit.doc_id for hit in worker().search("贷款贴息")] == ["F02"]
