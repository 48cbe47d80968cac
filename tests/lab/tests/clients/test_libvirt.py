# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt's Hyper-V driver sends by openwsman, in its own shapes, and what it must find in the answers.

It is in production against Hyper-V since 2012 R2 (libvirt, src/hyperv). Openwsman finds elements by fixed prefixes, so these are held too.
"""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest

from hyperv_lab.world.vm import VmState

from .wire import ADDRESSING, ANONYMOUS, CIMV2, ENUMERATION, SOAP, V2, WQL, WSMAN, Wire, context_of, items, texts

RAN = "shapes"

SOURCE = "libvirt 9, hyperv driver with openwsman"
_PREFIXES = {"s": SOAP, "a": ADDRESSING, "w": WSMAN, "n": ENUMERATION}
DEVICES = (
    "Msvm_ResourceAllocationSettingData",
    "Msvm_StorageAllocationSettingData",
    "Msvm_SerialPortSettingData",
    "Msvm_SyntheticEthernetPortSettingData",
    "Msvm_EthernetPortAllocationSettingData",
)
VIRTUAL = "Name != __SERVER "


def envelope(action: str, uri: str, body: str, selectors: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="{SOAP}" xmlns:wsa="{ADDRESSING}" xmlns:wsman="{WSMAN}">'
        f'<s:Header><wsa:Action s:mustUnderstand="true">{action}</wsa:Action><wsa:To s:mustUnderstand="true">http://hv01:5985/wsman</wsa:To>'
        f'<wsman:ResourceURI s:mustUnderstand="true">{uri}</wsman:ResourceURI>'
        f'<wsa:MessageID s:mustUnderstand="true">uuid:{uuid.uuid4()}</wsa:MessageID>'
        f"<wsa:ReplyTo><wsa:Address>{ANONYMOUS}</wsa:Address></wsa:ReplyTo>{selectors}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


def enumerate_and_pull(wire: Wire, query: str, cls: str, root: str = V2, mode: str = "") -> list[ET.Element]:
    """No optimisation, no MaxElements: one item for each Pull, which names the class where the Enumerate named ``*``."""
    text = query.replace("&", "&amp;").replace("<", "&lt;")
    body = f'<wsen:Enumerate xmlns:wsen="{ENUMERATION}">{mode}<wsman:Filter Dialect="{WQL}">{text}</wsman:Filter></wsen:Enumerate>'
    answer = wire.send(envelope(f"{ENUMERATION}/Enumerate", f"{root}/*", body))
    assert not items(answer)
    found: list[ET.Element] = []
    context = context_of(answer)
    while context is not None:
        body = f'<wsen:Pull xmlns:wsen="{ENUMERATION}"><wsen:EnumerationContext>{context}</wsen:EnumerationContext></wsen:Pull>'
        answer = wire.send(envelope(f"{ENUMERATION}/Pull", f"{root}/{cls}", body))
        page = items(answer)
        assert len(page) <= 1
        found += page
        context = context_of(answer)
    return found


def value(instance: ET.Element, name: str) -> str | None:
    return instance.findtext(f"{instance.tag[: instance.tag.index('}') + 1]}{name}")


def xpath(answer: str, path: str) -> str | None:
    """As openwsman evaluates it: a prefix means what the root or the body's first child says."""
    envelope_tag = re.search(r"<s:Envelope[^>]*>", answer)
    first = re.search(r"<s:Body><[^>]*>", answer)
    assert envelope_tag is not None
    assert first is not None
    declared = dict(re.findall(r'xmlns:(\w+)="([^"]*)"', envelope_tag.group() + first.group()))
    return ET.fromstring(answer).findtext(path, namespaces=declared)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.mark.fidelity(
    "WQL on root/virtualization/v2, Name != __SERVER, one item for each Pull without MaxElements", source=SOURCE, confidence="H"
)
def test_the_list_of_machines(wire: Wire) -> None:
    active = "(EnabledState != 0 and EnabledState != 3 and EnabledState != 32769) "
    inactive = "(EnabledState = 0 or EnabledState = 3 or EnabledState = 32769) "
    running = enumerate_and_pull(wire, f"SELECT * FROM Msvm_ComputerSystem WHERE {VIRTUAL}AND {active}", "Msvm_ComputerSystem")
    off = enumerate_and_pull(wire, f"SELECT * FROM Msvm_ComputerSystem WHERE {VIRTUAL}AND {inactive}", "Msvm_ComputerSystem")
    vms = wire.fleet.host("hv01").vms.values()
    assert {value(row, "ElementName") for row in running} == {vm.name for vm in vms if vm.state is not VmState.OFF}
    assert {value(row, "ElementName") for row in off} == {vm.name for vm in vms if vm.state is VmState.OFF}
    assert {row.tag for row in running} == {f"{{{V2}/Msvm_ComputerSystem}}Msvm_ComputerSystem"}


