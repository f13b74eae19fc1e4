"""How well questions are understood: each alone, asked by a guest of whom only the role is known."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import process_time
from typing import Any

from sqlalchemy.orm import Session

from bot.conversing import Asked, converse
from services.ports import Deps

CONFIDENT = 0.5
"""At or above this the bot answers instead of asking back."""


@dataclass(slots=True)
class Findings:
    """Counts of one evaluation."""

    total: int = 0
    right: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    confident_wrong: int = 0
    categories: int = 0
    first: int = 0
    among_three: int = 0
    slots: Counter[str] = field(default_factory=Counter)
    slots_right: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)


def read_questions(file: Path) -> list[dict[str, Any]]:
    """One JSON object a line; empty lines are skipped."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def evaluate(session: Session, questions: Iterable[dict[str, Any]], *, deps: Deps, now: datetime) -> Findings:
    """Ask every question and compare intent, category, slots and confidence with what is expected."""
    found = Findings()
    for question in questions:
        begun = process_time()
        asked = Asked(str(question["text"]), assumed_roles=_roles(question))
        reply = converse(session, asked, deps=deps, now=now)
        found.milliseconds.append((process_time() - begun) * 1000)
        _judge(found, question, reply)
    return found


def _roles(question: dict[str, Any]) -> frozenset[str]:
    role = question.get("role")
    return frozenset({"enterprise_contact" if role == "enterprise" else role}) if role else frozenset()


def _judge(found: Findings, question: dict[str, Any], reply: dict[str, Any]) -> None:
    wanted, got = question["intent"], reply["intent"]
    found.total += 1
    found.asked[wanted] += 1
    right = wanted == got
    found.right[wanted] += right
    confident = reply["confidence"] >= CONFIDENT
    wrong = [] if right else [f"intent {got}"]
    categories = _accepted(question, "policy_category", "accept_categories")
    if categories:
        found.categories += 1
        top = categories_of(reply)
        first = bool(top) and top[0] in categories
        found.first += first
        found.among_three += bool(categories & set(top[:3]))
        wrong += [] if first or not right else [f"category {'/'.join(top[:3]) or '-'}"]
    wrong += _slots(found, question, reply)
    found.confident_wrong += confident and (not right or any(w.startswith("category") for w in wrong))
    if wrong:
        found.misses.append(
            f"{question.get('id', '-')}  {question['text']}  wanted {wanted}/{question.get('policy_category') or '-'}"
            f"  got {', '.join(wrong)}  confidence {reply['confidence']:.2f}"
        )


def categories_of(reply: dict[str, Any]) -> list[str]:
    """Categories of the policies shown, best first, then those that were thought of."""
    shown = [policy["category"] for policy in reply["policies"]]
    thought = [label for label, _ in reply["why"].get("category", [])] if reply["intent"] == "policy" else []
    return list(dict.fromkeys([*shown, *thought]))


def _accepted(question: dict[str, Any], name: str, more: str) -> set[str]:
    return {question[name], *question.get(more, [])} if question.get(name) else set()


def _slots(found: Findings, question: dict[str, Any], reply: dict[str, Any]) -> list[str]:
    wrong: list[str] = []
    why = reply["why"]
    checks = (
        ("demand_category", "accept_demand_categories", [label for label, _ in why.get("category", [])][:1]),
        ("service", "accept_services", [why.get("slots", {}).get("service")]),
        ("action", "accept_actions", [why.get("action")]),
    )
    for name, more, got in checks:
        accepted = _accepted(question, name, more)
        if not accepted or question["intent"] != reply["intent"]:
            continue
        found.slots[name] += 1
        if accepted & set(got):
            found.slots_right[name] += 1
        else:
            wrong.append(f"{name} {got[0] if got else '-'}")
    return wrong


def table(found: Findings) -> str:
    """The figures as lines of text."""
    lines = [f"questions {found.total}"]
    for intent, asked in sorted(found.asked.items()):
        lines.append(f"  {intent:<13}{found.right[intent]:>4}/{asked:<4} {found.right[intent] / asked:.3f}")
    lines.append(_row("intent", sum(found.right.values()), found.total))
    lines.append(_row("policy category top-1", found.first, found.categories))
    lines.append(_row("policy category top-3", found.among_three, found.categories))
    lines.append(_row("confident but wrong", found.confident_wrong, found.total))
    lines += [_row(name, found.slots_right[name], count) for name, count in sorted(found.slots.items())]
    times = sorted(found.milliseconds)
    if times:
        lines.append(f"CPU ms p50 {_at(times, 0.5):.2f} p95 {_at(times, 0.95):.2f}")
    return "\n".join(lines)


def _row(name: str, part: int, whole: int) -> str:
    return f"{name:<24}{part:>4}/{whole:<4} {part / whole:.3f}" if whole else f"{name:<24}   -"


def _at(times: Sequence[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))]
