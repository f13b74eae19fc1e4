"""Fingers and eyes: what is on the page in front, found by its test id."""

from playwright.sync_api import Locator, Page, expect


def seen(page: Page, test_id: str) -> Locator:
    """The element of the page in front; pages behind stay in the document but are hidden."""
    return page.get_by_test_id(test_id).filter(visible=True)


def tap(page: Page, test_id: str) -> None:
    seen(page, test_id).tap()


def sign_in_as(page: Page, who: str) -> None:
    """Choose a demo person on the sign-in page, which must be in front."""
    tap(page, f"sign-in-demo:{who}")


def expect_said(page: Page, test_id: str, words: str) -> None:
    expect(seen(page, test_id)).to_contain_text(words)
