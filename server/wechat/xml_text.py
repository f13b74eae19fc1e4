"""XML as WeChat writes it: read without entities, written without a way out of CDATA."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DTDForbidden, EntitiesForbidden, ExternalReferenceForbidden
from defusedxml.ElementTree import fromstring

from server.wechat.refusal import Refused

MAX_DEPTH = 8
# XML 1.0 has no way to write these, not even escaped; PostgreSQL refuses the first one and UTF-8 the surrogates.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """The text without the characters XML 1.0 forbids."""
    return _FORBIDDEN.sub("", text)


def cdata(text: str) -> str:
    """The text as CDATA; `]]>` is split over two sections, so it cannot close ours."""
    return "<![CDATA[" + clean(text).replace("]]>", "]]]]><![CDATA[>") + "]]>"


def element(name: str, value: str | int) -> str:
    """One element: numbers bare, text as CDATA."""
    return f"<{name}>{value if isinstance(value, int) else cdata(value)}</{name}>"


def document(fields: Mapping[str, str | int], *, tail: str = "") -> str:
    """`<xml>` with these elements, then `tail` (already XML)."""
    return "<xml>" + "".join(element(name, value) for name, value in fields.items()) + tail + "</xml>"


def parse(text: str) -> dict[str, object]:
    """The children of `<xml>`: text, or nested blocks in which a repeated name is a list.

    Raises Refused: forbidden_doctype for any DOCTYPE (so no entity is ever expanded and nothing fetched),
    malformed_body for broken XML, another root, a repeated element at the top, or nesting beyond MAX_DEPTH.
    """
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except (DTDForbidden, EntitiesForbidden, ExternalReferenceForbidden) as error:
        raise Refused("forbidden_doctype") from error
    except (ParseError, ValueError) as error:
        raise Refused("malformed_body") from error
    if root.tag != "xml":
        raise Refused("malformed_body")
    fields: dict[str, object] = {}
    for child in root:
        if child.tag in fields:
            raise Refused("malformed_body")
        fields[child.tag] = _value(child, 1)
    return fields


def _value(node: Element, depth: int) -> object:
    if depth > MAX_DEPTH:
        raise Refused("malformed_body")
    if not len(node):
        return node.text or ""
    block: dict[str, object] = {}
    for child in node:
        value = _value(child, depth + 1)
        if child.tag not in block:
            block[child.tag] = value
        else:
            seen = block[child.tag]
            block[child.tag] = [*seen, value] if isinstance(seen, list) else [seen, value]
    return block
