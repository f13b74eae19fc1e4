"""When a policy can be applied for (申报窗口): always, or from one day to another, both included."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

CLOSING_SOON_DAYS = 7


class WindowState(StrEnum):
    UPCOMING = "upcoming"
    OPEN = "open"
    CLOSING_SOON = "closing_soon"
    CLOSED = "closed"
    SUSPENDED = "suspended"
    REPEALED = "repealed"


class WindowError(ValueError):
    """A window that cannot be read; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `opens` to `closes`, both days included; None = without end on that side."""

    opens: date | None = None
    closes: date | None = None

    def state(self, today: date, *, suspended: bool = False, repealed: bool = False) -> WindowState:
        """The state on a day; computed, never stored. Closing soon = at most 7 days left."""
        if repealed:
            return WindowState.REPEALED
        if suspended:
            return WindowState.SUSPENDED
        if self.opens is not None and today < self.opens:
            return WindowState.UPCOMING
        left = self.days_left(today)
        if left is None:
            return WindowState.OPEN
        if left < 0:
            return WindowState.CLOSED
        return WindowState.CLOSING_SOON if left <= CLOSING_SOON_DAYS else WindowState.OPEN

    def days_left(self, today: date) -> int | None:
        """Days until the last one; negative once it is past; None when there is no end."""
        return None if self.closes is None else (self.closes - today).days

    def words(self, today: date, state: WindowState) -> str:
        """11月1日—12月16日，还有25天."""
        if state is WindowState.REPEALED:
            return "已废止"
        if state is WindowState.SUSPENDED:
            return "暂停受理"
        if self.opens is None and self.closes is None:
            return "常年受理"
        span = f"{_day(self.opens, today)}—{_day(self.closes, today)}"
        left = self.days_left(today)
        if state is WindowState.UPCOMING and self.opens is not None:
            return f"{span}，{(self.opens - today).days}天后开始"
        if state is WindowState.CLOSED:
            return f"{span}，已经截止"
        return span if left is None else f"{span}，{f'还有{left}天' if left else '今天截止'}"


def read_window(raw: Mapping[str, Any] | None, today: date) -> Window:
    """A window from its file form; "T-30" is 30 days before `today`. Raises WindowError."""
    if not raw or raw.get("kind", "always") == "always":
        return Window()
    if raw["kind"] != "range":
        raise WindowError(f"没有这种窗口：{raw['kind']}")
    window = Window(_read_day(raw.get("opens"), today), _read_day(raw.get("closes"), today))
    if window.opens and window.closes and window.closes < window.opens:
        raise WindowError("窗口的截止日早于开始日")
    return window


def _read_day(raw: Any, today: date) -> date | None:
    if raw is None:
        return None
    text = str(raw).strip()
    try:
        if text.startswith("T"):
            return today + timedelta(days=int(text[1:] or 0))
        return date.fromisoformat(text[:10])
    except (ValueError, OverflowError) as error:
        raise WindowError(f"日期读不懂：{text}") from error


def _day(day: date | None, today: date) -> str:
    if day is None:
        return "长期"
    return f"{day.month}月{day.day}日" if day.year == today.year else f"{day.year}年{day.month}月{day.day}日"
