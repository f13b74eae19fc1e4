"""Quantities in a sentence (数量): 1.2亿, 300多万, 八十来号人, 26个人, 百分之四点几, 成立满两年, 四十分钟.

Money becomes 万元 (万美元 is kept apart), shares become percent, spans of time minutes, days, months
or years. One place for bot, imports and policy reading.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from domain.numerals import NUMBER, Number, read_number

# Said unit → (unit we keep, factor). Longer words are tried first.
UNITS: dict[str, tuple[str, Decimal]] = {
    **dict.fromkeys(
        ("个人", "号人", "口人", "名员工", "个员工", "名", "位", "人", "号员工", "个工人"), ("人", Decimal(1))
    ),
    "人次": ("人次", Decimal(1)),
    **dict.fromkeys(("周年", "年", "个年头", "载"), ("年", Decimal(1))),
    **dict.fromkeys(("个月", "个多月"), ("月", Decimal(1))),
    **dict.fromkeys(("天", "个工作日"), ("天", Decimal(1))),
    **dict.fromkeys(("小时", "个小时", "个钟头", "个钟", "钟头"), ("分钟", Decimal(60))),
    **dict.fromkeys(("分钟", "分钟左右"), ("分钟", Decimal(1))),
    **dict.fromkeys(("刻钟", "刻"), ("分钟", Decimal(15))),
    **dict.fromkeys(("%", "个百分点", "个点"), ("%", Decimal(1))),
    **dict.fromkeys(("元", "块", "块钱", "元人民币", "圆"), ("万元", Decimal("0.0001"))),
    **dict.fromkeys(("美元", "美金", "美刀", "刀"), ("万美元", Decimal("0.0001"))),
    **dict.fromkeys(("项", "件", "个专利", "项专利"), ("项", Decimal(1))),
    **dict.fromkeys(("辆", "台车", "辆车", "部车"), ("辆", Decimal(1))),
    **dict.fromkeys(("平方米", "平米", "平方", "个平方", "平", "㎡", "m²"), ("㎡", Decimal(1))),
    "亩": ("㎡", Decimal("666.67")),
    **dict.fromkeys(("吨标准煤", "吨标煤"), ("吨标煤", Decimal(1))),
    **dict.fromkeys(("次", "回", "届"), ("次", Decimal(1))),
    "级": ("级", Decimal(1)),
    **dict.fromkeys(("台", "套", "台套"), ("台", Decimal(1))),
    **dict.fromkeys(("家", "个"), ("个", Decimal(1))),
}
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_PERCENT = re.compile(rf"百分之\s*(?P<number>{NUMBER})")
_TENTHS = re.compile(r"(?P<number>[一二两三四五六七八九])成(?P<half>半)?(?![立为本功员品交长熟果])")
_HALF_MORE = re.compile(rf"(?P<number>{NUMBER})\s*(?P<unit>年|个月|个?小时|个?钟头|个钟)(?P<half>半)")
_MIDDLE_HALF = re.compile(rf"(?P<number>{NUMBER})个半(?P<unit>月|小时|钟头|钟)")
_PLAIN = re.compile(rf"(?P<number>{NUMBER})\s*(?P<unit>{_UNIT})?(?P<about>左右|上下|出头|以上)?")
_N = r"[\d〇零一二两三四五六七八九十]"
# What belongs to `chinese_dates`: 2025年11月25号, 11月, 25号, 七点半, 三点一刻, 七点三十分, 14:30
_DATE = re.compile(
    rf"(?:(?:19|20)\d\d|[一二][〇零九][〇零一二三四五六七八九]{{2}})年(?:{_N}{{1,3}}月)?(?:{_N}{{1,3}}[号日])?"
    rf"|{_N}{{1,3}}月(?:{_N}{{1,3}}[号日]?)?|{_N}{{1,3}}[号日](?!人|员)"
    rf"|\d{{1,2}}:\d\d|{_N}{{1,3}}点(?:钟|半|[一三]刻|{_N}{{2,3}}分?(?![万亿]))"
    rf"|{_N}{{1,3}}点(?![{_N[1:-1]}几])"
)
_RANGE = re.compile(rf"(?P<low>\d[\d.]*)\s*[-~—至到]\s*(?P<high>\d[\d.]*\s*[万亿]?)\s*(?P<unit>{_UNIT})")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One figure in a sentence. `unit` is "" where none was said; `scaled` = said with 万 or 亿."""

    value: Decimal
    unit: str
    low: Decimal
    high: Decimal
    scaled: bool
    start: int
    end: int
    text: str

    @property
    def approximate(self) -> bool:
        """Said vaguely: 300多万, 八十来号人, 四点几."""
        return self.low != self.high

    def as_unit(self, unit: str) -> Decimal | None:
        """The figure in the unit a fact wants, or None when it measures something else."""
        if self.unit == unit or (not self.unit and not (self.scaled and unit in MONEY)):
            return self.value
        if not self.unit and unit in MONEY:  # 1.2亿, 300多万: absolute, without 元
            return self.value / 10000
        if (self.unit, unit) in _KIN:
            return self.value
        return None


