# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings: what a method reports done is there when it is read again, and what it cannot do it refuses by Microsoft's return values."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hyperv_lab.cim.cimxml import format_instance, parse_instance
from hyperv_lab.cim.types import Instance, Value
from hyperv_lab.providers.setting_changes import SYSTEM, writable
from hyperv_lab.world.vm import Checkpoint, VmState

from .conftest import CIMV2, V2, World, pair

GUEST = {"release": "2022", "edition": "standard"}
DONE, NOT_SUPPORTED, INVALID_PARAMETER, INVALID_STATE = 0, 32770, 32773, 32775
SYSTEM_CLASS = "Msvm_VirtualSystemSettingData"
AT_ONCE = {"jobs": {"asynchronous": False}}
RESOURCES = (
    "Msvm_MemorySettingData",
    "Msvm_ProcessorSettingData",
    "Msvm_StorageAllocationSettingData",
    "Msvm_SyntheticEthernetPortSettingData",
    "Msvm_EthernetPortAllocationSettingData",
    "Msvm_SerialPortSettingData",
    "Msvm_ResourceAllocationSettingData",
    "Msvm_HeartbeatComponentSettingData",
    "Msvm_KvpExchangeComponentSettingData",
)


@pytest.fixture
def world() -> World:
    return pair(GUEST, rules=AT_ONCE)


def settings_of(world: World, cls: str) -> Instance:
    _host, vm = world.fleet.vm("vm")
    return next(row for row in world.all("hv", V2, cls) if vm.id in str(row.values["InstanceID"]))


def sent(world: World, cls: str, *, whole: bool, **changed: Value) -> Instance:
    """As a client sends it: the whole instance as it was read, or the key and what is to change; as CIM-XML and back."""
    current = settings_of(world, cls)
    kept = dict(current.values) if whole else {"InstanceID": current.values["InstanceID"]}
    return parse_instance(format_instance(Instance(current.cls, {**kept, **changed})), world.machine("hv").classes(V2))


def modify(world: World, cls: str, *, whole: bool = True, **changed: Value) -> int | None:
    setting = sent(world, cls, whole=whole, **changed)
    if cls == SYSTEM_CLASS:
        return world.service_call("hv", "ModifySystemSettings", SystemSettings=setting).return_value
    return world.service_call("hv", "ModifyResourceSettings", ResourceSettings=[setting]).return_value


def another(value: Value, kind: str, array: bool) -> Value:
    if array:
        return ["another"] if kind == "string" else [7]
    if kind == "boolean":
        return not value
    if kind == "datetime":
        return timedelta(minutes=7)
    return 64 if kind.startswith(("uint", "sint")) else "{11111111-2222-3333-4444-555555555555}"


@pytest.mark.fidelity(
    "ModifySystemSettings: what it reports done is there when it is read again",
    source="libvirt, virsh autostart; public scripts that set ChassisAssetTag and PauseAfterBootFailure",
    confidence="H",
)
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("name", sorted(SYSTEM.always | SYSTEM.off))
def test_every_setting_of_a_machine_that_can_be_changed(world: World, name: str, whole: bool) -> None:
    world.fleet.set_state(world.fleet.vm("vm")[1], VmState.OFF)
    prop = settings_of(world, SYSTEM_CLASS).cls.properties[name]
    wanted = another(settings_of(world, SYSTEM_CLASS).values.get(name), prop.type.value, prop.array)
    assert modify(world, SYSTEM_CLASS, whole=whole, **{name: wanted}) == DONE
    if name == "ElementName":
        world.fleet.vm(str(wanted))[1].name = "vm"
    else:
        assert settings_of(world, SYSTEM_CLASS).values[name] == wanted
    assert modify(world, SYSTEM_CLASS) == DONE  # what was read is what is there


@pytest.mark.parametrize("name", sorted(set(settings_of(pair(GUEST), SYSTEM_CLASS).values) - SYSTEM.always - SYSTEM.off - {"InstanceID"}))
def test_every_other_setting_is_refused(world: World, name: str) -> None:
    before = world.fleet.digest()
    prop = settings_of(world, SYSTEM_CLASS).cls.properties[name]
    value = another(settings_of(world, SYSTEM_CLASS).values[name], prop.type.value, prop.array)
    assert modify(world, SYSTEM_CLASS, **{name: value}) == INVALID_PARAMETER
    assert world.fleet.digest() == before


