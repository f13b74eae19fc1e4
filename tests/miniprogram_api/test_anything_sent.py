"""Every endpoint of the OpenAPI document × guest and roles × values nobody expects: our error shape, never a 500."""

import json
import random
from typing import Any
from urllib.parse import quote

import pytest
from apiflask import APIFlask

from domain.error_messages import MESSAGES
from tests.conftest import Caller, SignIn

ROLES = ("driver", "enterprise_contact", "branch_secretary", "centre_staff", "district_admin")
REQUESTS = 150
UUID = "00000000-0000-4000-8000-000000000001"
VALUES: tuple[Any, ...] = (
    *(0, -1, 1, 2**31, 2**63, 10**40, 1.5, 1e308, float("nan"), float("inf"), True, None, [], {}, [[]], {"": None}),
    *("", "0", "x" * 3000, "中" * 800, "a\x00b", "\ud800", "\u202e", "２", "²", "%", "{0}", "{x}", "'; --", "../.."),
    *("0001-01-01", "9999-12-31", "2026-02-30", "9999-12-31T23:59:59-14:00", "2026-11-26T10:00:00+08:00", "me", UUID),
)  # fmt: skip


def sent(schema: dict[str, Any], components: dict[str, Any], dice: random.Random) -> Any:
    """A body of the right members, most of them wrong."""
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    if dice.random() < 0.3 or "properties" not in schema:
        return dice.choice(VALUES)
    body = {name: dice.choice(VALUES) for name in schema["properties"] if dice.random() < 0.9}
    return body | ({"client_uuid": UUID} if dice.random() < 0.7 else {})


def path_of(template: str, parameters: list[dict[str, Any]], dice: random.Random) -> str:
    """The path filled in, with a query."""
    query = []
    for parameter in parameters:
        value = quote(str(dice.choice(VALUES)).encode("utf-8", "surrogatepass"), safe="")
        if parameter["in"] == "path":
            template = template.replace(f"{{{parameter['name']}}}", value or "x")
        elif dice.random() < 0.7:
            query.append(f"{parameter['name']}={value}")
    return template + ("?" + "&".join(query) if query else "")


@pytest.mark.rule("O10")
@pytest.mark.parametrize("seed", range(3))
def test_nothing_that_is_sent_breaks_an_endpoint(app: APIFlask, guest: Caller, sign_in: SignIn, seed: int) -> None:
    dice = random.Random(seed)
    spec = guest.http.get("/openapi.json").get_json()
    components = spec["components"]["schemas"]
    calls = [(method, path, about) for path, ways in spec["paths"].items() for method, about in ways.items()]
    tokens = [None, *(sign_in(role=role).token for role in ROLES)]
    for _ in range(REQUESTS):
        method, template, about = dice.choice(calls)
        if template.endswith("/sign-out"):
            continue
        path = path_of(template, about.get("parameters", []), dice)
        headers = {"Authorization": f"Bearer {token}"} if (token := dice.choice(tokens)) else {}
        media = about.get("requestBody", {}).get("content", {})
        body = sent(media["application/json"]["schema"], components, dice) if media else None
        answer = guest.http.open(
            path, method=method.upper(), headers=headers, data=json.dumps(body), content_type="application/json"
        )
        asked = f"{method} {path} {json.dumps(body)[:500]}"
        assert answer.status_code < 500, asked
        if answer.status_code >= 400:
            said = answer.get_json()
            assert set(said) == {"code", "message", "details"}, asked
            assert said["code"] in MESSAGES, asked
            assert "{" not in said["message"], asked
