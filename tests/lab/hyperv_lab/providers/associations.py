# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Associations between the classes that the lab serves: one table, each row with its source.

Those of settings, checkpoints, jobs, events and cluster groups, which have values of their own, are made where their ends are made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ..cim import schema
from ..cim.hierarchy import reference_to
from ..cim.object_path import parse_path
from ..cim.types import CimClass, Instance, Reference, Value
from ..world.host import Host
from .attached_devices import attached
from .base import Provider
from .devices import PnpDevices
from .operating_system import Bios, ComputerSystem, OperatingSystem, Processor
from .services import Services
from .settings import device_reference
from .virtualization import (
    COMPONENTS,
    NAMESPACE,
    HyperVProvider,
    component_setting_id,
    setting_id,
    setting_reference,
    system_reference,
)

_CIMV2 = "root/cimv2"
_Pairs = Callable[[Provider], Iterable[tuple[Reference, Reference]]]


class Association(NamedTuple):
    """``roles``: the names of the two ends, in the order in which ``pairs`` gives them."""

    class_name: str
    roles: tuple[str, str]
    pairs: _Pairs
    source: str


def _host_of(provider: Provider) -> Host:
    assert isinstance(provider.windows, Host)
    return provider.windows


def _host_system(provider: Provider) -> Reference:
    name = provider.windows.name.upper()
    return Reference(NAMESPACE, "Msvm_ComputerSystem", {"CreationClassName": "Msvm_ComputerSystem", "Name": name})


def _service(provider: Provider) -> Reference:
    cls = "Msvm_VirtualSystemManagementService"
    keys = {
        "CreationClassName": cls,
        "Name": "vmms",
        "SystemCreationClassName": "Msvm_ComputerSystem",
        "SystemName": provider.windows.name.upper(),
    }
    return Reference(NAMESPACE, cls, keys)


def _component_settings(provider: Provider) -> Iterable[tuple[Reference, Reference]]:
    for vm in list(_host_of(provider).vms.values()):
        if not vm.running and not provider.fleet.rules.data_exchange.component_of_stopped_vm:
            continue
        for component in COMPONENTS:
            device = device_reference(vm, component.class_name, component.guid)
            yield device, setting_reference(component.setting_class, component_setting_id(vm.id, component))


def _hosted_systems(provider: Provider) -> Iterable[tuple[Reference, Reference]]:
    return ((_host_system(provider), system_reference(vm)) for vm in list(_host_of(provider).vms.values()))


def _hosted_service(provider: Provider) -> Iterable[tuple[Reference, Reference]]:
    yield _host_system(provider), _service(provider)


def _served_systems(provider: Provider) -> Iterable[tuple[Reference, Reference]]:
    return ((system_reference(vm), _service(provider)) for vm in list(_host_of(provider).vms.values()))


def _owned_jobs(provider: Provider) -> Iterable[tuple[Reference, Reference]]:
    jobs = _host_of(provider).jobs.all(provider.fleet.clock.now())
    return ((setting_reference("Msvm_ConcreteJob", job.id), _service(provider)) for job in jobs)


def _newest_checkpoints(provider: Provider) -> Iterable[tuple[Reference, Reference]]:
    for vm in list(_host_of(provider).vms.values()):
        if vm.checkpoints:
            newest = setting_reference("Msvm_VirtualSystemSettingData", rf"{setting_id(vm)}\{vm.checkpoints[-1].id}")
            yield system_reference(vm), newest


def _dependent_devices(provider: Provider) -> Iterable[tuple[Reference, Reference]]:
    """A disk hangs on its drive, a drive on its controller, a connection on its adapter: what ``Parent`` says."""
    host = _host_of(provider)
    for vm in list(host.vms.values()):
        for setting in attached(host, vm):
            parent = setting.values.get("Parent")
            if isinstance(parent, str):
                path = parse_path(parent)
                antecedent = Reference(NAMESPACE, path.class_name, dict(path.keys or {}))
                yield antecedent, setting_reference(setting.class_name, setting.instance_id(vm))


def _of_computer(*providers: type[Provider]) -> _Pairs:
    def pairs(provider: Provider) -> Iterable[tuple[Reference, Reference]]:
        (computer,) = _rows(provider, ComputerSystem)
        for kind in providers:
            for part in _rows(provider, kind):
                yield computer, part

    return pairs


def _rows(provider: Provider, kind: type[Provider]) -> list[Reference]:
    cls = schema.cim_class(_CIMV2, kind.serves[0])
    return [reference_to(row) for row in kind(provider.fleet, provider.windows).instances(cls)]


_PARTS = ("GroupComponent", "PartComponent")
_ENDS = ("Antecedent", "Dependent")
HYPER_V: tuple[Association, ...] = (
    Association(
        "Msvm_ElementSettingData",
        ("ManagedElement", "SettingData"),
        _component_settings,
        "Microsoft, Msvm_ElementSettingData; the way of Microsoft's key-value pair sample to HostExchangeItems",
    ),
    Association("Msvm_HostedDependency", _ENDS, _hosted_systems, "Microsoft, Msvm_HostedDependency"),
    Association("Msvm_HostedService", _ENDS, _hosted_service, "WmiLight, tests generated from a Windows with Hyper-V"),
    Association(
        "Msvm_ServiceAffectsElement",
        ("AffectedElement", "AffectingElement"),
        _served_systems,
        "Microsoft, Msvm_ServiceAffectsElement",
    ),
    Association("Msvm_OwningJobElement", ("OwnedElement", "OwningElement"), _owned_jobs, "Microsoft, Msvm_OwningJobElement"),
    Association("Msvm_MostCurrentSnapshotInBranch", _ENDS, _newest_checkpoints, "Microsoft, Msvm_MostCurrentSnapshotInBranch"),
    Association(
        "Msvm_ResourceDependentOnResource",
        _ENDS,
        _dependent_devices,
        "names of Hyper-V's own client library: controller to drive, drive to disk, adapter to connection",
    ),
)
CIMV2: tuple[Association, ...] = (
    Association("Win32_ComputerSystemProcessor", _PARTS, _of_computer(Processor), "Microsoft, Win32_ComputerSystemProcessor; libvirt"),
    Association("Win32_SystemOperatingSystem", _PARTS, _of_computer(OperatingSystem), "Microsoft, Win32_SystemOperatingSystem"),
    Association("Win32_SystemBIOS", _PARTS, _of_computer(Bios), "Microsoft, Win32_SystemBIOS"),
    Association("Win32_SystemServices", _PARTS, _of_computer(Services), "Microsoft, Win32_SystemServices"),
    Association("Win32_SystemDevices", _PARTS, _of_computer(Processor, PnpDevices), "Microsoft, Win32_SystemDevices"),
)
_BY_NAME = {association.class_name: association for association in (*HYPER_V, *CIMV2)}


def _links(provider: Provider, cls: CimClass) -> Iterable[Instance]:
    association = _BY_NAME[cls.name]
    for ends in association.pairs(provider):
        values: dict[str, Value] = dict(zip(association.roles, ends, strict=True))
        yield Instance(cls, values)


class HyperVAssociations(HyperVProvider):
    serves = tuple(association.class_name for association in HYPER_V)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        return _links(self, cls)


class ComputerAssociations(Provider):
    serves = tuple(association.class_name for association in CIMV2)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        return _links(self, cls)
