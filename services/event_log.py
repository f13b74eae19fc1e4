"""Events: one row for each change of a state, numbered per thing (`seq`), written with the change (decision 11)."""

from datetime import datetime
from typing import Any

from sqlalchemy import FromClause, bindparam, func, insert, select
from sqlalchemy.orm import Session


class EventLog:
    """The events of one kind of thing; `of` is the column that names the thing."""

    def __init__(self, table: FromClause, of: str) -> None:
        c = table.c
        self._of = of
        self._first = insert(table)  # type: ignore[arg-type]  # `__table__` is typed as FromClause
        self._next = insert(table).from_select(  # type: ignore[arg-type]  # `__table__` is typed as FromClause
            [of, "seq", "at", "actor_id", "from_state", "to_state", "reason"],
            select(
                bindparam("thing", type_=c[of].type),
                func.coalesce(func.max(c.seq), 0) + 1,
                bindparam("moment", type_=c.at.type),
                bindparam("actor", type_=c.actor_id.type),
                bindparam("old", type_=c.from_state.type),
                bindparam("new", type_=c.to_state.type),
                bindparam("why", type_=c.reason.type),
            ).where(c[of] == bindparam("thing", type_=c[of].type)),
        )

    def begin(
        self, session: Session, thing_id: int, state: str, *, actor_id: int | None, reason: str | None, now: datetime
    ) -> None:
        """The event with which something begins."""
        event: dict[str, Any] = {"seq": 1, "at": now, "actor_id": actor_id, "from_state": None, "to_state": state}
        session.execute(self._first, {self._of: thing_id, **event, "reason": reason})

    def add(
        self,
        session: Session,
        thing_id: int,
        old: str,
        new: str,
        *,
        actor_id: int | None,
        reason: str | None,
        now: datetime,
    ) -> None:
        """The next event: from which state to which, who, and why; the states may be the same."""
        values = {"thing": thing_id, "moment": now, "actor": actor_id, "old": old, "new": new, "why": reason}
        session.execute(self._next, values)
