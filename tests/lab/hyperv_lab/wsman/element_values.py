# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that clients send: the elements of a method's input or of an instance to put."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from xml.etree.ElementTree import Element

from ..cim.cimxml import InvalidCimXml, parse_instance
from ..cim.dmtf_time import parse_duration, parse_xml_datetime
from ..cim.hierarchy import Classes
from ..cim.types import CimParameter, CimProperty, CimType, Instance, Scalar, Value
from ..cim.values import parse_scalar
from .endpoint import read_endpoint
from .faults import SCHEMA_VALIDATION
from .namespaces import ADDRESSING, CIM, XSI
from .soap import child, is_nil, local_name, namespace_of, text_of

Member = CimParameter | CimProperty
_NAMED_ENTITY = re.compile(r"&(amp|lt|gt|quot|apos);")
_TYPE = f"{{{XSI}}}type"
_MAX_NESTING = 8


class EmbeddedTextRefused(ValueError):
    """The text of an embedded instance is not what Hyper-V takes: the method answers with ``return_value``, no fault."""

    def __init__(self, return_value: int, reason: str) -> None:
        super().__init__(reason)
        self.return_value = return_value


def read_members(
    elements: Iterable[Element], members: Mapping[str, Member], classes: Classes, uris: Collection[str], *, strict: bool
) -> dict[str, Value]:
    """Values by the member's own name. ``members`` is by lower-case name, ``uris`` the namespaces, in lower case, that the elements may be in.

    WsmanFault w:SchemaValidationError when an element is unknown, in another namespace, repeated without being an array, or holds no
    value of its type; EmbeddedTextRefused for the text of an embedded instance.
    """
    values: dict[str, Value] = {}
    for element in elements:
        member = members.get(local_name(element).lower())
        if member is None or (strict and namespace_of(element).lower() not in uris):
            raise SCHEMA_VALIDATION.fault()
        value = None if is_nil(element) else _scalar(element, member, classes, strict=strict, depth=0)
        if not member.array:
            if member.name in values:
                raise SCHEMA_VALIDATION.fault()
            values[member.name] = value
            continue
        existing = values.setdefault(member.name, [])
        if isinstance(existing, list) and not is_nil(element):
            existing.append(value)
    return values


def _scalar(element: Element, member: Member, classes: Classes, *, strict: bool, depth: int) -> Scalar:
    try:
        if member.type is CimType.REFERENCE:
            # Windows wants the children of the endpoint reference here; the reference as a whole does not fit its schema.
            if strict and child(element, ADDRESSING, "EndpointReference") is not None:
                raise SCHEMA_VALIDATION.fault()
            wrapped = child(element, ADDRESSING, "EndpointReference")
            return read_endpoint(element if wrapped is None else wrapped)
        if member.type is CimType.OBJECT:
            return _nested(element, member, classes, strict=strict, depth=depth)
        if member.type is CimType.DATETIME:
            return _time(element)
        if len(element):
            raise SCHEMA_VALIDATION.fault()
        if member.type is CimType.STRING and member.embedded is not None:
            return _embedded(text_of(element), classes, strict=strict)
        return parse_scalar(member.type, text_of(element))
    except EmbeddedTextRefused:
        raise
    except (ValueError, OverflowError) as error:
        raise SCHEMA_VALIDATION.fault() from error


def _time(element: Element) -> Scalar:
    interval = child(element, CIM, "Interval")
    if interval is not None:
        return parse_duration(text_of(interval))
    moment = child(element, CIM, "Datetime")
    if moment is None:
        moment = child(element, CIM, "Date")
    if moment is not None:
        return parse_xml_datetime(text_of(moment))
    if len(element):
        raise SCHEMA_VALIDATION.fault()
    return parse_scalar(CimType.DATETIME, text_of(element))


def _nested(element: Element, member: Member, classes: Classes, *, strict: bool, depth: int) -> Instance:
    """A class-typed value: its class is in xsi:type, in the namespace of its children, or in the signature."""
    if depth >= _MAX_NESTING:
        raise SCHEMA_VALIDATION.fault()
    stated = element.get(_TYPE, "").rpartition(":")[2].removesuffix("_Type")
    from_children = next((namespace_of(item).rpartition("/")[2] for item in element), "")
    names = [name for name in (stated, from_children, member.embedded) if name]
    cls = next((classes[name.lower()] for name in names if name.lower() in classes), None)
    if cls is None:
        raise SCHEMA_VALIDATION.fault()
    properties = {prop.name.lower(): prop for prop in cls.properties.values()}
    values: dict[str, Value] = {}
    for item in element:
        prop = properties.get(local_name(item).lower())
        if prop is None:
            raise SCHEMA_VALIDATION.fault()
        value = None if is_nil(item) else _scalar(item, prop, classes, strict=strict, depth=depth + 1)
        existing = values.setdefault(prop.name, [] if prop.array else value)
        if isinstance(existing, list) and prop.array and not is_nil(item):
            existing.append(value)
    return Instance(cls, values)


def _embedded(text: str, classes: Classes, *, strict: bool) -> Scalar:
    """CIM-XML text as an instance.

    A real host decodes it once more than it should: ``&amp;`` in it ends in 32768, ``&lt;`` in 32773, while numeric references arrive
    (go-wsman's experiments). Other named entities were not tried there and are treated like ``&amp;``.
    """
    if strict:
        named = _NAMED_ENTITY.search(text)
        if named is not None:
            raise EmbeddedTextRefused(32773 if named.group(1) == "lt" else 32768, f"named entity {named.group()} in an embedded instance")
    try:
        return parse_instance(text, classes)
    except InvalidCimXml as error:
        raise EmbeddedTextRefused(32773, str(error)) from error
