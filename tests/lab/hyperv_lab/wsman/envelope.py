# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request's envelope: its headers read and, in strict mode, checked as WinRM checks them ([MS-WSMV] 3.1.4.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from xml.etree.ElementTree import Element

from ..cim.dmtf_time import parse_duration
from ..cim.types import Reference
from .endpoint import read_selectors
from .faults import (
    ADDRESSING_MODE,
    ENVELOPE_TOO_SMALL,
    INVALID_BODY,
    INVALID_HEADER,
    INVALID_OPTIONS,
    INVALID_XML,
    LOCALE_MUST_UNDERSTAND,
    MISSING_HEADER,
    MUST_UNDERSTAND,
    VERSION_MISMATCH,
)
from .namespaces import ADDRESSING, ANONYMOUS, CIM_BINDING, EVENTING, IDENTITY, MS_WSMAN, SOAP, SOAP_11, WSMAN, XML
from .soap import InvalidXml, child, local_name, namespace_of, parse, text_of

_CANNOT = "The WS-Management service cannot process the request. "
_DEFAULT_ENVELOPE_BYTES = 153600
_SMALLEST_ENVELOPE_BYTES = 8192
_MAX_MESSAGE_ID = 2048
_MAX_OPTIONS = 256
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*", re.ASCII)
# Namespaces whose headers WinRM knows; of any other a header must not be marked mustUnderstand.
_UNDERSTOOD = frozenset({ADDRESSING, WSMAN, MS_WSMAN, CIM_BINDING, EVENTING})


@dataclass(frozen=True)
class Request:
    """An envelope that can be answered. ``body``: the child of s:Body, None when it is empty."""

    action: str
    message_id: str
    resource_uri: str
    body: Element | None
    selectors: Mapping[str, str | Reference] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)  # by name as sent
    locale: str | None = None
    max_envelope_bytes: int = _DEFAULT_ENVELOPE_BYTES
    timeout: timedelta = timedelta(seconds=60)
    operation_id: str | None = None
    sequence_id: str | None = None
    fragment: str | None = None
    identify: bool = False
    to: str | None = None
    subscription: str | None = None  # that an Unsubscribe names

    def option(self, name: str) -> str | None:
        return next((value for key, value in self.options.items() if key.lower() == name.lower()), None)


@dataclass(frozen=True)
class Addressing:
    """What even a fault needs to know of a request, and what is there when all else of it is broken."""

    message_id: str | None = None
    locale: str | None = None
    action: str | None = None
    operation_id: str | None = None
    sequence_id: str | None = None


def parse_envelope(data: bytes) -> Element:
    """WsmanFault when the data is no SOAP 1.2 envelope."""
    try:
        root = parse(data)
    except InvalidXml as error:
        raise INVALID_XML.fault() from error
    if root.tag == f"{{{SOAP_11}}}Envelope":
        raise VERSION_MISMATCH.fault()
    if root.tag != f"{{{SOAP}}}Envelope":
        raise INVALID_XML.fault()
    return root


def read_addressing(envelope: Element) -> Addressing:
    header = child(envelope, SOAP, "Header")
    if header is None:
        return Addressing()
    locale = child(header, WSMAN, "Locale")
    return Addressing(
        message_id=_text(header, ADDRESSING, "MessageID"),
        locale=_language(locale),
        action=_stripped(header, ADDRESSING, "Action"),
        operation_id=_stripped(header, MS_WSMAN, "OperationID"),
        sequence_id=_stripped(header, MS_WSMAN, "SequenceId"),
    )


