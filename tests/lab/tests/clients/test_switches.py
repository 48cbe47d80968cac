# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches for what Windows may be instead: accounts that are shown less, slow providers, numbers in texts, other licences. All off by default."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import timedelta
from typing import Any

import pytest

from hyperv_lab.providers.machine import SimulatedMachine
from hyperv_lab.scenarios.building import build
from hyperv_lab.scenarios.loading import parse
from hyperv_lab.world import avma
from hyperv_lab.world.accounts import LabAccount
from hyperv_lab.wsman.service import WsmanService
from hyperv_lab.wsman.settings import ServiceSettings

from .wire import CIMV2, ENUMERATION, V2, WMI, WQL, Wire, context_of, items
from .wire_requests import envelope, query_all

READER = "reader"


class World(Wire):
    """One host ``hv`` with guest ``vm``, asked as ``reader``."""

    def __init__(
        self,
        machine: str = "hv",
        *,
        account: dict[str, Any] | None = None,
        host: dict[str, Any] | None = None,
        guest: dict[str, Any] | None = None,
        vm: dict[str, Any] | None = None,
        rules: dict[str, Any] | None = None,
        **settings: object,
    ) -> None:
        reader = {"name": READER, "password": "Lab-Reader1!", "administrator": False, "wmi_rights": True, **(account or {})}
        windows = {"release": "2022", "edition": "standard", **(guest or {})}
        document = {
            "name": "switches",
            "accounts": [reader],
            "rules": rules or {},
            "hosts": [{"name": "hv", **(host or {}), "vms": [{"name": "vm", "windows": windows, **(vm or {})}, {"name": "vm2"}]}],
        }
        self.fleet = build(parse(document))
        self.machine = SimulatedMachine(self.fleet, self.fleet.windows(machine))
        self._service = WsmanService(self.machine, ServiceSettings(**settings))  # type: ignore[arg-type]
        self.answers = []

    def exchange(self, envelope: str) -> tuple[int, str]:
        account = self.fleet.accounts[READER]
        assert isinstance(account, LabAccount)
        answer = self._service.answer(self._service.receive(envelope.encode()), account, "hv")
        return answer.status, answer.body

    def values(self, root: str, query: str, name: str) -> list[str | None]:
        return [
            next((cell.text for cell in row.iter() if cell.tag.rpartition("}")[2] == name), None) for row in query_all(self, root, query)
        ]


@pytest.mark.fidelity(
    "Hyper-V answers empty, not denied, to an account without rights on it: nothing at all, the host's own row, or that and its services",
    source="containers/libhvee 224, microsoft/devhome 2476; which rows are left is inferred, a switch of the account",
    confidence="L",
)
@pytest.mark.parametrize(("rows", "systems", "services"), [("all", 3, 1), ("none", 0, 0), ("host", 1, 0), ("services", 1, 1)])
def test_an_account_that_hyper_v_shows_less(rows: str, systems: int, services: int) -> None:
    world = World(account={"hyperv_rows": rows})
    assert len(query_all(world, V2, "SELECT Name FROM Msvm_ComputerSystem")) == systems
    assert len(query_all(world, V2, "SELECT Name FROM Msvm_VirtualSystemManagementService")) == services
    machines = query_all(world, V2, "SELECT * FROM Msvm_VirtualSystemSettingData")
    assert len(machines) == (2 if rows == "all" else 0)
    if rows == "services":
        name = "Msvm_VirtualSystemManagementService"
        body = f'<p:GetSummaryInformation_INPUT xmlns:p="{V2}/{name}"/>'
        selectors = f'<w:SelectorSet><w:Selector Name="CreationClassName">{name}</w:Selector></w:SelectorSet>'
        status, answer = world.exchange(envelope(f"{V2}/{name}/GetSummaryInformation", f"{V2}/{name}", body, selectors))
        assert (status, "2150859013" in answer) == (500, True)


