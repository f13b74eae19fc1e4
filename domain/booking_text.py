"""Times and reasons of bookings in words, for notices and calendars."""

from datetime import datetime, tzinfo

REASONS: dict[str, str] = {
    "by_centre": "中心取消了这次预约，不算您违约。可重新选时间。",
    "refused": "中心没有同意这次申请。",
    "lapsed": "中心没有在期限内答复，位置已释放。可重新申请。",
    "no_show": "过了保留时间没有到店，位置已让给别人。记一次，30 天后自动消除；有原因可在“爽约记录”里说明。",
    "no_show_jammed": "过了保留时间没有到店，位置已让给别人。路上拥堵，这次不记。",
}
NARROWED = "到 {until} 可直接到店，或约一小时内的时段；过夜休息不受影响。"
CHANGED = {"late": "位置为您留到 {until}。", "extend": "已延长到 {until}。"}
"""What staff did at a guest's wish."""
WAIVED = "这次不算了：{reason}"
KEPT = "这条记录保留：{reason}。{day} 自动消除。"
WAIVE_REASONS: dict[str, str] = {"congestion": "路上拥堵", "undo": "已到店"}
"""Why a mark was waived without anybody deciding it, in words."""

DISPLACED: dict[str, str] = {
    "broken": "设施坏了",
    "cleaning": "临时清洁",
    "closed": "临时停用",
    "hours": "开放时间有变",
    "roster": "值班有变",
}

UNIT_CHANGED = "位置换到 {unit}，时间不变"


def displaced_text(reason: str, other_time: str | None) -> str:
    """What somebody hears whose place is gone by our doing: why, that it does not count, and what they can do."""
    why = _why(reason)
    also = f"最近的空位是 {other_time}。" if other_time else ""
    return f"{why}，这个位子用不了了，不算您违约。{also}打开预约可换时间、换中心，或排候补第一位。"


def new_unit_text(reason: str, unit: str) -> str:
    """What somebody hears who has another unit by our doing."""
    return f"{_why(reason)}，给您换到 {unit}，时间和预约码都不变。"


def _why(reason: str) -> str:
    return DISPLACED.get(reason.split(":")[0], DISPLACED["closed"])


def when_text(start: datetime, end: datetime, tz: tzinfo) -> str:
    """2026年11月25日 10:00~10:30; over midnight both days are said."""
    first, last = start.astimezone(tz), end.astimezone(tz)
    closing = f"{last:%H:%M}" if first.date() == last.date() else _moment(last)
    return f"{_moment(first)}~{closing}"


def clock_text(instant: datetime, tz: tzinfo) -> str:
    """11月25日 10:00."""
    local = instant.astimezone(tz)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def moment_text(instant: datetime, tz: tzinfo) -> str:
    """2026年11月25日 10:00."""
    return _moment(instant.astimezone(tz))


def _moment(local: datetime) -> str:
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
