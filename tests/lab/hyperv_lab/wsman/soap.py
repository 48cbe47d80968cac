# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading XML that came over the network: no DTD, no entities, no bottomless nesting."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .namespaces import XSI

MAX_DEPTH = 64
_NIL = f"{{{XSI}}}nil"


class InvalidXml(ValueError):
    """Not well-formed, or of a kind that a WS-Management message never is."""


def parse(data: bytes | str) -> Element:
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise InvalidXml(f"{type(error).__name__}: {error}") from error
    level = [root]
    for _unused in range(MAX_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return root
    raise InvalidXml(f"nested deeper than {MAX_DEPTH} elements")


def local_name(element: Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def namespace_of(element: Element) -> str:
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""


def text_of(element: Element) -> str:
    return element.text or ""


def is_nil(element: Element) -> bool:
    return element.get(_NIL, "").strip() in ("true", "1")


def children(element: Element, namespace: str, name: str) -> Iterator[Element]:
    return (child for child in element if child.tag == f"{{{namespace}}}{name}")


def child(element: Element, namespace: str, name: str) -> Element | None:
    return element.find(f"{{{namespace}}}{name}")
