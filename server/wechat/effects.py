"""What a push does, one function per kind. Each returns the text to answer, "" for nothing."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.wechat import phrasing
from server.wechat.push import Push
from services import subscriptions, wechat_followers

log = logging.getLogger(__name__)

_SCENE = re.compile(r"([a-z]+)[:=]([A-Za-z0-9_.\-]{1,40})")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks the bot through an account: a linked person, or a guest known by a hash."""

    person_id: int | None
    guest_key: str
    appid: str


AnswerText = Callable[[Session, Asker, str, datetime], str]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an effect may use. The session is its transaction; nothing is sent from inside."""

    session: Session
    appid: str
    push: Push
    now: datetime
    base_url: str
    answer_text: AnswerText


Effect = Callable[[Circumstances], str]


def perform(given: Circumstances) -> str:
    """Do what this push asks for. Unknown kinds change nothing and are answered with `success`."""
    effect = EFFECTS.get(given.push.kind)
    if effect is None:
        log.info("push without effect kind=%s", given.push.kind[:60])
        return ""
    return effect(given)


def _ask(given: Circumstances, text: str) -> str:
    openid = given.push.openid
    asker = Asker(
        person_id=wechat_followers.person_of(given.session, appid=given.appid, openid=openid),
        guest_key=wechat_followers.guest_key(given.appid, openid),
        appid=given.appid,
    )
    return given.answer_text(given.session, asker, text, given.now)


def _text(given: Circumstances) -> str:
    text = given.push.text("Content").strip()
    if not text or text.startswith("【收到不支持的消息类型"):  # how stickers arrive
        return phrasing.WORDS_ONLY
    return _ask(given, text)


def _voice(given: Circumstances) -> str:
    heard = given.push.text("Recognition").strip()
    return _ask(given, heard) if heard else phrasing.NOT_HEARD


def _words_only(given: Circumstances) -> str:
    return phrasing.WORDS_ONLY


def _subscribe(given: Circumstances) -> str:
    return _scanned(given) or phrasing.GREETING


def _scanned(given: Circumstances) -> str:
    """The page behind a QR of ours (`activity:CODE`, `centre:CODE`, …); a foreign scene says nothing."""
    match = _SCENE.fullmatch(given.push.scene)
    sentence = phrasing.SCANNED.get(match[1]) if match else None
    if match is None or sentence is None:
        return ""
    return sentence.format(link=f"{given.base_url}/q/{match[1]}/{match[2]}")


def _scan(given: Circumstances) -> str:
    return _scanned(given) or phrasing.GREETING


def _unsubscribe(given: Circumstances) -> str:
    wechat_followers.forget(given.session, appid=given.appid, openid=given.push.openid, now=given.now)
    return ""


def _revoked(given: Circumstances) -> str:
    """The user took an authorisation back: `OpenID` names whose data goes."""
    openid = given.push.text("OpenID") or given.push.openid
    wechat_followers.forget(given.session, appid=given.appid, openid=openid, now=given.now)
    return ""


def _click(given: Circumstances) -> str:
    question = phrasing.MENU_QUESTIONS.get(given.push.text("EventKey"))
    return _ask(given, question) if question else ""


def _popup(given: Circumstances) -> str:
    for entry in given.push.entries("SubscribeMsgPopupEvent"):
        template_id, answer = _template(entry), str(entry.get("SubscribeStatusString", ""))
        if template_id:
            subscriptions.record_answer(
                given.session,
                appid=given.appid,
                openid=given.push.openid,
                template_id=template_id,
                answer=answer,
                source="event",
                now=given.now,
            )
    return ""


def _change(given: Circumstances) -> str:
    """Turned off in WeChat's own settings: nothing more may be sent."""
    for entry in given.push.entries("SubscribeMsgChangeEvent"):
        if str(entry.get("SubscribeStatusString")) == "reject" and (template_id := _template(entry)):
            _withdraw(given, template_id)
    return ""


def _sent(given: Circumstances) -> str:
    """What became of a message we sent; refused by the user means no consent is left."""
    for entry in given.push.entries("SubscribeMsgSentEvent"):
        code = str(entry.get("ErrorCode", "0"))
        if code != "0":
            log.info("subscribe message not delivered code=%s", code[:10])
        if code == "43101" and (template_id := _template(entry)):
            _withdraw(given, template_id)
    return ""


def _template_sent(given: Circumstances) -> str:
    status = given.push.text("Status")
    if status != "success":
        log.info("template message not delivered status=%s", status[:40])
    return ""


def _withdraw(given: Circumstances, template_id: str) -> None:
    subscriptions.withdraw(
        given.session, appid=given.appid, openid=given.push.openid, template_id=template_id, now=given.now
    )


def _template(entry: Mapping[str, object]) -> str:
    value = entry.get("TemplateId")
    return value if isinstance(value, str) and 0 < len(value) <= 64 else ""


EFFECTS: Mapping[str, Effect] = {
    "message:text": _text,
    "message:voice": _voice,
    "message:image": _words_only,
    "message:video": _words_only,
    "message:shortvideo": _words_only,
    "message:location": _words_only,
    "message:link": _words_only,
    "message:miniprogrampage": _words_only,
    "event:subscribe": _subscribe,
    "event:SCAN": _scan,
    "event:CLICK": _click,
    "event:unsubscribe": _unsubscribe,
    "event:user_authorization_revoke": _revoked,
    "event:user_authorization_cancellation": _revoked,
    "event:subscribe_msg_popup_event": _popup,
    "event:subscribe_msg_change_event": _change,
    "event:subscribe_msg_sent_event": _sent,
    "event:TEMPLATESENDJOBFINISH": _template_sent,
}
