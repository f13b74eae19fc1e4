"""Sealing: the published check values, byte for byte, and back again."""

from datetime import UTC, datetime
from typing import Any

import pytest

from server.wechat.account import CallbackAccount
from server.wechat.envelope import seal, seal_answer, unseal
from server.wechat.refusal import Misconfigured, Refused
from server.wechat.replies import sealed_reply
from server.wechat.signature import same, sign
from server.wechat.xml_text import parse
from tests.wechat_vectors import account, section


@pytest.mark.rule("W3", "W6")
@pytest.mark.parametrize("case", section("sealed_replies"), ids=lambda case: case["id"])
def test_sealed_reply(case: dict[str, Any]) -> None:
    config = account(case["account"])
    now = datetime.fromtimestamp(int(case["timestamp"]), UTC)
    answer = seal_answer(
        config, case["plaintext"], nonce=case["nonce"], now=now, random16=case["random16_ascii"].encode("latin-1")
    )
    assert answer.encrypt == case["expect"]["Encrypt"]
    assert answer.signature == case["expect"]["MsgSignature"]
    assert answer.timestamp == case["expect"]["TimeStamp"]
    assert unseal(config, answer.encrypt).decode() == case["plaintext"]
    if case["format"] == "xml":
        fields = parse(sealed_reply(answer, "xml"))
        assert fields == {key: str(value) for key, value in case["expect"].items()}


@pytest.mark.rule("W3")
def test_two_seals_of_one_text_differ() -> None:
    assert seal(account("oa"), "您好") != seal(account("oa"), "您好")


@pytest.mark.rule("W3")
@pytest.mark.parametrize("length", range(0, 70))
def test_any_length_comes_back(length: int) -> None:
    config = account("oa")
    assert unseal(config, seal(config, "x" * length)) == b"x" * length


@pytest.mark.rule("W3")
def test_a_frame_of_another_account_is_refused() -> None:
    oa, mp = account("oa"), account("mp")
    foreign = CallbackAccount(oa.kind, mp.appid, oa.token, oa.aes_key)
    with pytest.raises(Refused, match="wrong_appid"):
        unseal(oa, seal(foreign, "<xml/>"))


@pytest.mark.rule("W1")
def test_signature_sorts_bytes_not_numbers_and_takes_any_text() -> None:
    assert sign("b", "10", "9") == sign("9", "b", "10")
    assert not same(sign("a"), "签名")
    assert not same("", "\ud83d")


@pytest.mark.rule("W1")
@pytest.mark.parametrize(
    ("appid", "token", "key"),
    [
        ("", "t", "A" * 43),
        ("wx1", "", "A" * 43),
        ("wx1", "t", "A" * 42),
        ("wx1", "t", "A" * 42 + "="),
        ("微信", "t", "A" * 43),
    ],
)
def test_a_wrong_setting_ends_the_start(appid: str, token: str, key: str) -> None:
    with pytest.raises(Misconfigured):
        CallbackAccount("official_account", appid, token, key)


def test_keys_stay_out_of_logs() -> None:
    assert "AAAA" not in repr(CallbackAccount("official_account", "wx1", "secret-token", "A" * 43))
    assert "secret-token" not in repr(CallbackAccount("official_account", "wx1", "secret-token", "A" * 43))
