"""A reply as plain text, for WeChat messages and the terminal: numbered choices, no markup."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

SIGNS = {"met": "✓", "unmet": "✗", "unknown": "？"}
CONDITIONS_SHOWN = 6
SLOTS_SHOWN = 6


def as_text(reply: Mapping[str, Any], *, max_bytes: int | None = None) -> str:
    """The reply of the contract as text; cut at a character where a channel has a limit."""
    text = "\n\n".join(block for part in reply["replies"] if (block := _PARTS[part["kind"]](part)))
    return cut(text, max_bytes) if max_bytes else text


def cut(text: str, max_bytes: int) -> str:
    """As much as fits, never in the middle of a character."""
    raw = text.encode()
    if len(raw) <= max_bytes:
        return text
    return raw[: max_bytes - len("…".encode())].decode(errors="ignore") + "…"


def _text(part: Mapping[str, Any]) -> str:
    return str(part["text"])


def _choices(part: Mapping[str, Any]) -> str:
    lines = [f"{at}. {choice['label']}" for at, choice in enumerate(part["choices"], 1)]
    return "\n".join([*([part["text"]] if part["text"] else []), *lines, "（回复数字或文字）"])


def _slots(part: Mapping[str, Any]) -> str:
    lines = [f"{at}. {_span(item)} 余{item['free']}" for at, item in enumerate(part["items"][:SLOTS_SHOWN], 1)]
    return "\n".join([part["text"], *lines, "回复数字就能预约。"])


def _span(item: Mapping[str, Any]) -> str:
    return "—".join(f"{datetime.fromisoformat(item[edge]):%H:%M}" for edge in ("start", "end"))


def _policies(part: Mapping[str, Any]) -> str:
    shown = CONDITIONS_SHOWN if len(part["items"]) == 1 else CONDITIONS_SHOWN // 2
    cards = [_card(at, item, shown) for at, item in enumerate(part["items"], 1)]
    question = part.get("next_question")
    return "\n\n".join([*cards, *([_question(question)] if question else [])])


def _card(at: int, item: Mapping[str, Any], shown: int) -> str:
    verdict = f"【{item['verdict_text']}】" if item.get("verdict_text") else ""
    lines = [f"{at}. {item['title']}{verdict}", item["benefit"], f"时间：{item['window_text']}"]
    for sign in item["conditions"][:shown]:
        value = f"（您：{sign['value']}）" if sign.get("value") else ""
        lines.append(f"{SIGNS[sign['sign']]} {sign['requirement']}{value}")
    if item["materials"]:
        lines.append("材料：" + "、".join(item["materials"]))
    lines.append(f"{item['department']}。{item['disclaimer']}")
    return "\n".join(lines)


def _question(question: Mapping[str, Any]) -> str:
    options = "、".join(option["label"] for option in question["options"])
    return str(question["question"]) + (f"（{options}、不清楚）" if options else "（直接回一个数，或回“不清楚”）")


def _handover(part: Mapping[str, Any]) -> str:
    draft = part["draft"]
    if part.get("demand_code"):
        return str(part["text"])
    return f"{part['text']}\n类别：{draft['category_name']}\n标题：{draft['title']}\n内容：{draft['text']}"


def _emergency(part: Mapping[str, Any]) -> str:
    numbers = "　".join(f"{entry['label']} {entry['number']}" for entry in part["numbers"])
    return f"{numbers}\n{part['text']}"


_PARTS = {
    "text": _text,
    "choices": _choices,
    "slots": _slots,
    "policies": _policies,
    "handover": _handover,
    "emergency": _emergency,
}
