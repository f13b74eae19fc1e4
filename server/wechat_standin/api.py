"""The calls of api.weixin.qq.com that we make, with WeChat's own error numbers."""

import json
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from domain.wechat_values import accepts, is_scene
from server.demo_identities import ALL, demo_openid, demo_phone, demo_unionid
from server.wechat_standin.state import State, template_name
from services.notification_templates import TEMPLATES

ERRORS = {
    40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid openid",
    40013: "invalid appid",
    40029: "invalid code",
    40037: "invalid template_id",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    41030: "invalid page",
    43101: "user refuse to accept the msg",
    47001: "data format error",
    47003: "argument invalid!",
    45002: "content size out of limit",
}
CODE_SIDE = 64
LABELS = {
    "service": "服务",
    "time": "时间",
    "place": "地点",
    "code": "预约码",
    "reason": "说明",
    "deadline": "截止",
    "activity": "活动",
    "policy": "政策",
    "title": "诉求",
    "news": "消息",
}


@dataclass(frozen=True, slots=True)
class Response:
    """Status, type and body of an answer."""

    body: bytes
    content_type: str = "application/json; encoding=utf-8"
    status: int = 200
    location: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One call, its JSON body already read."""

    query: Mapping[str, str]
    body: Mapping[str, Any]


class Refused(Exception):
    """Ends a call with one of WeChat's error numbers."""

    def __init__(self, errcode: int) -> None:
        super().__init__(errcode)
        self.errcode = errcode


Call = Callable[[State, Request], Response]


def answer(state: State, path: str, request: Request) -> Response | None:
    """Answer a call; None for a path WeChat does not have here."""
    call = CALLS.get(path)
    if call is None:
        return None
    try:
        return call(state, request)
    except Refused as refused:
        return _json({"errcode": refused.errcode, "errmsg": f"{ERRORS[refused.errcode]} rid: standin"})


def _json(fields: Mapping[str, Any]) -> Response:
    return Response(json.dumps(fields, ensure_ascii=False).encode())


def _ok(**fields: Any) -> Response:
    return _json({"errcode": 0, "errmsg": "ok", **fields})


def _credentials(state: State, given: Mapping[str, Any]) -> str:
    appid = str(given.get("appid", ""))
    secret = state.secret_of(appid)
    if secret is None:
        raise Refused(40013)
    if given.get("secret") != secret:
        raise Refused(40125)
    return appid


def _account(state: State, request: Request) -> str:
    appid = state.owner_of(request.query.get("access_token", ""))
    if appid is None:
        raise Refused(40001)
    return appid


def _demo_name(code: str) -> str:
    name = code.removeprefix("demo:")
    if name == code or name not in ALL:
        raise Refused(40029)
    return name


def _code_to_session(state: State, request: Request) -> Response:
    appid = _credentials(state, request.query)
    name = _demo_name(request.query.get("js_code", ""))
    return _json(
        {
            "openid": demo_openid(appid, name),
            "session_key": "c3RhbmQtaW4gc2Vzc2lvbg==",
            "unionid": demo_unionid(name),
        }
    )


def _web_oauth(state: State, request: Request) -> Response:
    appid = _credentials(state, request.query)
    name = _demo_name(request.query.get("code", ""))
    return _json(
        {
            "access_token": "standin-web",
            "expires_in": 7200,
            "openid": demo_openid(appid, name),
            "scope": "snsapi_base",
            "unionid": demo_unionid(name),
        }
    )


def _stable_token(state: State, request: Request) -> Response:
    appid = _credentials(state, request.body)
    token, seconds = state.token(appid, force=request.body.get("force_refresh") is True)
    return _json({"access_token": token, "expires_in": seconds})


def _token(state: State, request: Request) -> Response:
    token, seconds = state.token(_credentials(state, request.query), force=False)
    return _json({"access_token": token, "expires_in": seconds})


def _phone(state: State, request: Request) -> Response:
    appid = _account(state, request)
    number = demo_phone(_demo_name(str(request.body.get("code", ""))))
    watermark = {"timestamp": int(state.clock().timestamp()), "appid": appid}
    return _ok(
        phone_info={
            "phoneNumber": number,
            "purePhoneNumber": number,
            "countryCode": "86",
            "watermark": watermark,
        }
    )


