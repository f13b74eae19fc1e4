"""WeChat's HTTP API as the use cases need it; the stand-in and the real one are the same to it."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from domain.errors import Busy, Conflict, NotAllowed, Refusal
from domain.wechat_values import is_scene
from server.db import Database
from server.gateways.cipher import AesCipher
from server.gateways.wechat_http import Answer, WeChatFailure, WeChatHttp
from server.gateways.wechat_tokens import AccessTokens
from server.settings import Settings
from services.ports import WeChatIdentity, WeChatSend

log = logging.getLogger(__name__)

TOKEN_INVALID = frozenset({40001, 40014, 42001})
BAD_CODE = frozenset({40029, 40163, 41008})
BUSY = -1
BLOCKED_USER = 40226
MINUTE_QUOTA = 45011
DAY_QUOTA = 45009
CONCURRENT = 43108
NO_CONSENT = 43101
BAD_VALUE = 47003
NOT_SEEN_LATELY = 61010
LATER = frozenset({BUSY, MINUTE_QUOTA, DAY_QUOTA, CONCURRENT}) | TOKEN_INVALID
MAX_CODE = 512
BUSY_PAUSE_SECONDS = 0.2
QUOTA_PAUSE = timedelta(hours=1)

TextVerdict = Literal["pass", "review", "risky", "not_seen"]


class HttpWeChat:
    """Implements `services.ports.WeChatGateway`."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        http: WeChatHttp | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._mp, self._oa = settings.mp_appid, settings.oa_appid
        self._secrets = {settings.mp_appid: settings.mp_secret, settings.oa_appid: settings.oa_secret}
        self._state = "formal"
        self._http = http or WeChatHttp(settings.wechat_api_base)
        self._clock = clock
        self._sleep = sleep
        self._paused: dict[str, datetime] = {}
        cipher = AesCipher(settings.secret_key)
        self._tokens = AccessTokens(database, cipher, self._fetch_token, clock=clock, sleep=sleep)

    def code_to_session(self, code: str) -> WeChatIdentity:
        """Who is behind a `wx.login` code. The session key is dropped here.

        Raises Conflict `sign_in_failed`, NotAllowed `sign_in_blocked`, Busy `wechat_unavailable`.
        """
        query = {"appid": self._mp, "secret": self._secrets[self._mp], "js_code": code}
        return self._identify("/sns/jscode2session", query, self._mp, code)

    def web_oauth(self, code: str) -> WeChatIdentity:
        """Who is behind an official-account web authorisation (网页授权). Raises as code_to_session does.

        A snapshot user (快照页) is a preview without identity: Conflict `sign_in_preview`.
        """
        query = {"appid": self._oa, "secret": self._secrets[self._oa], "code": code}
        return self._identify("/sns/oauth2/access_token", query, self._oa, code)

    def phone_number(self, code: str) -> str:
        """The phone behind a getPhoneNumber code; +country in front unless it is China's.

        Raises Conflict `phone_code_invalid`, Busy `wechat_unavailable`.
        """
        _check_code(code, "phone_code_invalid")
        try:
            answer = self._with_token(self._mp, "/wxa/business/getuserphonenumber", {"code": code})
        except WeChatFailure as failure:
            raise _refusal(failure, bad_code="phone_code_invalid", also_bad={40013}) from None
        info = answer.fields.get("phone_info")
        if not isinstance(info, dict) or _nested(info, "watermark").get("appid") != self._mp:
            raise Conflict("phone_code_invalid")
        number, country = str(info.get("purePhoneNumber", "")), str(info.get("countryCode", "86"))
        if not number.isdecimal():
            raise Conflict("phone_code_invalid")
        return number if country == "86" else f"+{country}{number}"

    def follower_unionid(self, openid: str) -> str | None:
        """The unionid of a follower (关注者) of the official account; None where WeChat gives none.

        It gives one only when both accounts belong to one open platform. Raises Busy `wechat_unavailable`.
        """
        try:
            answer = self._with_token(self._oa, "/cgi-bin/user/info", None, openid=openid, lang="zh_CN")
        except WeChatFailure:
            raise Busy("wechat_unavailable") from None
        unionid = answer.fields.get("unionid")
        return unionid if isinstance(unionid, str) and unionid else None

    def send_subscribe(
        self, openid: str, template_id: str, data: dict[str, str], page: str | None, *, now: datetime
    ) -> WeChatSend:
        """Send one subscribe message (订阅消息)."""
        body: dict[str, Any] = {
            "touser": openid,
            "template_id": template_id,
            "data": {key: {"value": value} for key, value in data.items()},
            "miniprogram_state": self._state,
            "lang": "zh_CN",
        }
        if page:
            body["page"] = page.lstrip("/")
        return self._send(self._mp, "/cgi-bin/message/subscribe/send", body, now=now)

    def send_service_text(self, openid: str, text: str, *, appid: str, now: datetime) -> WeChatSend:
        """Send one customer-service text (客服消息); WeChat takes it for 48 hours after the user's last message."""
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        return self._send(appid, "/cgi-bin/message/custom/send", body, now=now)

    def mini_program_code(self, scene: str, page: str) -> bytes:
        """The picture of an unlimited mini-program code (小程序码). Raises ValueError, Busy `wechat_unavailable`."""
        if not is_scene(scene):
            raise ValueError("a scene has at most 32 characters of those WeChat allows")
        body = {"scene": scene, "page": page.lstrip("/"), "check_path": True, "env_version": "release"}
        try:
            answer = self._with_token(self._mp, "/wxa/getwxacodeunlimit", body)
        except WeChatFailure:
            raise Busy("wechat_unavailable") from None
        if not answer.content:
            raise Busy("wechat_unavailable")
        return answer.content

    def judge_text(self, openid: str, text: str, *, scene: int = 2) -> TextVerdict:
        """WeChat's opinion of a text (内容安全). errcode 0 is no pass: `result.suggest` is.

        `not_seen`: the person was not in the mini-program for two hours and has to open it again.
        Raises Busy `wechat_unavailable`.
        """
        body = {"content": text[:2500], "version": 2, "scene": scene, "openid": openid}
        try:
            answer = self._with_token(self._mp, "/wxa/msg_sec_check", body)
        except WeChatFailure as failure:
            if failure.errcode == NOT_SEEN_LATELY:
                return "not_seen"
            raise Busy("wechat_unavailable") from None
        suggest = _nested(answer.fields, "result").get("suggest")
        return "pass" if suggest == "pass" else "risky" if suggest == "risky" else "review"

    def _identify(self, path: str, query: dict[str, str], appid: str, code: str) -> WeChatIdentity:
        _check_code(code, "sign_in_failed")
        query = {**query, "grant_type": "authorization_code"}
        try:
            answer = self._patiently(path, query)
        except WeChatFailure as failure:
            raise _refusal(failure, bad_code="sign_in_failed") from None
        if answer.fields.get("is_snapshotuser") in (1, "1"):
            raise Conflict("sign_in_preview")
        openid, unionid = answer.fields.get("openid"), answer.fields.get("unionid")
        if not isinstance(openid, str) or not openid:
            raise Busy("wechat_unavailable")
        return WeChatIdentity(appid, openid, unionid if isinstance(unionid, str) and unionid else None)

    def _patiently(self, path: str, query: dict[str, str]) -> Answer:
        """-1 means busy: the same code once more, after a moment."""
        try:
            return self._http.get(path, query)
        except WeChatFailure as failure:
            if failure.errcode != BUSY:
                raise
        self._sleep(BUSY_PAUSE_SECONDS)
        return self._http.get(path, query)

    def _with_token(self, appid: str, path: str, body: Mapping[str, Any] | None, **query: str) -> Answer:
        """Call with the account's token; an invalid token is renewed once and the call repeated once.

        Without a body it is a GET.
        """
        if self._paused.get(path, self._clock()) > self._clock():
            raise WeChatFailure("refused", path, DAY_QUOTA)
        token = self._tokens.get(appid)
        try:
            try:
                return self._call(path, {"access_token": token, **query}, body)
            except WeChatFailure as failure:
                if failure.errcode not in TOKEN_INVALID:
                    raise
            return self._call(path, {"access_token": self._tokens.renew(appid, token), **query}, body)
        except WeChatFailure as failure:
            if failure.errcode == DAY_QUOTA:
                log.error("the daily quota is used up path=%s; no calls for an hour", path)
                self._paused[path] = self._clock() + QUOTA_PAUSE
            raise

    def _call(self, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None) -> Answer:
        return self._http.get(path, query) if body is None else self._http.post(path, query, body)

    def _send(self, appid: str, path: str, body: Mapping[str, Any], *, now: datetime) -> WeChatSend:
        try:
            self._with_token(appid, path, body)
        except WeChatFailure as failure:
            return _outcome(failure)
        return WeChatSend("sent")

    def _fetch_token(self, appid: str, force: bool) -> tuple[str, int]:
        body = {
            "grant_type": "client_credential",
            "appid": appid,
            "secret": self._secrets[appid],
            "force_refresh": force,
        }
        try:
            answer = self._http.post("/cgi-bin/stable_token", {}, body)
        except WeChatFailure as failure:
            # No message was sent while its token was being fetched, whatever became of the token call.
            if failure.kind == "no_answer":
                raise WeChatFailure("not_sent", "/cgi-bin/stable_token") from None
            raise
        token, seconds = answer.fields.get("access_token"), answer.fields.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int):
            raise WeChatFailure("not_sent", "/cgi-bin/stable_token")
        return token, seconds


def _check_code(code: str, refusal: str) -> None:
    if not code or len(code) > MAX_CODE:
        raise Conflict(refusal)


def _refusal(failure: WeChatFailure, *, bad_code: str, also_bad: set[int] | None = None) -> Refusal:
    if failure.errcode in BAD_CODE | (also_bad or set()):
        return Conflict(bad_code)
    if failure.errcode == BLOCKED_USER:
        return NotAllowed("sign_in_blocked")
    if failure.kind == "refused" and failure.errcode not in LATER:
        log.error("wechat refuses our settings errcode=%s", failure.code)
    return Busy("wechat_unavailable")


def _outcome(failure: WeChatFailure) -> WeChatSend:
    """Retry only what is known not to have been sent (decision 33)."""
    if failure.kind == "no_answer":
        return WeChatSend("unknown", failure.code)
    if failure.kind == "not_sent" or failure.errcode in LATER:
        return WeChatSend("retry", failure.code)
    if failure.errcode == NO_CONSENT:
        return WeChatSend("refused", failure.code)
    if failure.errcode == BAD_VALUE:
        log.error("wechat refuses a value we sent; a template field is wrong")
    return WeChatSend("failed", failure.code)


def _nested(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}
