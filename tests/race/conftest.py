"""A running product on a database of its own, with or without its guards."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live import Live, live
from tests.postgres import Postgres
from tests.race.guards import drop_booking_guards

UNGUARDED = "tests.race.unguarded:app()"
UNLOCKED = "tests.race.unguarded:unlocked()"
Start = Callable[..., Live]
ENGINES = ("sqlite", "postgresql")


@pytest.fixture(params=ENGINES)
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    """`start()` serves the product, `start(UNGUARDED)` the one without the guards of its code."""
    with ExitStack() as running:
        yield _maker(request, tmp_path, running)


@pytest.fixture(scope="module", params=ENGINES)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The product, for all races of a file: each has a centre of its own in it."""
    with ExitStack() as running:
        yield _maker(request, tmp_path_factory.mktemp("served"), running)()


@pytest.fixture(scope="module", params=ENGINES)
def unguarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The product without locks and transactions, on a database without guards: for the controls."""
    with ExitStack() as running:
        made = _maker(request, tmp_path_factory.mktemp("unguarded"), running)(UNLOCKED)
        drop_booking_guards(made.deps.database.engine)
        yield made


def _maker(request: pytest.FixtureRequest, folder: Path, running: ExitStack) -> Start:
    def make(application: str = "server.wsgi:app", *, scheduler: bool = False) -> Live:
        if request.param == "sqlite":
            url = f"sqlite:///{folder / 'race.db'}"
        else:
            postgres: Postgres = request.getfixturevalue("postgres")
            url = postgres.create_database()
            running.callback(postgres.drop_database, url)
        return running.enter_context(live(url, folder, application=application, scheduler=scheduler))

    return make
