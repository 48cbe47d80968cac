# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Enumerate, Pull and Release on the wire.

Windows answers an optimised Enumerate with all items, with the first one and a context, or with a context alone; each Pull gives a
new context; the last page may hold items together with EndOfSequence. Enumerate answers in w:Items, Pull in n:Items: both are taken
everywhere. Sources: recorded traffic of Windows Server 2003 to 2012 and of a Hyper-V host, DSP0226.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from . import xml_namespaces as ns
from .errors import MalformedAnswer
from .instance import Instance, decode_instance
from .message import Answer
from .xml_writer import element, text_node


@dataclass(frozen=True)
class Page:
    """``context`` is None after the last page."""

    items: tuple[Instance, ...]
    context: str | None


def write_enumerate(wql: str | None, most: int, *, optimised: bool) -> str:
    """``optimised``: the answer brings up to ``most`` items with it, for which the provider must be done. Else it is a context alone."""
    body = element("w:OptimizeEnumeration") + element("w:MaxElements", str(most)) if optimised else ""
    if wql is not None:
        body += element("w:Filter", text_node(wql), {"Dialect": ns.WQL_DIALECT})
    return element("n:Enumerate", body)


def write_pull(context: str, most: int) -> str:
    return element("n:Pull", element("n:EnumerationContext", text_node(context)) + element("n:MaxElements", str(most)))


def write_release(context: str) -> str:
    return element("n:Release", element("n:EnumerationContext", text_node(context)))


def read_page(answer: Answer, subject: str) -> Page:
    body = answer.body
    if body is None or ns.local_name(body.tag) not in ("EnumerateResponse", "PullResponse"):
        held = "nothing" if body is None else f"<{ns.local_name(body.tag)[:60]}>"
        raise MalformedAnswer(f"{subject}: the answer holds {held}, not a page of an enumeration")
    items: list[Instance] = []
    context = ""
    ended = False
    for part in body:
        name = ns.local_name(part.tag)
        if name == "Items":
            items.extend(decode_instance(_object(item)) for item in part)
        elif name == "EnumerationContext":
            context = (part.text or "").strip()
        elif name == "EndOfSequence":
            ended = True
    return Page(tuple(items), None if ended or not context else context)


def _object(item: ET.Element) -> ET.Element:
    # EnumerateObjectAndEPR wraps object and reference in w:Item
    if item.tag == f"{{{ns.WSMAN}}}Item":
        for part in item:
            if part.tag != f"{{{ns.ADDRESSING}}}EndpointReference":
                return part
    return item
