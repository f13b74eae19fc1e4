"""Names in a sentence 名称: said whole, shortened, or with a slip of the finger (rapidfuzz)."""

from collections.abc import Iterable

from rapidfuzz import fuzz

from retrieval.normalise import normalise

SHORTEST = 3
"""A shorter name is too easily part of another word."""
FUZZY_FROM = 4
"""Below this length a name must be said as it is: one changed character of three is another name."""
CUTOFF = 75.0
FORMS = ("股份有限公司", "有限责任公司", "有限公司", "管理", "集团", "公司", "(虚构)", "虚构")


def core(name: str) -> str:
    """A name as people say it: without legal form and signs. `云港示范集运有限公司（虚构）` → `云港示范集运`."""
    short = normalise(name)
    for form in FORMS:
        short = short.replace(normalise(form), "")
    return "".join(ch for ch in short if ch.isalnum())


def mentioned(text: str, names: Iterable[str], *, cutoff: float = CUTOFF) -> str | None:
    """The name that the text mentions, best match first, the longer name on a tie; None for none.

    `partial_ratio` gives 100 for any tiny overlap, so the text must be about as long as the name, and a
    short name must stand in it as it is.
    """
    sentence = "".join(ch for ch in normalise(text) if ch.isalnum())
    best: tuple[float, int, str] | None = None
    for name in names:
        short = core(name)
        score = _score(short, sentence, cutoff)
        if score and (best is None or (score, len(short)) > best[:2]):
            best = (score, len(short), name)
    return best[2] if best else None


def _score(short: str, sentence: str, cutoff: float) -> float:
    if len(short) < SHORTEST:
        return 0.0
    if short in sentence:
        return 100.0
    if len(short) < FUZZY_FROM or len(sentence) < len(short) - 1:
        return 0.0
    return fuzz.partial_ratio(short, sentence, score_cutoff=cutoff)
