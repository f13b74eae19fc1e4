"""Times and reasons of bookings in words, for notices and calendars."""

from datetime import datetime, tzinfo

REASONS: dict[str, str] = {
    "by_centre": "中心取消了这次预约，不算您违约。可重新选时间。",
    "refused": "中心没有同意这次申请。",
    "lapsed": "中心没有在期限内答复，位置已释放。可重新申请。",
    "no_show": "超过保留时间没有到店，位置已让给别人。",
}


def when_text(start: datetime, end: datetime, tz: tzinfo) -> str:
    """2026年11月25日 10:00~10:30; over midnight both days are said."""
    first, last = start.astimezone(tz), end.astimezone(tz)
    closing = f"{last:%H:%M}" if first.date() == last.date() else _moment(last)
    return f"{_moment(first)}~{closing}"


def clock_text(instant: datetime, tz: tzinfo) -> str:
    """11月25日 10:00."""
    local = instant.astimezone(tz)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def _moment(local: datetime) -> str:
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
