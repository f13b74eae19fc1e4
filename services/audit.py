"""The audit log 审计: who read or changed something sensitive."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from models.platform import AuditEntry


def record(
    session: Session,
    *,
    person_id: int | None,
    action: str,
    subject_kind: str,
    subject_id: int | None,
    now: datetime,
    details: dict[str, Any] | None = None,
) -> None:
    """Write one row. Details hold ids and codes only, never personal text (decision 10)."""
    session.execute(
        insert(AuditEntry).values(
            at=now,
            person_id=person_id,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            details=details or {},
        )
    )
