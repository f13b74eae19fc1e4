"""Refusals. Each has a stable code; its Chinese sentence lives in `domain/error_messages.py`.

A refusal is raised where the rule lives and becomes an HTTP status, a bot sentence or a WeChat
answer only at the edge. Raising always rolls the transaction back; a refusal that must leave a
trace is a returned outcome instead (decision 12).
"""

from typing import Any

from domain.error_messages import message_for


class Refusal(Exception):
    """Something a person asked for and may not have, with a code that never changes."""

    def __init__(self, code: str, /, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    @property
    def message(self) -> str:
        """What happened and what to do, in Chinese."""
        return message_for(self.code, self.details)


class NotSignedIn(Refusal):
    """Nobody is known behind this request (401)."""


class NotAllowed(Refusal):
    """Known, but this is not theirs to do (403)."""


class NotFound(Refusal):
    """No such thing, or not one this person may know of (404)."""


class Conflict(Refusal):
    """It cannot be done as things stand; `details` say what can be (409)."""


class Invalid(Refusal):
    """The request itself makes no sense (422)."""


class TooMany(Refusal):
    """Too often in too short a time; `details["retry_after"]` in seconds (429)."""


class Busy(Refusal):
    """The system cannot answer right now; nothing was done (503)."""
