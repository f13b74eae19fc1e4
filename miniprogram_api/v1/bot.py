"""The bot over HTTP 问答. Guests may ask; what they cannot do without an account is said in the answer."""

from typing import Any

from apiflask import APIBlueprint

from bot.conversing import Asked, converse
from miniprogram_api.http.auth import device_id, optional_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.bot import BotMessageIn, BotReplyOut

bp = APIBlueprint("bot", __name__, url_prefix="/api/v1", tag="问答 Bot")


@bp.post("/bot/messages")
@bp.input(BotMessageIn)
@bp.output(BotReplyOut)
def send_message(json_data: BotMessageIn) -> dict[str, Any]:
    """One message to the bot; the talk of the last 15 minutes is remembered for this person or device alone."""
    asked = Asked(
        text=json_data.text,
        actor=optional_actor(),
        guest_key=device_id(),
        org=json_data.org or None,
        client_uuid=str(json_data.client_uuid) if json_data.client_uuid else None,
    )
    with deps().unit_of_work() as session:
        return converse(session, asked, deps=deps(), now=deps().now())
