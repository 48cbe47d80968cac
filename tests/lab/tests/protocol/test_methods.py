# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hyperv_lab.cim.types import Instance, Reference

from .messages import OFFICE, Desk, fault_code_in, message, subcode_in
from .office_machine import OfficeMachine
from .recorded import body_of

_D1 = {"Name": "d1"}
_ROOM = (
    "<a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address><a:ReferenceParameters>"
    f'<w:ResourceURI>{OFFICE}Office_Room</w:ResourceURI><w:SelectorSet><w:Selector Name="Building">B</w:Selector>'
    '<w:Selector Name="Number">2</w:Selector></w:SelectorSet></a:ReferenceParameters>'
)
_CIM = "http://schemas.dmtf.org/wbem/wscim/1/common"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def _note_text(value: str) -> str:
    return (
        '&lt;INSTANCE CLASSNAME="Office_Note"&gt;&lt;PROPERTY NAME="Text" TYPE="string"&gt;&lt;VALUE&gt;'
        f"{value}&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;"
    )


def _move(parameters: str) -> tuple[OfficeMachine, Desk, str, int]:
    machine = OfficeMachine()
    desk = Desk(machine)
    answer = desk.invoke("Office_Desk", "Move", f"<p:Steps>1</p:Steps>{parameters}", _D1)
    return machine, desk, answer.body, answer.status


def test_outputs_come_in_order_and_the_return_value_last() -> None:
    _unused, _unused, body, _unused = _move("")
    assert body_of(body) == (
        f'<p:Move_OUTPUT xmlns:xsi="{_XSI}" xmlns:p="{OFFICE}Office_Desk" xmlns:cim="{_CIM}">'
        '<p:Job xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">'
        "<a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address><a:ReferenceParameters>"
        f'<w:ResourceURI>{OFFICE}Office_Room</w:ResourceURI><w:SelectorSet><w:Selector Name="Building">jobs</w:Selector>'
        '<w:Selector Name="Number">7</w:Selector></w:SelectorSet></a:ReferenceParameters></p:Job><p:Seen>a</p:Seen><p:Seen>b</p:Seen>'
        f'<p:Labels xmlns:p1="{OFFICE}Office_Note" xsi:type="p1:Office_Note_Type"><p1:Tags>x</p1:Tags><p1:Text>moved</p1:Text>'
        '<p1:Weight xsi:nil="true"/></p:Labels><p:ReturnValue>4096</p:ReturnValue></p:Move_OUTPUT>'
    )
    assert f"<a:Action>{OFFICE}Office_Desk/MoveResponse</a:Action>" in body


def test_every_kind_of_input() -> None:
    note = _note_text("a&amp;#38;b")
    machine, _unused, body, status = _move(
        f"<p:Careful>False</p:Careful><p:Room>{_ROOM}</p:Room><p:Helpers>x</p:Helpers><p:Helpers>y</p:Helpers>"
        f'<p:When><cim:Datetime xmlns:cim="{_CIM}">2024-12-02T10:46:58.000000Z</cim:Datetime></p:When><p:Note>{note}</p:Note>'
        f'<p:Label xmlns:note="{OFFICE}Office_Note" xmlns:xsi="{_XSI}" xsi:type="note:Office_Note_Type"><note:Text>t</note:Text>'
        "<note:Tags>1</note:Tags><note:Tags>2</note:Tags></p:Label>"
    )
    assert status == 200, body
    ((method, target, arguments),) = machine.calls
    assert (method, target) == ("Move", "d1")
    assert arguments["Steps"] == 1
    assert arguments["Careful"] is False
    assert arguments["Room"] == Reference("root/office", "Office_Room", {"Building": "B", "Number": "2"})
    assert arguments["Helpers"] == ["x", "y"]
    assert arguments["When"] == datetime(2024, 12, 2, 10, 46, 58, tzinfo=UTC)
    embedded, nested = arguments["Note"], arguments["Label"]
    assert isinstance(embedded, Instance)
    assert embedded.values == {"Text": "a&b"}
    assert isinstance(nested, Instance)
    assert nested.values == {"Text": "t", "Tags": ["1", "2"]}


