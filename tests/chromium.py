"""A real Chromium the size of a phone: on PATH, else Playwright's own."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, StorageState, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTH, HEIGHT = 390, 844


@contextmanager
def chromium() -> Iterator[Browser]:
    """Headless, without a word to anyone outside. Raises Playwright's error when no Chromium is there."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def phone(
    browser: Browser,
    address: str,
    *,
    scheme: Literal["light", "dark"] = "light",
    token: str | None = None,
    large_text: bool = False,
    sharpness: float = 2,
) -> BrowserContext:
    """A fresh phone: own storage, touch, Chinese, in the centres' zone of time; signed in where a token is given."""
    kept = {"lianyi:token": json.dumps(token)} if token else {}
    if large_text:
        kept["lianyi:large"] = "true"
    stored: StorageState = {
        "cookies": [],
        "origins": [{"origin": address, "localStorage": [{"name": n, "value": v} for n, v in kept.items()]}],
    }
    context = browser.new_context(
        storage_state=stored,
        base_url=address,
        viewport={"width": WIDTH, "height": HEIGHT},
        device_scale_factor=sharpness,
        has_touch=True,
        is_mobile=True,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        color_scheme=scheme,
    )
    context.set_default_timeout(15_000)
    return context
