# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Enumerate asks for: a class, a WQL query, a set of selectors, or the neighbours of an object."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ..cim.hierarchy import Classes, instances_of
from ..cim.object_path import ObjectPath
from ..cim.types import CimType
from ..wql.evaluator import WqlInvalidQuery, find_property
from ..wql.parser import WqlSyntaxError, parse
from ..wql.query import QueryResult, WqlSourceNotFound, WqlUnknownClass, run
from ..wql.syntax import And, Associators, Comparison, Condition, Literal, PropertyName, Query, Select
from .endpoint import read_endpoint, read_selectors
from .faults import (
    CLASS_WITH_WQL,
    FILTER_REFUSED,
    INVALID_FILTER_XML,
    INVALID_URI,
    KEYS_IN_ENUMERATE,
    UNKNOWN_DIALECT,
    invalid_query,
    not_found,
    unknown_class_in_query,
)
from .namespaces import CIM_BINDING, ENUMERATION, WSMAN
from .operation import Operation
from .resource_uri import WmiResource
from .soap import child, text_of

WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
SELECTOR_FILTER = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"
ASSOCIATION_FILTER = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter"
_DIALECTS = {dialect.lower(): dialect for dialect in (WQL, SELECTOR_FILTER, ASSOCIATION_FILTER)}


@dataclass(frozen=True)
class Selection:
    namespace: str
    classes: Classes
    result: QueryResult


def select(operation: Operation, body: Element) -> Selection:
    """WsmanFault when the resource, the dialect or the filter is refused."""
    resource = operation.resource()
    if any(name.lower() != "__cimnamespace" for name in operation.request.selectors):
        raise KEYS_IN_ENUMERATE.fault()
    # Both spellings of the element are in use and mean the same ([MS-WSMV] 3.1.4.1.13).
    filter_element = child(body, WSMAN, "Filter")
    if filter_element is None:
        filter_element = child(body, ENUMERATION, "Filter")
    if filter_element is None:
        return _whole_class(operation, resource)
    dialect = _DIALECTS.get((filter_element.get("Dialect") or "").strip().lower())
    if dialect == WQL:
        if not resource.is_wildcard:
            raise CLASS_WITH_WQL.fault()
        return _run(operation, resource, text_of(filter_element).strip())
    if dialect == SELECTOR_FILTER:
        query = _selector_query(operation, resource, filter_element)
        return _run(operation, resource, f"SelectorFilter on {resource.class_name}", query)
    if dialect == ASSOCIATION_FILTER:
        return _run(operation, resource, "associationFilter", _association_query(filter_element))
    raise UNKNOWN_DIALECT.fault()


def _whole_class(operation: Operation, resource: WmiResource) -> Selection:
    if resource.is_wildcard:
        raise INVALID_URI.fault()
    cls = operation.cls(resource)
    classes = operation.machine.classes(resource.namespace)
    return Selection(resource.namespace, classes, QueryResult(None, instances_of(operation.machine, classes, cls)))


def _run(operation: Operation, resource: WmiResource, text: str, query: Query | None = None) -> Selection:
    namespace = resource.namespace
    try:
        result = run(parse(text) if query is None else query, operation.machine, namespace)
    except WqlUnknownClass as error:
        raise unknown_class_in_query(namespace, text) from error
    except (WqlSyntaxError, WqlInvalidQuery) as error:
        raise invalid_query(namespace, text) from error
    except WqlSourceNotFound as error:
        raise not_found(namespace, text) from error
    return Selection(namespace, operation.machine.classes(namespace), result)


def _selector_query(operation: Operation, resource: WmiResource, filter_element: Element) -> Query:
    """A SelectorFilter is an equality for each selector. Arrays, times, references and quotation marks are refused."""
    selector_set = child(filter_element, WSMAN, "SelectorSet")
    if selector_set is None or resource.is_wildcard:
        raise INVALID_FILTER_XML.fault()
    cls = operation.cls(resource)
    terms: list[Condition] = []
    for name, value in read_selectors(selector_set).items():
        prop = find_property(cls, name)
        if not isinstance(value, str) or "'" in value or '"' in value:
            raise FILTER_REFUSED.fault()
        if prop is None or prop.array or prop.type in (CimType.DATETIME, CimType.REFERENCE, CimType.OBJECT):
            raise FILTER_REFUSED.fault()
        terms.append(Comparison(PropertyName((prop.name,)), "=", Literal(value)))
    return Select(None, cls.name, And(tuple(terms)) if terms else None)


def _association_query(filter_element: Element) -> Query:
    associated = child(filter_element, CIM_BINDING, "AssociatedInstances")
    links = child(filter_element, CIM_BINDING, "AssociationInstances")
    element = associated if associated is not None else links
    source = child(element, CIM_BINDING, "Object") if element is not None else None
    if element is None or source is None:
        raise INVALID_FILTER_XML.fault()
    reference = read_endpoint(source)

    def name_in(tag: str) -> str | None:
        found = child(element, CIM_BINDING, tag)
        return text_of(found).strip() or None if found is not None else None

    return Associators(
        source=ObjectPath(reference.class_name, reference.namespace, dict(reference.keys), singleton=not reference.keys),
        references=associated is None,
        association_class=name_in("AssociationClassName") if associated is not None else None,
        result_class=name_in("ResultClassName"),
        role=name_in("Role"),
        result_role=name_in("ResultRole"),
    )
