"""What comes in and what goes out, the same for every channel."""

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

TEXT_MAX = 500
"""Characters of a message that are read; the rest is cut, never an error."""


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A question: its text, and the firm it is asked for where a person acts for several."""

    text: str
    channel: str = "app"
    org: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A tap: what it says and what it sends; `do` is kept on our side until the tap comes."""

    label: str
    send: str
    do: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Text:
    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True, slots=True)
class Policies:
    """Up to three policies, best first, and the one question that would settle most."""

    kind: ClassVar[str] = "policies"
    items: tuple[dict[str, Any], ...]
    next_question: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Slots:
    """Free times of a service, to be taken with one tap."""

    kind: ClassVar[str] = "slots"
    service: dict[str, str]
    date: str
    items: tuple[dict[str, Any], ...]
    text: str


@dataclass(frozen=True, slots=True)
class Choices:
    kind: ClassVar[str] = "choices"
    text: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Handover:
    """A demand draft 诉求草稿: shown to be changed and confirmed; nothing is stored before that."""

    kind: ClassVar[str] = "handover"
    text: str
    draft: dict[str, str]
    demand_code: str | None = None


@dataclass(frozen=True, slots=True)
class Emergency:
    kind: ClassVar[str] = "emergency"
    text: str
    numbers: tuple[dict[str, str], ...]


Part = Text | Policies | Slots | Choices | Handover | Emergency


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: what was understood, how sure, what is said, and why."""

    intent: str
    parts: tuple[Part, ...]
    confidence: float = 1.0
    why: dict[str, Any] = field(default_factory=dict)
    missed: bool = False
    refs: tuple[dict[str, Any], ...] = ()

    @property
    def policies(self) -> list[dict[str, Any]]:
        """The policies in it, short: those shown as cards, else those the text is about."""
        cards = [item for part in self.parts if isinstance(part, Policies) for item in part.items]
        return [
            {"code": i["code"], "title": i["title"], "category": i["category"], "verdict": i.get("verdict")}
            for i in cards or self.refs
        ]

    @property
    def choices(self) -> list[Choice]:
        """Every tap on offer, in order."""
        return [choice for part in self.parts if isinstance(part, Choices) for choice in part.choices]

    def as_json(self) -> dict[str, Any]:
        """The shape of the contract (`POST /bot/messages`)."""
        return {
            "intent": self.intent,
            "confidence": round(self.confidence, 3),
            "replies": [_part(part) for part in self.parts],
            "policies": self.policies,
            "why": self.why,
        }


def _part(part: Part) -> dict[str, Any]:
    out = {"kind": part.kind, **asdict(part)}
    if isinstance(part, Choices):
        out["choices"] = [{"label": choice.label, "send": choice.send} for choice in part.choices]
    return out
