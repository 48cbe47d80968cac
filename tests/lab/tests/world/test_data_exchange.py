# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key-value pairs: which sets there are, when the host sees them, and what the management service does with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hyperv_lab.cim.provider import CimError
from hyperv_lab.cim.types import Instance, Reference, Value
from hyperv_lab.world.vm import VmState

from .conftest import V2, World, items, pair

STANDARD: dict[str, Any] = {"release": "2022", "edition": "standard"}
AT_ONCE = {"jobs": {"asynchronous": False}}
PARAMETERS = r"SOFTWARE\Microsoft\Virtual Machine\Guest\Parameters"

WINDOWS_ITEMS = {
    "FullyQualifiedDomainName", "OSName", "OSVersion", "CSDVersion", "OSMajorVersion", "OSMinorVersion", "OSBuildNumber", "OSPlatformId",
    "ServicePackMajor", "ServicePackMinor", "SuiteMask", "ProductType", "OSEditionId", "ProcessorArchitecture",
    "IntegrationServicesVersion", "NetworkAddressIPv4", "NetworkAddressIPv6", "RDPAddressIPv4", "RDPAddressIPv6",
}  # fmt: skip
LINUX_ITEMS = {
    "FullyQualifiedDomainName", "IntegrationServicesVersion", "NetworkAddressIPv4", "NetworkAddressIPv6", "OSBuildNumber", "OSName",
    "OSMajorVersion", "OSMinorVersion", "OSVersion", "ProcessorArchitecture",
}  # fmt: skip


def _intrinsic(world: World, vm: str) -> dict[str, Any]:
    return items(world.kvp_component(vm).values.get("GuestIntrinsicExchangeItems"))


@pytest.mark.fidelity(
    "The intrinsic items of a Windows guest, each a text of CIM-XML",
    source="Microsoft, Msvm_KvpExchangeDataItem",
    confidence="H",
)
def test_windows_reports_its_intrinsic_items_as_text() -> None:
    told = _intrinsic(pair(STANDARD), "vm")
    assert set(told) == WINDOWS_ITEMS
    assert (told["OSBuildNumber"], told["OSEditionId"], told["ProductType"], told["SuiteMask"]) == ("20348", "7", "3", "272")
    assert told["FullyQualifiedDomainName"] == "vm.example.com"


def test_linux_tells_fewer(demo: World) -> None:
    told = _intrinsic(demo, "lin01")
    assert set(told) == LINUX_ITEMS
    assert told["OSMajorVersion"] == "24.04"


@pytest.mark.parametrize(("vm", "enabled", "status"), [("web01", 2, [2]), ("silent01", 3, None), ("spare01", 2, None)])
def test_state_of_the_component(demo: World, vm: str, enabled: int, status: list[int] | None) -> None:
    component, setting = demo.kvp_component(vm).values, demo.kvp_setting(vm).values
    assert (component["EnabledState"], setting["EnabledState"]) == (enabled, enabled)
    assert component["OperationalStatus"] == status
    assert bool(_intrinsic(demo, vm)) == (status == [2])


@pytest.mark.fidelity(
    "OperationalStatus 2, 12 and 13 of Data Exchange",
    source="Microsoft, Msvm_KvpExchangeComponent",
    confidence="H",
)
def test_stopped_guest_service_loses_contact() -> None:
    world = pair(STANDARD)
    world.kvp_component("vm")
    world.fleet.set_kvp_service(world.fleet.guest("vm"), False)
    assert world.kvp_component("vm").values["OperationalStatus"] == [13]
    assert _intrinsic(world, "vm") == {}


def test_service_that_never_ran_has_no_contact() -> None:
    world = pair({**STANDARD, "kvp_service": "disabled"})
    assert world.kvp_component("vm").values["OperationalStatus"] == [12]


def test_items_come_a_moment_after_switching_on() -> None:
    world = pair(STANDARD, rules={"data_exchange": {"delay_seconds": 2}})
    host, vm = world.fleet.vm("vm")
    world.fleet.set_component(host, vm, "kvp", False)
    world.fleet.set_component(host, vm, "kvp", True)
    assert _intrinsic(world, "vm") == {}
    world.fleet.clock.advance(timedelta(seconds=2))
    assert set(_intrinsic(world, "vm")) == WINDOWS_ITEMS


def test_components_of_stopped_vms_may_be_missing() -> None:
    world = pair(STANDARD, rules={"data_exchange": {"component_of_stopped_vm": False}})
    world.fleet.set_state(world.fleet.vm("vm")[1], VmState.OFF)
    assert world.all("hv", V2, "Msvm_KvpExchangeComponent") == []
    assert world.kvp_setting("vm").values["EnabledState"] == 2


