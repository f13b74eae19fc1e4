"""What is known of a firm (企业画像): fact fields, their units, their ageing.

A missing value means unknown, never false. A value that is too old (`ttl_days`) or of the wrong
year (`year=last`) counts as unknown again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import Any

from domain.fact_labels import LABELS, YES_NO
from domain.formulas import Formula, FormulaError, inline, read_formula
from domain.quantities import parse_quantity

Value = bool | Decimal | date | str | tuple[str, ...]
Answer = str | bool


class FieldType(StrEnum):
    BOOL = "bool"
    ENUM = "enum"
    NUMBER = "number"
    MONEY = "money"
    PERCENT = "percent"
    DATE = "date"
    LIST = "list"
    TEXT = "text"


NUMERIC = (FieldType.NUMBER, FieldType.MONEY, FieldType.PERCENT)
LARGEST = Decimal(10) ** 15
MAX_TEXT = 200


class FactError(ValueError):
    """A value or a field that cannot be read; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One fact field (画像字段)."""

    code: str
    label: str
    type: FieldType
    unit: str = ""
    question: str = ""
    options: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    formula: Formula | None = None
    ttl_days: int | None = None
    year: str | None = None
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def numeric(self) -> bool:
        return self.type in NUMERIC

    def read(self, raw: Any) -> Value:
        """The value in the field's own type and unit. Raises FactError, naming what would be right."""
        return _READERS[self.type](self, raw)

    def show(self, value: Value) -> str:
        """The value as people write it: 1.2亿元, 11%, 是, 省级专精特新中小企业."""
        if isinstance(value, bool):
            return YES_NO[value]
        if isinstance(value, Decimal):
            return show_amount(value, self.unit)
        if isinstance(value, date):
            return f"{value.year}年{value.month}月{value.day}日"
        if isinstance(value, tuple):
            return "、".join(self.labels.get(v, v) for v in value) or "无"
        return self.labels.get(value, value)

    def choices(self) -> list[dict[str, Answer]]:
        """The taps to offer under the question."""
        if self.type is FieldType.BOOL:
            return [{"value": v, "label": t} for v, t in YES_NO.items()]
        return [{"value": o, "label": self.labels.get(o, o)} for o in self.options]


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of one firm: the value, the day it was said or checked, by whom it is vouched for."""

    value: Value
    as_of: date
    source: str = "self"
    for_year: int | None = None

    def is_current(self, about: FieldFacts, today: date) -> bool:
        """Not older than the field allows and, for yearly figures, of the last full calendar year."""
        if about.ttl_days is not None and self.as_of + timedelta(days=about.ttl_days) < today:
            return False
        if about.year == "last":
            return (self.for_year if self.for_year is not None else self.as_of.year - 1) == today.year - 1
        return True


def read_fields(rows: list[Mapping[str, Any]]) -> dict[str, FieldFacts]:
    """Fields from their file form, formulas of formulas put together. Raises FactError."""
    fields = {f.code: f for f in map(read_field, rows)}
    return with_formulas(fields)


def with_formulas(fields: Mapping[str, FieldFacts]) -> dict[str, FieldFacts]:
    """The fields with derived inputs resolved down to facts that can be asked. Raises FactError."""
    formulas = {code: f.formula for code, f in fields.items() if f.formula}
    out: dict[str, FieldFacts] = {}
    for code, one in fields.items():
        if one.formula:
            try:
                formula = inline(one.formula, formulas)
            except FormulaError as error:
                raise FactError(str(error)) from error
            unknown = [name for name in formula.inputs if name not in fields]
            if unknown:
                raise FactError(f"{one.label}的公式用到了没有的字段：{'、'.join(unknown)}")
            one = replace(one, formula=formula)
        out[code] = one
    return out


def read_field(row: Mapping[str, Any]) -> FieldFacts:
    """One field from its file form. Raises FactError."""
    try:
        code, kind = str(row["code"]), FieldType(row["type"])
    except (KeyError, ValueError) as error:
        raise FactError(f"字段缺少编号或类型不对：{row.get('code', '?')}") from error
    labels = dict(LABELS.get(code, {}))
    options: list[str] = []
    for option in row.get("options") or ():
        if isinstance(option, Mapping):
            options.append(str(option["value"]))
            labels[options[-1]] = str(option.get("zh") or option.get("label") or options[-1])
        else:
            options.append(str(option))
    try:
        formula = read_formula(row["derived"]) if row.get("derived") else None
    except FormulaError as error:
        raise FactError(str(error)) from error
    counted = kind in (FieldType.NUMBER, FieldType.MONEY) and formula is None
    low = row.get("min", 0 if counted else None)
    return FieldFacts(
        code=code,
        label=str(row.get("zh") or row.get("label") or code),
        type=kind,
        unit=str(row.get("unit") or ""),
        question=str(row.get("question") or f"{row.get('zh') or code}是多少？"),
        options=tuple(options),
        labels=labels,
        order=tuple(map(str, row.get("order") or ())),
        formula=formula,
        ttl_days=row.get("ttl_days"),
        year=row.get("year"),
        low=None if low is None else Decimal(str(low)),
        high=None if row.get("max") is None else Decimal(str(row["max"])),
    )


def to_json(value: Value) -> Any:
    """The value as it is stored: numbers and dates as text, so that nothing is rounded."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value