def test_cdata_is_the_same_as_escaped_text() -> None:
    machine, _unused, _unused, _unused = _move(
        '<p:Note><![CDATA[<INSTANCE CLASSNAME="office_note"><PROPERTY NAME="weight" TYPE="uint16"><VALUE>7</VALUE></PROPERTY></INSTANCE>]]></p:Note>'
    )
    note = machine.calls[0][2]["Note"]
    assert isinstance(note, Instance)
    assert note.values == {"Weight": 7}


def test_an_interval_and_a_null() -> None:
    machine, _unused, _unused, _unused = _move(
        f'<p:When><cim:Interval xmlns:cim="{_CIM}">P0DT0H30M0S</cim:Interval></p:When><p:Room xmlns:xsi="{_XSI}" xsi:nil="true"/>'
    )
    assert machine.calls[0][2]["When"] == timedelta(minutes=30)
    assert machine.calls[0][2]["Room"] is None


@pytest.mark.fidelity(
    "Named entities inside an embedded instance: ReturnValue 32768 or 32773",
    source="go-wsman, one experiment on one host",
    confidence="M",
)
@pytest.mark.parametrize(("entity", "value"), [("&amp;amp;", 32768), ("&amp;lt;", 32773), ("&amp;quot;", 32768)])
def test_named_entities_in_embedded_text_fail_as_on_a_real_host(entity: str, value: int) -> None:
    text = _note_text(entity)
    machine, _unused, body, status = _move(f"<p:Note>{text}</p:Note>")
    assert status == 200
    assert f"<p:ReturnValue>{value}</p:ReturnValue>" in body
    assert '<p:Job xsi:nil="true"/>' in body
    assert machine.calls == []


@pytest.mark.parametrize(
    "text", ["no xml", "&lt;INSTANCE/&gt;", '&lt;INSTANCE CLASSNAME="Office_Chair"/&gt;', "&lt;!DOCTYPE x&gt;&lt;INSTANCE/&gt;"]
)
def test_embedded_text_that_is_no_instance_is_an_invalid_parameter(text: str) -> None:
    machine, _unused, body, _unused = _move(f"<p:Note>{text}</p:Note>")
    assert "<p:ReturnValue>32773</p:ReturnValue>" in body
    assert machine.calls == []


@pytest.mark.parametrize(
    "parameters",
    [
        "<p:Unknown>1</p:Unknown>",
        "<Helpers>x</Helpers>",
        "<p:Steps>2</p:Steps>",
        "<p:Careful>perhaps</p:Careful>",
        "<p:When>soon</p:When>",
        f"<p:Room><a:EndpointReference>{_ROOM}</a:EndpointReference></p:Room>",
        "<p:Room>Office_Room</p:Room>",
        f'<p:Note><q:Office_Note xmlns:q="{OFFICE}Office_Note"><q:Text>t</q:Text></q:Office_Note></p:Note>',
        "<p:Label><p:Text>x</p:Text><p:Bogus/></p:Label>",
    ],
)
def test_a_body_that_does_not_fit_the_method(parameters: str) -> None:
    machine, _unused, body, status = _move(parameters)
    assert status == 500
    assert subcode_in(body) == "w:SchemaValidationError"
    assert fault_code_in(body) == 2150858817
    assert machine.calls == []


@pytest.mark.parametrize("steps", ["-1", "4294967296", "one", ""])
def test_numbers_out_of_range(steps: str) -> None:
    answer = Desk(OfficeMachine()).invoke("Office_Desk", "Move", f"<p:Steps>{steps}</p:Steps>", _D1)
    assert fault_code_in(answer.body) == 2150858817


def test_a_missing_required_parameter() -> None:
    answer = Desk(OfficeMachine()).invoke("Office_Desk", "Move", "", _D1)
    assert fault_code_in(answer.body) == 2150859038


