"""Who signed this request, and when: WeChat's two SHA-1 signatures and our replay window."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import datetime

from wechatpy.utils import WeChatSigner

from server.wechat.account import CallbackAccount
from server.wechat.refusal import Refused

FRESH_SECONDS = 600
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


def sign(*parts: str) -> str:
    """sha1 over the parts, sorted as byte strings and joined without separator (wechatpy's signer does just that)."""
    signer = WeChatSigner()
    signer.add_data(*parts)
    return str(signer.signature)


def same(left: str, right: str) -> bool:
    """Compare in constant time. On bytes: compare_digest raises for non-ASCII text, and the caller chooses the text."""
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


def check_url(account: CallbackAccount, query: Mapping[str, str], *, now: datetime) -> None:
    """Check `signature` over token, timestamp, nonce. It says nothing about the body.

    Raises Refused: missing_param, bad_signature, stale.
    """
    _check(account, query, "signature", (), now)


def check_body(account: CallbackAccount, query: Mapping[str, str], encrypted: str, *, now: datetime) -> None:
    """Check `msg_signature`, which covers the encrypted body too. Raises Refused as check_url does."""
    _check(account, query, "msg_signature", (encrypted,), now)


def _check(account: CallbackAccount, query: Mapping[str, str], name: str, more: tuple[str, ...], now: datetime) -> None:
    given, timestamp, nonce = (query.get(key) for key in (name, "timestamp", "nonce"))
    if given is None or timestamp is None or nonce is None:
        raise Refused("missing_param")
    if not same(sign(account.token, timestamp, nonce, *more), given):
        raise Refused("bad_signature")
    if not _TIMESTAMP.fullmatch(timestamp) or abs(now.timestamp() - int(timestamp)) > FRESH_SECONDS:
        raise Refused("stale")
