"""One message with its meaning and circumstances, and the taps an answer offers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from bot.context import BotContext
from bot.messages import Choice, IncomingMessage, Part, Reply
from bot.understanding.meaning import Meaning, understand


@dataclass(frozen=True, slots=True)
class Turn:
    """One message, what it means, and its circumstances."""

    message: IncomingMessage
    meaning: Meaning
    context: BotContext

    @property
    def text(self) -> str:
        return self.message.text

    @property
    def clean(self) -> str:
        """The plain text the patterns look at."""
        return self.meaning.features.text

    def about(self, text: str) -> "Turn":
        """The same circumstances for another sentence: a part of this one, or an earlier one."""
        message = IncomingMessage(text, self.message.channel, self.message.org)
        return Turn(message, understand(text, self.context.roles), self.context)

    def reply(self, intent: str, parts: Iterable[Part], **why: Any) -> Reply:
        """An answer that says how sure it is and why."""
        shares = self.meaning.intent.shares[:3]
        return Reply(
            intent=intent,
            parts=tuple(parts),
            confidence=self.meaning.confidence,
            why={"matched": self.meaning.words()[:8], "scores": dict(shares), **why},
        )


def tap(label: str, send: str | None = None, **do: Any) -> Choice:
    """A tap that sends its own label, or `send`, and does something when it comes back."""
    return Choice(label, send or label, do or None)


def client_key(turn: Turn, *parts: str) -> str:
    """The same tap in the same conversation is the same request."""
    return str(uuid5(NAMESPACE_URL, ":".join([str(turn.context.conversation_id), *parts])))