def test_the_namespace_of_the_input_element_itself_is_not_looked_at() -> None:
    machine = OfficeMachine()
    uri = f"{OFFICE}Office_Desk"
    body = f'<Move_INPUT><q:Steps xmlns:q="{uri.upper().replace("HTTP://SCHEMAS", "http://schemas")}">3</q:Steps></Move_INPUT>'
    answer = Desk(machine).send(message(f"{uri}/Move", uri, body, selectors=_D1))
    assert answer.status == 200, answer.body
    assert machine.calls[0][2] == {"Steps": 3}


def test_a_static_method_has_no_selectors_and_perhaps_no_return_value() -> None:
    desk = Desk(OfficeMachine())
    assert "<p:Echo>abc</p:Echo></p:Lock_OUTPUT>" in desk.invoke("Office_Building", "Lock", "<p:Code>abc</p:Code>").body
    assert '<p:Echo xsi:nil="true"/></p:Lock_OUTPUT>' in desk.invoke("Office_Building", "Lock").body
    assert subcode_in(desk.invoke("Office_Building", "Lock", "", {"Name": "HQ"}).body) == "w:InvalidSelectors"


@pytest.mark.parametrize(
    ("selectors", "subcode", "code"),
    [
        (None, "w:InvalidSelectors", 2150858842),
        ({"Colour": "red"}, "w:InvalidSelectors", 2150858843),
        ({"Name": "nobody"}, "a:DestinationUnreachable", 2150858752),
    ],
)
def test_wrong_selectors(selectors: dict[str, str] | None, subcode: str, code: int) -> None:
    answer = Desk(OfficeMachine()).invoke("Office_Desk", "Move", "<p:Steps>1</p:Steps>", selectors)
    assert subcode_in(answer.body) == subcode
    assert fault_code_in(answer.body) == code


def test_a_method_is_found_through_a_base_class_and_runs_on_the_object() -> None:
    machine = OfficeMachine()
    answer = Desk(machine).invoke("office_desk", "move", "<p:Steps>1</p:Steps>".replace("p:", "p:"), {"NAME": "S1"})
    assert answer.status == 200, answer.body
    assert machine.calls[0][1] == "s1"


def test_an_unknown_method_and_a_foreign_action() -> None:
    desk = Desk(OfficeMachine())
    assert subcode_in(desk.invoke("Office_Desk", "Fly", "", _D1).body) == "a:ActionNotSupported"
    uri = f"{OFFICE}Office_Desk"
    answer = desk.send(message(f"{OFFICE}Office_Room/Move", uri, selectors=_D1))
    assert subcode_in(answer.body) == "w:ActionMismatch"


@pytest.mark.fidelity(
    "A provider's HRESULT as fault (switch `method_failure`)",
    source="pypsrp, recorded traffic of Windows",
    confidence="M",
)
def test_a_provider_that_fails_is_a_fault_with_its_hresult() -> None:
    answer = Desk(OfficeMachine()).invoke("Office_Desk", "Break", "", _D1)
    assert answer.status == 500
    assert answer.fault_code == 0xC004FD02
    assert fault_code_in(answer.body) == 3221552386
    for text in (
        "<s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:InternalError</s:Value>",
        'Machine="OFFICE01"><f:Message>The host is not activated. </f:Message>',
        '<f:ProviderFault provider="WMI Provider" path="%systemroot%\\system32\\WsmWmiPl.dll">',
        "<p:Operation>ExecMethod</p:Operation>",
        "<p:ProviderName>Breaker</p:ProviderName>",
    ):
        assert text in answer.body


def test_or_a_return_value_where_the_lab_is_told_so() -> None:
    answer = Desk(OfficeMachine(), method_failure="return_value").invoke("Office_Desk", "Break", "", _D1)
    assert answer.status == 200
    assert "<p:ReturnValue>3221552386</p:ReturnValue>" in answer.body
