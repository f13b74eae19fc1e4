"""One turn of a talk, with what is kept of it: the same for the app, WeChat and the terminal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.engine import answer, tidy, visible
from bot.messages import IncomingMessage
from domain.permissions import Actor
from models.conversation import Conversation
from services.conversations import (
    Speaker,
    Turn,
    context_of,
    keep_turn,
    open_conversation,
    repeated_turn,
)
from services.idempotency import digest
from services.ports import Deps


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody says, who it is, and where."""

    text: str
    actor: Actor | None = None
    guest_key: str | None = None
    channel: str = "app"
    org: str | None = None
    client_uuid: str | None = None
    assumed_roles: frozenset[str] = frozenset()


def converse(session: Session, asked: Asked, *, deps: Deps, now: datetime) -> dict[str, Any]:
    """Answer and keep the turn; the reply as the contract has it. The caller commits.

    A repeat of the same `client_uuid` gets the stored reply. A guest without a device is answered and forgotten.
    Raises NotFound `unknown_org`, NotAllowed `not_your_org`, Conflict `client_uuid_reused`.
    """
    speaker = Speaker(asked.actor.person_id if asked.actor else None, asked.guest_key)
    if speaker.is_nobody:
        return _answer(session, asked, None, {}, deps=deps, now=now)[0]
    conversation = open_conversation(session, speaker, now=now)
    request_digest = digest({"text": visible(asked.text), "org": asked.org})
    known = repeated_turn(session, conversation, asked.client_uuid, request_digest)
    if known is not None:
        return known
    reply, memory = _answer(session, asked, conversation, context_of(conversation, now=now), deps=deps, now=now)
    turn = Turn(
        text=tidy(asked.text),
        channel=asked.channel,
        intent=reply["intent"],
        reply=reply,
        client_uuid=asked.client_uuid,
        request_digest=request_digest,
    )
    keep_turn(session, conversation, turn, context=memory, now=now)
    return reply


def _answer(
    session: Session,
    asked: Asked,
    conversation: Conversation | None,
    memory: dict[str, Any],
    *,
    deps: Deps,
    now: datetime,
) -> tuple[dict[str, Any], dict[str, Any]]:
    context = BotContext(
        session=session,
        now=now,
        index=deps.text_index,
        actor=asked.actor,
        timezone=ZoneInfo(deps.options.timezone),
        memory=memory,
        conversation_id=conversation.id if conversation else None,
        cipher=deps.cipher,
        assumed_roles=asked.assumed_roles,
    )
    reply = answer(IncomingMessage(asked.text, asked.channel, asked.org), context)
    return reply.as_json(), dict(context.memory)
