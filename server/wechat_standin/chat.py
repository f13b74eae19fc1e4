"""Writing to the official account as a follower: sealed in safe mode, delivered and repeated as WeChat does."""

import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from server.demo_identities import demo_openid
from server.settings import Settings
from server.wechat.account import CallbackAccount
from server.wechat.envelope import seal, unseal
from server.wechat.push import read_fields
from server.wechat.refusal import Refused
from server.wechat.replies import SUCCESS
from server.wechat.signature import same, sign
from server.wechat.xml_text import document

DELIVERIES = 3
SECONDS = 5.0
ORIGINAL_ID = "gh_lianyi_demo"
OUT_OF_ORDER = "该公众号提供的服务出现故障，请稍后再试"


@dataclass(frozen=True, slots=True)
class Push:
    """What the follower did: a text, or an event such as `subscribe`."""

    person: str
    text: str = ""
    event: str = ""


def deliver(settings: Settings, app_url: str, push: Push, *, now: datetime) -> str:
    """Send a push to the app's callback and return what the follower reads; "" for no answer."""
    account = CallbackAccount("official_account", settings.oa_appid, settings.oa_token, settings.oa_aes_key)
    message = _message(settings, push, now)
    for _ in range(DELIVERIES):
        try:
            body = _post(account, app_url, message, now)
        except TimeoutError:
            continue
        except OSError:
            return OUT_OF_ORDER
        return _read(account, body)
    return OUT_OF_ORDER


def _message(settings: Settings, push: Push, now: datetime) -> str:
    head: dict[str, str | int] = {
        "ToUserName": ORIGINAL_ID,
        "FromUserName": demo_openid(settings.oa_appid, push.person),
        "CreateTime": int(now.timestamp()),
    }
    if push.event:
        return document({**head, "MsgType": "event", "Event": push.event, "EventKey": ""})
    return document({**head, "MsgType": "text", "Content": push.text, "MsgId": secrets.randbelow(2**62)})


def _post(account: CallbackAccount, app_url: str, message: str, now: datetime) -> str:
    timestamp, nonce = str(int(now.timestamp())), str(secrets.randbelow(10**9))
    encrypted = seal(account, message)
    query = urlencode(
        {
            "signature": sign(account.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "encrypt_type": "aes",
            "msg_signature": sign(account.token, timestamp, nonce, encrypted),
        }
    )
    body = document({"ToUserName": ORIGINAL_ID, "Encrypt": encrypted}).encode()
    request = urllib.request.Request(
        f"{app_url}/wechat/oa?{query}", data=body, headers={"Content-Type": "text/xml"}, method="POST"
    )
    # No proxy: the app runs on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=SECONDS) as response:
        text: str = response.read().decode("utf-8")
    return text


def _read(account: CallbackAccount, body: str) -> str:
    """Check and open a sealed answer, as strictly as WeChat checks ours."""
    if body in ("", SUCCESS):
        return ""
    try:
        outer, _ = read_fields(body.encode())
        encrypted = str(outer.get("Encrypt", ""))
        signature = sign(account.token, str(outer.get("TimeStamp", "")), str(outer.get("Nonce", "")), encrypted)
        if not same(signature, str(outer.get("MsgSignature", ""))):
            return OUT_OF_ORDER
        inner, _ = read_fields(unseal(account, encrypted))
    except Refused:
        return OUT_OF_ORDER
    content = inner.get("Content")
    return content if isinstance(content, str) else OUT_OF_ORDER
