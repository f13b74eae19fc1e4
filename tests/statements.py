"""What a use case costs: the statements that reach the database."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session


class Statements:
    """Counts them while it is open; savepoints are not counted."""

    def __init__(self, session: Session) -> None:
        self.seen: list[str] = []
        self._connection = session.connection()

    def __enter__(self) -> "Statements":
        event.listen(self._connection, "before_cursor_execute", self._see)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._connection, "before_cursor_execute", self._see)

    def _see(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE")):
            self.seen.append(statement.split("\n", 1)[0])
