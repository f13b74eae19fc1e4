"""iCalendar text: CRLF, escapes, folding by octets."""

from datetime import UTC, datetime, timedelta

from domain.calendar_file import CalendarEvent, calendar_file

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


def test_an_event_is_escaped_folded_and_in_utc() -> None:
    event = CalendarEvent("K7@x", NOW, NOW + timedelta(minutes=30), "冲凉, 男; \\n", "地" * 60, "一\n二")
    text = calendar_file([event], now=NOW)
    lines = text.split("\r\n")
    assert lines[-1] == ""
    assert "DTSTART:20261125T020000Z" in lines
    assert "SUMMARY:冲凉\\, 男\\; \\\\n" in lines
    assert "DESCRIPTION:一\\n二" in lines
    assert all(len(line.encode()) <= 75 for line in lines)
    assert "LOCATION:" + "地" * 60 in text.replace("\r\n ", "")
    assert "STATUS:CONFIRMED" in lines


def test_a_cancelled_event_says_so() -> None:
    event = CalendarEvent("K7@x", NOW, NOW, "s", "l", "d", is_cancelled=True)
    assert "STATUS:CANCELLED\r\n" in calendar_file([event], now=NOW)


def test_a_feed_has_a_name_and_all_its_events() -> None:
    events = [CalendarEvent(f"K{n}@x", NOW, NOW, "s", "l", "d") for n in range(3)]
    text = calendar_file(events, name="我的预约", now=NOW)
    assert text.count("BEGIN:VEVENT") == text.count("END:VEVENT") == 3
    assert "X-WR-CALNAME:我的预约" in text
