"""The night 夜间免打扰, 22:00–07:00: longer to answer an offer, and nothing rings that can wait."""

from datetime import datetime, time, timedelta, tzinfo

NIGHT_FROM, NIGHT_UNTIL = 22, 7


def is_night(instant: datetime, tz: tzinfo) -> bool:
    """Whether it is between 22:00 and 07:00 by the clock of `tz`."""
    hour = instant.astimezone(tz).hour
    return hour >= NIGHT_FROM or hour < NIGHT_UNTIL


def night_ends(instant: datetime, tz: tzinfo) -> datetime | None:
    """The next 07:00 where it is night now, else None."""
    if not is_night(instant, tz):
        return None
    local = instant.astimezone(tz)
    morning = local.date() + timedelta(days=local.hour >= NIGHT_FROM)
    return datetime.combine(morning, time(NIGHT_UNTIL), tzinfo=tz)
