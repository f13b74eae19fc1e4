"""What every request body shares."""

import unicodedata
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

ALLOWED_CONTROLS = "\n\t\r"
MAX_DEPTH = 16


class RequestModel(BaseModel):
    """A JSON body or query: unknown members are ignored, control characters are refused."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def refuse_control_characters(cls, data: Any) -> Any:
        """NUL and its kin break databases and XML: refused with the code `control_characters`."""
        if has_control_characters(data):
            raise ValueError("control_characters")
        return data


def has_control_characters(value: Any, depth: int = 0) -> bool:
    """Whether any text inside holds a control character other than line breaks and tabs."""
    if isinstance(value, str):
        if value.isprintable():
            return False
        return any(unicodedata.category(ch) in ("Cc", "Cs") and ch not in ALLOWED_CONTROLS for ch in value)
    if depth > MAX_DEPTH:
        return True
    if isinstance(value, dict):
        return any(has_control_characters(part, depth + 1) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(has_control_characters(part, depth + 1) for part in value)
    return False


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("needs an offset, as in 2026-11-21T20:00:00+08:00")
    return value


def _written(value: Any) -> Any:
    if isinstance(value, str) and not value.strip().isdecimal():
        return value
    raise ValueError("needs ISO 8601, as in 2026-11-21T20:00:00+08:00")


Instant = Annotated[datetime, BeforeValidator(_written), AfterValidator(_aware)]
"""A time in ISO 8601 with its offset; a naive one and a bare number are refused."""


class ClientKey(RequestModel):
    """The key a client makes for one intended write, and keeps over retries."""

    client_uuid: UUID


class Empty(RequestModel):
    """A POST that needs no body."""
