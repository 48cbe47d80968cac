# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Microsoft's own client library sends (OMI, ``omicli``; PowerShell's CIM cmdlets are made of it): classes by the URI of the DMTF.

The namespace stands in the selector ``__cimnamespace``, the arguments in the namespace of that URI, and no answer is taken whose action is
another than the request's with "Response" behind it (Unix/wsman/wsmanparser.c). These are its request shapes; the program itself is not run.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from .wire import TRANSFER, WQL, Wire, selector_set, texts
from .wire_requests import enumerate_all, envelope

RAN = "shapes"

SOURCE = "Microsoft OMI, Unix/wsman/wsmanparser.c; its omicli run against the lab by hand"
DMTF = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2"


def invoke(wire: Wire, cls: str, method: str, arguments: str, **selectors: str) -> str:
    uri = f"{DMTF}/{cls}"
    body = f'<p:{method}_INPUT xmlns:p="{uri}">{arguments}</p:{method}_INPUT>'
    return wire.send(envelope(f"{uri}/{method}", uri, body, selector_set("w", **selectors)))


def action_of(answer: str) -> str:
    return texts(answer, "Action")[0]


@pytest.mark.fidelity("Arguments of a method in the namespace of the DMTF's URI", source=SOURCE, confidence="M")
def test_arguments() -> None:
    arguments = (
        "<p:hDefKey>2147483650</p:hDefKey><p:sSubKeyName>SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion</p:sSubKeyName>"
        "<p:sValueName>CurrentBuild</p:sValueName>"
    )
    answer = invoke(Wire(), "StdRegProv", "GetStringValue", arguments, __cimnamespace="root/default")
    assert texts(answer, "sValue") == ["20348"]
    assert action_of(answer) == f"{DMTF}/StdRegProv/GetStringValueResponse"


@pytest.mark.fidelity('The action of an answer is that of the request with "Response" behind it', source=SOURCE, confidence="M")
def test_the_action_of_the_answer() -> None:
    wire = Wire("web01")
    answer = invoke(wire, "Win32_Service", "StopService", "", __cimnamespace="root/cimv2", Name="vmickvpexchange")
    assert action_of(answer) == f"{DMTF}/Win32_Service/StopServiceResponse"
    assert texts(answer, "ReturnValue") == ["0"]


def test_arguments_elsewhere_are_refused() -> None:
    wire = Wire()
    uri = f"{DMTF}/StdRegProv"
    for namespace in ("urn:elsewhere", f"{DMTF}/Win32_Service"):
        body = f'<p:EnumKey_INPUT xmlns:p="{namespace}"><p:hDefKey>2147483650</p:hDefKey></p:EnumKey_INPUT>'
        status, answer = wire.exchange(envelope(f"{uri}/EnumKey", uri, body, selector_set("w", __cimnamespace="root/default")))
        assert status == 500
        assert "2150858817" in answer


def test_a_reference_among_the_arguments() -> None:
    wire = Wire()
    _host, vm = wire.fleet.vm("web01")
    selectors = selector_set("w", __cimnamespace="root/virtualization/v2", CreationClassName="Msvm_ComputerSystem", Name=vm.id)
    system = (
        "<p:TargetSystem><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{DMTF}/Msvm_ComputerSystem</w:ResourceURI>{selectors}</a:ReferenceParameters></p:TargetSystem>"
    )
    item = (
        '&lt;INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem"&gt;&lt;PROPERTY NAME="Name" TYPE="string"&gt;&lt;VALUE&gt;a&lt;/VALUE&gt;&lt;/PROPERTY&gt;'
        '&lt;PROPERTY NAME="Data" TYPE="string"&gt;&lt;VALUE&gt;b&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;'
    )
    arguments = f"{system}<p:DataItems>{item}</p:DataItems>"
    name = "Msvm_VirtualSystemManagementService"
    answer = invoke(wire, name, "AddKvpItems", arguments, __cimnamespace="root/virtualization/v2", CreationClassName=name)
    assert texts(answer, "ReturnValue") == ["4096"]


def test_get_and_enumerate_and_put() -> None:
    wire = Wire("web01")
    selectors = selector_set("w", __cimnamespace="root/cimv2", Name="WinRM")
    assert texts(wire.send(envelope(f"{TRANSFER}/Get", f"{DMTF}/Win32_Service", "", selectors)), "State") == ["Running"]
    namespace = selector_set("w", __cimnamespace="root/cimv2")
    whole = enumerate_all(wire, f"{DMTF}/Win32_Service", selectors=namespace)
    query = enumerate_all(wire, f"{DMTF}/*", f'<w:Filter Dialect="{WQL}">SELECT * FROM Win32_Service</w:Filter>', namespace)
    assert [ET.tostring(row) for row in whole] == [ET.tostring(row) for row in query]
    # Nothing of it can be written, which only an instance that was understood is told.
    body = f'<p:Win32_Service xmlns:p="{DMTF}/Win32_Service"><p:State>Stopped</p:State></p:Win32_Service>'
    status, answer = wire.exchange(envelope(f"{TRANSFER}/Put", f"{DMTF}/Win32_Service", body, selectors))
    assert (status, "2150859010" in answer) == (500, True)
