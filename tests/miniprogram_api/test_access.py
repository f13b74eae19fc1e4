"""Who may come in: every endpoint against the one table."""

import re
from collections.abc import Iterator

import pytest
from apiflask import APIFlask

from domain.permissions import ACCESS, ACTIONS, ANYONE, GUEST, ROLES, SIGNED_IN
from server.app import create_app
from server.container import build
from server.settings import Settings
from tests.conftest import Caller, EmptyIndex, SignIn
from tests.fakes import FakeWeChat

OUTSIDE_TABLE = {"openapi.spec", "openapi.docs"}
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


def _bare_app() -> APIFlask:
    settings = Settings.from_env({"LIANYI_DATABASE_URL": "sqlite:///unused.db"})
    return create_app(settings, build(settings, wechat=FakeWeChat(), text_index=EmptyIndex()))


def _endpoints(app: APIFlask) -> Iterator[tuple[str, str, str]]:
    """(endpoint, method, path with something in every placeholder) of all of /api/v1."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/"):
            path = re.sub(r"<int[^>]*>", "1", rule.rule)
            path = re.sub(r"<[^>]*>", "X1", path)
            for method in sorted(set(rule.methods or ()) & set(METHODS)):
                yield rule.endpoint, method, path


ALL = sorted(_endpoints(_bare_app()))
GUARDED = [case for case in ALL if ACCESS.get(case[0]) not in (GUEST, ANYONE)]
FOR_ROLES = [case for case in ALL if isinstance(ACCESS.get(case[0]), frozenset)]


@pytest.mark.rule("O9")
def test_every_endpoint_has_its_entry_and_every_entry_its_endpoint() -> None:
    assert {endpoint for endpoint, _, _ in ALL} == set(ACCESS)


@pytest.mark.rule("O9")
def test_the_table_names_only_roles_that_exist() -> None:
    named = {role for entry in ACCESS.values() if isinstance(entry, frozenset) for role in entry}
    named |= {role for roles in ACTIONS.values() for role in roles}
    assert named <= set(ROLES)
    assert all(entry in (ANYONE, GUEST, SIGNED_IN) for entry in ACCESS.values() if isinstance(entry, str))


@pytest.mark.rule("O9")
@pytest.mark.parametrize(("endpoint", "method", "path"), GUARDED)
def test_a_stranger_is_asked_to_sign_in(guest: Caller, endpoint: str, method: str, path: str) -> None:
    answer = guest.call(method, path, {} if method != "GET" else None)
    assert (answer.status_code, answer.json["code"]) == (401, "sign_in_required")


@pytest.mark.rule("O9")
@pytest.mark.parametrize(("endpoint", "method", "path"), FOR_ROLES)
def test_the_wrong_role_is_refused(sign_in: SignIn, endpoint: str, method: str, path: str) -> None:
    wrong = next(role for role in ROLES if role not in ACCESS[endpoint])
    answer = sign_in(role=wrong).call(method, path, {} if method != "GET" else None)
    assert (answer.status_code, answer.json["code"]) == (403, "not_allowed")


@pytest.mark.rule("O9")
def test_an_unknown_path_is_404_for_everyone(guest: Caller, sign_in: SignIn) -> None:
    for caller in (guest, sign_in(role="driver")):
        answer = caller.get("/no-such-thing")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_a_token_that_ran_out_is_said_even_where_guests_may_look(guest: Caller) -> None:
    guest.token = "old"
    answer = guest.get("/policies")
    assert (answer.status_code, answer.json["code"]) == (401, "session_expired")


def test_an_old_token_does_not_stand_in_the_way_of_signing_in(guest: Caller) -> None:
    guest.token = "old"
    assert guest.post("/sign-in", {"code": "demo:driver"}).status_code == 200
