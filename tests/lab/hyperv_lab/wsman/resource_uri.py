# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource URIs: what a request is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .faults import INVALID_URI, NAMESPACE_MISMATCH
from .namespaces import ALL_CLASSES, CIM_SCHEMA, WMI_ROOT

_SEGMENT = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_DEFAULT_NAMESPACE = "root/cimv2"


@dataclass(frozen=True)
class WmiResource:
    """A class, or with ``class_name`` ``*`` all classes, of a WMI namespace (lower case, slashes)."""

    namespace: str
    class_name: str

    @property
    def is_wildcard(self) -> bool:
        return self.class_name == "*"


def class_uri(namespace: str, class_name: str) -> str:
    """As Windows writes it: the namespace in lower case, the class as MOF spells it."""
    return f"{WMI_ROOT}{namespace}/{class_name}"


def same_class_uris(resource: WmiResource, uri: str) -> tuple[str, ...]:
    """The URIs by which a request that names ``resource`` by ``uri`` may name its class in the body, lower case.

    Microsoft's own client (OMI, and the CIM cmdlets that are made of it) names the class by the URI of the DMTF and puts arguments and
    instances into that namespace; whoever names the class by WMI's URI uses that one.
    """
    wmi = class_uri(resource.namespace, resource.class_name).lower()
    return (wmi, f"{CIM_SCHEMA}{resource.class_name}".lower()) if uri.lower().startswith(CIM_SCHEMA) else (wmi,)


def is_wmi_uri(uri: str) -> bool:
    lowered = uri.lower()
    return lowered.startswith((WMI_ROOT, CIM_SCHEMA)) or lowered == ALL_CLASSES


def parse_wmi_uri(uri: str, selectors: Mapping[str, object] | None = None) -> WmiResource:
    """The namespace and class of a resource URI; upper and lower case do not matter.

    A URI of the DMTF names no namespace: the selector ``__cimnamespace`` does. WsmanFault when the URI is malformed.
    """
    named = next((value for name, value in (selectors or {}).items() if name.lower() == "__cimnamespace"), None)
    lowered = uri.lower()
    if lowered == ALL_CLASSES:
        return WmiResource(_namespace(str(named)) if named is not None else _DEFAULT_NAMESPACE, "*")
    if lowered.startswith(CIM_SCHEMA):
        class_name = uri[len(CIM_SCHEMA) :].strip("/")
        if class_name != "*" and _SEGMENT.fullmatch(class_name) is None:
            raise INVALID_URI.fault()
        return WmiResource(_namespace(str(named)) if named is not None else _DEFAULT_NAMESPACE, class_name)
    if not lowered.startswith(WMI_ROOT):
        raise INVALID_URI.fault()
    segments = uri[len(WMI_ROOT) :].split("/")
    if len(segments) < 2 or not all(map(_SEGMENT.fullmatch, segments[:-1])):
        raise INVALID_URI.fault()
    if segments[-1] != "*" and _SEGMENT.fullmatch(segments[-1]) is None:
        raise INVALID_URI.fault()
    resource = WmiResource("/".join(segments[:-1]).lower(), segments[-1])
    if named is not None and _namespace(str(named)) != resource.namespace:
        raise NAMESPACE_MISMATCH.fault()
    return resource


def _namespace(text: str) -> str:
    return text.strip().replace("\\", "/").strip("/").lower()
