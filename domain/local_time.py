"""Instants and a centre's own clock: stored in UTC, shown with the centre's offset (decision 15)."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.errors import Invalid

DAY_MINUTES = 1440
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2200, 1, 1)


def to_utc(instant: datetime) -> datetime:
    """The same instant in UTC.

    Raises Invalid: `naive_time` without an offset, `invalid` for a time no calendar can hold.
    """
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise Invalid("naive_time")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise Invalid("invalid", fields={"start": ["out of range"]}) from None


def check_day(day: date) -> date:
    """A day that calendars and databases can work with. Raises Invalid `date_out_of_range`."""
    if not FIRST_DAY <= day < LAST_DAY:
        raise Invalid("date_out_of_range")
    return day


@lru_cache(maxsize=4096)
def at_minute(day: date, minute: int, tz: tzinfo) -> datetime:
    """The instant (UTC) at which clocks in `tz` show that minute of that day; 1440 is the next midnight."""
    days, rest = divmod(minute, DAY_MINUTES)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), tzinfo=tz)
    return local.astimezone(UTC)


def local_day(instant: datetime, tz: tzinfo) -> date:
    """The calendar day on which an instant falls in `tz`."""
    return instant.astimezone(tz).date()


def iso(instant: datetime, tz: tzinfo) -> str:
    """ISO 8601 with seconds and the offset of `tz`."""
    return instant.astimezone(tz).isoformat(timespec="seconds")


@lru_cache(maxsize=50_000)
def iso_of_grid(instant: datetime, tz: tzinfo) -> str:
    """`iso`, remembered: for the starts of a timetable, which come again with every look at a day."""
    return iso(instant, tz)


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """A time zone by its IANA name. Raises Invalid `unknown_timezone`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Invalid("unknown_timezone", name=name) from None