MONEY = ("万元", "万美元")
_KIN = {("个", "项"), ("个", "次"), ("个", "辆"), ("台", "辆"), ("项", "次"), ("人", "人次")}


def find_quantities(text: str) -> list[Quantity]:
    """Every figure of a sentence, in order of appearance; dates and clock times are left alone."""
    text = unicodedata.normalize("NFKC", text)
    found: list[Quantity] = []
    taken = 0
    for start in range(len(text)):
        if start < taken:
            continue
        date = _DATE.match(text, start)
        if date:
            taken = date.end()
            continue
        quantity = _at(text, start)
        if quantity:
            found.append(quantity)
            taken = quantity.end
    return found


def parse_quantity(text: str, unit: str = "") -> Decimal | None:
    """The first figure that measures `unit`; a bare figure counts as being in that unit."""
    return next((v for q in find_quantities(text) if (v := q.as_unit(unit)) is not None), None)


def parse_minutes(text: str) -> int | None:
    """How long: 半小时, 四十分钟, 一个半小时, 1小时20分."""
    text = re.sub(r"(?<=[\d一二三四五六七八九十])分(?!钟|之)", "分钟", unicodedata.normalize("NFKC", text))
    parts = [q.value for q in find_quantities(text) if q.unit == "分钟"]
    return int(sum(parts)) if parts else None


def _at(text: str, start: int) -> Quantity | None:
    return (
        _percent(text, start)
        or _tenths(text, start)
        or _range(text, start)
        or _and_a_half(text, start)
        or _plain(text, start)
    )


def _percent(text: str, start: int) -> Quantity | None:
    match = _PERCENT.match(text, start)
    number = match and read_number(match["number"])
    if not match or not number:
        return None
    return _made(text, match.start(), match.end(), number, "%", Decimal(1))


def _tenths(text: str, start: int) -> Quantity | None:
    match = _TENTHS.match(text, start)
    number = match and read_number(match["number"])
    if not match or not number:
        return None
    value = number.value * 10 + (5 if match["half"] else 0)
    return _made(text, match.start(), match.end(), Number(value, value, value), "%", Decimal(1))


def _range(text: str, start: int) -> Quantity | None:
    """3-5人: at least the first, at most the second."""
    match = _RANGE.match(text, start)
    if not match:
        return None
    low, high = read_number(match["low"]), read_number(match["high"])
    if not low or not high or high.value <= low.value:
        return None
    factor = high.value / Decimal(match["high"].rstrip("万亿 ")) if high.scaled else Decimal(1)
    number = Number(low.value * factor, low.value * factor, high.value, high.scaled)
    return _made(text, match.start(), match.end(), number, *UNITS[match["unit"]])


def _and_a_half(text: str, start: int) -> Quantity | None:
    """两年半, 三个月半, 一个半小时."""
    match = _HALF_MORE.match(text, start) or _MIDDLE_HALF.match(text, start)
    number = match and read_number(match["number"])
    if not match or not number:
        return None
    unit, factor = UNITS.get(match["unit"]) or UNITS["个" + match["unit"]]
    value = number.value + Decimal("0.5")
    return _made(text, match.start(), match.end(), Number(value, value, value), unit, factor)


def _plain(text: str, start: int) -> Quantity | None:
    match = _PLAIN.match(text, start)
    if not match:
        return None
    said = match["number"].rstrip("点.,，")
    end = match.end() if said == match["number"] else match.start() + len(said)
    number = read_number(said)
    if number is None or (match["unit"] is None and _bare_is_noise(said, number)):
        return None
    unit, factor = UNITS[match["unit"]] if match["unit"] and said == match["number"] else ("", Decimal(1))
    if match["about"] in ("左右", "上下") and not number.approximate:
        spread = number.value / 20
        number = Number(number.value, number.value - spread, number.value + spread, number.scaled)
    return _made(text, match.start(), end, number, unit, factor)


def _bare_is_noise(said: str, number: Number) -> bool:
    """A lone 一 or 半 inside words (一般, 半夜) or a lone numeral is no figure; 86 and 300多万 are."""
    return not said[0].isdecimal() and not number.scaled and len(said) < 2


def _made(text: str, start: int, end: int, number: Number, unit: str, factor: Decimal) -> Quantity:
    return Quantity(
        value=number.value * factor,
        unit=unit,
        low=number.low * factor,
        high=number.high * factor,
        scaled=number.scaled,
        start=start,
        end=end,
        text=text[start:end],
    )
