# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other libraries do that a strict reader could stumble on: WinRb/WinRM, txwinrm (Zenoss), pywinrm, winrm.vbs."""

from __future__ import annotations

import pytest

from .wire import ADDRESSING, ANONYMOUS, CIMV2, ENUMERATION, SOAP, WQL, WSMAN, Wire, context_of, items

RAN = "shapes"

MS = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"


def envelope(action: str, uri: str, body: str, *, must: str = "env:mustUnderstand", size: int = 153600) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:n="{ENUMERATION}" '
        f'xmlns:w="{WSMAN}" xmlns:p="{MS}" xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" '
        f'xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer"><env:Header><a:To>http://windows-host:5985/wsman</a:To>'
        f'<a:ReplyTo><a:Address {must}="true">{ANONYMOUS}</a:Address></a:ReplyTo><w:MaxEnvelopeSize {must}="true">{size}</w:MaxEnvelopeSize>'
        f'<a:MessageID>uuid:7DB4E3E1-1F84-4A1C-9C8E-3B4E2E4A7C11</a:MessageID><w:Locale {must}="false" xml:lang="en-US"/>'
        f'<p:DataLocale {must}="false" xml:lang="en-US"/><p:SessionId {must}="false">uuid:22E7C0F6-1A3C-4F9C-8C5D-6E4B4E4F7F10</p:SessionId>'
        f'<w:OperationTimeout>PT60S</w:OperationTimeout><w:ResourceURI {must}="true">{uri}</w:ResourceURI><a:Action {must}="true">{action}'
        f"</a:Action></env:Header><env:Body>{body}</env:Body></env:Envelope>"
    )


def enumerate_body(query: str) -> str:
    return (
        "<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements>"
        f'<w:Filter Dialect="{WQL}">{query}</w:Filter></n:Enumerate>'
    )


@pytest.mark.fidelity("mustUnderstand without a prefix is taken", source="pywinrm 0.5, works with Windows", confidence="H")
def test_must_understand_without_a_prefix() -> None:
    body = enumerate_body("SELECT * FROM Win32_OperatingSystem")
    assert items(Wire().send(envelope(f"{ENUMERATION}/Enumerate", f"{CIMV2}/*", body, must="mustUnderstand")))


@pytest.mark.fidelity("A Pull with more in its body than it needs", source="WinRb/WinRM, run_wql", confidence="H")
def test_a_pull_with_more_than_it_needs() -> None:
    wire = Wire()
    answer = wire.send(envelope(f"{ENUMERATION}/Enumerate", f"{CIMV2}/*", enumerate_body("SELECT * FROM Win32_Service")))
    assert len(items(answer)) == 1
    body = (
        f"<n:Pull><n:EnumerationContext>{context_of(answer)}</n:EnumerationContext><w:OptimizeEnumeration/>"
        "<n:MaxElements>32000</n:MaxElements><p:SessionId>uuid:22E7C0F6-1A3C-4F9C-8C5D-6E4B4E4F7F10</p:SessionId></n:Pull>"
    )
    answer = wire.send(envelope(f"{ENUMERATION}/Pull", f"{CIMV2}/*", body))
    assert items(answer)
    assert context_of(answer) is None


@pytest.mark.fidelity(
    "A projection comes as w:XmlFragment without namespace or class", source="txwinrm, recorded of 2008 to 2012", confidence="H"
)
def test_a_projection() -> None:
    body = enumerate_body("SELECT Version, CSName FROM Win32_OperatingSystem")
    (fragment,) = items(Wire().send(envelope(f"{ENUMERATION}/Enumerate", f"{CIMV2}/*", body)))
    assert fragment.tag == f"{{{WSMAN}}}XmlFragment"
    assert [child.tag for child in fragment] == ["CSName", "Version"]


@pytest.mark.fidelity("A Pull whose MaxEnvelopeSize is not that of its Enumerate: 2150859181", source="wsmerror.h", confidence="M")
def test_a_pull_of_another_size() -> None:
    wire = Wire()
    answer = wire.send(envelope(f"{ENUMERATION}/Enumerate", f"{CIMV2}/*", enumerate_body("SELECT * FROM Win32_Service")))
    body = f"<n:Pull><n:EnumerationContext>{context_of(answer)}</n:EnumerationContext></n:Pull>"
    status, answer = wire.exchange(envelope(f"{ENUMERATION}/Pull", f"{CIMV2}/*", body, size=512000))
    assert status == 500
    assert 'Code="2150859181"' in answer


@pytest.mark.fidelity("Release frees an enumeration: its context is known no more", source="[MS-WSMV] 3.1.4.10, DSP0226", confidence="M")
def test_release() -> None:
    wire = Wire()
    answer = wire.send(envelope(f"{ENUMERATION}/Enumerate", f"{CIMV2}/*", enumerate_body("SELECT * FROM Win32_Service")))
    context = f"<n:EnumerationContext>{context_of(answer)}</n:EnumerationContext>"
    answer = wire.send(envelope(f"{ENUMERATION}/Release", f"{CIMV2}/*", f"<n:Release>{context}</n:Release>"))
    assert "<s:Body></s:Body>" in answer
    status, answer = wire.exchange(envelope(f"{ENUMERATION}/Pull", f"{CIMV2}/*", f"<n:Pull>{context}</n:Pull>"))
    assert status == 500
    assert "<s:Value>n:InvalidEnumerationContext</s:Value>" in answer
