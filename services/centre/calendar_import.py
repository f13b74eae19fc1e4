"""Importing the district's own working calendar 工作日历导入. The same file again changes nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.calendar_days_file import read_days
from domain.errors import Invalid
from domain.file_rows import Unreadable, place_of
from services.centre.calendar_days import set_day
from services.import_report import ImportReport

PART = "days"


def import_calendar(session: Session, payload: Any, *, now: datetime) -> ImportReport:
    """`{"days": [{"date" | "from", "to", "kind", "name"}]}`: public holidays and make-up working days.

    A row that cannot be read is reported with its place and reason, the others go in.
    """
    report = ImportReport()
    parts = payload if isinstance(payload, Mapping) else {}
    for part in parts:
        if part != PART:
            report.add(str(part), "refused", f"is not {PART}")
    rows = parts.get(PART)
    if not isinstance(rows, list):
        report.add(PART, "refused", "no list of days")
        return report
    for number, row in enumerate(rows, 1):
        where = place_of(row, f"{PART}[{number}]")
        try:
            days, kind, name = read_days(row)
            outcomes = {set_day(session, day, kind, name, now=now) for day in days}
        except Unreadable as error:
            report.add(where, "refused", str(error))
        except Invalid:
            report.add(where, "refused", "a day out of range")
        else:
            report.add(where, outcomes.pop() if len(outcomes) == 1 else "changed")
    return report