def plain(value: Decimal) -> str:
    """A number without exponent and without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def show_amount(value: Decimal, unit: str, *, exact: bool = False) -> str:
    """12000 万元 is shown as 1.2亿元; long fractions are rounded to two places unless `exact`."""
    if unit in ("万元", "万美元") and abs(value) >= 10000:
        value, unit = value / 10000, f"亿{unit[1:]}"
    return f"{plain(value if exact else _short(value))}{unit}"


def as_fraction(value: Decimal | date) -> Fraction:
    """Numbers and dates on one exact scale for comparing."""
    return Fraction(value.toordinal()) if isinstance(value, date) else Fraction(value)


def _short(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01")) if int(value.as_tuple().exponent) < -2 else value


def _read_bool(about: FieldFacts, raw: Any) -> bool:
    known = {"是": True, "有": True, "true": True, "1": True, "否": False, "没有": False, "false": False, "0": False}
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.strip().lower() in known:
        return known[raw.strip().lower()]
    raise FactError(f"{about.label}请回答是或否")


def _read_number(about: FieldFacts, raw: Any) -> Decimal:
    value: Decimal | None = None
    if isinstance(raw, int | float | Decimal) and not isinstance(raw, bool):
        value = Decimal(str(raw))
    elif isinstance(raw, str) and len(raw) <= MAX_TEXT:
        value = _decimal(raw) if _decimal(raw) is not None else parse_quantity(raw, about.unit)
    if value is None or not value.is_finite() or abs(value) > LARGEST:
        raise FactError(f"{about.label}请填数字，单位是{about.unit or '个'}")
    if (about.low is not None and value < about.low) or (about.high is not None and value > about.high):
        raise FactError(f"{about.label}不会是{plain(value)}，请检查")
    return value


def _decimal(raw: str) -> Decimal | None:
    try:
        return Decimal(raw.strip().replace(",", ""))
    except InvalidOperation:
        return None


def _read_date(about: FieldFacts, raw: Any) -> date:
    if isinstance(raw, date):
        return raw
    text = str(raw).strip() if isinstance(raw, str) else ""
    text = text.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").rstrip("-")
    parts = text.split("-")
    try:
        numbers = [int(p) for p in parts]
        return date(*(numbers + [1] * (3 - len(numbers))))
    except (ValueError, TypeError) as error:
        raise FactError(f"{about.label}请填日期，例如 2021-06-01") from error


def _read_enum(about: FieldFacts, raw: Any) -> str:
    if isinstance(raw, str):
        by_label = {label: code for code, label in about.labels.items()}
        text = raw.strip()
        for candidate in (text, by_label.get(text, "")):
            if candidate and (candidate in about.options or (not about.options and len(text) <= MAX_TEXT)):
                return candidate
    shown = "、".join(about.labels.get(o, o) for o in about.options[:8])
    raise FactError(f"{about.label}请从这些里选：{shown}" if shown else f"{about.label}请填文字")


def _read_list(about: FieldFacts, raw: Any) -> tuple[str, ...]:
    if isinstance(raw, list | tuple) and len(raw) <= 100 and all(isinstance(r, str) for r in raw):
        return tuple(_read_enum(about, r) for r in raw)
    raise FactError(f"{about.label}请填一组选项")


_READERS: dict[FieldType, Callable[[FieldFacts, Any], Value]] = {
    FieldType.BOOL: _read_bool,
    FieldType.ENUM: _read_enum,
    FieldType.NUMBER: _read_number,
    FieldType.MONEY: _read_number,
    FieldType.PERCENT: _read_number,
    FieldType.DATE: _read_date,
    FieldType.LIST: _read_list,
    FieldType.TEXT: _read_enum,
}
