"""A running product on a database of its own, with or without its guards."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live import Live, live
from tests.postgres import Postgres

UNGUARDED = "tests.race.unguarded:app()"
Start = Callable[..., Live]


@pytest.fixture(params=["sqlite", "postgresql"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    """`start()` serves the product, `start(UNGUARDED)` the one without the guards of its code."""
    with ExitStack() as running:

        def make(application: str = "server.wsgi:app") -> Live:
            if request.param == "sqlite":
                url = f"sqlite:///{tmp_path / 'race.db'}"
            else:
                postgres: Postgres = request.getfixturevalue("postgres")
                url = postgres.create_database()
                running.callback(postgres.drop_database, url)
            return running.enter_context(live(url, tmp_path, application=application))

        yield make
