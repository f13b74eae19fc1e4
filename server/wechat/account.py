"""One WeChat account (公众号 or 小程序) as its callback sees it."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Literal

from server.wechat.refusal import Misconfigured

Mode = Literal["plain", "compat", "safe"]
Kind = Literal["official_account", "mini_program"]

_APPID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_AES_KEY = re.compile(r"[A-Za-z0-9+/]{43}")


@dataclass(frozen=True, slots=True)
class CallbackAccount:
    """The keys WeChat signs and seals with. Building one checks them, so a bad setting ends the start-up.

    An empty token would let anyone sign, and a short key would fail on the first message only.
    """

    kind: Kind
    appid: str
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    mode: Mode = "safe"

    def __post_init__(self) -> None:
        if not _APPID.fullmatch(self.appid):
            raise Misconfigured("the appid is empty or not one of WeChat's")
        if not self.token:
            raise Misconfigured("the callback token is empty: anyone could sign")
        if self.mode != "plain" or self.aes_key:
            self.key_bytes()

    def key_bytes(self) -> bytes:
        """The 32 bytes behind EncodingAESKey (43 base64 characters without their "=")."""
        if not _AES_KEY.fullmatch(self.aes_key):
            raise Misconfigured("EncodingAESKey must be 43 characters of A-Z a-z 0-9 + /")
        try:
            return base64.b64decode(self.aes_key + "=", validate=True)
        except binascii.Error as error:
            raise Misconfigured("EncodingAESKey is not base64") from error