@pytest.mark.fidelity("Strings in WQL are compared without regard to case", source=SOURCE, confidence="H")
def test_a_machine_by_name_identity_and_process(wire: Wire) -> None:
    _host, vm = wire.fleet.vm("web01")
    select = f"SELECT * FROM Msvm_ComputerSystem WHERE {VIRTUAL}AND "
    (by_name,) = enumerate_and_pull(wire, f"{select}ElementName = 'web01'", "Msvm_ComputerSystem")
    # libvirt writes UUIDs in small letters, Hyper-V in capitals.
    (by_id,) = enumerate_and_pull(wire, f"{select}Name = '{vm.id.lower()}'", "Msvm_ComputerSystem")
    (by_process,) = enumerate_and_pull(wire, f"{select}ProcessID = {value(by_name, 'ProcessID')}", "Msvm_ComputerSystem")
    assert {value(row, "Name") for row in (by_name, by_id, by_process)} == {vm.id}


def test_what_a_connection_asks_for_first(wire: Wire) -> None:
    (product,) = enumerate_and_pull(wire, "SELECT * FROM Win32_ComputerSystemProduct", "Win32_ComputerSystemProduct", CIMV2)
    assert uuid.UUID(value(product, "UUID") or "")
    (system,) = enumerate_and_pull(wire, "SELECT * FROM Win32_ComputerSystem", "Win32_ComputerSystem", CIMV2)
    (operating,) = enumerate_and_pull(wire, "SELECT * FROM Win32_OperatingSystem", "Win32_OperatingSystem", CIMV2)
    assert re.fullmatch(r"\d+\.\d+\.\d+", value(operating, "Version") or "")
    assert int(value(operating, "FreePhysicalMemory") or 0) > 0
    assert int(value(system, "TotalPhysicalMemory") or 0) > 0


@pytest.mark.fidelity("ASSOCIATORS OF with AssocClass and ResultClass through the WQL filter", source=SOURCE, confidence="H")
def test_the_settings_of_a_machine(wire: Wire) -> None:
    _host, vm = wire.fleet.vm("sql01")
    path = f"{{Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name='{vm.id.lower()}'}}"
    query = f"ASSOCIATORS OF {path} WHERE AssocClass = Msvm_SettingsDefineState ResultClass = Msvm_VirtualSystemSettingData"
    (settings,) = enumerate_and_pull(wire, query, "Msvm_VirtualSystemSettingData")
    assert value(settings, "InstanceID") == f"Microsoft:{vm.id}"
    assert value(settings, "VirtualSystemType") == "Microsoft:Hyper-V:System:Realized"
    for cls, name, expected in (
        ("Msvm_ProcessorSettingData", "VirtualQuantity", str(vm.processors)),
        ("Msvm_MemorySettingData", "VirtualQuantity", str(vm.memory_mb)),
    ):
        query = (
            f"ASSOCIATORS OF {{Msvm_VirtualSystemSettingData.InstanceID='{value(settings, 'InstanceID')}'}} "
            f"WHERE AssocClass = Msvm_VirtualSystemSettingDataComponent ResultClass = {cls}"
        )
        (row,) = enumerate_and_pull(wire, query, cls)
        assert value(row, name) == expected


