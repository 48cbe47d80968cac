# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What public PowerShell scripts ask of Windows, in requests of the lab's own: key-value pairs, logs, namespaces, files, settings.

The scripts themselves were run against the lab by hand, in a real engine with stand-ins for its CIM cmdlets.
"""

from __future__ import annotations

import pytest

from hyperv_lab.scenarios.building import build
from hyperv_lab.world.vm import VmState

from .live_lab import demo_scenario
from .wire import CIMV2, V2, WMI, Wire
from .wire_requests import enumerate_all, query_all

RAN = "shapes"


def column(wire: Wire, root: str, query: str, name: str) -> list[str | None]:
    return [next((cell.text for cell in row.iter() if cell.tag.rpartition("}")[2] == name), None) for row in query_all(wire, root, query)]


@pytest.mark.fidelity(
    "Parents of a namespace exist, and __NAMESPACE lists their children; a class that is not there is n:CannotProcessFilter",
    source="virt-who's source and tests; Microsoft, WMI system classes",
    confidence="M",
)
def test_namespaces() -> None:
    wire = Wire()
    assert column(wire, f"{WMI}/root", "SELECT Name FROM __NAMESPACE", "Name") == ["CIMV2", "DEFAULT", "MSCluster", "virtualization"]
    assert column(wire, f"{WMI}/root/virtualization", "SELECT Name FROM __NAMESPACE", "Name") == ["v2"]
    assert column(wire, f"{WMI}/root", "SELECT * FROM __NAMESPACE WHERE Name='virtualization'", "Name") == ["virtualization"]
    assert query_all(wire, V2, "SELECT * FROM __NAMESPACE") == []
    assert len(enumerate_all(wire, f"{WMI}/root/__NAMESPACE")) == 4
    with pytest.raises(AssertionError, match="2150858778"):
        query_all(wire, f"{WMI}/root/virtualization", "SELECT * FROM Msvm_VirtualSystemSettingData")
    with pytest.raises(AssertionError, match="root/nowhere is invalid"):
        query_all(wire, f"{WMI}/root/nowhere", "SELECT * FROM __NAMESPACE")


def test_a_guest_has_no_hyper_v() -> None:
    assert column(Wire("web01"), f"{WMI}/root", "SELECT Name FROM __NAMESPACE", "Name") == ["CIMV2", "DEFAULT"]


@pytest.mark.fidelity(
    "Where the role of Hyper-V was removed its namespace can stay, without classes: n:CannotProcessFilter, a:DestinationUnreachable",
    source="duplicati issue 3012 (Windows Server 2008 R2)",
    confidence="L",
)
def test_a_role_that_was_removed() -> None:
    wire = Wire()
    host = wire.fleet.host("hv01")
    host.hyperv, host.hyperv_removed = False, True
    assert column(wire, f"{WMI}/root/virtualization", "SELECT Name FROM __NAMESPACE", "Name") == ["v2"]
    with pytest.raises(AssertionError, match=r"n:CannotProcessFilter.*2150858778"):
        query_all(wire, V2, "SELECT Name FROM Msvm_VirtualSystemManagementService")
    with pytest.raises(AssertionError, match=r"a:DestinationUnreachable.*2150858752"):
        enumerate_all(wire, f"{V2}/Msvm_VirtualSystemManagementService")


@pytest.mark.fidelity(
    "CIM_DataFile shows the version of vmms.exe",
    source="virt-who, pull request 153, made against real hosts",
    confidence="H",
)
def test_the_version_of_the_management_service() -> None:
    query = r"select * from CIM_Datafile where Path = '\\windows\\system32\\' and FileName='vmms'"
    assert column(Wire(), CIMV2, query, "Version") == ["10.0.20348.1"]
    assert column(Wire("web01"), CIMV2, query, "Version") == []


@pytest.mark.fidelity(
    "Win32_NTEventlogFile: name, file, number of records, size and policy of a log",
    source="Microsoft, Win32_NTEventlogFile; a public script that asks it whether a log may be read",
    confidence="M",
)
def test_the_files_of_logs() -> None:
    wire = Wire()
    query = "SELECT NumberOfRecords, MaxFileSize, OverWritePolicy, Name FROM Win32_NTEventlogFile WHERE LogfileName='Application'"
    assert column(wire, CIMV2, query, "NumberOfRecords") == [str(len(wire.fleet.host("hv01").log.read()))]
    assert column(wire, CIMV2, query, "OverWritePolicy") == ["WhenNeeded"]
    assert column(wire, CIMV2, query, "Name") == [r"C:\Windows\System32\Winevt\Logs\Application.evtx"]


@pytest.mark.fidelity(
    "Definition rows of the capabilities: least, most, step and default of processors and memory",
    source="libvirt, hypervConnectGetMaxVcpus; Microsoft, Plan for Hyper-V scalability",
    confidence="H",
)
def test_what_a_machine_may_have_at_most() -> None:
    query = r"SELECT * FROM Msvm_ProcessorSettingData WHERE InstanceID LIKE 'Microsoft:Definition%Maximum'"
    assert column(Wire("hv01"), V2, query, "VirtualQuantity") == ["240"]
    memory = r"SELECT * FROM Msvm_MemorySettingData WHERE InstanceID LIKE 'Microsoft:Definition%Minimum'"
    assert column(Wire("hv01"), V2, memory, "VirtualQuantity") == ["32"]


def test_where_a_machine_keeps_its_files() -> None:
    query = "SELECT * FROM Msvm_VirtualSystemSettingData"
    for name in ("ConfigurationDataRoot", "GuestStateDataRoot", "SnapshotDataRoot", "GuestStateFile"):
        assert all(column(Wire(), V2, query, name)), name


def test_the_demo_has_machines_in_each_state_that_settings_depend_on() -> None:
    states = {vm.state for _host, vm in build(demo_scenario()).vms()}
    assert {VmState.RUNNING, VmState.OFF} <= states
