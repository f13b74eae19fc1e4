"""What WeChat accepts as a value: the fields of a subscribe message (订阅消息) and the scene of a mini-program code.

Source: developers.weixin.qq.com, sendMessage and getUnlimitedQRCode.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
_HAN = r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_DAY = r"\d{4}(?:年\d{1,2}月\d{1,2}日|-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}|\.\d{1,2}\.\d{1,2})"
_MOMENT = rf"(?:{_DAY}(?: {_CLOCK})?|{_CLOCK})"


def _full(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _name(value: str) -> bool:
    if re.search(r"[^\x21-\x7e ]", value):
        return len(value) <= 10
    return len(value) <= 20


# Prefix of the field's key → is this value accepted?
FIELD_RULES: dict[str, Callable[[str], bool]] = {
    "thing": lambda value: len(value) <= 20,
    "character_string": _full(r"[\x20-\x7e]{1,32}"),
    "number": _full(r"(?=.{1,32}$)[0-9]+(?:\.[0-9]+)?"),
    "letter": _full(r"[A-Za-z]{1,32}"),
    "symbol": _full(r"[^\w\s]{1,5}"),
    "phrase": _full(_HAN + r"{1,5}"),
    "name": _name,
    "time": _full(rf"{_MOMENT}(?:~{_MOMENT})?"),
    "date": _full(rf"{_DAY}(?: {_CLOCK})?(?:~{_DAY}(?: {_CLOCK})?)?"),
    "amount": _full(r"[¥￥$€£]?[0-9]{1,10}(?:\.[0-9]+)?元?"),
    "phone_number": _full(r"[0-9+\- ()]{1,17}"),
    "car_number": lambda value: len(value) <= 8,
}

_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")


def field_kind(key: str) -> str:
    """`thing1` → `thing`."""
    return key.rstrip("0123456789")


def accepts(key: str, value: str) -> bool:
    """Would WeChat take `value` under `key`, or answer 47003? Empty values and control characters never pass."""
    rule = FIELD_RULES.get(field_kind(key))
    return rule is not None and bool(value.strip()) and not _CONTROL.search(value) and rule(value)


def fit_field(key: str, value: str) -> str:
    """The value made to fit: control characters become spaces, a long text ends in “…”.

    Only texts are cut. The full text stands on the page behind the card. Raises ValueError where no cut can help.
    """
    flat = re.sub(r" {2,}", " ", _CONTROL.sub(" ", value)).strip()
    kind = field_kind(key)
    if accepts(key, flat):
        return flat
    limits = {"thing": 20, "name": 10, "car_number": 8, "character_string": 32, "phrase": 5}
    if kind in {"thing", "name"} and len(flat) > limits[kind]:
        return flat[: limits[kind] - 1] + "…"
    if kind in limits and accepts(key, flat[: limits[kind]]):
        return flat[: limits[kind]]
    raise ValueError(f"{key} cannot hold this value")


def is_scene(value: str) -> bool:
    """May this be the scene of an unlimited mini-program code (小程序码)? At most 32 characters, no `%`, no Chinese."""
    return _SCENE.fullmatch(value) is not None
