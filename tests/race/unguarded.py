"""The product with the guards of its code taken away, for the control of the races: never served to anyone.

What goes: the row lock that queues bookings of one service (PostgreSQL), and the transaction around a write
(SQLite, where it alone serialises writers). What is added: a pause between looking and writing, so that a race
that can happen does. The guards in the database are taken away by the test, or left to show that they hold alone.
"""

import re
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event

from server.app import create_app
from server.settings import Settings
from services.attendance import _Scan
from services.centre.catalogue import service_by_code

PAUSE_SECONDS = 0.1
ROW_LOCK = re.compile(r"\s+FOR (NO KEY )?UPDATE( OF \w+)?( NOWAIT| SKIP LOCKED)?")
WRITES_OF_PLACES = ("INSERT INTO bookings", "INSERT INTO holds", "INSERT INTO waitlist_entries", "UPDATE bookings")


def app() -> Flask:
    """What gunicorn calls."""
    bookings: Any = import_module("services.booking.bookings")
    bookings.service_by_code = _without_lock
    bookings.take_place = _pausing_after(bookings.take_place)
    scan: Any = _Scan
    scan._keep_first = _pausing_before(scan._keep_first)
    database: Any = import_module("server.db")
    database._sqlite_begin = _no_transaction
    return create_app(Settings.from_env())


def unlocked() -> Flask:
    """The same by taking the locks out of every statement, whoever sends it; a write of a place waits a moment."""
    database: Any = import_module("server.db")
    database._sqlite_begin = _no_transaction
    event.listen(Engine, "before_cursor_execute", _without_row_locks, retval=True)
    event.listen(Engine, "connect", _without_checks)
    return create_app(Settings.from_env())


def _without_row_locks(
    _connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    if statement.startswith(WRITES_OF_PLACES):
        time.sleep(PAUSE_SECONDS)
    return ROW_LOCK.sub("", statement), parameters


def _without_checks(connection: Any, _record: Any) -> None:
    if "sqlite" in type(connection).__module__:
        connection.execute("PRAGMA ignore_check_constraints=ON")


def _without_lock(session: Any, code: str, *, to_book: bool = False) -> Any:
    return service_by_code(session, code)


def _no_transaction(_connection: Connection) -> None:
    """Each statement commits on its own."""


def _pausing_after(inner: Callable[..., Any]) -> Callable[..., Any]:
    def outer(*args: Any, **kwargs: Any) -> Any:
        found = inner(*args, **kwargs)
        time.sleep(PAUSE_SECONDS)
        return found

    return outer


def _pausing_before(inner: Callable[..., Any]) -> Callable[..., Any]:
    def outer(*args: Any, **kwargs: Any) -> Any:
        time.sleep(PAUSE_SECONDS)
        return inner(*args, **kwargs)

    return outer