@pytest.mark.parametrize("name", sorted(SYSTEM.off))
def test_some_settings_want_a_machine_that_is_off(world: World, name: str) -> None:
    prop = settings_of(world, SYSTEM_CLASS).cls.properties[name]
    value = another(settings_of(world, SYSTEM_CLASS).values.get(name), prop.type.value, prop.array)
    assert modify(world, SYSTEM_CLASS, **{name: value}) == INVALID_STATE


def test_the_guest_sees_what_its_firmware_is_told(world: World) -> None:
    world.fleet.set_state(world.fleet.vm("vm")[1], VmState.OFF)
    assert modify(world, SYSTEM_CLASS, ChassisAssetTag="asset-7", BIOSSerialNumber="serial-7") == DONE
    world.fleet.set_state(world.fleet.vm("vm")[1], VmState.RUNNING)
    assert [row.values["SMBIOSAssetTag"] for row in world.all("vm", CIMV2, "Win32_SystemEnclosure")] == ["asset-7"]
    assert [row.values["SerialNumber"] for row in world.all("vm", CIMV2, "Win32_BIOS")] == ["serial-7"]


def test_host_and_guest_tell_the_same_asset_tag(demo: World) -> None:
    host, vm = demo.fleet.vm("web01")
    (settings,) = [row for row in demo.all(host.name, V2, SYSTEM_CLASS) if row.values["InstanceID"] == f"Microsoft:{vm.id}"]
    (enclosure,) = demo.all("web01", CIMV2, "Win32_SystemEnclosure")
    assert enclosure.values["SMBIOSAssetTag"] == settings.values["ChassisAssetTag"]


@pytest.mark.parametrize("cls", RESOURCES)
def test_every_setting_of_a_device_is_changed_or_refused(world: World, cls: str) -> None:
    world.fleet.set_state(world.fleet.vm("vm")[1], VmState.OFF)
    allowed = writable(cls)
    for name, prop in settings_of(world, cls).cls.properties.items():
        value: Value = [] if prop.embedded else another(settings_of(world, cls).values.get(name), prop.type.value, prop.array)
        if name == "InstanceID" or prop.embedded:
            continue
        if name == "EnabledState":
            value = 3 if settings_of(world, cls).values[name] == 2 else 2
        code = modify(world, cls, **{name: value})
        assert code == (DONE if name in allowed.always | allowed.off else INVALID_PARAMETER), name
        if code == DONE:
            assert settings_of(world, cls).values[name] == value, name
    assert modify(world, cls) == DONE


def test_more_than_the_capabilities_allow_is_refused(world: World) -> None:
    world.fleet.set_state(world.fleet.vm("vm")[1], VmState.OFF)
    assert modify(world, "Msvm_ProcessorSettingData", VirtualQuantity=241) == INVALID_PARAMETER
    assert modify(world, "Msvm_ProcessorSettingData", VirtualQuantity=8) == DONE
    assert modify(world, "Msvm_MemorySettingData", VirtualQuantity=31) == INVALID_PARAMETER
    assert (world.fleet.vm("vm")[1].processors, settings_of(world, "Msvm_ProcessorSettingData").values["VirtualQuantity"]) == (8, 8)


def test_key_value_pairs_have_methods_of_their_own(world: World) -> None:
    item = world.embedded("hv", "Msvm_KvpExchangeDataItem", Name="a", Data="b", Source=0)
    cls = "Msvm_KvpExchangeComponentSettingData"
    assert modify(world, cls, HostExchangeItems=[item]) == INVALID_PARAMETER
    assert world.service_call("hv", "AddKvpItems", TargetSystem=world.system("vm"), DataItems=[item]).return_value == DONE
    assert modify(world, cls) == DONE  # the items that were read are the items that are there


