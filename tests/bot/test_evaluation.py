"""A floor under the answers to questions that others wrote without sight of the lexicon."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from bot.evaluation import evaluate, read_questions, table
from bot.understanding.examples import examples
from bot.understanding.text import plain
from retrieval.bigram_index import BigramIndex
from server.container import Container

INDEPENDENT = Path(__file__).with_name("questions_independent.jsonl")
COINCIDENCES = {"食堂几点开饭", "转人工", "拜拜"}
"""Said so by everybody, in the examples before the questions were written."""


@pytest.mark.rule("T1")
def test_independent_questions_are_answered(
    container: Container, session: Session, district: BigramIndex, now: datetime
) -> None:
    deps = replace(container, text_index=district)
    found = evaluate(session, read_questions(INDEPENDENT), deps=deps, now=now)
    shown = table(found)
    assert found.total >= 200
    assert sum(found.right.values()) / found.total >= 0.90, shown
    assert found.first / found.categories >= 0.80, shown
    assert found.among_three / found.categories >= 0.92, shown
    assert found.confident_wrong / found.total <= 0.03, shown


@pytest.mark.rule("T2")
def test_no_independent_question_is_an_example() -> None:
    known = {plain(example.text) for example in examples() if example.weight == 1}
    asked = {plain(question["text"]) for question in read_questions(INDEPENDENT)}
    assert asked & known <= COINCIDENCES
