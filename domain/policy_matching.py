"""A firm against a policy (政策体检): verdict, reasons, near misses and the next question.

Unknown is never taken for no. "Indicative only, the department decides" goes with every answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from domain.condition_tree import Node, asked, cells, leaves, settled
from domain.conditions import Leaf, Sign
from domain.knowledge import Knowledge
from domain.policy_signs import ConditionSign, explain
from domain.policy_windows import Window, WindowState
from domain.spans import Span

DISCLAIMER = "仅供参考，以主管部门审核为准"
NEAR = Fraction(1, 5)


class Verdict(StrEnum):
    """匹配结论."""

    ELIGIBLE_OPEN = "eligible_open"
    ELIGIBLE_UPCOMING = "eligible_upcoming"
    UNDETERMINED = "undetermined"
    NEAR_MISS = "near_miss"
    ELIGIBLE_CLOSED = "eligible_closed"
    INELIGIBLE = "ineligible"


VERDICT_TEXT = {
    Verdict.ELIGIBLE_OPEN: "符合条件，现在可以申报",
    Verdict.ELIGIBLE_UPCOMING: "符合条件，还没到申报时间",
    Verdict.ELIGIBLE_CLOSED: "符合条件，但现在不受理",
    Verdict.UNDETERMINED: "还缺情况，暂时说不准",
    Verdict.NEAR_MISS: "差一点，就差一项",
    Verdict.INELIGIBLE: "目前不符合",
}
_BEST_FIRST = {verdict: i for i, verdict in enumerate(Verdict)}
# How much a question about a policy is worth: closing soon over open over upcoming.
_WEIGHT = {WindowState.CLOSING_SOON: 6, WindowState.OPEN: 4, WindowState.UPCOMING: 2}


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """What the rules need of one published policy version."""

    code: str
    tree: Node
    window: Window
    suspended: bool = False
    repealed: bool = False


@dataclass(frozen=True, slots=True)
class PolicyMatch:
    """The verdict on one policy with its reasons."""

    policy: PolicyFacts
    verdict: Verdict
    state: WindowState
    conditions: tuple[ConditionSign, ...]
    asks: frozenset[str]
    near: tuple[str, ...] = ()  # what would lift it, in words

    @property
    def text(self) -> str:
        return VERDICT_TEXT[self.verdict]


def match_policy(policy: PolicyFacts, known: Knowledge) -> PolicyMatch:
    """Judges one policy for one firm (product rule: three-valued, near miss within 20 %)."""
    state = policy.window.state(known.today, suspended=policy.suspended, repealed=policy.repealed)
    answer = settled(policy.tree, known) or Sign.MET
    near: tuple[str, ...] = ()
    asks: frozenset[str] = frozenset()
    if answer is Sign.MET:
        verdict = _eligible(state)
    elif answer is Sign.UNKNOWN:
        verdict, asks = Verdict.UNDETERMINED, frozenset(asked(policy.tree, known))
    else:
        near = tuple(leaf.requirement for leaf in near_misses(policy.tree, known))
        verdict = Verdict.NEAR_MISS if near else Verdict.INELIGIBLE
    return PolicyMatch(policy, verdict, state, tuple(explain(policy.tree, known)), asks, near)


def best_first(matches: Iterable[PolicyMatch]) -> list[PolicyMatch]:
    """Eligible and open first, closing soonest first among them; then by code."""
    return sorted(
        matches,
        key=lambda m: (_BEST_FIRST[m.verdict], m.policy.window.closes is None, m.policy.window.closes, m.policy.code),
    )


def near_misses(tree: Node, known: Knowledge) -> list[Leaf]:
    """The numeric hard conditions of which one alone, changed by at most 20 %, lifts the tree out of unmet."""
    return [
        leaf
        for leaf in leaves(tree)
        if leaf.hard
        and _is_close(leaf, known)
        and settled(tree, known, {id(leaf): leaf.sign(known).swapped()}) is not Sign.UNMET
    ]


def _is_close(leaf: Leaf, known: Knowledge) -> bool:
    """The firm's figure is off the required one by at most a fifth of the required one."""
    own = leaf.number(known)
    if own is None:
        return False
    return any(abs(own - wanted) <= abs(wanted) * NEAR and wanted != 0 for wanted in leaf.thresholds)


def _eligible(state: WindowState) -> Verdict:
    if state in (WindowState.OPEN, WindowState.CLOSING_SOON):
        return Verdict.ELIGIBLE_OPEN
    return Verdict.ELIGIBLE_UPCOMING if state is WindowState.UPCOMING else Verdict.ELIGIBLE_CLOSED


def next_question(
    matches: Sequence[PolicyMatch], known: Knowledge, *, skip: frozenset[str] = frozenset(), closed_too: bool = False
) -> str | None:
    """The unknown fact that would settle most undetermined policies (下一个问题).

    Open counts over upcoming, closing soon higher, closed not at all unless somebody asked for that
    very policy (`closed_too`); ties go to the fact more policies wait for, then to the shorter
    question. `skip` holds what was asked and not answered.
    """
    open_ones = [m for m in matches if m.verdict is Verdict.UNDETERMINED and (closed_too or m.state in _WEIGHT)]
    candidates = sorted({code for m in open_ones for code in m.asks} - skip)
    if not candidates:
        return None

    def worth(code: str) -> tuple[Fraction, int, int]:
        waiting = [m for m in open_ones if code in m.asks]
        settles = sum(
            (_WEIGHT.get(m.state, 1) * share_settled(m.policy.tree, code, known) for m in waiting), Fraction(0)
        )
        return settles, len(waiting), -len(known.fields[code].question)

    return max(candidates, key=worth)


def share_settled(tree: Node, code: str, known: Knowledge) -> Fraction:
    """The share of the possible answers to one question after which the verdict stands."""
    answers = [cell for cell in cells(tree, code, known) if not (isinstance(cell, Span) and cell.point is not None)]
    stands = [settled(tree, known.assuming(code, answer)) is not Sign.UNKNOWN for answer in answers]
    return Fraction(sum(stands), len(stands)) if stands else Fraction(0)
