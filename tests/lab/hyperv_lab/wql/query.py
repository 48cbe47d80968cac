# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a WQL query on a machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..cim.hierarchy import Classes, find_instance, instances_of, is_a, is_association, reference_to, same_object
from ..cim.object_path import resolve_keys
from ..cim.provider import Machine
from ..cim.types import CimClass, CimType, Instance, Reference
from .evaluator import QueryScope, WqlInvalidQuery, compile_condition, find_property, is_system_property, with_system_properties
from .syntax import Associators, Query, Select


class WqlUnknownClass(ValueError):
    """The query's class is not in the namespace."""


class WqlSourceNotFound(ValueError):
    """The object between the braces does not exist."""


@dataclass(frozen=True)
class QueryResult:
    """``columns``: the properties asked for as the class spells them, in alphabetical order; None stands for all.

    System properties among them are there as the query spells them. Their values stand in the instances, of a class that has them.
    """

    columns: tuple[str, ...] | None
    instances: Iterator[Instance]


def run(query: Query, machine: Machine, namespace: str) -> QueryResult:
    """WqlUnknownClass, WqlInvalidQuery or WqlSourceNotFound before the first instance is read; CimError while reading."""
    classes = machine.classes(namespace)
    if isinstance(query, Associators):
        return QueryResult(None, _associated(query, machine, classes))
    cls = _class(classes, query.class_name)
    columns = _columns(query, cls)
    scope = QueryScope(classes, machine.name.upper())
    found = instances_of(machine, classes, cls)
    if query.where is not None:
        found = filter(compile_condition(query.where, cls, scope), found)
    system = tuple(name for name in columns or () if is_system_property(name))
    if system:
        found = with_system_properties(found, system, scope)
    return QueryResult(columns, found)


def _class(classes: Classes, name: str) -> CimClass:
    cls = classes.get(name.lower())
    if cls is None:
        raise WqlUnknownClass(name)
    return cls


def _columns(query: Select, cls: CimClass) -> tuple[str, ...] | None:
    if query.columns is None:
        return None
    names: set[str] = set()
    for column in query.columns:
        if column.is_system and is_system_property(column.parts[0]):
            names.add(column.parts[0])
            continue
        prop = find_property(cls, column.parts[0])
        if prop is None or (len(column.parts) > 1 and prop.type is not CimType.OBJECT):
            raise WqlInvalidQuery(f"{cls.name} has no property {column}")
        names.add(prop.name)
    return tuple(sorted(names, key=str.lower))


def _associated(query: Associators, machine: Machine, classes: Classes) -> Iterator[Instance]:
    if query.class_definitions_only:
        raise WqlInvalidQuery("class definitions do not go over WS-Management")
    source_class = _class(classes, query.source.class_name)
    try:
        keys = resolve_keys(query.source, source_class)
    except ValueError as error:
        raise WqlInvalidQuery(str(error)) from error
    if not keys and not query.source.singleton:
        raise WqlInvalidQuery(f"{query.source.class_name} is a class, not an object")
    for name in (query.association_class, query.result_class):
        if name is not None:
            _class(classes, name)
    source = find_instance(machine, classes, source_class, keys)
    if source is None:
        raise WqlSourceNotFound(query.source.class_name)
    links = _links(query, machine, classes, reference_to(source))
    if query.references:
        return (link for link, _unused in links if query.result_class is None or is_a(classes, link.cls, query.result_class))
    return _far_ends(query, machine, classes, links)


def _links(query: Associators, machine: Machine, classes: Classes, source: Reference) -> Iterator[tuple[Instance, str]]:
    """Each association instance that holds the source, with the name of the property that holds it."""
    for cls in classes.values():
        if cls.abstract or not is_association(cls):
            continue
        if query.association_class is not None and not is_a(classes, cls, query.association_class):
            continue
        roles = [prop.name for prop in cls.properties.values() if prop.type is CimType.REFERENCE]
        if query.role is not None:
            roles = [role for role in roles if role.lower() == query.role.lower()]
        if not roles:
            continue
        for link in machine.instances(cls):
            for role in roles:
                value = link.values.get(role)
                if isinstance(value, Reference) and same_object(value, source):
                    yield link, role
                    break


def _far_ends(query: Associators, machine: Machine, classes: Classes, links: Iterator[tuple[Instance, str]]) -> Iterator[Instance]:
    seen: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    for link, near in links:
        for prop in link.cls.properties.values():
            if prop.type is not CimType.REFERENCE or prop.name == near:
                continue
            if query.result_role is not None and prop.name.lower() != query.result_role.lower():
                continue
            value = link.values.get(prop.name)
            far_class = classes.get(value.class_name.lower()) if isinstance(value, Reference) else None
            if not isinstance(value, Reference) or far_class is None:
                continue
            if query.result_class is not None and not is_a(classes, far_class, query.result_class):
                continue
            identity = (value.class_name.lower(), tuple(sorted((name.lower(), key.lower()) for name, key in value.keys.items())))
            if identity in seen:
                continue
            seen.add(identity)
            instance = find_instance(machine, classes, far_class, value.keys)
            if instance is not None:
                yield instance
