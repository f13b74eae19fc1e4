"""From a request to a push that WeChat certainly sent: signature → unseal → parse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from server.wechat.account import CallbackAccount
from server.wechat.envelope import unseal
from server.wechat.push import MAX_BODY, Push, read_fields, read_push
from server.wechat.refusal import Refused
from server.wechat.signature import check_body, check_url


def verified_echo(account: CallbackAccount, query: Mapping[str, str], *, now: datetime) -> str:
    """The `echostr` of a URL check (接入验证), to be returned as it came. Raises Refused."""
    check_url(account, query, now=now)
    return query.get("echostr", "")


def read_request(account: CallbackAccount, query: Mapping[str, str], body: bytes, *, now: datetime) -> Push:
    """The push of a POST.

    Safe and compat mode accept only what `msg_signature` covers: an unencrypted body, `encrypt_type=raw` or a
    missing `msg_signature` is a downgrade, and the readable half of a compat body is not looked at.
    Raises Refused.
    """
    if len(body) > MAX_BODY:
        raise Refused("too_large")
    if query.get("encrypt_type", "raw") != "aes":
        if account.mode != "plain":
            raise Refused("downgrade")
        check_url(account, query, now=now)
        return read_push(body)
    if not account.aes_key:
        raise Refused("downgrade")
    if "msg_signature" not in query:
        raise Refused("missing_param")
    fields, _ = read_fields(body)
    encrypted = fields.get("Encrypt")
    if not isinstance(encrypted, str):
        raise Refused("malformed_body")
    check_body(account, query, encrypted, now=now)
    return read_push(unseal(account, encrypted))
