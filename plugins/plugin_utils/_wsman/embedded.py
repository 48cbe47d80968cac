# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""CIM-XML of embedded instances (DMTF DSP0201 / DSP0203): the text inside of properties and parameters of Hyper-V.

Reading is for hostile input: Windows builds the text from registry values that a guest's administrator wrote.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from .errors import MalformedAnswer, UnsendableValue
from .instance import Instance
from .values import EmbeddedScalar, EmbeddedValue, dmtf_datetime, dmtf_interval
from .xml_reader import read_xml
from .xml_writer import check_text

# A KVP item is below 8 KiB, the largest Hyper-V setting data some ten KiB.
MAX_SIZE = 1024 * 1024
MAX_DEPTH = 16
_SUBJECT = "CIM-XML of an embedded instance"

_TYPES = frozenset(
    {"string", "boolean", "char16", "datetime", "real32", "real64"} | {f"{sign}int{bits}" for sign in "us" for bits in (8, 16, 32, 64)}
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# Named entities (&amp;, &lt;) in values were refused by a Hyper-V host, numeric references were stored correctly; these are safe
# everywhere. Line ends and tabs are written as references so that no parser normalises them.
_REFERENCES = str.maketrans({character: f"&#{ord(character)};" for character in "&<>\"'\t\n\r"})

# The shape that Hyper-V writes for items of Data Exchange: single properties, one order of attributes, no references, no line ends. To any
# XML parser such text means the same, so it needs none, and a large host sends thousands of them.
_WORD = "[A-Za-z_][A-Za-z0-9_]*"
_PLAIN_VALUE = r"(?:<VALUE>[^&<>\x00-\x08\x0a-\x1f\ud800-\udfff\ufffe\uffff]*</VALUE>)?"
_PLAIN_PROPERTY = f'<PROPERTY NAME="{_WORD}"(?: PROPAGATED="true")? TYPE="[a-z0-9]+"(?:/>|>{_PLAIN_VALUE}</PROPERTY>)'
_PLAIN_INSTANCE = re.compile(f'<INSTANCE CLASSNAME="({_WORD})">(?:{_PLAIN_PROPERTY})*</INSTANCE>')
_PLAIN_PARTS = re.compile('<PROPERTY NAME="([^"]*)"[^>]*>(<VALUE>)?([^<]*)')


def parse_embedded_instance(text: str) -> Instance:
    """The INSTANCE in ``text``; ``namespace`` is None, for the text does not say it. MalformedAnswer for anything else."""
    return parse_plain_instance(text) or parse_any_instance(text)


def parse_plain_instance(text: str) -> Instance | None:
    """As ``parse_any_instance``, for the common shape only and many times as fast; None for any other text."""
    shape = _PLAIN_INSTANCE.fullmatch(text) if len(text) <= MAX_SIZE else None
    if shape is None:
        return None
    values: dict[str, list[str]] = {}
    for name, valued, value in _PLAIN_PARTS.findall(text):
        texts = values.get(name)
        if texts is None:
            texts = values[name] = []
        if valued:
            texts.append(value)
    return Instance.of_texts(shape[1], values)


def parse_any_instance(text: str) -> Instance:
    """By the hardened XML parser."""
    root = read_xml(text.encode("utf-8", "surrogatepass"), _SUBJECT, max_size=MAX_SIZE, max_depth=MAX_DEPTH)
    found = root if root.tag == "INSTANCE" else next(root.iter("INSTANCE"), None)
    if found is None:
        raise MalformedAnswer(f"{_SUBJECT}: no INSTANCE element")
    values: dict[str, list[str]] = {}
    for member in found:
        name = member.get("NAME")
        if name and member.tag in ("PROPERTY", "PROPERTY.ARRAY"):
            values.setdefault(name, []).extend(_values(member))
    return Instance(found.get("CLASSNAME") or None, None, values)


def _values(member: ET.Element) -> list[str]:
    array = member.find("VALUE.ARRAY")
    return [value.text or "" for value in (member if array is None else array).findall("VALUE")]


def build_embedded_instance(class_name: str, properties: Mapping[str, EmbeddedValue], types: Mapping[str, str] | None = None) -> str:
    """CIM-XML for a method's argument. None is written as a property without value, a sequence as PROPERTY.ARRAY.

    ``types`` by property name as MOF spells them, where they do not follow from the value (see ``values.EmbeddedInstance``).
    """
    members = "".join(_member(name, value, (types or {}).get(name)) for name, value in properties.items())
    return f'<INSTANCE CLASSNAME="{_checked(class_name)}">{members}</INSTANCE>'


def _checked(name: str) -> str:
    if not _NAME.match(name):
        raise ValueError(f"not a CIM name: {name!r}")
    return name


def _member(name: str, value: EmbeddedValue, declared: str | None) -> str:
    if declared is not None and declared not in _TYPES:
        raise ValueError(f"{name}: {declared!r} is not a CIM type")
    if isinstance(value, Sequence) and not isinstance(value, str):
        rendered = [_scalar(one) for one in value]
        numbers = [one for one in value if isinstance(one, int) and not isinstance(one, bool)]
        kind = declared or (_integer_type(min(numbers), max(numbers)) if numbers else next((kind for kind, _unused in rendered), "string"))
        items = "".join(f"<VALUE>{text}</VALUE>" for _unused, text in rendered if text is not None)
        return f'<PROPERTY.ARRAY NAME="{_checked(name)}" TYPE="{kind}"><VALUE.ARRAY>{items}</VALUE.ARRAY></PROPERTY.ARRAY>'
    kind, text = _scalar(value)
    content = "" if text is None else f"<VALUE>{text}</VALUE>"
    return f'<PROPERTY NAME="{_checked(name)}" TYPE="{declared or kind}">{content}</PROPERTY>'


_INTEGER_LIMITS = (
    ("uint16", 0, 0xFFFF),
    ("uint32", 0, 0xFFFFFFFF),
    ("uint64", 0, 0xFFFFFFFFFFFFFFFF),
    ("sint16", -0x8000, 0x7FFF),
    ("sint32", -0x80000000, 0x7FFFFFFF),
    ("sint64", -0x8000000000000000, 0x7FFFFFFFFFFFFFFF),
)


def _integer_type(smallest: int, largest: int) -> str:
    for kind, low, high in _INTEGER_LIMITS:
        if low <= smallest and largest <= high:
            return kind
    raise UnsendableValue(f"{smallest} to {largest} does not fit into one integer type of CIM")


def _scalar(value: EmbeddedScalar) -> tuple[str, str | None]:
    """(CIM type, text ready for CIM-XML)."""
    if value is None:
        return "string", None
    if isinstance(value, bool):
        return "boolean", "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return _integer_type(value, value), str(value)
    if isinstance(value, float):
        return "real64", repr(value)
    if isinstance(value, datetime):
        return "datetime", dmtf_datetime(value)
    if isinstance(value, timedelta):
        return "datetime", dmtf_interval(value)
    return "string", check_text(value).translate(_REFERENCES)