@pytest.mark.fidelity(
    "Win32_NTLogEvent gives no rows and no fault to an account that may not read the log",
    source="ORMi 30; a switch of the account, denied is the other reading",
    confidence="M",
)
def test_an_account_that_may_not_read_the_log() -> None:
    for query in ("SELECT RecordNumber FROM Win32_NTLogEvent", "SELECT NumberOfRecords FROM Win32_NTEventlogFile"):
        assert query_all(World(), CIMV2, query)
        assert query_all(World(account={"event_log": "empty"}), CIMV2, query) == []
        with pytest.raises(AssertionError, match="2150859013"):
            query_all(World(account={"event_log": "denied"}), CIMV2, query)


@pytest.mark.fidelity(
    "A number that WinRM has no text for stands in the text: unknown error: HRESULT 0x...; whether Code is general then is a switch",
    source="Azure Stack release notes 1712, arcgis-powershell-dsc 452 (text)",
    confidence="M",
)
def test_a_number_that_stands_in_the_text_alone() -> None:
    with pytest.raises(AssertionError, match=r"2150858752.*root/mscluster is invalid"):
        query_all(World(), f"{WMI}/root/mscluster", "SELECT Name FROM MSCluster_Cluster")
    world = World(unknown_errors="text")
    with pytest.raises(AssertionError, match=r'Code="2150858755".*returned an unknown error: HRESULT 0x8004100e') as raised:
        query_all(world, f"{WMI}/root/mscluster", "SELECT Name FROM MSCluster_Cluster")
    assert "invalid" not in str(raised.value)
    with pytest.raises(AssertionError, match="2150858778"):  # WinRM has a fault of its own for this
        query_all(world, V2, "SELECT Name FROM Msvm_Nothing")


def enumerated(world: World, seconds: int, *, at_most: int = 1000) -> tuple[int, list[ET.Element]]:
    """How many times the wait was longer than the operation's time-out, and the rows."""
    timeout = f"<w:OperationTimeout>PT{seconds}S</w:OperationTimeout>"
    query = f'<w:Filter Dialect="{WQL}">SELECT * FROM Msvm_ComputerSystem</w:Filter>'
    body = f'<n:Enumerate xmlns:n="{ENUMERATION}">{query}</n:Enumerate>'
    answer = world.send(envelope(f"{ENUMERATION}/Enumerate", f"{V2}/*", body, timeout))
    found: list[ET.Element] = []
    late = 0
    while (context := context_of(answer)) is not None:
        body = (
            f'<n:Pull xmlns:n="{ENUMERATION}"><n:EnumerationContext>{context}</n:EnumerationContext>'
            f"<n:MaxElements>{at_most}</n:MaxElements></n:Pull>"
        )
        status, said = world.exchange(envelope(f"{ENUMERATION}/Pull", f"{V2}/*", body, timeout))
        if status == 500:
            assert "2150858793" in said
            late += 1
            assert late < 20
            continue
        answer = said
        found += items(answer)
    return late, found


@pytest.mark.fidelity(
    "A provider that needs longer than OperationTimeout: w:TimedOut 2150858793; the enumeration goes on, and a Pull may be repeated",
    source="Zabbix-HyperV-Templates 48, SdnDiagnostics 404 (20 to 90 s); DSP0226; a switch",
    confidence="L",
)
def test_slow_providers() -> None:
    assert enumerated(World(), 20)[0] == 0
    late, rows = enumerated(World(provider_seconds=90.0), 20)
    assert (late, len(rows)) == (4, 3)
    assert enumerated(World(provider_seconds=25.0), 60)[0] == 0
    # Small pages come in time where a large one does not.
    assert enumerated(World(row_seconds=10.0), 15, at_most=1)[0] == 0
    assert enumerated(World(row_seconds=10.0), 15)[0] == 1
    world = World(provider_seconds=25.0)
    query_all(world, CIMV2, "SELECT * FROM Win32_OperatingSystem")  # other namespaces are as fast as ever


