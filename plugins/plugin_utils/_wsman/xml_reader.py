# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Reading XML that came over the network or out of a guest: no DTD, no entities, bounded depth and size.

Everything wrong becomes ``MalformedAnswer``.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from .errors import MalformedAnswer
from .libraries import missing

# Windows' answers are about ten levels deep; WMI itself stops at a few levels of embedded objects
# (ERROR_WSMAN_WMI_MAX_NESTED).
MAX_DEPTH = 64

# What XML 1.0 cannot hold, as UTF-8 bytes and as numeric references. [MS-WSMV] 3.1.4.1.25 says that Windows writes "?" for
# them; should it not, one guest's registry value must not make the answer for a whole host unreadable.
_FORBIDDEN_BYTES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xed[\xa0-\xbf][\x80-\xbf]|\xef\xbf[\xbe\xbf]")
_NUMERIC_REFERENCE = re.compile(rb"&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,8}));")


class _TooDeep(ValueError):
    pass


def _check_depth(root: ET.Element, max_depth: int) -> None:
    """Level by level, without recursion. After parsing: a deep document takes no more memory than a wide one of its size."""
    level = [root]
    for _unused in range(max_depth):
        level = [child for element in level for child in element]
        if not level:
            return
    raise _TooDeep


def is_xml_character(code: int) -> bool:
    """Whether XML 1.0 can hold this code point (production 2, Char)."""
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF


def _replace_reference(match: re.Match[bytes]) -> bytes:
    hexadecimal, decimal = match.groups()
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return match.group(0) if is_xml_character(code) else b"?"


def _without_forbidden_characters(data: bytes) -> bytes:
    return _NUMERIC_REFERENCE.sub(_replace_reference, _FORBIDDEN_BYTES.sub(b"?", data))


def _parse(data: bytes, max_depth: int) -> ET.Element:
    try:
        from defusedxml.ElementTree import DefusedXMLParser
    except ImportError as error:
        raise missing("defusedxml", error) from error
    parser = DefusedXMLParser(target=ET.TreeBuilder(), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    parser.feed(data)
    root = parser.close()
    if not isinstance(root, ET.Element):
        raise ValueError("no root element")
    _check_depth(root, max_depth)
    return root


def read_xml(data: bytes, subject: str, *, max_size: int, max_depth: int = MAX_DEPTH) -> ET.Element:
    """The root element of ``data``. ``max_size`` in bytes; ``subject`` names the data in errors."""
    if len(data) > max_size:
        raise MalformedAnswer(f"{subject}: {len(data)} bytes are more than the {max_size} that can be expected")
    try:
        return _parse(data, max_depth)
    except _TooDeep as error:
        raise MalformedAnswer(f"{subject}: more than {max_depth} levels of elements") from error
    except (ET.ParseError, ValueError, LookupError) as error:
        # ValueError: DTDs and entities (defusedxml), impossible encodings; LookupError: unknown encodings
        cleaned = _without_forbidden_characters(data)
        if cleaned == data:
            raise MalformedAnswer(f"{subject}: not well-formed XML ({_reason(error)})") from error
    try:
        return _parse(cleaned, max_depth)
    except _TooDeep as error:
        raise MalformedAnswer(f"{subject}: more than {max_depth} levels of elements") from error
    except (ET.ParseError, ValueError, LookupError) as error:
        raise MalformedAnswer(f"{subject}: not well-formed XML ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    # the text of defusedxml's errors quotes the DTD, which is the sender's; its class says enough
    return str(error) if isinstance(error, ET.ParseError) else type(error).__name__
