"""Events as an iCalendar file (RFC 5545): times in UTC, lines folded at 75 octets."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

LINE_OCTETS = 75


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """What a calendar shows."""

    uid: str
    start: datetime
    end: datetime
    summary: str
    location: str
    description: str
    is_cancelled: bool = False


def calendar_file(events: Iterable[CalendarEvent], *, name: str | None = None, now: datetime) -> str:
    """The file with those events; `name` is what a subscribed calendar is called."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Lianyi//booking//ZH", "METHOD:PUBLISH"]
    if name:
        lines += [f"X-WR-CALNAME:{_text(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT15M", "X-PUBLISHED-TTL:PT15M"]
    for event in events:
        lines += _event(event, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{_fold(line)}\r\n" for line in lines)


def _event(event: CalendarEvent, now: datetime) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{event.uid}",
        f"DTSTAMP:{_instant(now)}",
        f"DTSTART:{_instant(event.start)}",
        f"DTEND:{_instant(event.end)}",
        f"SUMMARY:{_text(event.summary)}",
        f"LOCATION:{_text(event.location)}",
        f"DESCRIPTION:{_text(event.description)}",
        f"STATUS:{'CANCELLED' if event.is_cancelled else 'CONFIRMED'}",
        "END:VEVENT",
    ]


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        value = value.replace(plain, escaped)
    return value


def _fold(line: str) -> str:
    """Long lines go on in the next one after a blank, never in the middle of a character."""
    parts: list[str] = []
    part = ""
    for char in line:
        if len((part + char).encode()) > LINE_OCTETS - bool(parts):
            parts.append(part)
            part = ""
        part += char
    return "\r\n ".join([*parts, part])
