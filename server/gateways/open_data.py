"""What the mini-program hands over encrypted or signed with the session key (开放数据). The key stays on the server."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

WINDOW_SECONDS = 600
_BLOCK = 16

Reason = Literal["bad_ciphertext", "wrong_appid", "stale"]


class OpenDataRefused(Exception):
    """Data that this session did not seal for us. `bad_ciphertext` mostly means: log in again."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def open_data(encrypted: str, *, session_key: str, iv: str, appid: str, now: datetime | None) -> Mapping[str, object]:
    """Decrypt `encryptedData` (AES-128-CBC, ordinary PKCS#7) and check whose and how old it is.

    wechatpy's WeChatWxaCrypto is not used: it does not check the padding. `now` None skips the age check, for
    published samples. Raises OpenDataRefused: bad_ciphertext, wrong_appid, stale (older than ten minutes).
    """
    data = _json_object(_decrypt(_base64(encrypted), key=_base64(session_key), iv=_base64(iv)))
    watermark = data.get("watermark")
    if not isinstance(watermark, dict) or watermark.get("appid") != appid:
        raise OpenDataRefused("wrong_appid")
    if now is not None:
        at = watermark.get("timestamp")
        if not isinstance(at, int) or abs(now.timestamp() - at) > WINDOW_SECONDS:
            raise OpenDataRefused("stale")
    return data


def raw_data_is_signed(raw_data: str, signature: str, *, session_key: str) -> bool:
    """Is `signature` sha1(rawData + session_key)? Over the text as received: re-encoding it would change it."""
    expected = hashlib.sha1((raw_data + session_key).encode()).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def session_signature(session_key: str, data: str = "") -> str:
    """hmac_sha256 with the session key's text as key: what checksession wants."""
    return hmac.new(session_key.encode(), data.encode(), hashlib.sha256).hexdigest()


def _decrypt(sealed: bytes, *, key: bytes, iv: bytes) -> bytes:
    if len(key) != _BLOCK or len(iv) != _BLOCK or not sealed or len(sealed) % _BLOCK:
        raise OpenDataRefused("bad_ciphertext")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    unpadder = PKCS7(_BLOCK * 8).unpadder()
    try:
        return unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()
    except ValueError as error:
        raise OpenDataRefused("bad_ciphertext") from error


def _json_object(text: bytes) -> dict[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OpenDataRefused("bad_ciphertext") from error
    if not isinstance(value, dict):
        raise OpenDataRefused("bad_ciphertext")
    return value


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise OpenDataRefused("bad_ciphertext") from error
