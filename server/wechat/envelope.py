"""The sealed envelope of safe and compat mode: AES-256-CBC, padding to 32, our appid inside.

wechatpy's cipher is used; its frame code is not: it trusts the padding byte and the length, compares the signature
with `!=` and draws its random block from a predictable source.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from wechatpy.crypto.base import WeChatCipher

from server.wechat.account import CallbackAccount
from server.wechat.refusal import Refused
from server.wechat.signature import same, sign

BLOCK = 32
_RANDOM = 16
_LENGTH = 4


def unseal(account: CallbackAccount, encrypted: str) -> bytes:
    """The message inside `Encrypt`, whose signature has been checked before.

    Order of checks: base64, block length, padding, length within the frame, appid.
    Raises Refused: bad_ciphertext, bad_padding, bad_length, wrong_appid.
    """
    try:
        sealed = base64.b64decode(encrypted.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Refused("bad_ciphertext") from error
    if not sealed or len(sealed) % BLOCK:
        raise Refused("bad_ciphertext")
    frame = _unpad(cast(bytes, WeChatCipher(account.key_bytes()).decrypt(sealed)))
    start = _RANDOM + _LENGTH
    if len(frame) < start:
        raise Refused("bad_length")
    end = start + int.from_bytes(frame[_RANDOM:start], "big")
    if end > len(frame):
        raise Refused("bad_length")
    if not same(frame[end:].decode("latin-1"), account.appid):
        raise Refused("wrong_appid")
    return frame[start:end]


def seal(account: CallbackAccount, message: str, *, random16: bytes | None = None) -> str:
    """The `Encrypt` text of an answer. `random16` is for published check values only."""
    body = message.encode("utf-8")
    head = random16 if random16 is not None else secrets.token_hex(_RANDOM // 2).encode("ascii")
    frame = head + len(body).to_bytes(_LENGTH, "big") + body + account.appid.encode("ascii")
    count = BLOCK - len(frame) % BLOCK
    padded = frame + bytes([count]) * count
    return base64.b64encode(cast(bytes, WeChatCipher(account.key_bytes()).encrypt(padded))).decode("ascii")


def _unpad(padded: bytes) -> bytes:
    count = padded[-1]
    if not 1 <= count <= BLOCK or padded[-count:] != bytes([count]) * count:
        raise Refused("bad_padding")
    return padded[:-count]


@dataclass(frozen=True, slots=True)
class SealedAnswer:
    """The four fields of an encrypted answer; `timestamp` and `nonce` are the answer's own."""

    encrypt: str
    signature: str
    timestamp: int
    nonce: str


def seal_answer(
    account: CallbackAccount, message: str, *, nonce: str, now: datetime, random16: bytes | None = None
) -> SealedAnswer:
    """Seal and sign an answer. The nonce is the one of the request's URL."""
    timestamp = int(now.timestamp())
    encrypt = seal(account, message, random16=random16)
    return SealedAnswer(encrypt, sign(account.token, str(timestamp), nonce, encrypt), timestamp, nonce)
