"""The WeChat vectors of this folder, loaded for the tests; `generate.mjs` builds vectors.json."""

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from server.wechat.account import CallbackAccount, Mode

FOLDER = Path(__file__).resolve().parent


@cache
def load() -> dict[str, Any]:
    """All sections of vectors.json."""
    data: dict[str, Any] = json.loads((FOLDER / "vectors.json").read_text("utf-8"))
    return data


def section(name: str) -> list[dict[str, Any]]:
    """One list of vectors."""
    found: list[dict[str, Any]] = load()[name]
    return found


def account(name: str, mode: str = "safe") -> CallbackAccount:
    """The configuration of one of the three accounts."""
    raw = load()["accounts"][name]
    chosen: dict[str, Mode] = {"plain": "plain", "compat": "compat", "safe": "safe", "any": "safe"}
    return CallbackAccount(raw["kind"], raw["appid"], raw["token"], raw["encoding_aes_key"], chosen[mode])


def body_of(request: dict[str, Any]) -> bytes:
    """The bytes of a request: given as text, as base64, or as a recipe that is checked after building."""
    if "body_b64" in request:
        return base64.b64decode(request["body_b64"])
    recipe = request.get("body_recipe")
    if recipe is None:
        return str(request.get("body", "")).encode()
    body = f"{recipe['prefix']}{recipe['unit'] * recipe['count']}{recipe['suffix']}".encode()
    assert len(body) == recipe["bytes"]
    assert hashlib.sha256(body).hexdigest() == recipe["sha256"]
    return body
