"""Open data of the mini-program: only what this session sealed for this app, ten minutes long."""

from datetime import UTC, datetime
from typing import Any

import pytest

from server.gateways.open_data import OpenDataRefused, open_data, raw_data_is_signed, session_signature
from tests.wechat_vectors import section


@pytest.mark.rule("W7")
@pytest.mark.parametrize("case", section("open_data"), ids=lambda case: case["id"])
def test_open_data(case: dict[str, Any]) -> None:
    now = datetime.fromtimestamp(case["now"], UTC) if "now" in case else None
    expect = case["expect"]

    def opened() -> dict[str, object]:
        return dict(
            open_data(
                case["encryptedData"], session_key=case["session_key"], iv=case["iv"], appid=case["appid"], now=now
            )
        )

    if not expect["accept"]:
        with pytest.raises(OpenDataRefused) as refused:
            opened()
        assert refused.value.reason == expect["reason"]
        return
    got = opened()
    assert {key: got[key] for key in expect["contains"]} == expect["contains"]


@pytest.mark.rule("W7")
@pytest.mark.parametrize("case", section("raw_data"), ids=lambda case: case["id"])
def test_raw_data(case: dict[str, Any]) -> None:
    signed = raw_data_is_signed(case["rawData"], case["signature"], session_key=case["session_key"])
    assert signed is case["expect"]


@pytest.mark.rule("W7")
@pytest.mark.parametrize("case", section("session_signature"), ids=lambda case: case["id"])
def test_session_signature(case: dict[str, Any]) -> None:
    assert session_signature(case["session_key"], case["data"]) == case["signature"]
