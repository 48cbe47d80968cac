# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seam to the protocol: namespaces, who may read them, and the classes of root/cimv2 that describe a computer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from hyperv_lab.cim.provider import Account, CimError, Machine
from hyperv_lab.world.vm import VmState

from .conftest import CIMV2, V2, World, pair

STANDARD: dict[str, Any] = {"release": "2022", "edition": "standard"}


@dataclass
class Caller:
    name: str
    administrator: bool = True
    remote_management: bool = True


def test_machine_keeps_the_seam_s_promise(demo: World) -> None:
    machine: Machine = demo.machine("hv01")
    account: Account = Caller("Administrator")
    assert machine.may_read(account, CIMV2)


def test_namespaces_follow_roles(demo: World) -> None:
    everywhere = {"root", CIMV2, "root/default"}
    assert set(demo.machine("hv01").namespaces()) == everywhere | {"root/virtualization", V2, "root/mscluster"}
    assert set(demo.machine("hv03").namespaces()) == everywhere | {"root/virtualization", V2}
    assert set(demo.machine("web01").namespaces()) == everywhere
    demo.fleet.host("hv03").hyperv = False
    assert V2 not in demo.machine("hv03").namespaces()
    assert demo.machine("hv03").classes(V2) == {}
    assert [row.values["ID"] for row in demo.all("hv03", CIMV2, "Win32_ServerFeature")] == [481]
    assert [row.values["ID"] for row in demo.all("hv01", CIMV2, "Win32_ServerFeature")] == [481, 20, 33]


def test_namespace_security() -> None:
    accounts: list[dict[str, Any]] = [
        {"name": "admin", "password": "x"},
        {"name": "helper", "password": "x", "administrator": False},
        {"name": "halfway", "password": "x", "denied": ["root/MSCluster", V2]},
        {"name": "elsewhere", "password": "x", "machines": ["hv2"]},
    ]
    world = pair(STANDARD, {"denied_namespaces": ["root/default"]}, accounts=accounts)
    machine = world.machine("hv")
    readable = {
        account["name"]: [name for name in (CIMV2, V2, "root/default") if machine.may_read(Caller(str(account["name"])), name)]
        for account in accounts
    }
    assert readable == {"admin": [CIMV2, V2], "helper": [], "halfway": [CIMV2], "elsewhere": []}
    assert machine.may_read(Caller(r"EXAMPLE\halfway"), V2) is False
    assert machine.may_read(Caller("halfway@example.com"), CIMV2)
    assert machine.may_read(Caller("stranger", administrator=False), CIMV2) is False


@pytest.mark.parametrize(
    ("release", "edition", "version", "sku"),
    [
        ("2012r2", "standard", "6.3.9600", 7),
        ("2016", "datacenter", "10.0.14393", 8),
        ("2019", "essentials", "10.0.17763", 50),
        ("2022", "azure_edition", "10.0.20348", 407),
        ("2025", "datacenter_core", "10.0.26100", 12),
    ],
)
def test_operating_system(release: str, edition: str, version: str, sku: int) -> None:
    world = pair({"release": release, "edition": edition, "licence": {"channel": "none"}})
    (system,) = world.all("vm", CIMV2, "Win32_OperatingSystem")
    assert (system.values["Version"], system.values["OperatingSystemSKU"], system.values["CSName"]) == (version, sku, "VM")
    assert system.values["BuildNumber"] == version.rpartition(".")[2]


def test_russian_caption_is_translated() -> None:
    world = pair({**STANDARD, "language": "ru-RU"})
    (system,) = world.all("vm", CIMV2, "Win32_OperatingSystem")
    assert (system.values["Caption"], system.values["OSLanguage"]) == ("Майкрософт Windows Server 2022 Standard", 1049)


def test_guest_s_bios_is_the_vm_s() -> None:
    world = pair(STANDARD)
    (product,) = world.all("vm", CIMV2, "Win32_ComputerSystemProduct")
    (settings,) = world.all("hv", V2, "Msvm_VirtualSystemSettingData")
    assert settings.values["BIOSGUID"] == f"{{{product.values['UUID']}}}"
    assert settings.values["BIOSSerialNumber"] == product.values["IdentifyingNumber"]


def test_activation_device_is_found_by_its_guid_in_every_language() -> None:
    world = pair({**STANDARD, "language": "ja-JP"})
    ids = [str(row.values["DeviceID"]) for row in world.all("vm", CIMV2, "Win32_PnPEntity")]
    assert len([name for name in ids if "3375BAF4-9E15-4B30-B765-67ACB10D607B" in name]) == 1
    world = pair({**STANDARD, "activation_device": False})
    assert not any("3375BAF4" in str(row.values["DeviceID"]) for row in world.all("vm", CIMV2, "Win32_PnPEntity"))


def test_data_exchange_service_is_switched_in_the_guest() -> None:
    world = pair(STANDARD)

    def service() -> Any:
        return world.one("vm", CIMV2, "Win32_Service", Name="VMICKVPEXCHANGE")

    def call(method: str, **arguments: Any) -> int | None:
        return world.call("vm", CIMV2, "Win32_Service", method, service(), **arguments).return_value

    assert call("StartService") == 10
    assert call("ChangeStartMode", StartMode="Disabled") == 0
    assert (service().values["State"], service().values["StartMode"]) == ("Stopped", "Disabled")
    assert call("StartService") == 14
    assert call("ChangeStartMode", StartMode="Sometimes") == 21
    assert call("ChangeStartMode", StartMode="Manual") == 0
    assert call("StartService") == 0
    assert world.kvp_component("vm").values["EnabledState"] == 2
    assert call("StopService") == 0
    assert call("StopService") == 5


def test_read_only_things_say_so(demo: World) -> None:
    machine = demo.machine("hv01")
    (system,) = demo.all("hv01", CIMV2, "Win32_OperatingSystem")
    with pytest.raises(CimError) as refusal:
        machine.put(system, {"Description": "mine"})
    assert refusal.value.hresult == 0x80041024
    with pytest.raises(CimError) as refusal:
        machine.invoke(system.cls, "Explode", system, {})
    assert refusal.value.hresult == 0x8004102E


def test_a_guest_that_does_not_run_is_not_there(demo: World) -> None:
    assert demo.machine("spare01").listening is False
    demo.fleet.set_state(demo.fleet.vm("spare01")[1], VmState.RUNNING)
    assert demo.machine("spare01").listening
    assert demo.machine("hv01").listening
