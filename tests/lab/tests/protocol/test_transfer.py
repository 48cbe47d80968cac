# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from .messages import OFFICE, TRANSFER, WMI, Desk, fault_code_in, message, subcode_in
from .office_machine import OfficeMachine
from .recorded import body_of

_DESK = f"{OFFICE}Office_Desk"


def _put(desk: Desk, inner: str, name: str = "d2") -> str:
    body = f'<Office_Desk xmlns="{_DESK}">{inner}</Office_Desk>'
    return desk.send(message(f"{TRANSFER}Put", _DESK, body, selectors={"Name": name})).body


def test_get_by_keys_without_case() -> None:
    answer = Desk(OfficeMachine()).send(message(f"{TRANSFER}Get", _DESK, selectors={"nAME": "D2"}))
    assert "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse</a:Action>" in answer.body
    assert body_of(answer.body).startswith("<p:Office_Desk ")
    assert "xmlns:x=" in answer.body.partition("<s:Header>")[0]


def test_a_singleton_needs_no_selector() -> None:
    answer = Desk(OfficeMachine()).send(message(f"{TRANSFER}Get", f"{OFFICE}Office_Building", selectors={}))
    assert "<p:Name>HQ</p:Name>" in answer.body


@pytest.mark.parametrize(
    ("uri", "selectors", "subcode", "code"),
    [
        (_DESK, {}, "a:DestinationUnreachable", 2150859002),
        (_DESK, {"Name": "nobody"}, "a:DestinationUnreachable", 2150858752),
        (_DESK, {"Name": "d1", "Colour": "red"}, "w:InvalidSelectors", 2150858843),
        (f"{OFFICE}Office_Room", {"Number": "1"}, "a:DestinationUnreachable", 2150858752),
        (f"{OFFICE}Office_Chair", {"Name": "x"}, "a:DestinationUnreachable", 2150858752),
        (f"{WMI}Office_Desk", {}, "a:DestinationUnreachable", 2150858811),
        (f"{WMI}root/nowhere/Office_Desk", {}, "a:DestinationUnreachable", 2150858752),
        (f"{WMI}root/secret/Office_Desk", {}, "w:AccessDenied", 2150859012),
        ("http://schemas.dmtf.org/nothing", {}, "a:DestinationUnreachable", 2150858811),
        ("", {}, "a:DestinationUnreachable", 2150858811),
        (_DESK, {"__cimnamespace": "root/cimv2", "Name": "d1"}, "w:InternalError", 2150859067),
    ],
)
def test_what_get_refuses(uri: str, selectors: dict[str, str], subcode: str, code: int) -> None:
    answer = Desk(OfficeMachine()).send(message(f"{TRANSFER}Get", uri, selectors=selectors))
    assert answer.status == 500
    assert (subcode_in(answer.body), fault_code_in(answer.body)) == (subcode, code)


@pytest.mark.fidelity(
    "A namespace that is not there: the text names it; its code is inferred",
    source="MicrosoftDocs/azure-docs issue 55006",
    confidence="L",
)
def test_a_missing_namespace_is_named() -> None:
    answer = Desk(OfficeMachine()).send(message(f"{TRANSFER}Get", f"{WMI}root/nowhere/Office_Desk"))
    assert "The CIM namespace root/nowhere is invalid. " in answer.body


def test_a_uri_of_the_dmtf_finds_its_namespace_in_a_selector() -> None:
    uri = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/Office_Desk"
    answer = Desk(OfficeMachine()).send(message(f"{TRANSFER}Get", uri, selectors={"__cimnamespace": "root/office", "Name": "d1"}))
    assert "<p:Height>72</p:Height>" in answer.body


def test_the_same_selector_twice() -> None:
    twice = '<w:SelectorSet><w:Selector Name="Name">d1</w:Selector><w:Selector Name="name">d2</w:Selector></w:SelectorSet>'
    answer = Desk(OfficeMachine()).send(message(f"{TRANSFER}Get", _DESK, extra=twice))
    assert fault_code_in(answer.body) == 2150858847


