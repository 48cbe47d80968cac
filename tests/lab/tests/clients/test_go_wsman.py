# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What go-wsman sends to a Japanese Hyper-V host, in its own shapes: indented XML, no Locale, classes without filter, one item a Pull."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest

from .wire import ADDRESSING, ANONYMOUS, ENUMERATION, SOAP, TRANSFER, V2, WSMAN, Wire, context_of, texts

RAN = "shapes"

SOURCE = "r4sd/go-wsman, tested on one ja-JP Hyper-V host"
SERVICE = f"{V2}/Msvm_VirtualSystemManagementService"
KVP = "2A34B1C2-FD73-4043-8A5B-DD2159BC743F"


def envelope(action: str, uri: str, body: str, **selectors: str) -> str:
    chosen = "".join(f'<w:Selector Name="{name}">{value}</w:Selector>' for name, value in selectors.items())
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:w="{WSMAN}">
  <s:Header>
    <a:Action s:mustUnderstand="true">{action}</a:Action>
    <w:ResourceURI s:mustUnderstand="true">{uri}</w:ResourceURI>
    <w:MaxEnvelopeSize s:mustUnderstand="true">153600</w:MaxEnvelopeSize>
    <w:OperationTimeout>PT60S</w:OperationTimeout>
    <a:MessageID>uuid:{uuid.uuid4()}</a:MessageID>
    <a:ReplyTo>
      <a:Address s:mustUnderstand="true">{ANONYMOUS}</a:Address>
    </a:ReplyTo>
    <a:To s:mustUnderstand="true">http://hv01:5985/wsman</a:To>
    {f"<w:SelectorSet>{chosen}</w:SelectorSet>" if chosen else ""}
  </s:Header>
  <s:Body>
    {body}
  </s:Body>
</s:Envelope>
"""


def all_of(wire: Wire, cls: str) -> list[str]:
    """The answers that hold the instances of a class, one each."""
    uri = f"{V2}/{cls}"
    answer = wire.send(envelope(f"{ENUMERATION}/Enumerate", uri, f'<n:Enumerate xmlns:n="{ENUMERATION}"></n:Enumerate>'))
    pages = []
    while (context := context_of(answer)) is not None:
        body = f'<n:Pull xmlns:n="{ENUMERATION}"><n:EnumerationContext>{context}</n:EnumerationContext></n:Pull>'
        answer = wire.send(envelope(f"{ENUMERATION}/Pull", uri, body))
        pages.append(answer)
    return pages


def wrapped(instance: str) -> str:
    """The text of an embedded instance as Go's encoder escapes it."""
    return instance.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")


@pytest.mark.fidelity("Without w:Locale the host's own language: xml:lang, and names of services in it", source=SOURCE, confidence="H")
def test_the_services_of_guests_on_a_host_of_another_language() -> None:
    wire = Wire("hv02")  # a German one
    pages = all_of(wire, "Msvm_KvpExchangeComponentSettingData")
    settings = {name for page in pages for name in texts(page, "InstanceID")}
    guests = {rf"Microsoft:{vm.id}\{KVP}" for vm in wire.fleet.host("hv02").vms.values()}
    assert guests <= settings
    assert all('<s:Envelope xml:lang="de-DE"' in page for page in pages)
    (name,) = {name for page in pages for name in texts(page, "ElementName")}
    assert name != "Key-Value Pair Exchange"


@pytest.mark.fidelity("Msvm_ComputerSystem by one of its two keys: a:DestinationUnreachable", source=SOURCE, confidence="H")
def test_all_keys_are_needed() -> None:
    wire = Wire()
    _host, vm = wire.fleet.vm("web01")
    uri = f"{V2}/Msvm_ComputerSystem"
    status, answer = wire.exchange(envelope(f"{TRANSFER}/Get", uri, "", Name=vm.id))
    assert status == 500
    assert "<s:Value>a:DestinationUnreachable</s:Value>" in answer
    answer = wire.send(envelope(f"{TRANSFER}/Get", uri, "", CreationClassName="Msvm_ComputerSystem", Name=vm.id))
    assert texts(answer, "ElementName") == ["web01"]


def modify(wire: Wire, settings: str) -> str:
    body = (
        f'<p:ModifyResourceSettings_INPUT xmlns:p="{SERVICE}"><p:ResourceSettings>{settings}</p:ResourceSettings>'
        "</p:ModifyResourceSettings_INPUT>"
    )
    name = "Msvm_VirtualSystemManagementService"
    return wire.send(envelope(f"{SERVICE}/ModifyResourceSettings", SERVICE, body, CreationClassName=name))


