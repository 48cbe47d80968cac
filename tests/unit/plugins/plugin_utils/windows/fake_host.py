# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Hyper-V host that answers from its state and switches Data Exchange as a test wants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.invocation import MethodOutput
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.service import ServerLimits
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.session import Session, Statistics
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.values import Argument, EmbeddedInstance, Reference
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.licence_rows import product
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.wire import Value, kvp_item, output, projected, whole

V2 = "root/virtualization/v2"
KVP = "2A34B1C2-FD73-4043-8A5B-DD2159BC743F"
INTRINSIC = {
    "FullyQualifiedDomainName": "web01.corp.example",
    "OSName": "Windows Server 2022 Standard",
    "OSBuildNumber": "20348",
    "OSEditionId": "7",
    "ProductType": "3",
    "OSPlatformId": "2",
    "NetworkAddressIPv4": "10.0.0.5;10.0.0.6",
    "IntegrationServicesVersion": "10.0.20348.1",
}


@dataclass
class FakeVm:
    id: str
    name: str
    state: int = 2
    enabled: int = 2
    has_setting: bool = True
    notes: str = ""
    intrinsic: dict[str, str] = field(default_factory=lambda: dict(INTRINSIC))
    host_items: dict[str, str] = field(default_factory=dict)
    # what the next call for this machine's items does: an error is raised, a number is the ReturnValue, a function is called before
    # Windows carries the call out and may raise
    on_items: list[Any] = field(default_factory=list)
    # what the next call for this machine does: an error is raised, a number is the ReturnValue
    on_switch: list[Any] = field(default_factory=list)


class FakeHost(Session):
    def __init__(self, *vms: FakeVm) -> None:
        self.statistics = Statistics()
        self.max_envelope_size = 512000
        self.vms = list(vms)
        self.os: dict[str, Value] = {
            "BuildNumber": "20348",
            "CSName": "HV01",
            "OperatingSystemSKU": 8,
            "ProductType": 3,
            "Version": "10.0.20348",
        }
        self.licences: list[dict[str, Value]] = [
            {"Description": "Windows(R) Operating System, OEM_DM channel", "ProductKeyChannel": "OEM:DM", "LicenseStatus": 1}
        ]
        self.calls: list[str] = []
        self.failures: dict[str, Exception] = {}
        self.now = 0.0
        self.clock = lambda: self.now
        self.sleep = self._sleep
        self.closed = False

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def close(self) -> None:
        self.closed = True

    @property
    def switched(self) -> list[str]:
        return [call for call in self.calls if call.startswith("Modify")]

    def learn_limits(self) -> ServerLimits:
        self.calls.append("winrm/config")
        return ServerLimits()

    def query(self, namespace: str, wql: str) -> Iterator[Instance]:
        class_name = wql.partition(" FROM ")[2].partition(" ")[0]
        self.calls.append(class_name)
        if class_name in self.failures:
            raise self.failures[class_name]
        rows: dict[str, list[Instance]] = {
            "Win32_OperatingSystem": [projected(**self.os)],
            "Win32_ComputerSystem": [projected(Name="HV01", DNSHostName="hv01", Domain="corp.example", PartOfDomain=True)],
            "SoftwareLicensingProduct": [product(**licence) for licence in self.licences],
            "Msvm_VirtualSystemManagementService": [projected(Name="vmms")],
            "MSCluster_Cluster": [projected(Name="CL1")],
            "MSCluster_Node": [projected(Name="HV01", State=0, BuildNumber=20348)],
            "Msvm_ComputerSystem": [
                projected(ElementName="HV01", EnabledState=2, Name="HV01"),
                *(projected(ElementName=vm.name, EnabledState=vm.state, Name=vm.id) for vm in self.vms),
            ],
            "Msvm_KvpExchangeComponentSettingData": [
                whole(
                    V2,
                    class_name,
                    InstanceID=f"Microsoft:{vm.id}\\{KVP}",
                    EnabledState=vm.enabled,
                    HostExchangeItems=tuple(kvp_item(name, data) for name, data in vm.host_items.items()),
                )
                for vm in self.vms
                if vm.has_setting
            ],
            "Msvm_VirtualSystemSettingData": [
                projected(Notes=(vm.notes,), VirtualSystemIdentifier=vm.id, VirtualSystemType="Microsoft:Hyper-V:System:Realized")
                for vm in self.vms
            ],
            "Msvm_KvpExchangeComponent": [
                whole(
                    V2,
                    class_name,
                    SystemName=vm.id,
                    OperationalStatus=(2,),
                    GuestIntrinsicExchangeItems=tuple(kvp_item(name, data) for name, data in vm.intrinsic.items()),
                )
                for vm in self.vms
                if vm.state == 2 and vm.enabled == 2
            ],
        }
        yield from rows[class_name]

    def invoke(
        self,
        namespace: str,
        class_name: str,
        method: str,
        arguments: Mapping[str, Argument] | None = None,
        keys: Mapping[str, str] | None = None,
        *,
        reads: bool = False,
    ) -> MethodOutput:
        assert not reads
        if method.endswith("KvpItems"):
            return self._items(namespace, class_name, method, dict(arguments or {}))
        (values,) = (arguments or {}).values()
        assert isinstance(values, list)
        (changed,) = values
        assert isinstance(changed, EmbeddedInstance)
        found = re.match(r"Microsoft:([^\\]+)", str(changed.properties["InstanceID"]))
        assert found is not None
        vm = next(vm for vm in self.vms if vm.id == found.group(1))
        self.calls.append(f"{method} {vm.name}")
        answer = vm.on_switch.pop(0) if vm.on_switch else 0
        if isinstance(answer, Exception):
            raise answer
        if not answer:
            state = changed.properties["EnabledState"]
            assert isinstance(state, int)
            vm.enabled = state
        outputs = output(namespace, class_name, method, ReturnValue=answer)
        return MethodOutput(class_name, method, answer, outputs)

    def _items(self, namespace: str, class_name: str, method: str, arguments: dict[str, Argument]) -> MethodOutput:
        """As Windows: all of a call or nothing; adding what is there fails, and so does changing or removing what is not."""
        target, items = arguments["TargetSystem"], arguments["DataItems"]
        assert isinstance(target, Reference)
        assert isinstance(items, list)
        vm = next(vm for vm in self.vms if vm.id == target.key("Name"))
        given = {str(item.properties["Name"]): str(item.properties["Data"]) for item in items if isinstance(item, EmbeddedInstance)}
        self.calls.append(f"{method} {vm.name} {' '.join(given)}")
        answer = vm.on_items.pop(0) if vm.on_items else 0
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(given) or 0
        if not answer and any((name in vm.host_items) == (method == "AddKvpItems") for name in given):
            answer = 32773
        if not answer:
            for name, data in given.items():
                if method == "RemoveKvpItems":
                    del vm.host_items[name]
                else:
                    vm.host_items[name] = data
        return MethodOutput(class_name, method, answer, output(namespace, class_name, method, ReturnValue=answer))

    @property
    def written(self) -> list[str]:
        return [call for call in self.calls if "KvpItems" in call]
