"""What WeChat pushed: XML or JSON, read into one shape."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn

from server.wechat import xml_text
from server.wechat.refusal import Refused

MAX_BODY = 64 * 1024
_MAX_ID = 128
# A message reads these as text; a nested block in their place is no message of WeChat's.
_SCALARS = (
    "ToUserName",
    "FromUserName",
    "CreateTime",
    "MsgType",
    "MsgId",
    "MsgID",
    "Event",
    "EventKey",
    "Content",
    "Encrypt",
    "Recognition",
    "Ticket",
)

Format = Literal["xml", "json"]


@dataclass(frozen=True, slots=True)
class Push:
    """One message or event. `fields` holds every top-level scalar as text; nested blocks keep their shape."""

    fields: Mapping[str, object]
    format: Format

    def text(self, name: str) -> str:
        """A field as text; "" where it is missing or nested."""
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else ""

    @property
    def openid(self) -> str:
        """Who wrote (发送者): the openid under our account."""
        return self.text("FromUserName")

    @property
    def original_id(self) -> str:
        """Our account's original id (gh_…), which answers as the sender."""
        return self.text("ToUserName")

    @property
    def kind(self) -> str:
        """`message:text`, `event:subscribe`, …"""
        if self.text("MsgType") == "event":
            return f"event:{self.text('Event')}"
        return f"message:{self.text('MsgType')}"

    @property
    def scene(self) -> str:
        """The scene of a scanned QR: EventKey without exactly one `qrscene_`."""
        return self.text("EventKey").removeprefix("qrscene_")

    @property
    def claim_key(self) -> str:
        """What makes two deliveries the same (去重), as a hash, so that the claim keeps no openid.

        Messages: sender and MsgId, since the same MsgId was seen for two users. Events have none: sender, second,
        event, key and MsgID, since two events can share a second. A message without MsgId is known by its content.
        """
        if self.text("MsgType") != "event" and self.text("MsgId"):
            parts = ["message", self.openid, self.text("MsgId")]
        else:
            names = ("MsgType", "CreateTime", "Event", "EventKey", "MsgID", "Content")
            parts = ["event", self.openid, *(self.text(name) for name in names), _digest(self.fields)]
        return hashlib.sha256("\x00".join(parts).encode()).hexdigest()

    def entries(self, block: str) -> list[Mapping[str, object]]:
        """The `List` of a subscribe-message event: one entry comes as an object, several as an array.

        XML wraps it in `block`, the mini-program's JSON has it at the top.
        """
        outer = self.fields.get(block)
        holder = outer if isinstance(outer, Mapping) else self.fields
        found = holder.get("List")
        items = found if isinstance(found, list) else [found]
        return [item for item in items if isinstance(item, Mapping)]


def read_push(body: bytes) -> Push:
    """Read a push that needs no opening. Raises Refused: too_large, malformed_body, forbidden_doctype."""
    fields, form = read_fields(body)
    for name in ("ToUserName", "FromUserName", "MsgType"):
        value = fields.get(name)
        if not isinstance(value, str) or not value or len(value) > _MAX_ID:
            raise Refused("malformed_body")
    return Push(fields, form)


def read_fields(body: bytes) -> tuple[dict[str, object], Format]:
    """The fields of a body, message or envelope. Content-Type is not asked: WeChat's is often wrong."""
    if len(body) > MAX_BODY:
        raise Refused("too_large")
    try:
        text = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise Refused("malformed_body") from error
    form: Format = "json" if text[:1] in {"{", "["} else "xml"
    fields = _read_json(text) if form == "json" else xml_text.parse(text)
    if any(isinstance(fields.get(name), (dict, list)) for name in _SCALARS):
        raise Refused("malformed_body")
    return fields, form


def _read_json(text: str) -> dict[str, object]:
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed_body") from error
    if not isinstance(value, dict):
        raise Refused("malformed_body")
    return {name: item if isinstance(item, (dict, list)) else _scalar(item) for name, item in value.items()}


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = {name for name, _ in pairs}
    if len(names) != len(pairs):
        raise ValueError("repeated name")
    return {name: xml_text.clean(value) if isinstance(value, str) else value for name, value in pairs}


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _scalar(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _digest(fields: Mapping[str, object]) -> str:
    nested = {name: value for name, value in fields.items() if isinstance(value, (dict, list))}
    return hashlib.sha256(json.dumps(nested, sort_keys=True).encode()).hexdigest()