@pytest.mark.fidelity(
    "Disks, controllers, serial ports and network adapters of a VM as settings; the host's processors", source=SOURCE, confidence="M"
)
def test_the_devices_of_a_machine(wire: Wire) -> None:
    """What ``virsh dumpxml`` and ``virsh nodeinfo`` read."""
    _host, vm = wire.fleet.vm("file01")  # of the first generation
    devices: dict[str, list[ET.Element]] = {}
    for cls in DEVICES:
        query = (
            f"ASSOCIATORS OF {{Msvm_VirtualSystemSettingData.InstanceID='Microsoft:{vm.id}'}} "
            f"WHERE AssocClass = Msvm_VirtualSystemSettingDataComponent ResultClass = {cls}"
        )
        devices[cls] = enumerate_and_pull(wire, query, cls)
        assert all((value(row, "InstanceID") or "").startswith(f"Microsoft:{vm.id}\\") for row in devices[cls])
    counts = {cls.removeprefix("Msvm_").removesuffix("SettingData"): len(rows) for cls, rows in devices.items()}
    assert counts == {
        "ResourceAllocation": 4,  # two IDE controllers, one SCSI controller, a drive
        "StorageAllocation": 1,
        "SerialPort": 2,
        "SyntheticEthernetPort": 1,
        "EthernetPortAllocation": 1,
    }
    # A disk is found by the end of its Parent's path, in which the backslashes of the drive's InstanceID are doubled.
    (disk,) = devices["Msvm_StorageAllocationSettingData"]
    (drive,) = [row for row in devices["Msvm_ResourceAllocationSettingData"] if value(row, "ResourceType") == "17"]
    assert (value(disk, "Parent") or "").endswith((value(drive, "InstanceID") or "").replace("\\", "\\\\") + '"')
    assert value(disk, "HostResource")
    (adapter,) = devices["Msvm_SyntheticEthernetPortSettingData"]
    assert re.fullmatch(r"00155D[0-9A-F]{6}", value(adapter, "Address") or "")
    (switch,) = enumerate_and_pull(wire, "SELECT * FROM Msvm_VirtualEthernetSwitch", "Msvm_VirtualEthernetSwitch")
    (connection,) = devices["Msvm_EthernetPortAllocationSettingData"]
    assert f'Name="{value(switch, "Name")}"' in (value(connection, "HostResource") or "")


def test_the_processors_of_a_host(wire: Wire) -> None:
    query = (
        "ASSOCIATORS OF {Win32_ComputerSystem.Name='HV01'} WHERE AssocClass = Win32_ComputerSystemProcessor ResultClass = Win32_Processor"
    )
    (processor,) = enumerate_and_pull(wire, query, "Win32_Processor", CIMV2)
    assert int(value(processor, "NumberOfCores") or 0) >= 1


def test_the_snapshots_of_a_machine(wire: Wire) -> None:
    _host, vm = wire.fleet.vm("sql01")
    query = (
        f"ASSOCIATORS OF {{Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name='{vm.id}'}} "
        "WHERE AssocClass = Msvm_SnapshotOfVirtualSystem ResultClass = Msvm_VirtualSystemSettingData"
    )
    (snapshot,) = enumerate_and_pull(wire, query, "Msvm_VirtualSystemSettingData")
    assert value(snapshot, "ElementName") == "before patch day"


REQUEST_STATE = "RequestStateChange"


@pytest.mark.fidelity(
    "The job of a method under s:Body/p:METHOD_OUTPUT/p:Job/a:ReferenceParameters, by these prefixes", source=SOURCE, confidence="H"
)
def test_switching_a_machine_off(wire: Wire) -> None:
    _host, vm = wire.fleet.vm("web02")
    uri = f"{V2}/Msvm_ComputerSystem"
    selectors = (
        f'<wsman:SelectorSet><wsman:Selector Name="Name">{vm.id.lower()}</wsman:Selector>'
        '<wsman:Selector Name="CreationClassName">Msvm_ComputerSystem</wsman:Selector></wsman:SelectorSet>'
    )
    body = f'<n1:{REQUEST_STATE}_INPUT xmlns:n1="{uri}"><n1:RequestedState>3</n1:RequestedState></n1:{REQUEST_STATE}_INPUT>'
    answer = wire.send(envelope(f"{uri}/{REQUEST_STATE}", uri, body, selectors))
    assert xpath(answer, f"s:Body/p:{REQUEST_STATE}_OUTPUT/p:ReturnValue") == "4096"
    path = f"s:Body/p:{REQUEST_STATE}_OUTPUT/p:Job/a:ReferenceParameters/w:SelectorSet/w:Selector[@Name='InstanceID']"
    query = f"SELECT * FROM Msvm_ConcreteJob WHERE InstanceID = '{xpath(answer, path)}'"
    states = []
    while "7" not in states:
        (job,) = enumerate_and_pull(wire, query, "Msvm_ConcreteJob")
        states.append(value(job, "JobState"))
        wire.fleet.clock.advance(timedelta(seconds=1))
        assert len(states) < 100
    assert set(states) <= {"2", "3", "4", "7"}
    assert vm.state is VmState.OFF


