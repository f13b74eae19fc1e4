"""What an intent is: a score for a sentence and an answer to it."""

from typing import Protocol, runtime_checkable

from bot.messages import Reply
from bot.turn import Turn


class Intent(Protocol):
    """One kind of thing people want."""

    name: str

    def score(self, turn: Turn) -> float:
        """How sure it is that this is meant, 0 to 1."""
        ...

    def answer(self, turn: Turn) -> Reply: ...


@runtime_checkable
class FollowsUp(Protocol):
    """An intent that understands short sentences after its own answers."""

    def follow_up(self, turn: Turn) -> Reply | None:
        """An answer to what was shown a moment ago; None where the sentence is about something else."""
        ...
