# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the classes of a namespace from ``schema/*.yml`` and merges what they inherit.

A type is written as MOF means it: ``uint16``, ``string[]``, ``ref Msvm_ComputerSystem``, ``string<Class>`` (text of an embedded
instance), ``object<Class>`` (a nested object), with ``!`` at the end of a parameter that must be given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .types import CimClass, CimMethod, CimParameter, CimProperty, CimType

FOLDER = Path(__file__).with_name("schema")

_EVERYWHERE = "*"  # classes that each namespace has
_TYPE = re.compile(r"(?P<ref>ref +(?P<target>\w+))?(?P<base>\w+)?(?:<(?P<embedded>\w+)>)?(?P<array>\[\])?(?P<required>!)?")


class SchemaError(ValueError):
    """A schema file contradicts itself. The text names the file's namespace, the class and what is wrong."""


@cache
def load(namespace: str, without: frozenset[str] = frozenset()) -> Mapping[str, CimClass]:
    """All classes of ``namespace`` by lower-case name.

    ``without`` names what an older Windows does not have yet, as ``Class``, ``Class.Property`` or ``Class.Method``; derived classes lose it
    too. A namespace without a schema file has the system classes alone, as the parents of other namespaces do.
    """
    described = _documents()[_EVERYWHERE] | _documents().get(namespace.lower(), {})
    merged: dict[str, CimClass] = {}
    for name in described:
        _merge(namespace.lower(), name, described, without, merged)
    return {cls.name.lower(): cls for cls in merged.values() if cls.name not in without}


def cim_class(namespace: str, name: str) -> CimClass:
    """One class of the newest schema. KeyError if there is none."""
    return load(namespace)[name.lower()]


@cache
def ancestors(namespace: str, name: str) -> tuple[str, ...]:
    """``name`` and all classes it derives from, nearest first."""
    chain = []
    current: str | None = name
    while current:
        chain.append(current)
        current = cim_class(namespace, current).superclass
    return tuple(chain)


@cache
def _documents() -> Mapping[str, dict[str, Any]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = {}
    for path in sorted(FOLDER.glob("*.yml")):
        with path.open(encoding="utf-8") as stream:
            document = yaml.load(stream, Loader=loader)  # a safe loader, in C where PyYAML was built with libyaml
        documents[document["namespace"].lower()] = document["classes"]
    return documents


def _merge(namespace: str, name: str, described: Mapping[str, Any], without: frozenset[str], merged: dict[str, CimClass]) -> CimClass:
    if name in merged:
        return merged[name]
    entry = described[name] or {}
    properties: dict[str, CimProperty] = {}
    methods: dict[str, CimMethod] = {}
    keys: tuple[str, ...] = ()
    superclass = entry.get("extends")
    if superclass is not None:
        if superclass not in described:
            raise SchemaError(f"{namespace}: {name} extends {superclass}, which the file does not describe")
        parent = _merge(namespace, superclass, described, without, merged)
        properties.update(parent.properties)
        methods.update(parent.methods)
        keys = parent.keys
    for member, text in (entry.get("properties") or {}).items():
        kind, array, embedded, _required = _parse(namespace, name, member, text)
        properties[member] = CimProperty(member, kind, array=array, embedded=embedded)
    for member, signature in (entry.get("methods") or {}).items():
        methods[member] = _method(namespace, name, member, signature or {})
    keys = tuple(entry.get("keys", keys))
    for key in keys:
        if key not in properties:
            raise SchemaError(f"{namespace}: {name} has the key {key}, but no such property")
    removed = {text.partition(".")[2] for text in without if text.partition(".")[0] == name and "." in text}
    cls = CimClass(
        name=name,
        namespace=namespace,
        superclass=superclass,
        abstract=bool(entry.get("abstract", False)),
        singleton=bool(entry.get("singleton", False)),
        properties={
            member: CimProperty(member, prop.type, prop.array, member in keys, prop.embedded)
            for member, prop in properties.items()
            if member not in removed
        },
        methods={member: method for member, method in methods.items() if member not in removed},
    )
    merged[name] = cls
    return cls


def _method(namespace: str, cls: str, name: str, signature: Mapping[str, Any]) -> CimMethod:
    return CimMethod(
        name=name,
        static=bool(signature.get("static", False)),
        inputs=_parameters(namespace, cls, name, signature.get("in")),
        outputs=_parameters(namespace, cls, name, signature.get("out")),
        return_type=CimType(signature.get("returns", "uint32")),
    )


def _parameters(namespace: str, cls: str, method: str, described: Mapping[str, str] | None) -> tuple[CimParameter, ...]:
    parameters = []
    for name, text in (described or {}).items():
        kind, array, embedded, required = _parse(namespace, cls, f"{method}.{name}", text)
        parameters.append(CimParameter(name, kind, array=array, embedded=embedded, required=required))
    return tuple(parameters)


def _parse(namespace: str, cls: str, member: str, text: str) -> tuple[CimType, bool, str | None, bool]:
    match = _TYPE.fullmatch(str(text))
    try:
        if match is None:
            raise ValueError
        kind = CimType.REFERENCE if match["ref"] else CimType(match["base"])
        if match["ref"] and match["base"]:
            raise ValueError
    except ValueError:
        raise SchemaError(f"{namespace}: {cls}.{member} has the type {text!r}, which is not a CIM type") from None
    return kind, bool(match["array"]), match["embedded"], bool(match["required"])