def read_request(envelope: Element, *, strict: bool, max_envelope_bytes: int, max_timeout: timedelta) -> Request:
    """WsmanFault for what WinRM refuses; sizes and times beyond the service's own limits are cut to them without a word."""
    body_element = child(envelope, SOAP, "Body")
    if body_element is None:
        raise INVALID_BODY.fault()
    elements = list(body_element)
    if len(elements) > 1:
        raise INVALID_BODY.fault()
    body = elements[0] if elements else None
    header = child(envelope, SOAP, "Header")
    if body is not None and local_name(body) == "Identify" and namespace_of(body).startswith(IDENTITY.rpartition("/")[0]):
        return Request("", "", "", body, identify=True)
    if header is None:
        raise MISSING_HEADER.fault()
    _check_understood(header)
    action = _stripped(header, ADDRESSING, "Action")
    message_id = _text(header, ADDRESSING, "MessageID")
    if not action or not (message_id or "").strip():
        raise MISSING_HEADER.fault()
    assert message_id is not None
    if strict:
        _check_addressing(header, message_id)
    locale = child(header, WSMAN, "Locale")
    if strict and locale is not None and _must_understand(locale):
        raise LOCALE_MUST_UNDERSTAND.fault()
    return Request(
        action=action,
        message_id=message_id,
        resource_uri=_stripped(header, WSMAN, "ResourceURI") or "",
        body=body,
        selectors=read_selectors(child(header, WSMAN, "SelectorSet")),
        options=_options(child(header, WSMAN, "OptionSet")),
        locale=_language(locale),
        max_envelope_bytes=min(_envelope_bytes(header), max_envelope_bytes),
        timeout=min(_timeout(header), max_timeout),
        operation_id=_stripped(header, MS_WSMAN, "OperationID"),
        sequence_id=_stripped(header, MS_WSMAN, "SequenceId"),
        fragment=_stripped(header, WSMAN, "FragmentTransfer"),
        to=_stripped(header, ADDRESSING, "To"),
        subscription=_stripped(header, EVENTING, "Identifier"),
    )


def _text(header: Element, namespace: str, name: str) -> str | None:
    element = child(header, namespace, name)
    return None if element is None else text_of(element)


def _stripped(header: Element, namespace: str, name: str) -> str | None:
    text = _text(header, namespace, name)
    return None if text is None else text.strip()


def _language(locale: Element | None) -> str | None:
    tag = locale.get(f"{{{XML}}}lang", "").strip() if locale is not None else ""
    return tag if _LANGUAGE.fullmatch(tag) else None


def _must_understand(element: Element) -> bool:
    # pywinrm writes the attribute without its prefix, and Windows takes it.
    value = element.get(f"{{{SOAP}}}mustUnderstand", element.get("mustUnderstand", "false"))
    return value.strip().lower() in ("true", "1")


def _check_understood(header: Element) -> None:
    for element in header:
        if namespace_of(element) not in _UNDERSTOOD and _must_understand(element):
            raise MUST_UNDERSTAND.fault()


def _check_addressing(header: Element, message_id: str) -> None:
    if child(header, ADDRESSING, "To") is None:
        raise MISSING_HEADER.fault()
    reply_to = child(header, ADDRESSING, "ReplyTo")
    if reply_to is None:
        raise MISSING_HEADER.fault()
    if _stripped(reply_to, ADDRESSING, "Address") != ANONYMOUS:
        raise ADDRESSING_MODE.fault()
    if len(message_id) > _MAX_MESSAGE_ID:
        raise INVALID_HEADER.fault()


def _envelope_bytes(header: Element) -> int:
    text = _stripped(header, WSMAN, "MaxEnvelopeSize")
    if text is None:
        return _DEFAULT_ENVELOPE_BYTES
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise INVALID_HEADER.fault()
    size = int(text)
    if size < _SMALLEST_ENVELOPE_BYTES:
        raise ENVELOPE_TOO_SMALL.fault()
    return size


def _timeout(header: Element) -> timedelta:
    text = _stripped(header, WSMAN, "OperationTimeout")
    if text is None:
        return timedelta(seconds=60)
    try:
        span = parse_duration(text)
    except ValueError:
        span = timedelta(seconds=-1)
    if span < timedelta():
        raise INVALID_HEADER.fault(message=f"{_CANNOT}The XML contains an invalid timeout field in the SOAP header: {text[:64]}. ")
    return span


def _options(option_set: Element | None) -> dict[str, str]:
    options: dict[str, str] = {}
    for option in option_set if option_set is not None else ():
        name = option.get("Name", "").strip()
        if not name or len(options) >= _MAX_OPTIONS:
            raise INVALID_OPTIONS.fault()
        options[name] = text_of(option)
    return options
