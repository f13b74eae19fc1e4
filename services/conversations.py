"""Talks with the bot: 15 minutes of context, recent turns, what went unanswered. Never across people."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from models.conversation import Conversation, ConversationTurn, UnansweredQuestion
from services.first_wins import insert_if_first
from services.idempotency import check_same_request

CONTEXT_LASTS = timedelta(minutes=15)
TURN_KEPT = timedelta(days=30)
QUESTION_KEPT = timedelta(days=365)
TRANSCRIPT_TURNS = 10
TEXT_MAX = 2000
QUESTION_MAX = 500
NORMALISED_MAX = 200


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who talks: a person, or a guest known by a key that only this device or account has."""

    person_id: int | None
    guest_key: str | None = None

    @property
    def guest_hash(self) -> str | None:
        """A guest's key is never stored, only its hash."""
        if self.person_id is not None:
            return None
        return hashlib.sha256(f"guest:{self.guest_key or ''}".encode()).hexdigest()

    @property
    def is_nobody(self) -> bool:
        """A guest without a device: nothing can be remembered."""
        return self.person_id is None and not self.guest_key


def open_conversation(session: Session, speaker: Speaker, *, now: datetime) -> Conversation:
    """The one conversation of this speaker, locked until the end of the transaction, made where there is none."""
    found = _find(session, speaker)
    if found is None:
        new = insert_if_first(session.get_bind().dialect.name, Conversation.__table__)
        session.execute(
            new.values(
                person_id=speaker.person_id, guest_hash=speaker.guest_hash, context={}, last_at=now, created_at=now
            )
        )
        found = _find(session, speaker)
        assert found is not None
    return found


def context_of(conversation: Conversation, *, now: datetime) -> dict[str, Any]:
    """What the bot may still refer to: nothing after 15 minutes of silence."""
    if now - conversation.last_at > CONTEXT_LASTS:
        return {}
    return dict(conversation.context)


def repeated_turn(
    session: Session, conversation: Conversation, client_uuid: str | None, request_digest: str
) -> dict[str, Any] | None:
    """The reply already given under this key. Raises Conflict `client_uuid_reused` for another text."""
    if client_uuid is None:
        return None
    turn = session.scalar(
        select(ConversationTurn).where(
            ConversationTurn.conversation_id == conversation.id, ConversationTurn.client_uuid == client_uuid
        )
    )
    if turn is None:
        return None
    check_same_request(turn, request_digest)
    return turn.reply


@dataclass(frozen=True, slots=True)
class Turn:
    """One question with its answer, to be kept."""

    text: str
    channel: str
    intent: str
    reply: dict[str, Any]
    client_uuid: str | None = None
    request_digest: str | None = None


def keep_turn(
    session: Session, conversation: Conversation, turn: Turn, *, context: dict[str, Any], now: datetime
) -> ConversationTurn:
    """Store the turn and the context for the next one."""
    row = ConversationTurn(
        conversation_id=conversation.id,
        at=now,
        keep_until=now + TURN_KEPT,
        channel=turn.channel,
        text=turn.text[:TEXT_MAX],
        intent=turn.intent,
        reply=turn.reply,
        client_uuid=turn.client_uuid,
        request_digest=turn.request_digest,
    )
    session.add(row)
    conversation.context = context
    conversation.last_at = now
    session.flush()
    return row


def transcript(session: Session, conversation_id: int, *, now: datetime) -> list[dict[str, str]]:
    """The last turns of this talk, oldest first, as a hand-over shows them."""
    rows = session.scalars(
        select(ConversationTurn)
        .where(ConversationTurn.conversation_id == conversation_id, ConversationTurn.at >= now - CONTEXT_LASTS)
        .order_by(ConversationTurn.id.desc())
        .limit(TRANSCRIPT_TURNS)
    ).all()
    return [{"at": row.at.isoformat(), "text": row.text, "intent": row.intent} for row in reversed(rows)]


def note_unanswered(
    session: Session,
    conversation_id: int | None,
    text: str,
    *,
    normalised: str,
    intent: str | None,
    category: str | None,
    reason: str,
    now: datetime,
) -> None:
    """Remember a question for the editors, who see them grouped by their normalised text."""
    session.add(
        UnansweredQuestion(
            conversation_id=conversation_id,
            at=now,
            text=text[:QUESTION_MAX],
            normalised=normalised[:NORMALISED_MAX],
            intent=intent,
            category=category,
            reason=reason,
        )
    )


def forget(session: Session, speaker: Speaker) -> None:
    """Erase a speaker's talk: context, turns, and the link from unanswered questions (decision 10)."""
    found = _find(session, speaker)
    if found is None:
        return
    session.execute(
        update(UnansweredQuestion).where(UnansweredQuestion.conversation_id == found.id).values(conversation_id=None)
    )
    session.execute(delete(ConversationTurn).where(ConversationTurn.conversation_id == found.id))
    session.delete(found)
    session.flush()


def drop_old_turns(session: Session, *, now: datetime) -> int:
    """Delete turns past their retention date; says how many."""
    rows = session.execute(delete(ConversationTurn).where(ConversationTurn.keep_until < now))
    return int(rows.rowcount)  # type: ignore[attr-defined]  # typed as Result; a DELETE gives a CursorResult


def drop_old_questions(session: Session, *, now: datetime) -> int:
    """Delete unanswered questions that no editor needs any more: people write personal things into them."""
    rows = session.execute(delete(UnansweredQuestion).where(UnansweredQuestion.at < now - QUESTION_KEPT))
    return int(rows.rowcount)  # type: ignore[attr-defined]  # as above


def drop_silent_guests(session: Session, *, now: datetime) -> int:
    """Delete the talks of guests that have been silent for so long that no turn is left."""
    silent = select(Conversation.id).where(
        Conversation.guest_hash.is_not(None),
        Conversation.last_at < now - TURN_KEPT,
        ~exists().where(ConversationTurn.conversation_id == Conversation.id),
    )
    session.execute(
        update(UnansweredQuestion)
        .where(UnansweredQuestion.conversation_id.in_(silent))
        .values(conversation_id=None)
        .execution_options(synchronize_session=False)
    )
    rows = session.execute(
        delete(Conversation).where(Conversation.id.in_(silent)).execution_options(synchronize_session=False)
    )
    return int(rows.rowcount)  # type: ignore[attr-defined]  # as above


def _find(session: Session, speaker: Speaker) -> Conversation | None:
    if speaker.person_id is not None:
        owner = Conversation.person_id == speaker.person_id
    else:
        owner = Conversation.guest_hash == speaker.guest_hash
    return session.scalar(select(Conversation).where(owner).with_for_update())
