"""/wechat/oa and /wechat/mp: signature → unseal → effect → reply → seal. The only view that speaks WeChat."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Blueprint, Response, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server.container import Container
from server.settings import Settings
from server.wechat.account import CallbackAccount, Mode
from server.wechat.answering import answerer
from server.wechat.effects import AnswerText, Circumstances, perform
from server.wechat.envelope import seal_answer
from server.wechat.linking import Linker
from server.wechat.once import Once, Pace
from server.wechat.push import Push
from server.wechat.reading import read_request, verified_echo
from server.wechat.refusal import Refused
from server.wechat.replies import SUCCESS, sealed_reply, text_reply
from services.wechat_replies import send_late_replies

log = logging.getLogger(__name__)

POOL_THREADS = 8
# Pushes that may ask the bot, and so gain by knowing who asks.
LINKING = frozenset({"message:text", "message:voice", "event:subscribe", "event:SCAN", "event:CLICK"})
_MODES: dict[str, Mode] = {"plain": "plain", "compat": "compat", "safe": "safe"}


def install(container: Container, *, ask: AnswerText | None = None, pace: Pace | None = None) -> Blueprint:
    """The callbacks of the accounts that are configured; one without a token has no address here.

    Raises Misconfigured for keys that cannot be right, so that the process does not start with them.
    """
    blueprint = Blueprint("wechat", __name__, url_prefix="/wechat")
    pool = ThreadPoolExecutor(POOL_THREADS, thread_name_prefix="wechat")
    once = Once(
        container.database,
        now=container.now,
        send_late=lambda claim_id: send_one_late(container, claim_id),
        pool=pool,
        pace=pace,
    )
    for name, account in accounts_of(container.settings).items():
        view = _Callback(container, account, once, ask or answerer(container))
        blueprint.add_url_rule(f"/{name}", endpoint=name, view_func=view, methods=["GET", "POST"])
    return blueprint


def accounts_of(settings: Settings) -> dict[str, CallbackAccount]:
    """The accounts WeChat may call us for."""
    found: dict[str, CallbackAccount] = {}
    if settings.oa_token:
        found["oa"] = CallbackAccount(
            "official_account", settings.oa_appid, settings.oa_token, settings.oa_aes_key, _MODES[settings.oa_mode]
        )
    if settings.mp_token:
        found["mp"] = CallbackAccount(
            "mini_program", settings.mp_appid, settings.mp_token, settings.mp_aes_key, _MODES[settings.mp_mode]
        )
    return found


def send_one_late(container: Container, claim_id: int) -> None:
    """Send one stored reply as a customer-service message. Runs in the pool, so it logs instead of raising."""
    try:
        send_late_replies(container, claim_id=claim_id)
    except Exception:
        log.exception("late reply not sent claim=%d", claim_id)


class _Callback:
    """One account's view."""

    def __init__(self, container: Container, account: CallbackAccount, once: Once, ask: AnswerText) -> None:
        self._container = container
        self._account = account
        self._once = once
        self._ask = ask
        self._linker = Linker(container, account.appid)

    def __call__(self) -> Response:
        try:
            return self._echo() if request.method in ("GET", "HEAD") else self._receive()
        except Refused as refused:
            log.warning("callback refused kind=%s reason=%s", self._account.kind, refused.reason)
            return _plain("", refused.status)
        except OperationalError:
            log.warning("push not taken, database busy kind=%s", self._account.kind)
            return _plain("", 503)
        except Exception:  # WeChat shows any body as a fault of the account; an empty 503 makes it deliver again
            log.exception("push failed kind=%s", self._account.kind)
            return _plain("", 503)

    def _echo(self) -> Response:
        return _plain(verified_echo(self._account, request.args, now=self._container.now()))

    def _receive(self) -> Response:
        now = self._container.now()
        push = read_request(self._account, request.args, request.get_data(cache=False), now=now)
        # A passive reply is XML of an official account; everything else is answered by customer service.
        passive = self._account.kind == "official_account" and push.format == "xml"
        text = self._once.answer(
            self._account.appid, push, self._work(push), passive=passive, before=lambda: self._link(push)
        )
        return self._render(push, text)

    def _link(self, push: Push) -> None:
        """Find out whether this follower is a person we know, by the unionid both accounts share."""
        if self._account.kind == "official_account" and push.kind in LINKING:
            self._linker.link(push.openid)

    def _work(self, push: Push) -> Callable[[Session], str]:
        def work(session: Session) -> str:
            return perform(
                Circumstances(
                    session=session,
                    appid=self._account.appid,
                    push=push,
                    now=self._container.now(),
                    base_url=self._container.options.base_url,
                    answer_text=self._ask,
                )
            )

        return work

    def _render(self, push: Push, text: str) -> Response:
        now = self._container.now()
        answer = text_reply(push, text, now=now)
        if answer == SUCCESS:
            return _plain(SUCCESS)
        if request.args.get("encrypt_type") == "aes":
            sealed = seal_answer(self._account, answer, nonce=request.args.get("nonce", ""), now=now)
            answer = sealed_reply(sealed, push.format)
        return Response(answer, content_type="text/xml; charset=utf-8")


def _plain(text: str, status: int = 200) -> Response:
    response = Response(text, status, content_type="text/plain; charset=utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
