# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoint references: how WS-Management writes a path to an instance."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from ..cim.hierarchy import Classes, reference_to
from ..cim.object_path import format_path, parse_path, resolve_keys
from ..cim.types import CimClass, CimType, Instance, Reference
from .faults import DUPLICATE_SELECTORS, INVALID_SELECTORS, SCHEMA_VALIDATION
from .namespaces import ADDRESSING, ANONYMOUS, WSMAN
from .resource_uri import class_uri, parse_wmi_uri
from .soap import child, children, text_of
from .text import escape

# A selector's value is text, or an endpoint reference where the key is a reference.
Selectors = Mapping[str, str | Reference]

_MAX_SELECTORS = 64


def read_selectors(selector_set: Element | None, depth: int = 0) -> dict[str, str | Reference]:
    """WsmanFault when a selector has no name, comes twice, or is neither text nor an endpoint reference."""
    found: dict[str, str | Reference] = {}
    if selector_set is None:
        return found
    seen: set[str] = set()
    for selector in children(selector_set, WSMAN, "Selector"):
        name = (selector.get("Name") or selector.get(f"{{{WSMAN}}}Name") or "").strip()
        if not name or len(found) >= _MAX_SELECTORS:
            raise INVALID_SELECTORS.fault()
        if name.lower() in seen:
            raise DUPLICATE_SELECTORS.fault()
        seen.add(name.lower())
        wrapped = child(selector, ADDRESSING, "EndpointReference")
        if wrapped is not None:
            if depth >= 4:
                raise INVALID_SELECTORS.fault()
            found[name] = read_endpoint(wrapped, depth + 1)
        elif len(selector):
            raise INVALID_SELECTORS.fault()
        else:
            found[name] = text_of(selector)
    return found


def read_endpoint(element: Element, depth: int = 0) -> Reference:
    """The children of an endpoint reference, in ``element``. WsmanFault when it does not hold them."""
    parameters = child(element, ADDRESSING, "ReferenceParameters")
    uri = child(parameters, WSMAN, "ResourceURI") if parameters is not None else None
    if parameters is None or uri is None:
        raise SCHEMA_VALIDATION.fault()
    selectors = read_selectors(child(parameters, WSMAN, "SelectorSet"), depth)
    resource = parse_wmi_uri(text_of(uri).strip(), selectors)
    keys = {name: selector_text(value) for name, value in selectors.items() if name.lower() != "__cimnamespace"}
    return Reference(resource.namespace, resource.class_name, keys)


def selector_text(value: str | Reference) -> str:
    """A reference among the keys is compared as its relative path."""
    return value if isinstance(value, str) else format_path(value, relative=True)


def render_endpoint(reference: Reference, cls: CimClass | None, classes: Classes) -> str:
    """The children of an EPR with the prefixes a and w; no SelectorSet for a singleton."""
    uri = class_uri(reference.namespace, cls.name if cls is not None else reference.class_name)
    head = f"<a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters><w:ResourceURI>{escape(uri)}</w:ResourceURI>"
    if not reference.keys or (cls is not None and cls.singleton):
        return f"{head}</a:ReferenceParameters>"
    selectors = "".join(
        f'<w:Selector Name="{escape(name)}">{_selector_value(name, value, cls, classes)}</w:Selector>'
        for name, value in sorted(reference.keys.items(), key=lambda item: item[0].lower())
    )
    return f"{head}<w:SelectorSet>{selectors}</w:SelectorSet></a:ReferenceParameters>"


def _selector_value(name: str, value: str, cls: CimClass | None, classes: Classes) -> str:
    prop = cls.properties.get(name) if cls is not None else None
    if prop is None or prop.type is not CimType.REFERENCE:
        return escape(value)
    try:
        path = parse_path(value)
        target = classes.get(path.class_name.lower())
        keys = resolve_keys(path, target) if target is not None else dict(path.keys or {})
    except ValueError:
        return escape(value)
    namespace = path.namespace or (cls.namespace if cls is not None else "")
    inner = Reference(namespace, path.class_name, keys)
    return f"<a:EndpointReference>{render_endpoint(inner, target, classes)}</a:EndpointReference>"


def render_instance_endpoint(instance: Instance, classes: Classes) -> str:
    namespaces = f'xmlns:a="{ADDRESSING}" xmlns:w="{WSMAN}"'
    return f"<a:EndpointReference {namespaces}>{render_endpoint(reference_to(instance), instance.cls, classes)}</a:EndpointReference>"