PRODUCT = "SELECT * FROM SoftwareLicensingProduct WHERE PartialProductKey IS NOT NULL"
KMS_HOST = {"licence": {"channel": "Volume:GVLK", "status": "licensed"}}


@pytest.mark.fidelity(
    "VLActivationType distinguishes Active Directory (1), KMS (2) and a token (3), ADActivationObjectName names the object",
    source="public copies of slmgr.vbs; Microsoft, SoftwareLicensingProduct",
    confidence="H",
)
@pytest.mark.parametrize(("through", "number"), [(None, "2"), ("kms", "2"), ("active_directory", "1"), ("token", "3")])
def test_how_a_host_was_activated(through: str | None, number: str) -> None:
    world = World(host={"licence": {**KMS_HOST["licence"], "activated_through": through}})
    assert world.values(CIMV2, PRODUCT, "VLActivationType") == [number]
    assert bool(world.values(CIMV2, PRODUCT, "ADActivationObjectName")[0]) == (through == "active_directory")
    world.fleet.advance(timedelta(days=200))  # no KMS answers here; a domain does
    assert world.values(CIMV2, PRODUCT, "LicenseStatus") == (["1"] if through == "active_directory" else ["5"])


@pytest.mark.fidelity(
    "Two products of Windows can be licensed at once",
    source="inferred: whether /ipk takes the licence from the old row is not published; a switch",
    confidence="L",
)
def test_two_licensed_products() -> None:
    licence = {"channel": "VT:IA", "status": "licensed", "second_channel": "Volume:GVLK", "second_licensed": True}
    world = World("vm", guest={"licence": licence})
    assert world.values(CIMV2, PRODUCT, "ProductKeyChannel") == ["Volume:GVLK", "VT:IA"]
    assert world.values(CIMV2, PRODUCT, "LicenseStatus") == ["1", "1"]


@pytest.mark.fidelity(
    "A host with a licence of an unknown channel (pay-as-you-go by Azure Arc) may activate guests or not",
    source="inferred: no source says what such a host shows, nor whether it serves AVMA; a switch",
    confidence="L",
)
@pytest.mark.parametrize("activates", [True, False])
def test_a_licence_that_no_table_knows(activates: bool) -> None:
    host = {"licence": {"channel": "Volume:MAK", "status": "licensed", "shown_channel": "PAYG"}}
    guest = {"licence": {"channel": "VT:IA", "status": "notification"}}
    world = World(host=host, guest=guest, rules={"licensing": {"unknown_channel_activates": activates}})
    assert world.values(CIMV2, PRODUCT, "ProductKeyChannel") == ["PAYG"]
    world.fleet.advance(timedelta(days=1))
    assert (avma.request(world.fleet, world.fleet.guest("vm")) == 0) is activates


@pytest.mark.fidelity(
    "The version of a machine's configuration is that of the host that made it: 5.0, 8.0, 9.0, 10.0, 12.0",
    source="Microsoft, Supported virtual machine configuration versions; Virtualization-Documentation 1344",
    confidence="H",
)
@pytest.mark.parametrize(("release", "version"), [("2012r2", "5.0"), ("2016", "8.0"), ("2019", "9.0"), ("2022", "10.0"), ("2025", "12.0")])
def test_configuration_versions(release: str, version: str) -> None:
    guest = {"release": "2012r2", "edition": "standard"}
    query = "SELECT * FROM Msvm_VirtualSystemSettingData WHERE ElementName = 'vm'"
    assert World(host={"release": release}, guest=guest).values(V2, query, "Version") == [version]
    assert World(host={"release": release}, guest=guest, vm={"version": "5.0"}).values(V2, query, "Version") == ["5.0"]


def test_a_scenario_may_have_a_host_whose_role_was_removed() -> None:
    world = World(host={"hyperv": False, "hyperv_removed": True})
    with pytest.raises(AssertionError, match="2150858778"):
        query_all(world, V2, "SELECT Name FROM Msvm_ComputerSystem")
