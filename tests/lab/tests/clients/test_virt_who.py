# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What virt-who (Red Hat) sends to Hyper-V, in its own shapes: white space everywhere, and its message sealed with the handshake's last leg."""

from __future__ import annotations

import base64
import re
import struct
import uuid

import pytest
import requests
import spnego

from .live_lab import ADMINISTRATOR, LiveLab
from .wire import ADDRESSING, ANONYMOUS, ENUMERATION, SOAP, V2, WMI, WQL, WSMAN, Wire, context_of, texts

RAN = "shapes"

SOURCE = "virt-who, virtwho/virt/hyperv"
SERVICE = f"{V2}/Msvm_VirtualSystemManagementService"
REALIZED = "select BIOSGUID, ElementName from Msvm_VirtualSystemSettingData where VirtualSystemType = 'Microsoft:Hyper-V:System:Realized'"


def envelope(action: str, uri: str, body: str, more: str = "") -> str:
    namespaces = f'xmlns:s="{SOAP}" xmlns:wsa="{ADDRESSING}" xmlns:wsman="{WSMAN}" xmlns:wsen="{ENUMERATION}"'
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope {namespaces}>
    <s:Header>
            <wsa:Action s:mustUnderstand="true">{action}</wsa:Action>
            <wsa:To s:mustUnderstand="true">http://hv01:5985/wsman</wsa:To>
            <wsman:ResourceURI s:mustUnderstand="true">
                {uri}
            </wsman:ResourceURI>
            <wsa:MessageID s:mustUnderstand="true">uuid:{uuid.uuid1()}</wsa:MessageID>
            <wsa:ReplyTo>
                <wsa:Address>{ANONYMOUS}</wsa:Address>
            </wsa:ReplyTo>{more}
        </s:Header>
    <s:Body>{body}</s:Body>
</s:Envelope>"""


def enumerate_message(query: str, namespace: str = "root/virtualization/v2") -> str:
    body = f'<wsen:Enumerate>\n<wsman:Filter Dialect="{WQL}">{query}</wsman:Filter>\n</wsen:Enumerate>'
    return envelope(f"{ENUMERATION}/Enumerate", f"{WMI}/{namespace}/*", body)


SUMMARY = envelope(
    f"{SERVICE}/GetSummaryInformation",
    SERVICE,
    f"""
        <wsman:GetSummaryInformation_INPUT xmlns:p="{SERVICE}">
            <p:RequestedInformation>0</p:RequestedInformation>
            <p:RequestedInformation>1</p:RequestedInformation>
            <p:RequestedInformation>100</p:RequestedInformation>
        </wsman:GetSummaryInformation_INPUT>
    """,
    """
        <wsman:SelectorSet>
            <wsman:Selector Name="CreationClassName">Msvm_VirtualSystemManagementService</wsman:Selector>
            <wsman:Selector Name="SystemCreationClassName">Msvm_ComputerSystem</wsman:Selector>
        </wsman:SelectorSet>""",
)


@pytest.mark.fidelity("White space around a ResourceURI; a Pull whose URI names another namespace", source=SOURCE, confidence="H")
def test_the_guests_of_a_host() -> None:
    wire = Wire()
    answer = wire.send(enumerate_message(REALIZED))
    found: dict[str, str] = {}
    while (context := context_of(answer)) is not None:
        body = f"<wsen:Pull>\n<wsen:EnumerationContext>{context}</wsen:EnumerationContext>\n</wsen:Pull>"
        # The namespace of Windows Server 2008, whatever the enumeration was of.
        answer = wire.send(envelope(f"{ENUMERATION}/Pull", f"{WMI}/root/virtualization/*", body))
        found |= dict(zip(texts(answer, "ElementName"), texts(answer, "BIOSGUID"), strict=True))
    assert set(found) == {vm.name for vm in wire.fleet.host("hv01").vms.values()}
    assert all(uuid.UUID(guid) for guid in found.values())


@pytest.mark.fidelity("The namespace of METHOD_INPUT does not matter, that of its parameters does", source=SOURCE, confidence="H")
def test_the_states_of_the_guests() -> None:
    wire = Wire()
    answer = wire.send(SUMMARY)
    rows = re.findall(r"<p:SummaryInformation .*?</p:SummaryInformation>", answer, re.DOTALL)
    assert len(rows) == len(wire.fleet.host("hv01").vms)
    uri = f"{V2}/Msvm_SummaryInformation"
    assert all(f'"{uri}"' in row for row in rows)
    assert sorted(texts(answer, "EnabledState"))[0] == "2"


@pytest.mark.fidelity(
    "A class that is not in the namespace: n:CannotProcessFilter 2150858778, in either form of detail", source=SOURCE, confidence="H"
)
def test_the_old_namespace() -> None:
    """virt-who asks the namespace of 2008 first, and takes this code for "ask the new one"."""
    wire = Wire(fault_form="wmierror")
    status, answer = wire.exchange(enumerate_message("select * from Msvm_Old"))
    assert status == 500
    assert texts(answer, "error_Code") == ["2150858778"]
    assert "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError" in answer


@pytest.mark.fidelity("A message sealed with the context that its own request completes", source=SOURCE, confidence="H")
def test_the_message_comes_with_the_last_leg_of_ntlm(relaxed: LiveLab) -> None:
    """NTLM bare in Negotiate, first an empty request, and the sealed message with AUTHENTICATE itself."""
    client = spnego.client(ADMINISTRATOR.name, ADMINISTRATOR.password, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    url = relaxed.endpoint("hv01", "http")
    with requests.Session() as session:
        first = session.post(url, headers={"Content-Type": "application/soap+xml;charset=UTF-8", "Content-Length": "0"}, timeout=20)
        assert first.status_code == 401
        assert "negotiate" in first.headers["WWW-Authenticate"].lower()
        token = base64.b64encode(client.step() or b"").decode()
        second = session.post(url, headers={"Authorization": f"Negotiate {token}", "Content-Length": "0"}, timeout=20)
        scheme, challenge = second.headers["WWW-Authenticate"].split(" ", 1)
        assert (second.status_code, scheme) == (401, "Negotiate")
        token = base64.b64encode(client.step(base64.b64decode(challenge)) or b"").decode()
        sealed = client.wrap_winrm(SUMMARY.encode())
        body = (
            b"--Encrypted Boundary\r\nContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
            b"OriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n"
            b"--Encrypted Boundary\r\nContent-Type: application/octet-stream\r\n" % len(sealed.data)
        )
        body += struct.pack("<I", len(sealed.header)) + sealed.header + sealed.data + b"--Encrypted Boundary--\r\n"
        kind = 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'
        third = session.post(url, data=body, headers={"Authorization": f"Negotiate {token}", "Content-Type": kind}, timeout=20)
    assert third.status_code == 200
    parts = re.split(rb"-- ?Encrypted Boundary", third.content)
    data = parts[2].lstrip(b"\r\n").split(b"\r\n", 1)[1]
    (length,) = struct.unpack_from("<I", data)
    answer = client.unwrap_winrm(data[4 : 4 + length], data[4 + length :]).decode()
    assert "web01" in texts(answer, "ElementName")
