"""What a phone must never do while it is tapped: script errors, console errors, requests to the outside."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request

INSIDE = {"127.0.0.1", ""}
"""Hosts a page may ask; pictures in data: and blob: have none."""


class Watch:
    """Collects what went wrong on every page of a context; `check` says it."""

    def __init__(self, context: BrowserContext) -> None:
        self.problems: list[str] = []
        self._allowed: list[str] = []
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.problems.append(f"script error: {error.error}"))
        context.on("request", self._on_request)

    def allow(self, *patterns: str) -> None:
        """Errors that belong to the test, such as the refusal it provokes."""
        self._allowed.extend(patterns)

    def check(self) -> None:
        """Raises AssertionError with everything that was not allowed."""
        left = [said for said in self.problems if not any(re.search(pattern, said) for pattern in self._allowed)]
        assert not left, "\n".join(left)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text} ({message.location['url']})")

    def _on_request(self, request: Request) -> None:
        if (urlsplit(request.url).hostname or "") not in INSIDE:
            self.problems.append(f"request to the outside: {request.url}")
