"""What a log line may say: ids, never what people wrote."""

import logging
import sys

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.people import Person
from server.web.request_log import JsonFormatter, TextFormatter

SECRETS = ("保密", "姓名")


@pytest.mark.rule("O18")
@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter("%(message)s")], ids=["json", "text"])
def test_a_traceback_quotes_no_row(session: Session, formatter: logging.Formatter) -> None:
    """PostgreSQL adds the whole failing row to its message, whatever SQLAlchemy hides."""
    name = "\n\n".join(SECRETS)  # not written below: a traceback shows the source line
    try:
        session.execute(insert(Person), {"name": name, "state": "active", "settings": {}, "created_at": None})
    except IntegrityError:
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "unexpected", None, sys.exc_info())
    line = formatter.format(record)
    assert "IntegrityError" in line
    assert "created_at" in line
    assert not [word for word in SECRETS if word in line]
