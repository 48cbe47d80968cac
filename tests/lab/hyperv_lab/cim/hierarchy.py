# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which class derives from which, and what is an instance of what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .provider import Machine
from .types import CimClass, CimType, Instance, Reference

if TYPE_CHECKING:
    from .object_path import ObjectPath

Classes = Mapping[str, CimClass]  # by lower-case name


def ancestry(classes: Classes, cls: CimClass) -> Iterator[str]:
    """Lower-case names of the class itself and all it derives from; a superclass that the namespace does not list still counts."""
    seen: set[str] = set()
    name: str | None = cls.name
    while name is not None and name.lower() not in seen:
        seen.add(name.lower())
        yield name.lower()
        parent = classes.get(name.lower())
        name = parent.superclass if parent is not None else None


def is_a(classes: Classes, cls: CimClass, ancestor: str) -> bool:
    wanted = ancestor.lower()
    return any(name == wanted for name in ancestry(classes, cls))


def concrete_classes(classes: Classes, base: CimClass) -> Iterator[CimClass]:
    """The class and everything derived from it that can have instances, the class itself first."""
    if not base.abstract:
        yield base
    for cls in classes.values():
        if cls is not base and not cls.abstract and cls.superclass is not None and is_a(classes, cls, base.name):
            yield cls


def instances_of(machine: Machine, classes: Classes, base: CimClass) -> Iterator[Instance]:
    for cls in concrete_classes(classes, base):
        yield from machine.instances(cls)


def find_instance(machine: Machine, classes: Classes, base: CimClass, keys: Mapping[str, str]) -> Instance | None:
    """One instance of the class or of a derived one."""
    for cls in concrete_classes(classes, base):
        found = machine.find(cls, keys)
        if found is not None:
            return found
    return None


def is_association(cls: CimClass) -> bool:
    return sum(prop.type is CimType.REFERENCE for prop in cls.properties.values()) >= 2


def key_text(value: object) -> str:
    """A key's value as it stands in a selector or a path."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return "" if value is None else str(value)


def reference_to(instance: Instance) -> Reference:
    """The path to an instance. A reference among the keys becomes its relative path as text."""
    from .object_path import format_path

    keys: dict[str, str] = {}
    for name in sorted(instance.cls.keys, key=str.lower):
        value = instance.values.get(name)
        keys[name] = format_path(value, relative=True) if isinstance(value, Reference) else key_text(value)
    return Reference(instance.cls.namespace, instance.cls.name, keys)


def same_object(left: Reference, right: Reference) -> bool:
    """Whether two paths name one object: class and keys compared without case, key order and namespace aside."""
    if left.class_name.lower() != right.class_name.lower():
        return False
    if not left.keys or not right.keys:
        return True  # a singleton, which is named with its key or without
    if len(left.keys) != len(right.keys):
        return False
    others = {name.lower(): value for name, value in right.keys.items()}
    return all(_same_key(others.get(name.lower()), value) for name, value in left.keys.items())


def _same_key(left: str | None, right: str) -> bool:
    """A key that is a reference stands there as a path, whose keys may be in another order."""
    if left is None or left.lower() == right.lower():
        return left is not None
    return "=" in left and "=" in right and names_object(left, right)


def names_object(path: str, other: str | Reference) -> bool:
    """Whether the text is the path of the other object."""
    from .object_path import parse_path

    try:
        ends = [end if isinstance(end, Reference) else _as_reference(parse_path(end)) for end in (path, other)]
    except ValueError:
        return False
    return same_object(ends[0], ends[1])


def _as_reference(path: ObjectPath) -> Reference:
    return Reference(path.namespace or "", path.class_name, dict(path.keys or {}))