@pytest.mark.fidelity(
    "What the service cannot do it refuses by its return value: 32770 not supported, 32773 invalid parameter",
    source="Microsoft, Msvm_VirtualSystemManagementService",
    confidence="M",
)
@pytest.mark.parametrize(
    "method",
    ["ModifyServiceSettings", "ModifyFeatureSettings", "ModifyDiskMergeSettings", "DefineSystem", "DestroySystem", "AddResourceSettings"],
)
def test_what_the_lab_does_not_do(world: World, method: str) -> None:
    assert world.service_call("hv", method).return_value == NOT_SUPPORTED


def test_settings_of_nothing_are_refused(world: World) -> None:
    unknown = world.embedded("hv", SYSTEM_CLASS, InstanceID="Microsoft:11111111-2222-3333-4444-555555555555", ElementName="x")
    assert world.service_call("hv", "ModifySystemSettings", SystemSettings=unknown).return_value == INVALID_PARAMETER
    device = world.embedded("hv", "Msvm_MemorySettingData", InstanceID=r"Microsoft:Definition\X\Maximum", VirtualQuantity=64)
    assert world.service_call("hv", "ModifyResourceSettings", ResourceSettings=[device]).return_value == INVALID_PARAMETER
    memory = settings_of(world, "Msvm_MemorySettingData")
    assert world.service_call("hv", "ModifyGuestServiceSettings", GuestServiceSettings=[memory]).return_value == NOT_SUPPORTED


def test_a_checkpoint_is_renamed() -> None:
    world = pair(GUEST, rules=AT_ONCE)
    _host, vm = world.fleet.vm("vm")
    vm.checkpoints.append(Checkpoint("0" * 8 + "-0000-0000-0000-" + "0" * 12, "before", world.fleet.clock.now()))
    (row,) = [row for row in world.all("hv", V2, SYSTEM_CLASS) if row.values["ElementName"] == "before"]
    renamed = Instance(row.cls, {**row.values, "ElementName": "after"})
    assert world.service_call("hv", "ModifySystemSettings", SystemSettings=renamed).return_value == DONE
    assert [row.values["ElementName"] for row in world.all("hv", V2, SYSTEM_CLASS)] == ["vm", "after"]


@pytest.mark.fidelity(
    "A change of key-value pairs is done well under a second, whether or not somebody looks at its job; ModifySystemSettings answers 0",
    source="a public script that writes, sleeps 2 s and writes again; r4sd/go-wsman (Windows of 2026)",
    confidence="M",
)
def test_a_job_that_nobody_looks_at() -> None:
    world = pair(GUEST)
    item = world.embedded("hv", "Msvm_KvpExchangeDataItem", Name="a", Data="1", Source=0)
    assert world.service_call("hv", "AddKvpItems", TargetSystem=world.system("vm"), DataItems=[item]).return_value == 4096
    world.fleet.clock.advance(timedelta(seconds=0.9))
    assert "a" in str(world.kvp_setting("vm").values["HostExchangeItems"])
    again = world.embedded("hv", "Msvm_KvpExchangeDataItem", Name="a", Data="2", Source=0)
    assert world.service_call("hv", "ModifyKvpItems", TargetSystem=world.system("vm"), DataItems=[again]).return_value == 4096
    assert modify(world, SYSTEM_CLASS, AutomaticStartupAction=4) == 0


def test_which_methods_answer_at_once_is_a_switch() -> None:
    world = pair(GUEST, rules={"jobs": {"at_once": ["ModifyResourceSettings"], "seconds": 60}})
    assert modify(world, "Msvm_MemorySettingData", Weight=1) == 0
    assert modify(world, SYSTEM_CLASS, AutomaticStartupAction=4) == 4096
    world.fleet.clock.advance(timedelta(seconds=59))
    assert settings_of(world, SYSTEM_CLASS).values["AutomaticStartupAction"] == 3
    world.fleet.clock.advance(timedelta(seconds=1))
    assert settings_of(world, SYSTEM_CLASS).values["AutomaticStartupAction"] == 4


@pytest.mark.parametrize("code", [121, 123])
def test_the_state_of_integration_services_in_the_summary(world: World, code: int) -> None:
    answer = world.service_call("hv", "GetSummaryInformation", RequestedInformation=[code])
    found = answer.outputs["SummaryInformation"]
    assert isinstance(found, list)
    assert [row.values["IntegrationServicesVersionState"] for row in found if isinstance(row, Instance)] == [1]
