"""Every request of vectors.json, read: accepted with the right fields, or refused without a trace."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from server.wechat.push import Push
from server.wechat.reading import read_request, verified_echo
from server.wechat.refusal import Refused
from tests.wechat_vectors import account, body_of, section

CASES = section("cases")


def comparable(value: object) -> object:
    """As the vectors ask: every scalar as text, outer whitespace trimmed, CRLF as LF."""
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return str(value).replace("\r\n", "\n").strip()


def read(case: dict[str, Any]) -> Push | str:
    now = datetime.fromtimestamp(case["now"], UTC)
    request = case["request"]
    config = account(case["account"], case["mode"])
    if request["method"] == "GET":
        return verified_echo(config, request["query"], now=now)
    return read_request(config, request["query"], body_of(request), now=now)


@pytest.mark.rule("W1", "W2", "W3", "W4", "W5")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case: dict[str, Any]) -> None:
    expect = case["expect"]
    started = time.perf_counter()
    try:
        got: Push | str | Refused = read(case)
    except Refused as refused:
        got = refused
    assert time.perf_counter() - started < expect["max_seconds"]
    if expect["accept"] == "any":
        return
    if not expect["accept"]:
        assert isinstance(got, Refused)
        assert got.status in (400, 413)
        return
    if "body_exact" in expect:
        assert got == expect["body_exact"]
        return
    assert isinstance(got, Push)
    assert got.kind == expect["kind"]
    assert comparable(dict(got.fields)) == comparable(expect["parsed"])
    if "scene" in expect.get("extra", {}):
        assert got.scene == expect["extra"]["scene"]


# The reason is ours alone (the caller sees only a status), but a wrong one would mean the wrong check fired.
BLURRED = {
    "safe.bad.other_key": "bad_padding",
    "safe.bad.flipped_bit": "malformed_body",
    "xml.deep_50k": "too_large",
}


@pytest.mark.rule("W3")
@pytest.mark.parametrize("case", [c for c in CASES if c["expect"]["accept"] is False], ids=lambda case: case["id"])
def test_refused_for_the_right_reason(case: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        read(case)
    assert refused.value.reason == BLURRED.get(case["id"], case["expect"]["reason"])


@pytest.mark.rule("W2")
def test_freshness_ends_after_ten_minutes() -> None:
    case = next(c for c in CASES if c["id"] == "plain.text")
    config, query, body = account("oa", "plain"), case["request"]["query"], body_of(case["request"])
    signed_at = int(query["timestamp"])
    for offset in (-600, 600):
        read_request(config, query, body, now=datetime.fromtimestamp(signed_at + offset, UTC))
    for offset in (-601, 601):
        with pytest.raises(Refused, match="stale"):
            read_request(config, query, body, now=datetime.fromtimestamp(signed_at + offset, UTC))
