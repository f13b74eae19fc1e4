"""Why a callback is refused. The reason goes to the log; the caller learns a status and nothing else."""

from __future__ import annotations

from typing import Literal

Reason = Literal[
    "missing_param",
    "bad_signature",
    "stale",
    "downgrade",
    "bad_ciphertext",
    "bad_padding",
    "bad_length",
    "wrong_appid",
    "malformed_body",
    "forbidden_doctype",
    "too_large",
]


class Refused(Exception):
    """A request that WeChat did not send, or that was damaged: answered 4xx, without detail and without effect."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason

    @property
    def status(self) -> int:
        """413 for a body over the limit, else 400: a finer answer would tell a forger which check he passed."""
        return 413 if self.reason == "too_large" else 400


class Misconfigured(ValueError):
    """A callback account whose keys cannot be right."""
