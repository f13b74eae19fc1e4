"""Codes that people read aloud and type: no 0, O, 1, I (decision 16)."""

import re
import secrets

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 8
_CODE = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
_CATALOGUE_CODE = re.compile(r"[\w.\-]{1,80}")


def new_code(length: int = LENGTH) -> str:
    """Random characters, eight unless told."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def read_code(text: str) -> str | None:
    """A typed code in its one form, or None for what can be none."""
    code = text.strip().upper()
    return code if _CODE.fullmatch(code) else None


def code_key(text: str) -> str | None:
    """An imported code as it is compared: without case. None for what can be no code."""
    text = text.strip()
    return text.casefold() if _CATALOGUE_CODE.fullmatch(text) else None
