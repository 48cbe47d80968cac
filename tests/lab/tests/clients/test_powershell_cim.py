# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PowerShell's CIM cmdlets send (Get-CimInstance, Invoke-CimMethod over WS-Management), in their own shapes."""

from __future__ import annotations

import pytest

from .wire import ADDRESSING, ANONYMOUS, CIMV2, ENUMERATION, SOAP, TRANSFER, V2, WQL, WSMAN, XSI, Wire, items, selector_set, texts

RAN = "shapes"

SOURCE = "requests of PowerShell's CIM cmdlets; [MS-WSMV]"
CIM_SCHEMA = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2"
ANY_CIM = "http://schemas.dmtf.org/wbem/wscim/1/*"
MESSAGE_ID = "uuid:8DA59CFE-7D4D-4DBB-8E3B-2E4B1F5A1C0D"
OPERATION_ID = "uuid:CEB310A6-FB0B-441D-83E6-8B0C416192CF"
OPTIONS = (
    f'<w:OptionSet xmlns:xsi="{XSI}"><w:Option Name="__MI_CallbackRegistration" Type="xs:int">11</w:Option>'
    '<w:Option Name="wmiarray:__MI_OPERATIONOPTIONS_CHANNELVALUE" Type="xs:unsignedInt">0</w:Option>'
    '<w:Option Name="wmiarray:__MI_OPERATIONOPTIONS_CHANNELVALUE" Type="xs:unsignedInt">1</w:Option>'
    '<w:Option Name="wmi:__MI_OPERATIONOPTIONS_WRITEERRORMODE" Type="xs:unsignedInt">1</w:Option>'
    '<w:Option Name="msftwinrm:UsePreciseArrays" Type="xs:boolean">true</w:Option></w:OptionSet>'
)


def envelope(action: str, uri: str, body: str, selectors: str = "", options: str = OPTIONS) -> str:
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:n="{ENUMERATION}" xmlns:w="{WSMAN}" '
        'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd">'
        f'<s:Header><a:To>http://hv01:5985/wsman</a:To><w:ResourceURI s:mustUnderstand="true">{uri}</w:ResourceURI>'
        f'<a:ReplyTo><a:Address s:mustUnderstand="true">{ANONYMOUS}</a:Address></a:ReplyTo>'
        f'<a:Action s:mustUnderstand="true">{action}</a:Action><w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>'
        f"<a:MessageID>{MESSAGE_ID}</a:MessageID>"
        '<w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>'
        '<p:SessionId s:mustUnderstand="false">uuid:91A8C559-19BC-4A5E-B99F-8A39CF77253E</p:SessionId>'
        f'<p:OperationID s:mustUnderstand="false">{OPERATION_ID}</p:OperationID><p:SequenceId s:mustUnderstand="false">1</p:SequenceId>'
        f"{selectors}{options}<w:OperationTimeout>PT60.000S</w:OperationTimeout></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


def query(text: str) -> str:
    return f'<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements><w:Filter Dialect="{WQL}">{text}</w:Filter></n:Enumerate>'


@pytest.mark.fidelity(
    "OperationID and SequenceId come back between MessageID and To, RelatesTo byte for byte", source=SOURCE, confidence="M"
)
def test_headers_of_the_answer() -> None:
    answer = Wire().send(envelope(f"{ENUMERATION}/Enumerate", f"{CIMV2}/*", query("SELECT * FROM Win32_OperatingSystem")))
    header = answer.partition("<s:Header>")[2].partition("</s:Header>")[0]
    order = [header.index(f"<{name}") for name in ("a:Action", "a:MessageID", "p:OperationID", "p:SequenceId", "a:To", "a:RelatesTo")]
    assert order == sorted(order)
    assert f's:mustUnderstand="false">{OPERATION_ID}</p:OperationID>' in header
    assert f"<a:RelatesTo>{MESSAGE_ID}</a:RelatesTo>" in header


@pytest.mark.fidelity(
    "UsePreciseArrays: a NULL array is written as m:IsNullArray, and left out without the option", source=SOURCE, confidence="M"
)
@pytest.mark.parametrize("precise", [True, False])
def test_null_arrays(precise: bool) -> None:
    wire = Wire("hv02", first_page="all")  # with a VM that is off, and so has no items
    text = "SELECT * FROM Msvm_KvpExchangeComponent"
    answer = wire.send(envelope(f"{ENUMERATION}/Enumerate", f"{V2}/*", query(text), options=OPTIONS if precise else ""))
    null = (
        '<p:GuestIntrinsicExchangeItems xmlns:m="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xsi:nil="true" m:IsNullArray="true"/>'
    )
    assert (null in answer) is precise


@pytest.mark.fidelity("URIs of the DMTF, whose namespace is the selector __cimnamespace", source=SOURCE, confidence="M")
def test_resource_uris_of_the_dmtf() -> None:
    wire = Wire(first_page="all")
    selectors = selector_set("w", __cimnamespace="root/virtualization/v2")
    everything = "<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements></n:Enumerate>"
    answer = wire.send(envelope(f"{ENUMERATION}/Enumerate", f"{CIM_SCHEMA}/Msvm_ComputerSystem", everything, selectors))
    assert len(items(answer)) == 1 + len(wire.fleet.host("hv01").vms)
    answer = wire.send(envelope(f"{ENUMERATION}/Enumerate", ANY_CIM, query("SELECT * FROM Msvm_ComputerSystem"), selectors))
    assert len(items(answer)) == 1 + len(wire.fleet.host("hv01").vms)
    keys = selector_set("w", __cimnamespace="root/cimv2", Name="WinRM")
    answer = wire.send(envelope(f"{TRANSFER}/Get", f"{CIM_SCHEMA}/Win32_Service", "", keys))
    assert texts(answer, "State") == ["Running"]


@pytest.mark.fidelity("A URI's namespace and __cimnamespace that differ: 2150859067", source="microsoft/omi issue 398", confidence="H")
def test_two_namespaces() -> None:
    keys = selector_set("w", __cimnamespace="root/interop", Name="WinRM")
    status, answer = Wire().exchange(envelope(f"{TRANSFER}/Get", f"{CIMV2}/Win32_Service", "", keys))
    assert status == 500
    assert 'Code="2150859067"' in answer


def test_a_method() -> None:
    """Invoke-CimMethod on the instance that Get-CimInstance brought."""
    wire = Wire()
    _host, vm = wire.fleet.vm("web01")
    uri = f"{V2}/Msvm_ComputerSystem"
    body = f'<p:RequestStateChange_INPUT xmlns:p="{uri}"><p:RequestedState>9</p:RequestedState></p:RequestStateChange_INPUT>'
    keys = selector_set("w", CreationClassName="Msvm_ComputerSystem", Name=vm.id)
    answer = wire.send(envelope(f"{uri}/RequestStateChange", uri, body, keys))
    assert texts(answer, "ReturnValue") == ["4096"]
    assert texts(answer, "Selector")[0]
