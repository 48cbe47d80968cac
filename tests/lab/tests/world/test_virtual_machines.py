# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs as their host shows them: states, texts in the host's language, summaries, the cluster."""

from __future__ import annotations

from typing import Any

import pytest

from hyperv_lab.cim.types import Instance, Reference
from hyperv_lab.world.vm import VmState

from .conftest import V2, World, pair

STANDARD: dict[str, Any] = {"release": "2022", "edition": "standard"}
MSCLUSTER = "root/mscluster"


@pytest.mark.parametrize(
    ("language", "caption", "kvp_name"),
    [
        ("en-US", "Virtual Machine", "Key-Value Pair Exchange"),
        ("de-DE", "Virtueller Computer", "Austausch von Schlüsselwertepaaren"),
        ("ja-JP", "仮想マシン", "キー値ペア交換"),
        ("ru-RU", "Виртуальная машина", "Обмен данными пар «ключ-значение»"),
    ],
)
def test_names_are_the_host_s_language_but_not_the_description(language: str, caption: str, kvp_name: str) -> None:
    world = pair(STANDARD, {"language": language})
    host_row, vm_row = world.all("hv", V2, "Msvm_ComputerSystem")
    assert (vm_row.values["Caption"], vm_row.values["Description"]) == (caption, "Microsoft Virtual Machine")
    assert (host_row.values["Name"], host_row.values.get("InstallDate")) == ("HV", None)
    assert world.kvp_setting("vm").values["ElementName"] == kvp_name
    assert str(world.kvp_setting("vm").values["InstanceID"]).endswith("2A34B1C2-FD73-4043-8A5B-DD2159BC743F")


def test_a_vm_is_named_by_an_upper_case_guid() -> None:
    world = pair(STANDARD)
    vm_row = world.all("hv", V2, "Msvm_ComputerSystem")[1]
    name = str(vm_row.values["Name"])
    assert name == name.upper()
    assert world.one("hv", V2, "Msvm_ComputerSystem", name=name.lower()).values["ElementName"] == "vm"


@pytest.mark.parametrize(("requested", "state"), [(3, VmState.OFF), (4, VmState.OFF), (6, VmState.SAVED), (9, VmState.PAUSED)])
def test_state_is_changed_by_request(requested: int, state: VmState) -> None:
    world = pair(STANDARD, rules={"jobs": {"asynchronous": False}})
    _host, vm = world.fleet.vm("vm")

    def request(number: int) -> int | None:
        target = world.one("hv", V2, "Msvm_ComputerSystem", Name=vm.id)
        return world.call("hv", V2, "Msvm_ComputerSystem", "RequestStateChange", target, RequestedState=number).return_value

    assert request(requested) == 0
    assert world.one("hv", V2, "Msvm_ComputerSystem", Name=vm.id).values["EnabledState"] == state.value
    assert world.machine("vm").listening is False
    assert request(requested) == 32775
    assert request(99) == 32773
    assert request(2) == 0
    assert world.machine("vm").listening


def test_restart_from_inside_is_a_new_boot() -> None:
    world = pair(STANDARD)
    (system,) = world.all("vm", "root/cimv2", "Win32_OperatingSystem")
    assert system.values["LastBootUpTime"] != world.fleet.clock.now()
    assert world.call("vm", "root/cimv2", "Win32_OperatingSystem", "Reboot", system).return_value == 0
    (system,) = world.all("vm", "root/cimv2", "Win32_OperatingSystem")
    assert system.values["LastBootUpTime"] == world.fleet.clock.now()


def _summaries(world: World, host: str, **arguments: Any) -> list[Instance]:
    found = world.service_call(host, "GetSummaryInformation", **arguments).outputs["SummaryInformation"]
    assert isinstance(found, list)
    return [summary for summary in found if isinstance(summary, Instance)]


def test_summary_of_all_vms_or_some(demo: World) -> None:
    everything = _summaries(demo, "hv02", RequestedInformation=[0, 1, 104, 106, 121])
    by_name = {summary.values["ElementName"]: summary.values for summary in everything}
    assert len(by_name) == len(demo.fleet.host("hv02").vms)
    assert by_name["print01"]["GuestOperatingSystem"] == "Windows Server 2016 Standard"
    assert by_name["silent01"]["GuestOperatingSystem"] is None
    assert (by_name["spare01"]["EnabledState"], by_name["spare01"]["Heartbeat"]) == (3, None)
    wanted = Reference(V2, "Msvm_VirtualSystemSettingData", {"InstanceID": f"Microsoft:{demo.fleet.vm('print01')[1].id}"})
    (one,) = _summaries(demo, "hv02", SettingData=[wanted], RequestedInformation=[1])
    assert one.values["ElementName"] == "print01"
    assert "GuestOperatingSystem" not in one.values


def test_associations_lead_from_a_vm_to_its_settings() -> None:
    world = pair(STANDARD)
    (state,) = world.all("hv", V2, "Msvm_SettingsDefineState")
    setting = state.values["SettingData"]
    assert isinstance(setting, Reference)
    assert world.one("hv", V2, setting.class_name, **setting.keys).values["ElementName"] == "vm"
    parts = [row.values["PartComponent"] for row in world.all("hv", V2, "Msvm_VirtualSystemSettingDataComponent")]
    for part in parts:
        assert isinstance(part, Reference)
        assert world.one("hv", V2, part.class_name, **part.keys).values["InstanceID"] == part.keys["InstanceID"]
    assert len(parts) == 15  # six integration services, memory, processor, three of a disk, two serial ports, two of a network adapter


def test_notes_and_name_are_changed() -> None:
    world = pair(STANDARD, rules={"jobs": {"asynchronous": False}})
    vm = world.fleet.vm("vm")[1]
    setting = world.embedded(
        "hv", "Msvm_VirtualSystemSettingData", InstanceID=f"Microsoft:{vm.id}", ElementName="renamed", Notes=["a", "b"]
    )
    assert world.service_call("hv", "ModifySystemSettings", SystemSettings=setting).return_value == 0
    assert (vm.name, vm.notes) == ("renamed", "a\nb")


def test_cluster_is_seen_from_its_nodes_alone(demo: World) -> None:
    assert MSCLUSTER not in demo.machine("hv03").namespaces()
    assert [row.values["Name"] for row in demo.all("hv01", MSCLUSTER, "MSCluster_Node")] == ["HV01", "HV02"]
    assert demo.all("hv02", MSCLUSTER, "MSCluster_Cluster")[0].values["Fqdn"] == "clu01.lab.example.com"
    owner = demo.one("hv01", MSCLUSTER, "MSCluster_Resource", Name="Virtual Machine print01").values
    assert (owner["OwnerNode"], owner["Type"]) == ("HV02", "Virtual Machine")
    private = owner["PrivateProperties"]
    assert isinstance(private, Instance)
    assert str(private.values["VmID"]).upper() == demo.fleet.vm("print01")[1].id
    demo.fleet.migrate(demo.fleet.vm("print01")[1], demo.fleet.host("hv01"))
    assert demo.one("hv02", MSCLUSTER, "MSCluster_Resource", Name="Virtual Machine print01").values["OwnerNode"] == "HV01"
