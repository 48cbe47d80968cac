# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CIM as the lab knows it: classes, properties, methods, values and references.

A property's value is one of: None (NULL), str, int, float, bool, datetime (aware), timedelta (an interval), Reference,
Instance (an embedded object), or a list of these where the property is an array. A property that an instance does not mention is NULL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class CimType(StrEnum):
    STRING = "string"
    BOOLEAN = "boolean"
    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    UINT64 = "uint64"
    SINT8 = "sint8"
    SINT16 = "sint16"
    SINT32 = "sint32"
    SINT64 = "sint64"
    REAL32 = "real32"
    REAL64 = "real64"
    CHAR16 = "char16"
    DATETIME = "datetime"
    REFERENCE = "reference"
    OBJECT = "object"  # MOF type is a class: nested elements on the wire


@dataclass(frozen=True)
class CimProperty:
    name: str
    type: CimType
    array: bool = False
    key: bool = False
    # string with EmbeddedInstance("X"): CIM-XML text on the wire. With type OBJECT: the class of the nested object.
    embedded: str | None = None


@dataclass(frozen=True)
class CimParameter:
    name: str
    type: CimType
    array: bool = False
    embedded: str | None = None
    required: bool = False


@dataclass(frozen=True)
class CimMethod:
    name: str
    static: bool = False
    inputs: tuple[CimParameter, ...] = ()
    outputs: tuple[CimParameter, ...] = ()
    return_type: CimType = CimType.UINT32


@dataclass(frozen=True)
class CimClass:
    """A class with everything it inherits already merged in."""

    name: str
    namespace: str  # lower case, slashes: root/virtualization/v2
    superclass: str | None = None
    abstract: bool = False
    singleton: bool = False
    properties: Mapping[str, CimProperty] = field(default_factory=dict)  # by name as MOF spells it
    methods: Mapping[str, CimMethod] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(p.name for p in self.properties.values() if p.key)


@dataclass(frozen=True)
class Reference:
    """A path to an instance: REF property, EPR on the wire, ``__PATH`` text in CIM-XML."""

    namespace: str
    class_name: str
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Instance:
    cls: CimClass
    values: Mapping[str, Value]  # by property name as the class spells it


Scalar = None | str | int | float | bool | datetime | timedelta | Reference | Instance
Value = Scalar | list[Scalar]
