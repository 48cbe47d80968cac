# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances as CIM-XML text (DSP0201): how Hyper-V's string properties with EmbeddedInstance carry them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .dmtf_time import format_dmtf
from .object_path import format_path
from .types import CimClass, CimProperty, CimType, Instance, Reference, Scalar, Value
from .values import parse_scalar

_SPECIAL = re.compile('[&<>"\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_MAX_CLASSES = 1024
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


class InvalidCimXml(ValueError):
    """The text is no CIM-XML instance of a class that the namespace has."""


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda match: _ENTITIES.get(match.group(), "?"), text) if _SPECIAL.search(text) is not None else text


def scalar_text(value: Scalar) -> str:
    """A scalar as plain text: booleans TRUE and FALSE, times in DMTF form, references as paths."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (datetime, timedelta)):
        return format_dmtf(value)
    if isinstance(value, Reference):
        return format_path(value)
    if isinstance(value, Instance):
        return format_instance(value)
    return str(value)


@dataclass(frozen=True)
class _Slot:
    """One property, ready to be written."""

    name: str
    opening: str
    closing: str
    unset: str


class InstanceFormatter:
    """Writes instances; what depends on the class alone is worked out once for each class."""

    def __init__(self) -> None:
        # By identity of the class, which is not hashable; holding the class keeps its identity from being used again.
        self._slots: dict[int, tuple[CimClass, tuple[_Slot, ...]]] = {}

    def format(self, instance: Instance) -> str:
        cls = instance.cls
        known = self._slots.get(id(cls))
        if known is None:
            if len(self._slots) >= _MAX_CLASSES:
                self._slots.clear()
            properties = sorted(cls.properties.values(), key=lambda prop: prop.name.lower())
            known = self._slots[id(cls)] = (cls, tuple(map(_slot, properties)))
        values = instance.values
        body = "".join([_write(slot, values.get(slot.name)) for slot in known[1]])
        return f'<INSTANCE CLASSNAME="{cls.name}">{body}</INSTANCE>'


def _slot(prop: CimProperty) -> _Slot:
    kind = "string" if prop.type in (CimType.OBJECT, CimType.REFERENCE) else prop.type.value
    element = "PROPERTY.ARRAY" if prop.array else "PROPERTY"
    value = "VALUE.ARRAY" if prop.array else "VALUE"
    return _Slot(
        name=prop.name,
        opening=f'<{element} NAME="{prop.name}" TYPE="{kind}"><{value}>',
        closing=f"</{value}></{element}>",
        unset=f'<{element} NAME="{prop.name}" PROPAGATED="true" TYPE="{kind}"></{element}>',
    )


def _write(slot: _Slot, value: Value) -> str:
    if value is None:
        return slot.unset
    if isinstance(value, list):
        content = "".join(["<VALUE.NULL/>" if item is None else f"<VALUE>{_escape(scalar_text(item))}</VALUE>" for item in value])
    else:
        content = _escape(value if isinstance(value, str) else scalar_text(value))
    return f"{slot.opening}{content}{slot.closing}"


_FORMATTER = InstanceFormatter()


def format_instance(instance: Instance) -> str:
    """All properties of the class in alphabetical order, unset ones with PROPAGATED and no VALUE (Microsoft, HyperV_v2 samples)."""
    return _FORMATTER.format(instance)


def parse_instance(text: str, classes: Mapping[str, CimClass]) -> Instance:
    """InvalidCimXml when the text is not well-formed, names an unknown class or property, or holds a value of a wrong type."""
    try:
        root: Element = fromstring(text.strip(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise InvalidCimXml(f"not well-formed: {error}") from error
    if root.tag != "INSTANCE":
        raise InvalidCimXml("the text's root is not INSTANCE")
    cls = classes.get(root.get("CLASSNAME", "").lower())
    if cls is None:
        raise InvalidCimXml(f"class {root.get('CLASSNAME')!r} is not in the namespace")
    by_name = {prop.name.lower(): prop for prop in cls.properties.values()}
    values: dict[str, Value] = {}
    for element in root:
        if element.tag not in ("PROPERTY", "PROPERTY.ARRAY", "PROPERTY.REFERENCE"):
            continue  # QUALIFIER and the like
        name = element.get("NAME", "")
        if name.startswith("__"):
            continue  # system properties come along with what WMI's own formatter writes
        prop = by_name.get(name.lower())
        if prop is None:
            raise InvalidCimXml(f"{cls.name} has no property {name!r}")
        try:
            values[prop.name] = _parse_array(prop, element) if prop.array else _parse_value(prop, element.find("VALUE"))
        except ValueError as error:
            raise InvalidCimXml(f"{cls.name}.{prop.name}: {error}") from error
    return Instance(cls, values)


def _parse_value(prop: CimProperty, element: Element | None) -> Scalar:
    if element is None:
        return None
    if len(element):
        raise ValueError("a VALUE holds text only")
    type_ = CimType.STRING if prop.type in (CimType.OBJECT, CimType.REFERENCE) else prop.type
    text = element.text or ""
    return None if not text and type_ is not CimType.STRING else parse_scalar(type_, text)


def _parse_array(prop: CimProperty, element: Element) -> list[Scalar] | None:
    array = element.find("VALUE.ARRAY")
    if array is None:
        return None
    return [None if item.tag == "VALUE.NULL" else _parse_value(prop, item) for item in array]
