"""Number plates 车牌: one written form to find again, one masked form to show (product.md §4)."""

import re

from domain.errors import Invalid

_SEPARATORS = re.compile(r"[\s·.\-•・]")
_PLATE = re.compile(r"[\u4e00-\u9fff][A-Z][A-Z0-9]{3,6}[A-Z0-9挂学警港澳领使]")
TAIL = 4


def read_plate(text: str) -> str:
    """The plate without separators, in capitals: 粤b·12345 → 粤B12345. Raises Invalid `not_a_plate`."""
    plate = _SEPARATORS.sub("", text).upper()
    if not 7 <= len(plate) <= 8 or not _PLATE.fullmatch(plate):
        raise Invalid("not_a_plate")
    return plate


def plate_tail(plate: str) -> str:
    """The last four characters: how a desk finds a booking of today."""
    return plate[-TAIL:]


def mask_plate(plate: str) -> str:
    """粤B12345 → 粤B·**45."""
    return f"{plate[:2]}·**{plate[-2:]}"
