"""Settings: demo needs nothing, production refuses to start half set."""

import pytest

from server.settings import SECRETS, Settings, SettingsError

FULL = {f"LIANYI_{name}": f"own-{name}-" + "x" * 40 for name in SECRETS} | {
    "LIANYI_ENV": "production",
    "LIANYI_DATABASE_URL": "postgresql+psycopg://db/lianyi",
}


def test_demo_needs_nothing() -> None:
    settings = Settings.from_env({})
    assert settings.is_demo
    assert settings.database_url.startswith("sqlite")


def test_production_starts_with_everything_set() -> None:
    assert not Settings.from_env(FULL).is_demo


@pytest.mark.rule("O14")
@pytest.mark.parametrize("name", SECRETS)
def test_production_refuses_a_missing_secret_and_names_it(name: str) -> None:
    with pytest.raises(SettingsError, match=f"LIANYI_{name}"):
        Settings.from_env({key: value for key, value in FULL.items() if key != f"LIANYI_{name}"})


@pytest.mark.rule("O14")
def test_production_refuses_sqlite_unless_told() -> None:
    sqlite = FULL | {"LIANYI_DATABASE_URL": "sqlite:///x.db"}
    with pytest.raises(SettingsError, match="PostgreSQL"):
        Settings.from_env(sqlite)
    assert Settings.from_env(sqlite | {"LIANYI_ALLOW_SQLITE": "1"}).env == "production"


def test_secrets_are_not_in_the_repr() -> None:
    assert "own-" not in repr(Settings.from_env(FULL))


@pytest.mark.parametrize("port", ["abc", "0", "-1", "70000", "８０００", "80.0"])
def test_a_port_that_is_none_is_said(port: str) -> None:
    with pytest.raises(SettingsError, match="LIANYI_PORT"):
        Settings.from_env({"LIANYI_PORT": port})
