"""Subscribe messages of the mini-program (订阅消息): only with a consent left, never twice (decisions 33, 34)."""

import logging
from datetime import datetime

from services import subscriptions
from services.notification_templates import TEMPLATES, message_fields
from services.ports import Delivery, Deps, OutgoingNotification

log = logging.getLogger(__name__)


class WeChatSubscribe:
    """Sends where the person has a mini-program account and a consent for the template; else skips."""

    name = "wechat_subscribe"

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def send(self, message: OutgoingNotification, *, now: datetime) -> Delivery:
        """One send outside any transaction; the consent counter follows its outcome."""
        appid = self._deps.options.mp_appid
        template_id = self._deps.options.subscribe_templates.get(message.template, "")
        template = TEMPLATES.get(message.template)
        if not template_id or template is None or not template.fields:
            return Delivery("skipped")
        with self._deps.read() as session:
            openid = subscriptions.openid_of(session, message.person_id, appid)
            if openid is None or not subscriptions.remaining(
                session, appid=appid, openid=openid, template_id=template_id
            ):
                return Delivery("skipped")
        try:
            fields = message_fields(message.template, message.data)
        except ValueError:
            log.error("a value does not fit its template=%s notification=%d", message.template, message.id)
            return Delivery("failed", "value_does_not_fit")
        outcome = self._deps.wechat.send_subscribe(openid, template_id, fields, message.page, now=now)
        self._count(outcome.state, openid, template_id, now=now)
        return Delivery(outcome.state, outcome.error_code)

    def _count(self, state: str, openid: str, template_id: str, *, now: datetime) -> None:
        """A sent message uses a consent up; an unknown one probably did; 43101 says none is left."""
        change = {"sent": subscriptions.use_one, "unknown": subscriptions.use_one, "refused": subscriptions.withdraw}
        if state not in change:
            return
        with self._deps.unit_of_work() as session:
            change[state](session, appid=self._deps.options.mp_appid, openid=openid, template_id=template_id, now=now)
