# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Msvm_ComputerSystem: the host itself and its VMs.

Values as recorded from a Japanese Hyper-V host of 2025 (public WS-Management traffic); numbers from Microsoft's class reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from ..cim.provider import MethodResult
from ..cim.types import CimClass, Instance, Value
from ..world.clock import NEVER
from ..world.errors import WBEM_E_INVALID_PARAMETER, WBEM_E_METHOD_NOT_IMPLEMENTED, failure
from ..world.vm import Vm, VmState
from .base import instance, matches
from .jobs import start_job
from .localisation import localised
from .virtualization import INVALID_PARAMETER, INVALID_STATE, HyperVProvider

_CLASS = "Msvm_ComputerSystem"

# RequestStateChange: requested number -> state reached (Microsoft; the same in libvirt's hyperv driver).
_REQUESTS = {
    2: VmState.RUNNING,
    3: VmState.OFF,
    4: VmState.OFF,
    6: VmState.SAVED,
    9: VmState.PAUSED,
    10: VmState.RUNNING,
    11: VmState.RUNNING,
    32768: VmState.PAUSED,
    32769: VmState.SAVED,
}
_RESTARTS = (10, 11)
_HEALTHY, _OK = 5, 2


class ComputerSystems(HyperVProvider):
    serves = (_CLASS,)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        yield self._host(cls)
        for vm in list(self.host.vms.values()):
            yield self.system(cls, vm)

    def find(self, cls: CimClass, keys: Mapping[str, str]) -> Instance | None:
        name = next((value for key, value in keys.items() if key.lower() == "name"), None)
        if name is None:
            return super().find(cls, keys)
        vm = self.host.vms.get(name.upper())
        found = self.system(cls, vm) if vm is not None else self._host(cls)
        return found if matches(found, keys) else None

    def _host(self, cls: CimClass) -> Instance:
        host = self.host
        values: dict[str, Value] = {
            "Caption": localised("Hosting Computer System", host.language),
            "CreationClassName": _CLASS,
            "Description": localised("Microsoft Hosting Computer System", host.language),
            "ElementName": host.name.upper(),
            "EnabledDefault": 2,
            "EnabledState": 2,
            "HealthState": _HEALTHY,
            "Name": host.name.upper(),
            "NumberOfNumaNodes": 1,
            "OperationalStatus": [_OK],
            "RequestedState": 12,
            "ResetCapability": 1,
            "Status": "OK",
            "StatusDescriptions": ["OK"],
        }
        return instance(cls, values)

    def system(self, cls: CimClass, vm: Vm) -> Instance:
        host = self.host
        now = self.fleet.clock.now()
        changed = vm.changed or vm.created
        active = vm.state in (VmState.RUNNING, VmState.PAUSED)
        values: dict[str, Value] = {
            "Caption": localised("Virtual Machine", host.language),
            "CreationClassName": _CLASS,
            "Description": "Microsoft Virtual Machine",
            "ElementName": vm.name,
            "EnabledDefault": 2,
            "EnabledState": vm.state.value,
            "EnhancedSessionModeState": 6,
            "FailedOverReplicationType": 0,
            "HealthState": _HEALTHY,
            "HwThreadsPerCoreRealized": 2 if active else 0,
            "InstallDate": vm.created,
            "LastApplicationConsistentReplicationTime": NEVER,
            "LastReplicationTime": NEVER,
            "LastReplicationType": 0,
            "Name": vm.id,
            "NumberOfNumaNodes": 1,
            "OnTimeInMilliseconds": (now - changed) // timedelta(milliseconds=1) if active else 0,
            "OperationalStatus": [_OK],
            "ProcessID": 4096 + int(vm.id[:4], 16) if active else None,
            "ReplicationHealth": 0,
            "ReplicationMode": 0,
            "ReplicationState": 0,
            "RequestedState": 5,
            "ResetCapability": 1,
            "Status": "OK",
            "StatusDescriptions": [localised("Operating normally", host.language)],
            "TimeOfLastConfigurationChange": changed,
            "TimeOfLastStateChange": changed,
        }
        return instance(cls, values)

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        if method != "RequestStateChange":
            raise failure(WBEM_E_METHOD_NOT_IMPLEMENTED)
        if target is None:
            raise failure(WBEM_E_INVALID_PARAMETER)
        vm = self.host.vms.get(str(target.values["Name"]).upper())
        requested = arguments.get("RequestedState")
        if vm is None or not isinstance(requested, int) or requested not in _REQUESTS:
            return MethodResult(INVALID_PARAMETER)
        if vm.state is _REQUESTS[requested] and requested not in _RESTARTS:
            return MethodResult(INVALID_STATE)
        if requested in _RESTARTS and not vm.running:
            return MethodResult(INVALID_STATE)

        def change() -> None:
            if requested in _RESTARTS:
                self.fleet.set_state(vm, VmState.OFF)
            self.fleet.set_state(vm, _REQUESTS[requested])

        return start_job(self, method, vm.id, change)
