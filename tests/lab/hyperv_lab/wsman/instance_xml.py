# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances as WinRM writes them (recorded traffic of Windows Server 2012 and of a Hyper-V host).

Properties in alphabetical order, a NULL scalar as xsi:nil, an array as a repeated element, a NULL or empty array not at all.
What depends on the class alone is worked out once for each class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..cim.cimxml import format_instance, scalar_text
from ..cim.dmtf_time import format_duration, format_xml_datetime
from ..cim.hierarchy import Classes
from ..cim.types import CimClass, CimParameter, CimProperty, CimType, Instance, Reference, Scalar, Value
from .endpoint import render_endpoint
from .namespaces import ADDRESSING, CIM, MS_WSMAN, WSMAN, XSI
from .resource_uri import class_uri
from .text import escape

_MAX_PLANS = 2048
_REFERENCE_NAMESPACES = f' xmlns:a="{ADDRESSING}" xmlns:w="{WSMAN}"'
_NULL_ARRAY = f' xmlns:m="{MS_WSMAN}" xsi:nil="true" m:IsNullArray="true"/>'

Write = Callable[[Scalar], str]


@dataclass(frozen=True)
class Style:
    """``prefix``: of the elements, with its colon, or empty in a projection. ``precise``: NULL arrays are written out."""

    prefix: str = "p:"
    precise: bool = False
    nesting: int = 0


@dataclass(frozen=True)
class _Slot:
    """One property, ready to be written."""

    name: str
    array: bool
    opening: str
    closing: str
    nil: str
    null_array: str
    write: Write


class InstanceWriter:
    """Writes instances; what it works out for a class it keeps."""

    def __init__(self) -> None:
        # By identity of the class, which is not hashable; holding the class keeps its identity from being used again.
        self._plans: dict[tuple[int, Style, tuple[str, ...] | None], tuple[CimClass, Classes, str, str, tuple[_Slot, ...]]] = {}

    def instance(self, instance: Instance, classes: Classes, *, precise: bool = False) -> str:
        opening, closing, slots = self._plan(instance.cls, classes, Style(precise=precise), None)[2:]
        return f"{opening}{_write_slots(slots, instance)}{closing}"

    def fragment(self, instance: Instance, columns: tuple[str, ...], classes: Classes, *, precise: bool = False) -> str:
        """The form of a projection: no class, no namespace."""
        opening, closing, slots = self._plan(instance.cls, classes, Style("", precise), columns)[2:]
        return f"{opening}{_write_slots(slots, instance)}{closing}"

    def value(self, member: CimProperty | CimParameter, value: Value, classes: Classes, style: Style | None = None) -> str:
        """One property or output parameter with its elements."""
        slot = self._slot(member, classes, style or Style())
        return _write_slot(slot, value)

    def _plan(
        self, cls: CimClass, classes: Classes, style: Style, columns: tuple[str, ...] | None
    ) -> tuple[CimClass, Classes, str, str, tuple[_Slot, ...]]:
        key = (id(cls), style, columns)
        plan = self._plans.get(key)
        if plan is None or plan[0] is not cls or plan[1] is not classes:
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()
            chosen = (
                [cls.properties[name] for name in columns if name in cls.properties] if columns is not None else cls.properties.values()
            )
            slots = tuple(self._slot(prop, classes, style) for prop in sorted(chosen, key=lambda prop: prop.name.lower()))
            if columns is not None:
                opening, closing = f'<w:XmlFragment xmlns:xsi="{XSI}" xmlns:w="{WSMAN}">', "</w:XmlFragment>"
            else:
                opening = (
                    f'<p:{cls.name} xmlns:xsi="{XSI}" xmlns:p="{escape(class_uri(cls.namespace, cls.name))}" xmlns:cim="{CIM}" '
                    f'xsi:type="p:{cls.name}_Type">'
                )
                closing = f"</p:{cls.name}>"
            plan = (cls, classes, opening, closing, slots)
            self._plans[key] = plan
        return plan

    def _slot(self, member: CimProperty | CimParameter, classes: Classes, style: Style) -> _Slot:
        tag = f"{style.prefix}{member.name}"
        declarations = _REFERENCE_NAMESPACES if member.type is CimType.REFERENCE else ""
        opening = f"<{tag}{declarations}>"
        if member.type is CimType.OBJECT:
            opening = ""  # the element names the class of each object
        return _Slot(
            name=member.name,
            array=member.array,
            opening=opening,
            closing="" if member.type is CimType.OBJECT else f"</{tag}>",
            nil=f'<{tag} xsi:nil="true"/>',
            null_array=f"<{tag}{_NULL_ARRAY}" if style.precise else "",
            write=self._scalar_writer(member, classes, style, tag),
        )

    def _scalar_writer(self, member: CimProperty | CimParameter, classes: Classes, style: Style, tag: str) -> Write:
        if member.type is CimType.OBJECT:
            return lambda value: self._nested(value, classes, style, tag)
        if member.type is CimType.REFERENCE:
            return lambda value: _write_reference(value, classes)
        if member.type is CimType.DATETIME:
            cim = "cim:" if style.prefix else ""
            return lambda value: _write_time(value, cim)
        if member.type is CimType.STRING:
            return _write_text
        return _write_plain

    def _nested(self, value: Scalar, classes: Classes, style: Style, tag: str) -> str:
        """A class-typed value: nested elements in the namespace of its own class, the type named by xsi:type."""
        if not isinstance(value, Instance):
            return f"<{tag}>{_write_text(value)}</{tag}>"
        cls = value.cls
        if not style.prefix:
            slots = self._plan(cls, classes, style, tuple(sorted(cls.properties)))[-1]
            return f"<{tag}>{_write_slots(slots, value)}</{tag}>"
        prefix = f"p{style.nesting + 1}"
        slots = self._plan(cls, classes, Style(f"{prefix}:", style.precise, style.nesting + 1), None)[-1]
        uri = escape(class_uri(cls.namespace, cls.name))
        return f'<{tag} xmlns:{prefix}="{uri}" xsi:type="{prefix}:{cls.name}_Type">{_write_slots(slots, value)}</{tag}>'


def _write_slots(slots: tuple[_Slot, ...], instance: Instance) -> str:
    values = instance.values
    return "".join([_write_slot(slot, values.get(slot.name)) for slot in slots])


def _write_slot(slot: _Slot, value: Value) -> str:
    if slot.array:
        if not value:
            return slot.null_array
        items = value if isinstance(value, list) else [value]
        write, opening, closing = slot.write, slot.opening, slot.closing
        return "".join([slot.nil if item is None else f"{opening}{write(item)}{closing}" for item in items])
    if value is None or isinstance(value, list):
        return slot.nil
    return f"{slot.opening}{slot.write(value)}{slot.closing}"


def _write_text(value: Scalar) -> str:
    if isinstance(value, str):
        return escape(value)
    return escape(format_instance(value) if isinstance(value, Instance) else scalar_text(value))


def _write_plain(value: Scalar) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    return escape(str(value))


def _write_time(value: Scalar, cim: str) -> str:
    if isinstance(value, datetime):
        return f"<{cim}Datetime>{format_xml_datetime(value)}</{cim}Datetime>"
    if isinstance(value, timedelta):
        return f"<{cim}Interval>{format_duration(value)}</{cim}Interval>"
    return escape(str(value))


def _write_reference(value: Scalar, classes: Classes) -> str:
    if not isinstance(value, Reference):
        return _write_text(value)
    return render_endpoint(value, classes.get(value.class_name.lower()), classes)