def _subscribe_send(state: State, request: Request) -> Response:
    _account(state, request)
    openid, template_id = str(request.body.get("touser", "")), str(request.body.get("template_id", ""))
    name = template_name(state.settings.subscribe_templates, template_id)
    person = state.name_of(openid)
    if person is None:
        raise Refused(40003)
    if name is None or name not in TEMPLATES:
        raise Refused(40037)
    page = str(request.body.get("page", ""))
    if page.startswith("/"):
        raise Refused(41030)
    values = _values(request.body.get("data"), TEMPLATES[name].fields)
    if not state.use_consent(openid, template_id):
        raise Refused(43101)
    lines = tuple(f"{_label(TEMPLATES[name].fields[key])}：{value}" for key, value in values.items())
    state.keep("订阅消息", person, TEMPLATES[name].title, lines, page)
    return _ok(msgid=1)


def _label(name: str) -> str:
    return LABELS.get(name, name)


def _values(data: object, fields: Mapping[str, str]) -> dict[str, str]:
    """Every field of the template, each with a value WeChat would take."""
    if not isinstance(data, dict):
        raise Refused(47001)
    values: dict[str, str] = {}
    for key in fields:
        item = data.get(key)
        value = item.get("value") if isinstance(item, dict) else None
        if not isinstance(value, str) or not accepts(key, value):
            raise Refused(47003)
        values[key] = value
    return values


def _service_send(state: State, request: Request) -> Response:
    _account(state, request)
    openid, text = str(request.body.get("touser", "")), request.body.get("text")
    content = text.get("content") if isinstance(text, dict) else None
    person = state.name_of(openid)
    if person is None:
        raise Refused(40003)
    if request.body.get("msgtype") != "text" or not isinstance(content, str) or not content:
        raise Refused(47001)
    if len(content.encode()) > 2048:
        raise Refused(45002)
    state.keep("客服消息", person, "公众号", tuple(content.splitlines()))
    return _ok()


def _code_picture(state: State, request: Request) -> Response:
    _account(state, request)
    scene, page = str(request.body.get("scene", "")), str(request.body.get("page", ""))
    if not is_scene(scene):
        raise Refused(40129)
    if page.startswith("/") or "?" in page:
        raise Refused(41030)
    return Response(_png(f"{page}?{scene}"), "image/png")


def _text_check(state: State, request: Request) -> Response:
    _account(state, request)
    risky = "违规示例" in str(request.body.get("content", ""))
    return _ok(result={"suggest": "risky", "label": 20006} if risky else {"suggest": "pass", "label": 100})


def _png(text: str) -> bytes:
    """A grey pattern that differs by text: not a code anyone can scan, and it does not pretend to be one."""
    bits = sha256(text.encode()).digest()
    rows = b"".join(
        b"\x00" + bytes(0x33 if bits[(y // 8 * 8 + x // 8) % 32] >> (y % 8) & 1 else 0xEE for x in range(CODE_SIDE))
        for y in range(CODE_SIDE)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", CODE_SIDE, CODE_SIDE, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _follower(state: State, request: Request) -> Response:
    _account(state, request)
    openid = request.query.get("openid", "")
    name = state.name_of(openid)
    if name is None:
        raise Refused(40003)
    return _json({"subscribe": 1, "openid": openid, "unionid": demo_unionid(name)})


CALLS: Mapping[str, Call] = {
    "/sns/jscode2session": _code_to_session,
    "/sns/oauth2/access_token": _web_oauth,
    "/cgi-bin/stable_token": _stable_token,
    "/cgi-bin/token": _token,
    "/cgi-bin/user/info": _follower,
    "/cgi-bin/message/subscribe/send": _subscribe_send,
    "/cgi-bin/message/custom/send": _service_send,
    "/wxa/business/getuserphonenumber": _phone,
    "/wxa/getwxacodeunlimit": _code_picture,
    "/wxa/msg_sec_check": _text_check,
}
