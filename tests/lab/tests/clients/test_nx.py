# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test system of Network Optix sends to Windows 10, 11 and Server 2019 (nx_system_tests), in its own shapes."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET

import pytest

from .wire import ADDRESSING, ANONYMOUS, CIMV2, ENUMERATION, SOAP, TRANSFER, WMI, WQL, WSMAN, XSI, Wire, items, selector_set, texts

RAN = "shapes"

SOURCE = "networkoptix/nx_system_tests, os_access"
BINDING = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
ASSOCIATION_FILTER = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter"
SELECTOR_FILTER = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"


def envelope(action: str, uri: str, body: str, selectors: str = "<wsman:SelectorSet/>") -> str:
    """An empty SelectorSet where there is nothing to select, 64 MiB for the answer, and twice the time that WinRM gives."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<env:Envelope xmlns:env="{SOAP}" xmlns:wsa="{ADDRESSING}" xmlns:wsman="{WSMAN}" '
        f'xmlns:wsen="{ENUMERATION}"><env:Header><wsa:To>http://windows/wsman</wsa:To><wsman:ResourceURI env:mustUnderstand="true">{uri}'
        f'</wsman:ResourceURI><wsa:ReplyTo><wsa:Address env:mustUnderstand="true">{ANONYMOUS}</wsa:Address></wsa:ReplyTo>'
        f'<wsa:Action env:mustUnderstand="true">{action}</wsa:Action>'
        f'<wsman:MaxEnvelopeSize env:mustUnderstand="true">{64 * 1024 * 1024}</wsman:MaxEnvelopeSize>'
        f"<wsa:MessageID>uuid:{uuid.uuid4()}</wsa:MessageID>"
        '<wsman:Locale xml:lang="en-US" env:mustUnderstand="false"/><wsman:OperationTimeout>PT120.000S</wsman:OperationTimeout>'
        f"{selectors}</env:Header><env:Body>{body}</env:Body></env:Envelope>"
    )


def enumerate_body(inner: str) -> str:
    return (
        "<wsen:Enumerate><wsman:OptimizeEnumeration/><wsman:MaxElements>32000</wsman:MaxElements>"
        f"<wsman:EnumerationMode>EnumerateObjectAndEPR</wsman:EnumerationMode>{inner}</wsen:Enumerate>"
    )


@pytest.mark.fidelity(
    "MaxEnvelopeSize and OperationTimeout beyond the service's own are cut without a word; an empty SelectorSet is none",
    source=SOURCE,
    confidence="H",
)
def test_a_singleton_without_selectors() -> None:
    answer = Wire().send(envelope(f"{TRANSFER}/Get", f"{CIMV2}/Win32_OperatingSystem", ""))
    assert texts(answer, "CSName") == ["HV01"]


@pytest.mark.fidelity(
    "Namespaces and classes are named without regard to case; answers have small letters and MOF's own", source=SOURCE, confidence="H"
)
def test_case_of_uris() -> None:
    answer = Wire().send(envelope(f"{TRANSFER}/Get", f"{WMI}/Root/CIMv2/win32_SERVICE", "", selector_set("wsman", name="winrm")))
    body = ET.fromstring(answer).find(f"{{{SOAP}}}Body")
    assert body is not None
    assert [element.tag for element in body] == [f"{{{CIMV2}/Win32_Service}}Win32_Service"]


@pytest.mark.fidelity("SelectorFilter on a class URI, each item with its endpoint reference", source=SOURCE, confidence="H")
def test_selector_filter() -> None:
    inner = f'<wsman:Filter Dialect="{SELECTOR_FILTER}">{selector_set("wsman", State="Running", StartMode="Auto")}</wsman:Filter>'
    wire = Wire(first_page="all")
    answer = wire.send(envelope(f"{ENUMERATION}/Enumerate", f"{CIMV2}/Win32_Service", enumerate_body(inner)))
    found = items(answer)
    assert found
    for item in found:
        assert item.tag == f"{{{WSMAN}}}Item"
        instance, reference = item
        assert instance.findtext(f"{{{CIMV2}/Win32_Service}}State") == "Running"
        name = instance.findtext(f"{{{CIMV2}/Win32_Service}}Name")
        assert reference.findtext(f".//{{{WSMAN}}}Selector[@Name='Name']") == name


@pytest.mark.fidelity("WQL with LIKE, over several lines, together with EnumerateObjectAndEPR", source=SOURCE, confidence="H")
def test_wql_over_several_lines() -> None:
    query = "\n  SELECT *\n  FROM Win32_Service\n  WHERE Name LIKE '%nr%'\n"
    inner = f'<wsman:Filter Dialect="{WQL}">{query}</wsman:Filter>'
    answer = Wire(first_page="all").send(envelope(f"{ENUMERATION}/Enumerate", f"{CIMV2}/*", enumerate_body(inner)))
    assert [name for name in texts(answer, "Name") if name] == ["WinRM"]


@pytest.mark.fidelity("An empty result, optimised: a context without text and w:EndOfSequence, no Items", source=SOURCE, confidence="M")
def test_an_empty_result() -> None:
    inner = f'<wsman:Filter Dialect="{WQL}">SELECT * FROM Win32_Service WHERE Name = "nobody"</wsman:Filter>'
    answer = Wire().send(envelope(f"{ENUMERATION}/Enumerate", f"{CIMV2}/*", enumerate_body(inner)))
    assert items(answer) == []
    assert "Items" not in answer
    assert "<w:EndOfSequence/>" in answer


@pytest.mark.fidelity("associationFilter with AssociatedInstances, the object as an endpoint reference", source=SOURCE, confidence="H")
def test_association_filter() -> None:
    wire = Wire(first_page="all")
    _host, vm = wire.fleet.vm("web01")
    uri = f"{WMI}/root/virtualization/v2"
    keys = selector_set("wsman", CreationClassName="Msvm_ComputerSystem", Name=vm.id)
    inner = (
        f'<wsman:Filter Dialect="{ASSOCIATION_FILTER}" xmlns:b="{BINDING}"><b:AssociatedInstances><b:Object><wsa:Address>{ANONYMOUS}'
        f"</wsa:Address><wsa:ReferenceParameters><wsman:ResourceURI>{uri}/Msvm_ComputerSystem</wsman:ResourceURI>{keys}"
        "</wsa:ReferenceParameters></b:Object><b:ResultClassName>Msvm_KvpExchangeComponent</b:ResultClassName></b:AssociatedInstances>"
        "</wsman:Filter>"
    )
    answer = wire.send(envelope(f"{ENUMERATION}/Enumerate", f"{uri}/*", enumerate_body(inner)))
    assert [item[0].tag.rpartition("}")[2] for item in items(answer)] == ["Msvm_KvpExchangeComponent"]


@pytest.mark.fidelity("METHOD_INPUT in no namespace; NULL as xsi:nil; a missing value: ReturnValue 1", source=SOURCE, confidence="H")
def test_registry() -> None:
    uri = f"{CIMV2}/StdRegProv"
    key = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"

    def call(method: str, parameters: str) -> str:
        body = f'<{method}_INPUT xmlns:p="{uri}" xmlns:xsi="{XSI}">{parameters}</{method}_INPUT>'
        return wire.send(envelope(f"{uri}/{method}", uri, body))

    wire = Wire()
    path = f"<p:hDefKey>2147483650</p:hDefKey><p:sSubKeyName>{key}</p:sSubKeyName>"
    assert texts(call("GetStringValue", f"{path}<p:sValueName>EditionID</p:sValueName>"), "sValue") == ["ServerDatacenter"]
    assert texts(call("GetStringValue", f"{path}<p:sValueName>Nothing</p:sValueName>"), "ReturnValue") == ["1"]
    assert texts(call("EnumKey", "<p:hDefKey>2147483650</p:hDefKey><p:sSubKeyName>SOFTWARE\\Nothing</p:sSubKeyName>"), "ReturnValue") == [
        "2"
    ]
    assert texts(call("GetStringValue", f'{path}<p:sValueName xsi:nil="true"/>'), "ReturnValue") == ["1"]


@pytest.mark.fidelity("A method of an instance with selectors that are not keys: w:InvalidSelectors", source=SOURCE, confidence="H")
def test_bad_selectors() -> None:
    uri = f"{CIMV2}/Win32_Service"
    status, answer = Wire().exchange(envelope(f"{TRANSFER}/Get", uri, "", selector_set("wsman", Nonsense="x")))
    assert status == 500
    assert "<s:Value>w:InvalidSelectors</s:Value>" in answer
