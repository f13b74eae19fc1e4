"""The real app with its stand-in WeChat and its scheduler, and phones to tap it with."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.screens import Scenery
from tests.browser.watch import Watch
from tests.chromium import chromium, phone
from tests.live import Live, live
from tests.web_process import ROOT

SCREENSHOTS = ROOT / "test-results/screenshots"
expect.set_options(timeout=10_000)  # a machine of two cores under load is slow, not wrong
H5 = ROOT / "miniprogram/dist/build/h5/index.html"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The product on a fresh demo district in SQLite. One for the run: each test has people of its own."""
    assert H5.is_file(), "the H5 app is not built: run `make build`"
    folder = tmp_path_factory.mktemp("live")
    with live(f"sqlite:///{folder / 'lianyi.db'}", folder, standin=True, scheduler=True) as served:
        yield served


@pytest.fixture(scope="session")
def scenery(live_server: Live) -> Scenery:
    """Something to see on every screen."""
    return Scenery(live_server)


@dataclass
class Phone:
    """One person's phone: its page, its context (network on and off) and what is watched on it."""

    page: Page
    context: BrowserContext
    watch: Watch


@pytest.fixture
def phones(browser: Browser, live_server: Live) -> Iterator[Callable[..., Phone]]:
    """`phones()` is a guest's, `phones("driver-7")` that demo person's; `scheme="dark"`, `large_text=True`."""
    made: list[Phone] = []

    def make(who: str | None = None, *, scheme: Literal["light", "dark"] = "light", large_text: bool = False) -> Phone:
        token = live_server.tokens([who])[0] if who else None
        context = phone(browser, live_server.address, scheme=scheme, token=token, large_text=large_text)
        watch = Watch(context)
        made.append(Phone(context.new_page(), context, watch))
        return made[-1]

    yield make
    for one in made:
        one.context.close()
    for one in made:
        one.watch.check()


@pytest.fixture
def guest(phones: Callable[..., Phone]) -> Phone:
    """The phone of someone who has not signed in."""
    return phones()


@pytest.fixture
def snap(request: pytest.FixtureRequest) -> Callable[[Page, str], Path]:
    """`snap(page, "full")` keeps a picture under test-results/screenshots, named by the test and the face."""

    def take(page: Page, face: str) -> Path:
        name = re.sub(r"[^\w.-]+", "-", f"{request.node.name}-{face}")
        path = SCREENSHOTS / f"{name}.png"
        page.screenshot(path=path)
        return path

    return take
