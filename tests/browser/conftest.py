"""The real app with its stand-in WeChat and its scheduler, and a phone to tap it with."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.chromium import chromium, phone
from tests.live import Live, live
from tests.web_process import ROOT

SCREENSHOTS = ROOT / "test-results/screenshots"
H5 = ROOT / "miniprogram/dist/build/h5/index.html"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The product on a fresh demo district in SQLite; one for each file of tests."""
    assert H5.is_file(), "the H5 app is not built: run `make build`"
    folder = tmp_path_factory.mktemp("live")
    with live(f"sqlite:///{folder / 'lianyi.db'}", folder, standin=True, scheduler=True) as served:
        yield served


@pytest.fixture
def context(browser: Browser, live_server: Live) -> Iterator[BrowserContext]:
    """A phone of its own for each test."""
    made = phone(browser, live_server.address)
    yield made
    made.close()


@pytest.fixture
def new_phone(browser: Browser, live_server: Live) -> Iterator[Callable[..., Page]]:
    """More phones: `new_phone()` or `new_phone(scheme="dark")`."""
    made: list[BrowserContext] = []

    def make(**options: str) -> Page:
        made.append(phone(browser, live_server.address, **options))  # type: ignore[arg-type]
        return made[-1].new_page()

    yield make
    for one in made:
        one.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """One page; a script error of the app fails the test."""
    made = context.new_page()
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    yield made
    assert not errors, f"script errors on the page: {errors}"


@pytest.fixture
def snap(request: pytest.FixtureRequest) -> Callable[[Page, str], Path]:
    """`snap(page, "full")` keeps a picture under test-results/screenshots, named by the test and the face."""

    def take(page: Page, face: str) -> Path:
        name = re.sub(r"[^\w.-]+", "-", f"{request.node.name}-{face}")
        path = SCREENSHOTS / f"{name}.png"
        page.screenshot(path=path)
        return path

    return take
