# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How values look, in the whole: the same shapes as in recorded traffic, in fixtures of the lab's own."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

from hyperv_lab.cim.types import Instance

from .messages import MESSAGE_ID, OFFICE, TRANSFER, Desk, message
from .office_machine import ROOM, OfficeMachine
from .recorded import body_of, same_for_all

_ROOT = (
    '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" '
    'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">'
)
_DESK_URI = f"{OFFICE}Office_Desk"
_EMBEDDED = (
    "&lt;INSTANCE CLASSNAME=&quot;Office_Note&quot;&gt;"
    "&lt;PROPERTY.ARRAY NAME=&quot;Tags&quot; PROPAGATED=&quot;true&quot; TYPE=&quot;string&quot;&gt;&lt;/PROPERTY.ARRAY&gt;"
    "&lt;PROPERTY NAME=&quot;Text&quot; TYPE=&quot;string&quot;&gt;&lt;VALUE&gt;a &amp;quot;quote&amp;quot; &amp;amp; &amp;lt;tag&amp;gt;"
    "&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;PROPERTY NAME=&quot;Weight&quot; TYPE=&quot;uint16&quot;&gt;&lt;VALUE&gt;2&lt;/VALUE&gt;"
    "&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;"
)
_DESK_ONE = (
    f'<p:Office_Desk xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:p="{_DESK_URI}" '
    'xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xsi:type="p:Office_Desk_Type">'
    "<p:Adjustable>true</p:Adjustable><p:Area>18446744073709551615</p:Area>"
    "<p:Bought><cim:Datetime>2013-04-15T16:28:43.48817Z</cim:Datetime></p:Bought><p:Caption>first &amp; &lt;best&gt;</p:Caption>"
    "<p:Drawers>pens</p:Drawers><p:Drawers>paper</p:Drawers><p:Height>72</p:Height><p:Levels>1</p:Levels><p:Levels>255</p:Levels>"
    f"<p:Name>d1</p:Name><p:Notes>{_EMBEDDED}</p:Notes><p:Ratio>1.5</p:Ratio>"
    f'<p:Sticker xmlns:p1="{OFFICE}Office_Note" xsi:type="p1:Office_Note_Type"><p1:Text>a &quot;quote&quot; &amp; &lt;tag&gt;</p1:Text>'
    "<p1:Weight>2</p1:Weight></p:Sticker><p:Tilt>-3</p:Tilt><p:Warranty><cim:Interval>P0DT0H45M0S</cim:Interval></p:Warranty></p:Office_Desk>"
)


def test_an_optimised_answer_with_a_single_row() -> None:
    answer = Desk(OfficeMachine()).query("SELECT * FROM Office_Desk WHERE Name='d1'")
    assert same_for_all(answer.body) == (
        f"{_ROOT}<s:Header><a:Action>http://schemas.xmlsoap.org/ws/2004/09/enumeration/EnumerateResponse</a:Action><a:MessageID></a:MessageID>"
        "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To><a:RelatesTo></a:RelatesTo></s:Header>"
        f"<s:Body><n:EnumerateResponse><n:EnumerationContext></n:EnumerationContext><w:Items>{_DESK_ONE}</w:Items><w:EndOfSequence/>"
        "</n:EnumerateResponse></s:Body></s:Envelope>"
    )
    assert f"<a:RelatesTo>{MESSAGE_ID}</a:RelatesTo>" in answer.body


def test_null_scalars_are_nil_and_null_or_empty_arrays_are_not_there() -> None:
    body = body_of(Desk(OfficeMachine()).query("SELECT * FROM Office_Desk WHERE Name='d2'").body)
    assert "<p:Caption></p:Caption>" in body
    for name in ("Area", "Bought", "Warranty", "Sticker", "Ratio"):
        assert f'<p:{name} xsi:nil="true"/>' in body
    for name in ("Drawers", "Levels", "Notes"):
        assert f"<p:{name}" not in body


def test_precise_arrays_are_written_when_they_are_null() -> None:
    option = '<w:OptionSet><w:Option Name="msftwinrm:UsePreciseArrays" Type="xs:boolean">true</w:Option></w:OptionSet>'
    answer = Desk(OfficeMachine()).query("SELECT * FROM Office_Desk WHERE Name='d2'", extra=option)
    expected = '<p:Levels xmlns:m="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xsi:nil="true" m:IsNullArray="true"/>'
    assert expected in answer.body
    fromstring(answer.body)


def test_a_projection_has_no_class_and_no_namespace() -> None:
    answer = Desk(OfficeMachine()).query("SELECT Sticker, Name, Bought, Height, Drawers, Area, Notes FROM Office_Desk WHERE Name = 'D1'")
    assert (
        '<w:Items><w:XmlFragment xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><Area>18446744073709551615</Area>'
        "<Bought><Datetime>2013-04-15T16:28:43.48817Z</Datetime></Bought><Drawers>pens</Drawers><Drawers>paper</Drawers><Height>72</Height>"
        f"<Name>d1</Name><Notes>{_EMBEDDED}</Notes><Sticker><Text>a &quot;quote&quot; &amp; &lt;tag&gt;</Text><Weight>2</Weight></Sticker>"
        "</w:XmlFragment></w:Items>"
    ) in answer.body


def test_references_are_the_children_of_an_endpoint_reference() -> None:
    answer = Desk(OfficeMachine()).query("SELECT * FROM Office_StandsIn", max_elements=1)
    assert (
        '<p:Antecedent xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">'
        "<a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{OFFICE}Office_Room</w:ResourceURI><w:SelectorSet>"
        '<w:Selector Name="Building">A\\B</w:Selector><w:Selector Name="Number">1</w:Selector></w:SelectorSet></a:ReferenceParameters>'
        "</p:Antecedent>"
    ) in answer.body


def test_the_machines_language_is_the_answers_when_the_client_names_none() -> None:
    machine = OfficeMachine(language="ja-JP")
    uri = f"{OFFICE}Office_Building"
    assert 'xml:lang="ja-JP"' in Desk(machine).send(message(f"{TRANSFER}Get", uri, locale="")).body
    assert 'xml:lang="en-US"' in Desk(machine).send(message(f"{TRANSFER}Get", uri)).body


def test_characters_that_xml_cannot_carry_become_question_marks() -> None:
    machine = OfficeMachine()
    machine.rows["office_room"] = [Instance(ROOM, {"Building": "a\x00b\x1f\ud800\uffff\t\n", "Number": "1"})]
    body = Desk(machine).query("SELECT * FROM Office_Room").body
    assert "<p:Building>a?b???\t\n</p:Building>" in body
    fromstring(body)


def test_derived_rows_come_under_their_own_class() -> None:
    body = Desk(OfficeMachine(), first_page="all").query("SELECT * FROM Office_Desk", max_elements=10).body
    assert body.count(f'xmlns:p="{OFFICE}Office_Desk" ') == 2
    assert body.count(f'xmlns:p="{OFFICE}Office_StandingDesk" ') == 1
    assert body.count('xsi:type="p:Office_StandingDesk_Type"') == 1
