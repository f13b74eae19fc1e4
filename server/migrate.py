"""Schema to head, by Alembic. Never create_all; never inside the web process."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

FOLDER = Path(__file__).resolve().parent.parent / "migrations"


def alembic_config() -> Config:
    """Alembic's configuration, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


@cache
def head_revision() -> str | None:
    """The newest migration in the code."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def current_revision(engine: Engine) -> str | None:
    """Where the database stands; None for an empty one."""
    try:
        with engine.connect() as connection:
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found
    except SQLAlchemyError:
        return None


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a revision, up or down, in one transaction."""
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        if revision == "head" or not _is_below(connection, revision):
            command.upgrade(config, revision)
        else:
            command.downgrade(config, revision)


def _is_below(connection: Connection, revision: str) -> bool:
    """Whether the wanted revision lies below the present one."""
    if revision == "base":
        return True
    now = connection.scalar(text("SELECT version_num FROM alembic_version"))
    script = ScriptDirectory.from_config(alembic_config())
    return now != revision and revision in {step.revision for step in script.iterate_revisions(now, "base")}
