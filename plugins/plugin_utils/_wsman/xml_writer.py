# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Writing XML: escaping and elements as strings.

Strings and not ElementTree, because pypsrp registers its prefixes globally with ElementTree and the prefixes of a message
would depend on who was imported first.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from .errors import UnsendableValue
from .xml_reader import is_xml_character


def check_text(text: str) -> str:
    """The text itself, or UnsendableValue where it holds a character that XML 1.0 has no way to write."""
    if text.isprintable():
        return text
    for position, character in enumerate(text):
        if not is_xml_character(ord(character)):
            raise UnsendableValue(f"The character U+{ord(character):04X} at position {position} cannot be sent in XML")
    return text


def text_node(text: str) -> str:
    # a bare CR would reach the server as LF (XML 1.0, 2.11)
    return escape(check_text(text), {"\r": "&#13;"})


def element(name: str, content: str = "", attributes: Mapping[str, str] | None = None) -> str:
    """``content`` is XML already. ``name`` and the attributes' names are the program's own."""
    written = "".join(f" {key}={quoteattr(check_text(value))}" for key, value in (attributes or {}).items())
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"
