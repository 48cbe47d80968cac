# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What machines find themselves on: Azure, a nested host, integration services that are old or broken, callers without rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from hyperv_lab.cim.provider import CimError
from hyperv_lab.scenarios.building import ScenarioError
from hyperv_lab.world import keys

from .conftest import CIMV2, World, items, pair

AZURE_TAG = "7783-7084-3265-9085-8269-3286-77"
AVMA = {"release": "2022", "edition": "standard", "licence": {"channel": "VT:IA"}}
AZURE_LOCAL = {"release": "2022", "edition": "azure_local", "licence": {"channel": "none"}}


def code_of_activation(world: World) -> int:
    try:
        world.activate("vm")
    except CimError as refusal:
        return refusal.hresult
    return 0


@pytest.mark.fidelity(
    "Win32_SystemEnclosure.SMBIOSAssetTag: made up by Hyper-V in groups of digits, in Azure (and Azure Stack) the digits of MSFT AZURE VM",
    source="Microsoft, How to use uniquely identify a virtual machine in Hyper-V; canonical/cloud-init 2911",
    confidence="M",
)
def test_chassis_of_azure() -> None:
    def tag(world: World, name: str) -> Any:
        (chassis,) = world.all(name, CIMV2, "Win32_SystemEnclosure")
        return chassis.values["SMBIOSAssetTag"]

    assert bytes(int(AZURE_TAG.replace("-", "")[at : at + 2]) for at in range(0, 26, 2)) == b"MSFT AZURE VM"
    assert tag(pair({**AVMA, "hypervisor": "azure"}), "vm") == AZURE_TAG
    assert tag(pair(AVMA, {"platform": "azure"}), "hv") == AZURE_TAG
    plain = tag(pair(AVMA), "vm")
    assert len(plain) == len(AZURE_TAG)
    assert plain != AZURE_TAG
    assert tag(pair(AVMA), "hv") == ""


@pytest.mark.parametrize("code", [0xC004FD01, 0xC004FD02])
def test_azure_refuses_with_either_code(code: int) -> None:
    world = pair({**AVMA, "hypervisor": "azure"}, rules={"licensing": {"azure_refusal": code}})
    assert code_of_activation(world) == code


def test_a_host_that_is_a_virtual_machine() -> None:
    def model(platform: str) -> Any:
        (computer,) = pair(AVMA, {"platform": platform}).all("hv", CIMV2, "Win32_ComputerSystem")
        return computer.values["Model"]

    assert [model("metal"), model("hyper-v"), model("azure")] == ["PowerEdge R750", "Virtual Machine", "Virtual Machine"]
    assert code_of_activation(pair(AVMA, {"platform": "azure"})) == 0xC004FD02
    assert code_of_activation(pair(AVMA, {"platform": "hyper-v"})) == 0


def test_azure_local_without_a_sync() -> None:
    assert code_of_activation(pair(AVMA, {**AZURE_LOCAL, "entitlement": "subscription"})) == 0
    assert code_of_activation(pair(AVMA, {**AZURE_LOCAL, "entitlement": "subscription", "synchronised": False})) == 0xC004FD02
    assert code_of_activation(pair(AVMA, {**AZURE_LOCAL, "entitlement": "2022", "synchronised": False})) == 0, "keys need no sync"


@pytest.mark.fidelity(
    "OperationalStatus of Msvm_KvpExchangeComponent: 3 for an older protocol that works, 7 for a guest without a compatible one",
    source="Microsoft, Msvm_KvpExchangeComponent",
    confidence="H",
)
def test_protocol_of_data_exchange() -> None:
    older = pair({**AVMA, "kvp_protocol": "older"}).kvp_component("vm").values
    assert older["OperationalStatus"] == [3]
    assert items(older["GuestIntrinsicExchangeItems"])["OSBuildNumber"] == "20348"
    incompatible = pair({**AVMA, "kvp_protocol": "incompatible"}).kvp_component("vm").values
    assert incompatible["OperationalStatus"] == [7]
    assert incompatible["GuestIntrinsicExchangeItems"] is None if "GuestIntrinsicExchangeItems" in incompatible else True


def test_activation_device_without_a_driver() -> None:
    world = pair({**AVMA, "activation_driver": False})
    (device,) = [row.values for row in world.all("vm", CIMV2, "Win32_PnPEntity") if "3375BAF4" in str(row.values["DeviceID"])]
    assert (device["ConfigManagerErrorCode"], device["Status"], device["Name"]) == (28, "Error", "Unknown device")
    assert code_of_activation(world) == 0xC004FD01


def test_two_products_of_windows_with_keys() -> None:
    world = pair({**AVMA, "licence": {"channel": "Volume:MAK", "status": "licensed", "second_channel": "Volume:GVLK"}})
    keyed = {
        row.values["ProductKeyChannel"]: row.values
        for row in world.all("vm", CIMV2, "SoftwareLicensingProduct")
        if row.values.get("PartialProductKey")
    }
    assert {channel: row["LicenseStatus"] for channel, row in keyed.items()} == {"Volume:MAK": 1, "Volume:GVLK": 0}
    with pytest.raises(ScenarioError, match="second_channel"):
        pair({**AVMA, "licence": {"channel": keys.MAK, "second_channel": keys.MAK}})


def test_a_busy_service_refuses_the_calls_that_a_scenario_names_and_then_no_more() -> None:
    world = pair({**AVMA, "licensing_refusals": {"InstallProductKey": [0xC004F075], "Activate": [0xC004E028, 0xC004F075]}})
    with pytest.raises(CimError) as refusal:
        world.install_key("vm", "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK")
    assert refusal.value.hresult == 0xC004F075
    world.install_key("vm", "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK")
    assert [code_of_activation(world) for _unused in range(3)] == [0xC004E028, 0xC004F075, 0]


def test_nano_server_has_no_avma_product() -> None:
    world = pair({"release": "2016", "edition": "nano", "licence": {"channel": "none"}})
    (system,) = world.all("vm", CIMV2, "Win32_OperatingSystem")
    assert system.values["OperatingSystemSKU"] == 143
    assert not any("VIRTUAL_MACHINE" in str(row.values["Description"]) for row in world.all("vm", CIMV2, "SoftwareLicensingProduct"))


@dataclass(frozen=True)
class Caller:
    name: str
    administrator: bool
    remote_management: bool = True


@pytest.mark.parametrize("code", [0xC004F025, 0x80070005])
def test_licensing_refuses_who_may_only_use_the_namespace(code: int) -> None:
    account = {"name": "reader", "password": "Lab-Reader1!", "administrator": False, "wmi_rights": True}
    world = pair(AVMA, accounts=[account], rules={"licensing": {"user_refusal": code}})
    machine, reader = world.machine("vm"), Caller("reader", administrator=False)
    assert machine.may_read(reader, CIMV2)
    classes = machine.classes(CIMV2)
    with pytest.raises(CimError) as refusal:
        machine.authorise(reader, classes["softwarelicensingservice"], "InstallProductKey")
    assert refusal.value.hresult == code
    machine.authorise(reader, classes["stdregprov"], "GetStringValue")
    machine.authorise(Caller("Administrator", administrator=True), classes["softwarelicensingservice"], "InstallProductKey")
