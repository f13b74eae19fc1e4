"""Numbers as people write them: 300, 1,200, 一千二百, 三万五, 1亿2000万, 十几, 三四十, 四点几.

One parser for figures of firms, times and dates. Everything is Decimal; nothing is guessed: what
is not a number is None.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2, "仨": 3, "壹": 1, "幺": 1}
PLACES = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
GROUPS = {"万": 10**4, "亿": 10**8, "萬": 10**4, "億": 10**8}
MORE = "多几余"  # above the figure said
ABOUT = "来"  # around it

_DIGIT = "".join(DIGITS)
_PLACE = "".join(PLACES)
_GROUP = "".join(GROUPS)
# A run that may be one number; `read_number` decides whether it is.
NUMBER = (
    rf"(?:\d[\d,，]*(?:\.\d+)?|[{_DIGIT}{_PLACE}半几])"
    rf"(?:[\d{_DIGIT}{_PLACE}{_GROUP}{MORE}{ABOUT}]|点(?=[{_DIGIT}几\d]))*"
)
_ARABIC = re.compile(r"\d[\d,，]*(?:\.\d+)?")
_NEIGHBOURS = re.compile(
    r"(?<![零〇一二两三四五六七八九\d])([一二两三四五六七八])([二三四五六七八九])(?=[十百千万亿]|$)"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number said in words: `low` ≤ it, and < `high` where it was said vaguely (十几, 300多万)."""

    value: Decimal
    low: Decimal
    high: Decimal
    scaled: bool = False  # said with 万 or 亿

    @property
    def approximate(self) -> bool:
        return self.low != self.high


def read_number(text: str) -> Number | None:
    """The number a run of characters says, or None when it says none."""
    text = text.strip()
    if not text:
        return None
    neighbours = _NEIGHBOURS.search(text)
    if neighbours and not any(c in text for c in "点."):
        return _between(text, neighbours)
    return _read(text)


def plain_number(text: str) -> Decimal | None:
    """The exact number a run says; None when it says none or only about how much."""
    number = read_number(text)
    return number.value if number and not number.approximate else None


def _between(text: str, found: re.Match[str]) -> Number | None:
    """三四十: the two figures named."""
    low = _read(text[: found.start()] + found.group(1) + text[found.end() :])
    high = _read(text[: found.start()] + found.group(2) + text[found.end() :])
    if low is None or high is None or DIGITS[found.group(2)] != DIGITS[found.group(1)] + 1:
        return None
    return Number(low.value, low.low, high.high, low.scaled)


def _read(text: str) -> Number | None:
    total = Decimal(0)
    step = Decimal(1)
    rest = text
    seen = False
    vague = ""
    for group in "億亿萬万":
        head, mark, tail = rest.partition(group)
        if not mark:
            continue
        part = _small(head) if head else None
        if part is None:
            return None
        value, place, word = part
        total += value * GROUPS[group]
        step = place * GROUPS[group]
        vague = word
        seen, rest = True, tail
        if rest and rest[0] in MORE + ABOUT:  # 一亿多
            vague, step, rest = rest[0], Decimal(GROUPS[group]), rest[1:]
    if rest:
        part = _tail(rest, step) if seen else _small(rest)
        if part is None:
            return None
        value, step, vague = part[0], part[1], part[2]
        total += value
    return _with_doubt(total, step, vague, scaled=seen)


def _tail(rest: str, step: Decimal) -> tuple[Decimal, Decimal, str] | None:
    """What follows 万 or 亿: 三万五 is 35000, 三万零五 is 30005."""
    if len(rest) == 1 and (rest in DIGITS or rest.isdecimal()) and rest not in "零0":
        group = Decimal(10**8) if step >= 10**8 else Decimal(10**4)
        return DIGITS.get(rest, int(rest) if rest.isdecimal() else 0) * group / 10, group / 10, ""
    return _small(rest)


def _with_doubt(value: Decimal, step: Decimal, vague: str, *, scaled: bool) -> Number:
    if vague and vague in MORE:
        return Number(value, value, value + step, scaled)
    if vague:
        return Number(value, value - step / 2, value + step / 2, scaled)
    return Number(value, value, value, scaled)


def _small(text: str) -> tuple[Decimal, Decimal, str] | None:
    """A number below ten thousand (or Arabic of any size): its value, its last place, its vagueness."""
    vague = ""
    if text and text[-1] in MORE + ABOUT and len(text) > 1:
        text, vague = text[:-1], text[-1]
        if text.endswith("点") and vague == "几":  # 四点几
            text = text[:-1]
            part = _small(text)
            return (part[0], Decimal(1), "几") if part else None
    if text == "半":
        return Decimal("0.5"), Decimal("0.5"), vague
    if text == "几":
        return Decimal(3), Decimal(7), "几"
    if _ARABIC.fullmatch(text):
        value = Decimal(re.sub("[,，]", "", text))
        return value, _last_place(value), vague
    if "点" in text:
        return _decimal(text)
    return _chinese(text, vague)


def _last_place(value: Decimal) -> Decimal:
    """300 counts in hundreds, 86 in ones, 1.2 in tenths."""
    if value == 0:
        return Decimal(1)
    exponent = value.normalize().as_tuple().exponent
    return Decimal(10) ** int(exponent)


def _decimal(text: str) -> tuple[Decimal, Decimal, str] | None:
    whole, _, fraction = text.partition("点")
    front = _small(whole)
    if front is None or front[2]:
        return None
    digits = "".join(str(DIGITS[c]) if c in DIGITS else c for c in fraction)
    if not digits.isdecimal():
        return None
    value = front[0] + Decimal(f"0.{digits}")
    return value, Decimal(10) ** -len(digits), ""


def _chinese(text: str, vague: str) -> tuple[Decimal, Decimal, str] | None:
    if all(c in DIGITS for c in text) and len(text) > 1:  # 二〇二六
        return Decimal("".join(str(DIGITS[c]) for c in text)), Decimal(1), vague
    return _places(text, vague)


def _places(text: str, vague: str) -> tuple[Decimal, Decimal, str] | None:
    """一千零五, 两百五, 二十六, 3千: digits each followed by their place."""
    if text in ("几十", "几百", "几千"):
        place = Decimal(PLACES[text[1]])
        return place * 2, place * 8, "几"
    total, place, digit = Decimal(0), Decimal(0), ""
    for char in text:
        if char in PLACES:
            total += Decimal(digit or 1) * PLACES[char]
            place, digit = Decimal(PLACES[char]), ""
        elif char in "零〇":
            place, digit = Decimal(10), "0"
        elif char in DIGITS and digit in ("", "0"):
            digit = str(DIGITS[char])
        elif char.isdecimal():
            digit += char
        else:
            return None
    if not digit:
        return total, place or Decimal(1), vague
    last = place / 10 if place > 10 else Decimal(1)  # 两百五 is 250
    return total + Decimal(digit) * last, last, vague
