"""What an answer may use: the database session, who asks, the clock, and what was just talked about."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from domain.permissions import Actor
from retrieval.port import TextIndex
from services.ports import Cipher


@dataclass(slots=True)
class BotContext:
    """One turn's circumstances. `memory` is this speaker's alone and is kept for 15 minutes."""

    session: Session
    now: datetime
    index: TextIndex
    actor: Actor | None = None
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    memory: MutableMapping[str, Any] = field(default_factory=dict)
    conversation_id: int | None = None
    cipher: Cipher | None = None
    assumed_roles: frozenset[str] = frozenset()

    @property
    def roles(self) -> frozenset[str]:
        """The roles of who asks; of a guest what is assumed, usually nothing."""
        return frozenset(grant.role for grant in self.actor.grants) if self.actor else self.assumed_roles

    @property
    def local_now(self) -> datetime:
        return self.now.astimezone(self.timezone)

    @property
    def today(self) -> date:
        return self.local_now.date()

    def remember(self, **values: Any) -> None:
        """Keep something for the next turn; None forgets it."""
        for key, value in values.items():
            if value is None:
                self.memory.pop(key, None)
            else:
                self.memory[key] = value
