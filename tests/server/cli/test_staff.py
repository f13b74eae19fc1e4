"""Roles by command."""

from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.people import Grant
from server.cli import staff
from server.container import Container
from tests.conftest import Clock
from tests.factories import create_person


@pytest.mark.rule("O4")
def test_a_role_begins_and_ends_on_the_districts_day(
    container: Container, session: Session, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff, "container", lambda: container)
    person = create_person(session, now=clock.now)
    session.commit()
    clock.now = datetime(2026, 11, 24, 17, tzinfo=UTC)  # one in the morning of the 25th in Shanghai
    arguments = [str(person.id), "adviser", "--scope", "district"]
    assert CliRunner().invoke(staff.grant, arguments).exit_code == 0
    assert session.scalars(select(Grant.from_on)).one() == date(2026, 11, 25)
    clock.forward(days=2)
    assert CliRunner().invoke(staff.revoke, arguments).output == "1 ended\n"
    assert session.scalars(select(Grant.to_on)).one() == date(2026, 11, 27)
    assert CliRunner().invoke(staff.revoke, arguments).output == "0 ended\n"