@pytest.mark.fidelity("Some of the keys are enough to name Hyper-V's management service", source=SOURCE, confidence="H")
def test_an_embedded_instance_in_cdata(wire: Wire) -> None:
    """How libvirt changes settings: CIM-XML as CDATA, and the service by one of its keys."""
    uri = f"{V2}/Msvm_VirtualSystemManagementService"
    selectors = '<wsman:SelectorSet><wsman:Selector Name="CreationClassName">Msvm_VirtualSystemManagementService</wsman:Selector></wsman:SelectorSet>'
    _host, vm = wire.fleet.vm("web01")
    reference = (
        f'<p:TargetSystem xmlns:a="{ADDRESSING}" xmlns:w="{WSMAN}"><a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters>'
        f'<w:ResourceURI>{V2}/Msvm_ComputerSystem</w:ResourceURI><w:SelectorSet><w:Selector Name="CreationClassName">Msvm_ComputerSystem'
        f'</w:Selector><w:Selector Name="Name">{vm.id}</w:Selector></w:SelectorSet></a:ReferenceParameters></p:TargetSystem>'
    )
    item = (
        '<INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem"><PROPERTY NAME="Name" TYPE="string"><VALUE>FromLibvirt</VALUE></PROPERTY>'
        '<PROPERTY NAME="Data" TYPE="string"><VALUE>a &#38; b</VALUE></PROPERTY>'
        '<PROPERTY NAME="Source" TYPE="uint16"><VALUE>0</VALUE></PROPERTY></INSTANCE>'
    )
    body = f'<p:AddKvpItems_INPUT xmlns:p="{uri}"><p:DataItems><![CDATA[{item}]]></p:DataItems>{reference}</p:AddKvpItems_INPUT>'
    answer = wire.send(envelope(f"{uri}/AddKvpItems", uri, body, selectors))
    assert xpath(answer, "s:Body/p:AddKvpItems_OUTPUT/p:ReturnValue") in ("0", "4096")


@pytest.mark.fidelity("EnumerateEPR with a WQL filter gives a:EndpointReference items", source=SOURCE, confidence="H")
def test_references_for_parameters(wire: Wire) -> None:
    _host, vm = wire.fleet.vm("web01")
    mode = "<wsman:EnumerationMode>EnumerateEPR</wsman:EnumerationMode>"
    query = f"SELECT * FROM Msvm_ComputerSystem WHERE Name = '{vm.id}'"
    (reference,) = enumerate_and_pull(wire, query, "Msvm_VirtualSystemManagementService", mode=mode)
    assert reference.tag == f"{{{ADDRESSING}}}EndpointReference"
    assert reference.findtext("a:Address", namespaces=_PREFIXES) == ANONYMOUS
    assert reference.findtext("a:ReferenceParameters/w:ResourceURI", namespaces=_PREFIXES) == f"{V2}/Msvm_ComputerSystem"
    assert reference.findtext(".//w:Selector[@Name='Name']", namespaces=_PREFIXES) == vm.id


def test_a_query_that_finds_nothing_ends_the_list(wire: Wire) -> None:
    """libvirt breaks off when the first Pull's Items do not hold its class, so there must be Items."""
    assert enumerate_and_pull(wire, "SELECT * FROM Msvm_ComputerSystem WHERE ElementName = 'nobody'", "Msvm_ComputerSystem") == []
    assert "<n:Items></n:Items><n:EndOfSequence/>" in wire.answers[-1]


def test_faults_are_read_by_openwsman(wire: Wire) -> None:
    body = f'<wsen:Enumerate xmlns:wsen="{ENUMERATION}"><wsman:Filter Dialect="{WQL}">SELECT * FROM Msvm_Nothing</wsman:Filter></wsen:Enumerate>'
    status, answer = wire.exchange(envelope(f"{ENUMERATION}/Enumerate", f"{V2}/*", body))
    assert status == 500
    assert xpath(answer, "s:Body/s:Fault/s:Code/s:Subcode/s:Value") == "n:CannotProcessFilter"
    assert texts(answer, "Text")[0].strip()
