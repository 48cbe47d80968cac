# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every operation works with: the request, who sent it, and the machine it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..cim.hierarchy import Classes, find_instance
from ..cim.object_path import format_path
from ..cim.provider import Account, CimError, Machine
from ..cim.types import CimClass, Instance, Reference
from .endpoint import selector_text
from .envelope import Addressing, Request
from .faults import (
    NOT_SINGLETON,
    UNEXPECTED_SELECTORS,
    WMI_ACCESS_DENIED,
    namespace_missing,
    not_found,
    provider_failure,
)
from .instance_xml import InstanceWriter
from .resource_uri import WmiResource, parse_wmi_uri
from .settings import ServiceSettings

_PRECISE_ARRAYS = "msftwinrm:UsePreciseArrays"


@dataclass(frozen=True)
class Operation:
    request: Request
    account: Account
    machine: Machine
    settings: ServiceSettings
    writer: InstanceWriter
    language: str

    @property
    def addressing(self) -> Addressing:
        request = self.request
        return Addressing(request.message_id, request.locale, request.action, request.operation_id, request.sequence_id)

    @property
    def precise(self) -> bool:
        return (self.request.option(_PRECISE_ARRAYS) or "").strip().lower() in ("true", "1")

    def resource(self) -> WmiResource:
        """WsmanFault when the URI is malformed, the namespace missing or closed to the account."""
        resource = parse_wmi_uri(self.request.resource_uri, self.request.selectors)
        self.open_namespace(resource.namespace)
        return resource

    def open_namespace(self, namespace: str) -> Classes:
        if namespace not in self.machine.namespaces():
            raise namespace_missing(namespace)
        if not self.machine.may_read(self.account, namespace):
            raise WMI_ACCESS_DENIED.fault()
        return self.machine.classes(namespace)

    def cls(self, resource: WmiResource) -> CimClass:
        cls = self.machine.classes(resource.namespace).get(resource.class_name.lower())
        if cls is None:
            raise not_found(resource.namespace, resource.class_name)
        return cls

    def keys(self, cls: CimClass) -> dict[str, str]:
        """The request's selectors as keys of the class, by the name the class gives them."""
        return matching_keys(cls, self.request.selectors)

    def addressed_instance(self, resource: WmiResource, cls: CimClass) -> Instance:
        """The instance that the selectors name: all keys are needed, none for a singleton."""
        keys = self.keys(cls)
        classes = self.machine.classes(resource.namespace)
        try:
            if not keys and cls.singleton:
                instance = next(iter(self.machine.instances(cls)), None)
            elif not keys:
                raise NOT_SINGLETON.fault()
            elif not cls.singleton and len(keys) < len(cls.keys):
                instance = None
            else:
                instance = find_instance(self.machine, classes, cls, keys)
        except CimError as error:
            raise provider_failure(error, resource.namespace, "GetObject") from error
        if instance is None:
            raise not_found(resource.namespace, format_path(Reference(resource.namespace, cls.name, keys), relative=True))
        return instance


def matching_keys(cls: CimClass, selectors: Mapping[str, str | Reference]) -> dict[str, str]:
    """WsmanFault when a selector is no key of the class. Names are compared without case."""
    by_name = {name.lower(): name for name in cls.keys}
    keys: dict[str, str] = {}
    for name, value in selectors.items():
        if name.lower() == "__cimnamespace":
            continue
        key = by_name.get(name.lower())
        if key is None:
            raise UNEXPECTED_SELECTORS.fault()
        keys[key] = selector_text(value)
    return keys
