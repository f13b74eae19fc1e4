"""The working calendar 工作日历: what staff say about a day goes before the library's word (decision 17)."""

from datetime import date

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Timestamped


class CalendarDay(Base, Timestamped):
    """One day that differs: a public holiday, or a make-up working day (调休上班)."""

    __tablename__ = "calendar_days"
    __table_args__ = (CheckConstraint("kind IN ('workday', 'restday', 'holiday')", name="kind"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(50), default="")
    source: Mapped[str] = mapped_column(String(12), default="staff")
