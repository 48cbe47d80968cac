# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""A CIM instance as it came from Windows, with typed access to its properties.

The wire does not say what type a property has, whether it is an array, or that it is NULL rather than missing, so the reader
says what it expects: ``integer("EnabledState")``, ``texts("Notes")``. Names are compared without regard to case.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Union, cast

from . import xml_namespaces as ns
from .errors import MalformedAnswer
from .resource_uri import split_class_uri
from .values import Reference, is_unspecific, iso_datetime, iso_interval, parse_datetime
from .wql import object_path

_NIL = f"{{{ns.XSI}}}nil"
_TYPE = f"{{{ns.XSI}}}type"
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}\Z")
# Enough to recognise a value in an error; values come from guests and can be long.
_SHOWN = 40

PlainValue = Union[None, str, bool, int, datetime, timedelta, Reference, "Instance"]
_Raw = Union[str, Reference, "Instance"]


class Instance:
    """``class_name`` is the real class of the item, which may derive from the one asked for.

    Both ``class_name`` and ``namespace`` are None for a projection (``SELECT a, b``), which Windows sends without them.
    """

    __slots__ = ("_values", "class_name", "namespace")

    def __init__(
        self, class_name: str | None, namespace: str | None, values: Mapping[str, PlainValue | Sequence[PlainValue]] | None = None
    ) -> None:
        """``values``: by property name; None and empty sequences are NULL."""
        self.class_name = class_name
        self.namespace = namespace
        self._values: dict[str, tuple[str, list[_Raw]]] = {}
        for name, value in (values or {}).items():
            many = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
            self._values[name.lower()] = (name, [_as_raw(one) for one in many if one is not None])

    @classmethod
    def of_texts(cls, class_name: str, values: Mapping[str, list[str]]) -> Instance:
        """An instance whose values are lists of texts already, which are kept."""
        instance = cls(class_name, None)
        own: dict[str, tuple[str, list[_Raw]]] = instance._values
        for name, texts in values.items():
            own[name.lower()] = (name, cast("list[_Raw]", texts))
        return instance

    def __repr__(self) -> str:
        return f"<Instance of {self.class_name or 'a projection'}, {len(self._values)} properties>"

    def names(self) -> tuple[str, ...]:
        """The names of the properties that were sent, NULL ones included, as Windows spells them."""
        return tuple(name for name, _unused in self._values.values())

    def text(self, name: str) -> str | None:
        raw = self._one(name, "one text")
        return None if raw is None else self._text(name, raw)

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(self._text(name, raw) for raw in self._all(name))

    def integer(self, name: str) -> int | None:
        raw = self._one(name, "one whole number")
        return None if raw is None else self._integer(name, raw)

    def integers(self, name: str) -> tuple[int, ...]:
        return tuple(self._integer(name, raw) for raw in self._all(name))

    def boolean(self, name: str) -> bool | None:
        raw = self._one(name, "true or false")
        if raw is None:
            return None
        word = raw.strip().lower() if isinstance(raw, str) else ""
        if word in ("true", "1"):
            return True
        if word in ("false", "0"):
            return False
        raise self._unexpected(name, "true or false", raw)

    def timestamp(self, name: str) -> datetime | None:
        """In UTC. 1601-01-01, which Hyper-V gives for "never", stays a value; a time with unknown parts (``*``) is None."""
        raw = self._one(name, "a date and time")
        if raw is None:
            return None
        if isinstance(raw, str):
            if is_unspecific(raw):
                return None
            try:
                return parse_datetime(raw)
            except ValueError:
                pass
        raise self._unexpected(name, "a date and time", raw)

    def reference(self, name: str) -> Reference | None:
        raw = self._one(name, "a reference")
        if raw is None or isinstance(raw, Reference):
            return raw
        raise self._unexpected(name, "a reference", raw)

    def _all(self, name: str) -> list[_Raw]:
        entry = self._values.get(name.lower())
        return entry[1] if entry else []

    def _one(self, name: str, wanted: str) -> _Raw | None:
        values = self._all(name)
        if len(values) > 1:
            raise MalformedAnswer(f"{self._property(name)}: {len(values)} values where {wanted} was expected")
        return values[0] if values else None

    def _text(self, name: str, raw: _Raw) -> str:
        if isinstance(raw, str):
            return raw
        raise self._unexpected(name, "text", raw)

    def _integer(self, name: str, raw: _Raw) -> int:
        if isinstance(raw, str) and _INTEGER.match(raw.strip()):
            return int(raw)
        raise self._unexpected(name, "a whole number", raw)

    def _property(self, name: str) -> str:
        return f"{self.class_name or 'projection'}.{name}"

    def _unexpected(self, name: str, wanted: str, raw: _Raw) -> MalformedAnswer:
        if isinstance(raw, str):
            shown = repr(raw[:_SHOWN] + ("…" if len(raw) > _SHOWN else ""))
        else:
            shown = "a reference" if isinstance(raw, Reference) else "an embedded object"
        return MalformedAnswer(f"{self._property(name)}: {shown} where {wanted} was expected")