def test_templates_and_checkpoints_have_settings_of_their_own(demo: World) -> None:
    ids = [str(row.values["InstanceID"]) for row in demo.all("hv01", V2, "Msvm_KvpExchangeComponentSettingData")]
    vms = demo.fleet.host("hv01").vms
    assert r"Microsoft:Definition\2A34B1C2-FD73-4043-8A5B-DD2159BC743F\Default" in ids
    assert len([name for name in ids if name.split(":")[1].split("\\")[0] in vms]) == len(vms)
    assert len(ids) == len(vms) + 4 + 1
    systems = [row.values for row in demo.all("hv01", V2, "Msvm_VirtualSystemSettingData")]
    assert [row["ElementName"] for row in systems if "Snapshot" in str(row["VirtualSystemType"])] == ["before patch day"]


# -- the guest's registry


def _parameters(world: World) -> dict[str, str]:
    found = world.call("vm", "root/default", "StdRegProv", "EnumValues", hDefKey=0x80000002, sSubKeyName=PARAMETERS)
    names = found.outputs["sNames"]
    assert names is None or isinstance(names, list)
    values = {}
    for name in names or []:
        read = world.call("vm", "root/default", "StdRegProv", "GetStringValue", hDefKey=0x80000002, sSubKeyName=PARAMETERS, sValueName=name)
        values[str(name)] = str(read.outputs["sValue"])
    return values


def test_host_names_itself_in_the_guest_only_while_data_exchange_works() -> None:
    world = pair(STANDARD)
    host, vm = world.fleet.vm("vm")
    told = _parameters(world)
    assert (told["PhysicalHostName"], told["PhysicalHostNameFullyQualified"]) == ("HV", "hv.example.com")
    assert (told["VirtualMachineName"], told["VirtualMachineId"]) == ("vm", vm.id)
    world.fleet.set_component(host, vm, "kvp", False)
    world.fleet.migrate(vm, world.fleet.host("hv2"))
    assert _parameters(world)["PhysicalHostName"] == "HV"
    world.fleet.set_component(world.fleet.host("hv2"), vm, "kvp", True)
    assert _parameters(world)["PhysicalHostName"] == "HV2"


def test_older_hosts_do_not_tell_the_vm_s_id() -> None:
    assert "VirtualMachineId" not in _parameters(pair({"release": "2012r2", "edition": "standard"}, {"release": "2012r2"}))


def test_text_written_in_the_guest_reaches_the_host() -> None:
    world = pair(STANDARD)
    path = r"SOFTWARE\Microsoft\Virtual Machine\Guest"
    common: dict[str, Value] = {"hDefKey": 0x80000002, "sSubKeyName": path}
    world.call("vm", "root/default", "StdRegProv", "SetStringValue", **common, sValueName="Role", sValue="<web> & more")
    world.call("vm", "root/default", "StdRegProv", "SetDWORDValue", **common, sValueName="Number", uValue=7)
    assert items(world.kvp_component("vm").values["GuestExchangeItems"]) == {"Role": "<web> & more"}
    world.call("vm", "root/default", "StdRegProv", "DeleteValue", **common, sValueName="role")
    assert world.kvp_component("vm").values["GuestExchangeItems"] is None


def test_guest_may_lie() -> None:
    world = pair({**STANDARD, "false_items": {"OSBuildNumber": "26100"}})
    assert _intrinsic(world, "vm")["OSBuildNumber"] == "26100"


# -- the management service


def _item(world: World, name: str, data: str = "", source: int = 0) -> Instance:
    return world.embedded("hv", "Msvm_KvpExchangeDataItem", Name=name, Data=data, Source=source)


def _kvp(world: World, method: str, *data_items: Instance) -> int | None:
    return world.service_call("hv", method, TargetSystem=world.system("vm"), DataItems=[*data_items]).return_value


@pytest.mark.fidelity(
    "AddKvpItems fails if the name is there, Modify and Remove if it is not",
    source="containers/libhvee; Microsoft, Msvm_VirtualSystemManagementService",
    confidence="M",
)
def test_host_items_are_added_modified_and_removed() -> None:
    world = pair(STANDARD, rules=AT_ONCE)
    assert _kvp(world, "ModifyKvpItems", _item(world, "Site", "A")) == 32773
    assert _kvp(world, "AddKvpItems", _item(world, "Site", "A"), _item(world, "Hidden", "x", 4)) == 0
    assert _kvp(world, "AddKvpItems", _item(world, "Site", "B")) == 32773
    assert _kvp(world, "ModifyKvpItems", _item(world, "Site", "B")) == 0
    setting = world.kvp_setting("vm").values
    assert (items(setting["HostExchangeItems"]), items(setting["HostOnlyItems"])) == ({"Site": "B"}, {"Hidden": "x"})
    read = world.call(
        "vm", "root/cimv2", "StdRegProv", "GetStringValue",
        sSubKeyName=r"SOFTWARE\Microsoft\Virtual Machine\External", sValueName="Site",
    )  # fmt: skip
    assert read.outputs["sValue"] == "B"
    assert _kvp(world, "RemoveKvpItems", _item(world, "Site")) == 0
    assert _kvp(world, "RemoveKvpItems", _item(world, "Site")) == 32773
    assert world.kvp_setting("vm").values["HostExchangeItems"] is None