def setting(vm_id: str, more: str = "") -> str:
    return (
        '<INSTANCE CLASSNAME="Msvm_KvpExchangeComponentSettingData"><PROPERTY NAME="InstanceID" TYPE="string">'
        f"<VALUE>Microsoft:{vm_id}\\{KVP}</VALUE></PROPERTY>"
        f'<PROPERTY NAME="EnabledState" TYPE="uint16"><VALUE>3</VALUE></PROPERTY>{more}</INSTANCE>'
    )


@pytest.mark.fidelity("An embedded instance as escaped text: key and changed properties are enough", source=SOURCE, confidence="H")
def test_switching_data_exchange_off() -> None:
    wire = Wire()
    _host, vm = wire.fleet.vm("web01")
    answer = modify(wire, wrapped(setting(vm.id)))
    assert texts(answer, "ReturnValue")[0] in ("0", "4096")
    wire.fleet.clock.advance(timedelta(minutes=1))  # its job has long ended
    (page,) = [page for page in all_of(wire, "Msvm_KvpExchangeComponentSettingData") if vm.id in page]
    assert texts(page, "EnabledState") == ["3"]


@pytest.mark.fidelity("Named entities inside an embedded instance are refused, numeric references taken", source=SOURCE, confidence="M")
@pytest.mark.parametrize(("entity", "codes"), [("&amp;", {"32768"}), ("&lt;", {"32768", "32773"}), ("&#38;", {"0", "4096"})])
def test_entities_inside(entity: str, codes: set[str]) -> None:
    wire = Wire()
    _host, vm = wire.fleet.vm("web01")
    name = f'<PROPERTY NAME="ElementName" TYPE="string"><VALUE>a {entity} b</VALUE></PROPERTY>'
    answer = modify(wire, wrapped(setting(vm.id, name)))
    assert texts(answer, "ReturnValue")[0] in codes


@pytest.mark.fidelity("A tree of elements where an embedded instance belongs: w:SchemaValidationError", source=SOURCE, confidence="H")
def test_elements_instead_of_text() -> None:
    wire = Wire()
    uri = f"{V2}/Msvm_KvpExchangeComponentSettingData"
    body = (
        f'<p:ModifyResourceSettings_INPUT xmlns:p="{SERVICE}"><p:ResourceSettings><q:EnabledState xmlns:q="{uri}">3</q:EnabledState>'
        "</p:ResourceSettings></p:ModifyResourceSettings_INPUT>"
    )
    name = "Msvm_VirtualSystemManagementService"
    status, answer = wire.exchange(envelope(f"{SERVICE}/ModifyResourceSettings", SERVICE, body, CreationClassName=name))
    assert status == 500
    assert "<s:Value>w:SchemaValidationError</s:Value>" in answer


@pytest.mark.fidelity("A REF parameter wrapped in a:EndpointReference: w:SchemaValidationError", source=SOURCE, confidence="H")
def test_a_wrapped_reference() -> None:
    wire = Wire()
    _host, vm = wire.fleet.vm("web01")
    reference = (
        f"<a:EndpointReference><a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters><w:ResourceURI>{V2}/Msvm_ComputerSystem"
        '</w:ResourceURI><w:SelectorSet><w:Selector Name="CreationClassName">Msvm_ComputerSystem</w:Selector><w:Selector Name="Name">'
        f"{vm.id}</w:Selector></w:SelectorSet></a:ReferenceParameters></a:EndpointReference>"
    )
    name = "Msvm_VirtualSystemManagementService"

    def add(parameter: str) -> tuple[int, str]:
        item = wrapped(
            '<INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem"><PROPERTY NAME="Name" TYPE="string"><VALUE>FromGo</VALUE></PROPERTY>'
            '<PROPERTY NAME="Data" TYPE="string"><VALUE>1</VALUE></PROPERTY><PROPERTY NAME="Source" TYPE="uint16"><VALUE>0</VALUE>'
            "</PROPERTY></INSTANCE>"
        )
        body = (
            f'<p:AddKvpItems_INPUT xmlns:p="{SERVICE}"><p:TargetSystem>{parameter}</p:TargetSystem>'
            f"<p:DataItems>{item}</p:DataItems></p:AddKvpItems_INPUT>"
        )
        return wire.exchange(envelope(f"{SERVICE}/AddKvpItems", SERVICE, body, CreationClassName=name))

    status, answer = add(reference)
    assert status == 500
    assert "<s:Value>w:SchemaValidationError</s:Value>" in answer
    status, answer = add(re.sub(r"</?a:EndpointReference>", "", reference))
    assert status == 200
    assert texts(answer, "ReturnValue")[0] in ("0", "4096")
