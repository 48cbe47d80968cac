# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""SOAP envelopes: writing requests, opening answers.

Requests have the headers in the order that Windows' own client (winrm.vbs) writes them; source: recorded traffic, DSP0226.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import xml_namespaces as ns
from .bounds import ANSWER_SIZE_FACTOR
from .errors import MalformedAnswer
from .faults import read_fault
from .xml_reader import read_xml
from .xml_writer import element, text_node

_ROOT = (
    f'<s:Envelope xmlns:s="{ns.SOAP}" xmlns:a="{ns.ADDRESSING}" xmlns:n="{ns.ENUMERATION}" xmlns:w="{ns.WSMAN}" '
    f'xmlns:p="{ns.MICROSOFT_WSMAN}">'
)
_UNDERSTAND = {"s:mustUnderstand": "true"}


@dataclass(frozen=True)
class Request:
    """``selectors`` None: no SelectorSet (queries, static methods). ``body``: XML; the prefixes s, a, n, w, p are declared."""

    action: str
    resource_uri: str
    max_envelope_size: int
    body: str = ""
    selectors: Mapping[str, str] | None = field(default=None)


@dataclass(frozen=True)
class Answer:
    """An opened envelope: the element in the body, None for an empty body."""

    body: ET.Element | None
    action: str


def selector_set(selectors: Mapping[str, str]) -> str:
    written = "".join(element("w:Selector", text_node(value), {"Name": name}) for name, value in selectors.items())
    return element("w:SelectorSet", written)


def write_request(request: Request, *, message_id: str, to: str, operation_timeout: float, locale: str) -> str:
    language = {"xml:lang": locale, "s:mustUnderstand": "false"}
    header = (
        element("a:To", text_node(to))
        + element("w:ResourceURI", text_node(request.resource_uri), _UNDERSTAND)
        + element("a:ReplyTo", element("a:Address", ns.ANONYMOUS, _UNDERSTAND))
        + element("a:Action", text_node(request.action), _UNDERSTAND)
        + element("w:MaxEnvelopeSize", str(request.max_envelope_size), _UNDERSTAND)
        + element("a:MessageID", text_node(message_id))
        + element("w:Locale", "", language)
        + element("p:DataLocale", "", language)
        + (selector_set(request.selectors) if request.selectors else "")
        + element("w:OperationTimeout", f"PT{operation_timeout:.3f}S")
    )
    return f"{_ROOT}{element('s:Header', header)}{element('s:Body', request.body)}</s:Envelope>"


def write_identify() -> str:
    body = element("i:Identify", "", {"xmlns:i": ns.IDENTITY})
    return f'<s:Envelope xmlns:s="{ns.SOAP}"><s:Header/>{element("s:Body", body)}</s:Envelope>'


def read_answer(data: bytes, *, message_id: str | None, subject: str, max_envelope_size: int) -> Answer:
    """Open an answer. Raises the Fault that is in it, or MalformedAnswer.

    ``message_id`` is that of the request and must come back in RelatesTo; a fault may lack it (recorded traffic does). None: the
    answer has no addressing (Identify).
    """
    root = read_xml(data, subject, max_size=max_envelope_size * ANSWER_SIZE_FACTOR)
    if root.tag != f"{{{ns.SOAP}}}Envelope":
        raise MalformedAnswer(f"{subject}: the answer is not a SOAP 1.2 envelope but <{ns.local_name(root.tag)[:40]}>")
    body = root.find(f"{{{ns.SOAP}}}Body")
    if body is None:
        raise MalformedAnswer(f"{subject}: the envelope has no body")
    header = root.find(f"{{{ns.SOAP}}}Header")
    action = _header_text(header, "Action")
    relates_to = _header_text(header, "RelatesTo")
    fault = body.find(f"{{{ns.SOAP}}}Fault")
    if message_id is not None and relates_to != message_id and (relates_to or fault is None):
        raise MalformedAnswer(f"{subject}: the answer belongs to another message (RelatesTo {relates_to[:60] or 'missing'})")
    if fault is not None:
        raise read_fault(fault, action=action, subject=subject)
    return Answer(body=body[0] if len(body) else None, action=action)


def _header_text(header: ET.Element | None, name: str) -> str:
    found = None if header is None else header.find(f"{{{ns.ADDRESSING}}}{name}")
    return "" if found is None else (found.text or "").strip()