@pytest.mark.parametrize(("name", "data"), [("", "x"), ("n" * 257, "x"), ("n", "x" * 1025)])
def test_items_have_limits(name: str, data: str) -> None:
    world = pair(STANDARD, rules=AT_ONCE)
    assert _kvp(world, "AddKvpItems", _item(world, name, data)) == 32773
    assert _kvp(world, "AddKvpItems", *(_item(world, f"n{number}", "x") for number in range(129))) == 32773
    assert world.kvp_setting("vm").values["HostExchangeItems"] is None


def _switch(world: World, state: int, method: str = "ModifyGuestServiceSettings", **more: Value) -> Any:
    setting_id = world.kvp_setting("vm").values["InstanceID"]
    cls = more.pop("cls", "Msvm_KvpExchangeComponentSettingData")
    setting = world.embedded("hv", str(cls), InstanceID=more.get("InstanceID", setting_id), EnabledState=state)
    parameter = "ResourceSettings" if method == "ModifyResourceSettings" else "GuestServiceSettings"
    arguments: dict[str, Value] = {parameter: [setting]}
    return world.service_call("hv", method, **arguments)


@pytest.mark.parametrize("method", ["ModifyGuestServiceSettings", "ModifyResourceSettings"])
def test_data_exchange_is_switched_at_once_or_by_a_job(method: str) -> None:
    world = pair(STANDARD, rules=AT_ONCE)
    answer = _switch(world, 3, method)
    assert answer.return_value == 0
    (resulting,) = next(iter(answer.outputs.values()))
    assert isinstance(resulting, Reference)
    assert world.kvp_setting("vm").values["EnabledState"] == 3
    assert _intrinsic(world, "vm") == {}

    world = pair(STANDARD)
    answer = _switch(world, 3, method)
    assert (answer.return_value, set(answer.outputs)) == (4096, {"Job"})
    assert world.kvp_setting("vm").values["EnabledState"] == 2


@pytest.mark.parametrize(
    ("rules", "states", "after"),
    [
        ({"reads": 3}, [4, 4, 7, 7], 3),
        ({"reads": 1, "fails": True}, [10, 10], 2),
        ({"reads": 2, "vanishes": True}, [4, None], 3),
    ],
)
def test_job_runs_for_so_many_reads(rules: dict[str, Any], states: list[int | None], after: int) -> None:
    world = pair(STANDARD, rules={"jobs": rules})
    job = _switch(world, 3).outputs["Job"]
    machine = world.machine("hv")
    cls = machine.classes(V2)["msvm_concretejob"]
    seen = []
    for _unused in states:
        found = machine.find(cls, job.keys)
        seen.append(found.values["JobState"] if found else None)
        if found and found.values["JobState"] == 10:
            assert found.values["ErrorCode"] == 32768
            assert found.values["ErrorDescription"]
    assert seen == states
    assert world.kvp_setting("vm").values["EnabledState"] == after


def test_job_that_nobody_reads_ends_by_itself() -> None:
    world = pair(STANDARD, rules={"jobs": {"seconds": 3}})
    _switch(world, 3)
    world.fleet.clock.advance(timedelta(seconds=3))
    assert world.kvp_setting("vm").values["EnabledState"] == 3


@pytest.mark.fidelity(
    "ModifyGuestServiceSettings since 2016, ModifyResourceSettings before and after",
    source="Microsoft, Msvm_VirtualSystemManagementService; go-wsman",
    confidence="M",
)
def test_2012_r2_hosts_switch_by_resource_settings_alone() -> None:
    world = pair({"release": "2012r2", "edition": "standard"}, {"release": "2012r2"}, rules=AT_ONCE)
    assert "DisableHostKVPItems" not in world.kvp_setting("vm").values
    with pytest.raises(CimError) as refusal:
        _switch(world, 3)
    assert refusal.value.hresult == 0x8004102E
    assert _switch(world, 3, "ModifyResourceSettings").return_value == 0


def test_wrong_settings_change_nothing() -> None:
    world = pair(STANDARD, rules=AT_ONCE)
    template = r"Microsoft:Definition\2A34B1C2-FD73-4043-8A5B-DD2159BC743F\Default"
    before = world.fleet.digest()
    assert _switch(world, 5).return_value == 32773
    assert _switch(world, 3, InstanceID=template).return_value == 32773
    assert _switch(world, 3, cls="Msvm_HeartbeatComponentSettingData").return_value == 32773
    assert world.fleet.digest() == before