def test_get_by_a_key_that_is_a_reference() -> None:
    machine = OfficeMachine()
    desk = Desk(machine)
    endpoint = (
        "<a:EndpointReference><a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>{}</w:ResourceURI><w:SelectorSet>{}"
        "</w:SelectorSet></a:ReferenceParameters></a:EndpointReference>"
    )
    room = endpoint.format(f"{OFFICE}Office_Room", '<w:Selector Name="Building">A\\B</w:Selector><w:Selector Name="Number">1</w:Selector>')
    target = endpoint.format(_DESK, '<w:Selector Name="Name">d1</w:Selector>')
    selectors = f'<w:SelectorSet><w:Selector Name="Antecedent">{room}</w:Selector><w:Selector Name="Dependent">{target}</w:Selector></w:SelectorSet>'
    seen: list[dict[str, str]] = []
    machine.find = lambda cls, keys: seen.append(dict(keys))  # type: ignore[method-assign]
    answer = desk.send(message(f"{TRANSFER}Get", f"{OFFICE}Office_StandsIn", extra=selectors))
    assert fault_code_in(answer.body) == 2150858752
    assert seen == [{"Antecedent": 'Office_Room.Building="A\\\\B",Number="1"', "Dependent": 'Office_Desk.Name="d1"'}]


@pytest.mark.parametrize(
    ("path", "fragment"),
    [
        ("Height", "<p:Height>72</p:Height>"),
        ("p:height", "<p:Height>72</p:Height>"),
        ("Height/text()", "72"),
        ("Ratio", "<p:Ratio>1.5</p:Ratio>"),
    ],
)
def test_a_fragment_of_an_instance(path: str, fragment: str) -> None:
    extra = f'<w:FragmentTransfer s:mustUnderstand="true">{path}</w:FragmentTransfer>'
    answer = Desk(OfficeMachine()).send(message(f"{TRANSFER}Get", _DESK, selectors={"Name": "d1"}, extra=extra))
    assert f">{fragment}</w:XmlFragment></s:Body>" in answer.body


@pytest.mark.parametrize("path", ["/Height", "Nothing", "Height[1]", ""])
def test_a_fragment_that_is_refused(path: str) -> None:
    extra = f'<w:FragmentTransfer s:mustUnderstand="true">{path}</w:FragmentTransfer>'
    answer = Desk(OfficeMachine()).send(message(f"{TRANSFER}Get", _DESK, selectors={"Name": "d1"}, extra=extra))
    assert fault_code_in(answer.body) == 2150858841


@pytest.mark.fidelity(
    "Put with only what changes",
    source="nx_system_tests",
    confidence="H",
)
def test_put_changes_what_it_names_and_answers_with_the_whole() -> None:
    desk = Desk(OfficeMachine())
    body = _put(desk, "<Height>90</Height><Drawers>a</Drawers><Drawers>b</Drawers>")
    assert "/transfer/PutResponse</a:Action>" in body
    assert "<p:Height>90</p:Height>" in body
    assert "<p:Drawers>a</p:Drawers><p:Drawers>b</p:Drawers>" in body
    assert "<p:Height>90</p:Height>" in desk.send(message(f"{TRANSFER}Get", _DESK, selectors={"Name": "d2"})).body


def test_what_put_refuses() -> None:
    desk = Desk(OfficeMachine())
    assert subcode_in(_put(desk, "<Wings>2</Wings>")) == "w:SchemaValidationError"
    assert subcode_in(_put(desk, "<Height>tall</Height>")) == "w:SchemaValidationError"
    assert fault_code_in(_put(desk, "<Area>1</Area>")) == 2150859010
    assert fault_code_in(_put(desk, "<Height>1</Height>", "nobody")) == 2150858752
    assert subcode_in(desk.send(message(f"{TRANSFER}Put", _DESK, "<Other/>", selectors={"Name": "d1"})).body) == "w:SchemaValidationError"


@pytest.mark.parametrize("action", ["Create", "Delete"])
def test_create_and_delete_are_beyond_the_provider(action: str) -> None:
    answer = Desk(OfficeMachine()).send(message(f"{TRANSFER}{action}", _DESK, selectors={"Name": "d1"}))
    assert fault_code_in(answer.body) == 2150859010


def test_a_section_of_the_configuration() -> None:
    uri = "http://schemas.microsoft.com/wbem/wsman/1/config"
    answer = Desk(OfficeMachine(), max_operations_per_user=7).send(message(f"{TRANSFER}Get", f"{uri}/Service"))
    assert f'<cfg:Service xmlns:cfg="{uri}/service">' in answer.body
    assert "<cfg:MaxConcurrentOperationsPerUser>7</cfg:MaxConcurrentOperationsPerUser>" in answer.body
    assert Desk(OfficeMachine()).send(message(f"{TRANSFER}Get", f"{uri}/nothing")).status == 500
