# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from hyperv_lab.cim.provider import MethodResult
from hyperv_lab.cim.types import Instance, Reference, Value
from hyperv_lab.providers.machine import SimulatedMachine
from hyperv_lab.scenarios.building import build
from hyperv_lab.scenarios.loading import parse
from hyperv_lab.world.fleet import Fleet

CIMV2, V2 = "root/cimv2", "root/virtualization/v2"


class World:
    """A fleet with the few calls that tests make of it."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet

    def machine(self, name: str) -> SimulatedMachine:
        return SimulatedMachine(self.fleet, self.fleet.windows(name))

    def all(self, name: str, namespace: str, cls: str) -> list[Instance]:
        machine = self.machine(name)
        return list(machine.instances(machine.classes(namespace)[cls.lower()]))

    def one(self, machine_name: str, namespace: str, cls: str, /, **keys: str) -> Instance:
        machine = self.machine(machine_name)
        found = machine.find(machine.classes(namespace)[cls.lower()], keys)
        assert found is not None, f"{machine_name} has no {cls} with {keys}"
        return found

    def call(self, name: str, namespace: str, cls: str, method: str, target: Instance | None = None, /, **arguments: Value) -> MethodResult:
        machine = self.machine(name)
        return machine.invoke(machine.classes(namespace)[cls.lower()], method, target, arguments)

    # -- licensing

    def keyed(self, name: str) -> Instance:
        """The product that has a key and is no add-on."""
        rows = [row for row in self.all(name, CIMV2, "SoftwareLicensingProduct") if row.values.get("PartialProductKey")]
        (row,) = [row for row in rows if not row.values["LicenseIsAddon"]]
        return row

    def install_key(self, name: str, key: str) -> None:
        (service,) = self.all(name, CIMV2, "SoftwareLicensingService")
        assert self.call(name, CIMV2, "SoftwareLicensingService", "InstallProductKey", service, ProductKey=key).return_value == 0

    def activate(self, name: str) -> None:
        assert self.call(name, CIMV2, "SoftwareLicensingProduct", "Activate", self.keyed(name)).return_value == 0

    # -- Hyper-V

    def service_call(self, host: str, method: str, **arguments: Value) -> MethodResult:
        (service,) = self.all(host, V2, "Msvm_VirtualSystemManagementService")
        return self.call(host, V2, "Msvm_VirtualSystemManagementService", method, service, **arguments)

    def embedded(self, host: str, cls: str, **values: Value) -> Instance:
        return Instance(self.machine(host).classes(V2)[cls.lower()], values)

    def system(self, vm: str) -> Reference:
        return Reference(V2, "Msvm_ComputerSystem", {"Name": self.fleet.vm(vm)[1].id, "CreationClassName": "Msvm_ComputerSystem"})

    def kvp_setting(self, vm: str) -> Instance:
        host, found = self.fleet.vm(vm)
        setting_id = rf"Microsoft:{found.id}\2A34B1C2-FD73-4043-8A5B-DD2159BC743F"
        return self.one(host.name, V2, "Msvm_KvpExchangeComponentSettingData", InstanceID=setting_id)

    def kvp_component(self, vm: str) -> Instance:
        host, found = self.fleet.vm(vm)
        rows = self.all(host.name, V2, "Msvm_KvpExchangeComponent")
        (row,) = [row for row in rows if row.values["SystemName"] == found.id]
        return row


def items(value: Value) -> dict[str, Any]:
    """Embedded key-value pairs by name."""
    assert value is None or isinstance(value, list)
    return {str(item.values["Name"]): item.values["Data"] for item in value or [] if isinstance(item, Instance)}


def pair(guest: dict[str, Any] | None, host: dict[str, Any] | None = None, **scenario: Any) -> World:
    """One host ``hv`` with one VM ``vm`` whose guest is ``guest``, on a clock that stands still."""
    document = {
        "name": "pair",
        "domain": "example.com",
        "clock": {"start": "2026-03-02T08:00:00Z", "frozen": True},
        "hosts": [
            {"name": "hv", "release": "2022", "edition": "datacenter", **(host or {}), "vms": [{"name": "vm", "windows": guest}]},
            {"name": "hv2", "release": "2022", "edition": "datacenter"},
        ],
        **scenario,
    }
    return World(build(parse(document), "127.99.0.0"))


@pytest.fixture(scope="session")
def demo_description() -> Any:
    from hyperv_lab.scenarios.loading import load

    return load("demo")


@pytest.fixture
def demo(demo_description: Any) -> World:
    return World(build(demo_description, "127.99.0.0"))
