"""A phone may send the same write twice: one rule for all of them (contract §3, decision 14)."""

import hashlib
import json
from typing import Any, Protocol

from domain.errors import Conflict


class Remembered(Protocol):
    """A row that remembers the client's key; see `models.base.ClientKeyed`."""

    @property
    def request_digest(self) -> str | None: ...


def digest(body: dict[str, Any]) -> str:
    """What was asked for, as one short text: key order and the key itself do not matter."""
    asked = {key: value for key, value in body.items() if key != "client_uuid"}
    text = json.dumps(asked, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def check_same_request(row: Remembered, request_digest: str) -> None:
    """The same key with the same body is a repeat; with another body it is a mistake.

    Raises:
        Conflict: `client_uuid_reused`.
    """
    if row.request_digest != request_digest:
        raise Conflict("client_uuid_reused")