def _as_raw(value: PlainValue) -> _Raw:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso_datetime(value)
    if isinstance(value, timedelta):
        return iso_interval(value)
    if isinstance(value, (str, Reference, Instance)):
        return value
    return str(value)


def decode_instance(item: ET.Element) -> Instance:
    """An item of an enumeration, the body of a Get, or a method's ``_OUTPUT``."""
    uri, local = ns.split_tag(item.tag)
    if uri == ns.WSMAN and local == "XmlFragment":  # a projection: no class anywhere
        return _decode_properties(None, None, item)
    namespace, _unused = split_class_uri(uri)
    return _decode_properties(local, namespace, item)


def _decode_properties(class_name: str | None, namespace: str | None, parent: Iterable[ET.Element]) -> Instance:
    instance = Instance(class_name, namespace)
    values = instance._values
    for child in parent:
        name = child.tag.rpartition("}")[2]
        entry = values.get(name.lower())
        if entry is None:
            entry = values[name.lower()] = (name, [])
        raw = _decode_value(child)
        if raw is not None:
            entry[1].append(raw)
    return instance


def _decode_value(element: ET.Element) -> _Raw | None:
    if element.attrib and element.get(_NIL, "").strip() in ("true", "1"):
        return None
    if len(element) == 0:
        return element.text or ""
    if len(element) == 1:
        uri, local = ns.split_tag(element[0].tag)
        # in projections they have no namespace
        if uri in (ns.CIM, "") and local in ("Datetime", "Interval", "Date", "Time"):
            return element[0].text or ""
    reference = _find_reference(element)
    if reference is not None:
        return reference
    return _decode_embedded_object(element)


def _decode_embedded_object(element: ET.Element) -> Instance:
    namespace, class_name = split_class_uri(ns.split_tag(element[0].tag)[0])
    declared = element.get(_TYPE, "").rpartition(":")[2]
    if declared.endswith("_Type"):
        class_name = declared[: -len("_Type")]
    return _decode_properties(class_name, namespace, element)


def _find_reference(element: ET.Element) -> Reference | None:
    """The endpoint reference whose parts are the children of ``element``, with or without a wrapper around them."""
    if ns.split_tag(element[0].tag) == (ns.ADDRESSING, "EndpointReference"):
        element = element[0]
    for part in element:
        uri, local = ns.split_tag(part.tag)
        if uri == ns.ADDRESSING and local in ("ReferenceParameters", "ReferenceProperties"):
            return _decode_reference(part)
    return None


def _decode_reference(parameters: ET.Element) -> Reference:
    namespace, class_name = None, None
    keys: dict[str, str] = {}
    for selector in _descend(parameters):
        local = ns.local_name(selector.tag)
        if local == "ResourceURI":
            namespace, class_name = split_class_uri(selector.text or "")
        elif local == "Selector" and selector.get("Name"):
            keys[selector.get("Name", "")] = _selector_value(selector)
    if class_name is None:
        raise MalformedAnswer("a reference without the resource URI of a class")
    return Reference(namespace or "", class_name, keys)


def _descend(parameters: ET.Element) -> Iterator[ET.Element]:
    for part in parameters:
        if ns.local_name(part.tag) == "SelectorSet":
            yield from part
        else:
            yield part


def _selector_value(selector: ET.Element) -> str:
    if len(selector) == 0:
        return selector.text or ""
    reference = _find_reference(selector)
    if reference is None:
        raise MalformedAnswer(f"the key {selector.get('Name')} of a reference is neither text nor a reference")
    return object_path(reference.class_name, reference.keys)
