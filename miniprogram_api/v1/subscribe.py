"""Consents for subscribe messages 订阅消息: asked for in the tap that needs them (decision 34)."""

from apiflask import APIBlueprint

from domain.errors import Conflict, Invalid
from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.subscribe import AllowancesOut, ConsentsIn, TemplateOut, TemplatesOut, TemplatesQuery
from services import subscriptions
from services.notification_templates import TEMPLATES

bp = APIBlueprint("subscribe", __name__, url_prefix="/api/v1", tag="消息 Inbox")


@bp.get("/subscribe-templates")
@bp.input(TemplatesQuery, location="query")
@bp.output(TemplatesOut)
def list_templates(query_data: TemplatesQuery) -> TemplatesOut:
    """The ids to put into wx.requestSubscribeMessage at this moment; none where they are not set up."""
    found = subscriptions.templates_for(query_data.moment, deps().options.subscribe_templates)
    return TemplatesOut(
        templates=[TemplateOut(id=wechat_id, name=name, title=TEMPLATES[name].title) for wechat_id, name in found]
    )


@bp.post("/subscribe-consents")
@bp.input(ConsentsIn)
@bp.output(AllowancesOut)
def record_consents(json_data: ConsentsIn) -> AllowancesOut:
    """Note what the person answered to the popup. A refusal changes nothing: the inbox has the news anyway."""
    options, now = deps().options, deps().now()
    known = set(options.subscribe_templates.values()) - {""}
    if unknown := sorted(set(json_data.template_ids) - known):
        raise Invalid("unknown_template", template_ids=unknown)
    with deps().unit_of_work() as session:
        openid = subscriptions.openid_of(session, current_actor().person_id, options.mp_appid)
        if openid is None:
            raise Conflict("no_wechat_account")
        allowances = {
            template_id: subscriptions.record_answer(
                session,
                appid=options.mp_appid,
                openid=openid,
                template_id=template_id,
                answer="accept" if answer.startswith("accept") else answer,
                source="phone",
                now=now,
            )
            for template_id, answer in sorted(json_data.template_ids.items())  # one order of locks for all
        }
    return AllowancesOut(allowances=allowances)
