"""Every screen in light, dark and large text: nothing too wide, too small, too faint or without a name."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Phone
from tests.browser.screens import DETAILS, LISTS, QUIET, Scenery

pytestmark = pytest.mark.browser

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
SCREENS = (*LISTS, *DETAILS, *QUIET)


@pytest.mark.parametrize("mode", ["light", "dark", "large"])
def test_every_screen_is_reachable_and_readable(
    phones: Callable[..., Phone], scenery: Scenery, mode: str, snap: Callable[[Page, str], Path]
) -> None:
    found: list[str] = []
    for who in dict.fromkeys(screen.who for screen in SCREENS):
        page = phones(who, scheme="dark" if mode == "dark" else "light", large_text=mode == "large").page
        for screen in (one for one in SCREENS if one.who == who):
            scenery.open(page, screen)
            snap(page, screen.name)
            found += [f"{screen}: {problem}" for problem in page.evaluate(AUDIT)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_state_of_the_tab_bar_and_its_colours_tell_the_jobs_apart(phones: Callable[..., Phone], mode: str) -> None:
    expected = {
        "light": ["rgb(23, 87, 184)", "rgb(179, 38, 30)", "rgb(11, 107, 93)"],
        "dark": ["rgb(110, 168, 255)", "rgb(255, 138, 128)", "rgb(95, 211, 191)"],
    }
    page = phones(scheme=mode).page
    page.goto("/")
    colours = []
    for tab in ("services", "activities", "ask"):
        page.get_by_test_id(f"tab-{tab}").filter(visible=True).tap()
        chosen = page.locator("[role=tab][aria-selected=true]").filter(visible=True)
        page.locator(f"[data-testid=tab-{tab}][aria-selected=true]").filter(visible=True).wait_for()
        colours.append(chosen.evaluate("node => getComputedStyle(node).color"))
    assert colours == expected[mode]
