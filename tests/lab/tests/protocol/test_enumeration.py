# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from hyperv_lab.cim.types import Instance

from .messages import ENUMERATION, OFFICE, WMI, Desk, context_in, enumerate_body, fault_code_in, message, pull_body, subcode_in
from .office_machine import ROOM, OfficeAccount, OfficeMachine


def _rooms(count: int, building: str = "B") -> OfficeMachine:
    machine = OfficeMachine()
    machine.rows["office_room"] = [Instance(ROOM, {"Building": building, "Number": str(number)}) for number in range(count)]
    return machine


def _items(body: str) -> int:
    return body.count("<p:Office_Room ") + body.count("<w:XmlFragment ")


def test_no_row_at_all() -> None:
    desk = Desk(_rooms(0))
    body = desk.query("SELECT * FROM Office_Room").body
    assert "<n:EnumerateResponse><n:EnumerationContext></n:EnumerationContext><w:EndOfSequence/></n:EnumerateResponse>" in body
    opened = desk.enumerate(f"{OFFICE}Office_Room", optimise=False).body
    assert "EndOfSequence" not in opened
    pulled = desk.pull(context_in(opened)).body
    assert "<n:PullResponse><n:Items></n:Items><n:EndOfSequence/></n:PullResponse>" in pulled


@pytest.mark.fidelity(
    "Each Pull brings a new context; the last page has items and n:EndOfSequence",
    source="txwinrm, recorded traffic of Windows Server 2012",
    confidence="H",
)
def test_several_rows_begin_with_one_and_every_pull_names_a_new_context() -> None:
    desk = Desk(_rooms(4))
    first = desk.query("SELECT * FROM Office_Room", max_elements=32000).body
    assert _items(first) == 1
    assert "w:EndOfSequence" not in first
    contexts = [context_in(first)]
    second = desk.pull(contexts[-1]).body
    assert _items(second) == 1  # without MaxElements
    assert "<n:Items>" in second
    contexts.append(context_in(second))
    last = desk.pull(contexts[-1], 32000).body
    assert _items(last) == 2
    assert last.index("</n:Items><n:EndOfSequence/></n:PullResponse>") > 0
    assert "EnumerationContext" not in last
    assert len(set(contexts)) == 2
    for context in contexts:
        assert fault_code_in(desk.pull(context).body) == 2150858779


def test_the_other_mode_returns_all_that_fits_at_once() -> None:
    desk = Desk(_rooms(4), first_page="all")
    body = desk.query("SELECT * FROM Office_Room", max_elements=3).body
    assert _items(body) == 3
    assert _items(desk.pull(context_in(body), 3).body) == 1


@pytest.mark.fidelity(
    "A page ends where MaxEnvelopeSize would be passed, counted as UTF-16",
    source="txwinrm, sizes of all recorded pages",
    confidence="L",
)
def test_a_page_ends_before_the_envelope_is_full_counted_in_utf_16() -> None:
    desk = Desk(_rooms(400, "\u00e9" * 1000))
    body = desk.query("SELECT * FROM Office_Room", envelope_size=153600).body
    page = desk.pull(context_in(body), 32000, envelope_size=153600).body
    assert 153600 * 0.95 < len(page.encode("utf-16-le")) <= 153600
    assert 0 < _items(page) < 399


def test_the_services_own_limit_holds_when_the_client_allows_more() -> None:
    desk = Desk(_rooms(400, "x" * 1000), max_envelope_kb=64)
    body = desk.query("SELECT * FROM Office_Room", envelope_size=67108864).body
    page = desk.pull(context_in(body), 32000, envelope_size=67108864).body
    assert 60 * 1024 < len(page) * 2 <= 64 * 1024


def test_an_object_larger_than_the_envelope_is_a_fault() -> None:
    answer = Desk(_rooms(1, "x" * 10000)).query("SELECT * FROM Office_Room", envelope_size=8192)
    assert answer.status == 500
    assert subcode_in(answer.body) == "w:EncodingLimit"
    assert fault_code_in(answer.body) == 2150858824


def test_no_more_than_max_batch_items() -> None:
    desk = Desk(_rooms(9), max_batch_items=3)
    body = desk.query("SELECT * FROM Office_Room").body
    assert _items(desk.pull(context_in(body), 32000).body) == 3


def test_a_pull_goes_by_its_context_and_not_by_its_resource_uri() -> None:
    desk = Desk(_rooms(2))
    context = context_in(desk.query("SELECT * FROM Office_Room").body)
    answer = desk.send(message(f"{ENUMERATION}Pull", f"{WMI}root/virtualization/*", pull_body(context)))
    assert _items(answer.body) == 1


def test_a_pull_must_allow_the_same_size_as_its_enumerate() -> None:
    for strict, status in ((True, 500), (False, 200)):
        desk = Desk(_rooms(2), strict=strict)
        context = context_in(desk.query("SELECT * FROM Office_Room", envelope_size=153600).body)
        answer = desk.pull(context, envelope_size=102400)
        assert answer.status == status
        if strict:
            assert fault_code_in(answer.body) == 2150859181


@pytest.mark.fidelity(
    "A context expires EnumerationTimeoutms after the last answer",
    source="[MS-WSMV] 3.1.4.1.36",
    confidence="M",
)
def test_contexts_expire_when_nobody_pulls() -> None:
    now = [0.0]
    desk = Desk(_rooms(3), lambda: now[0])
    context = context_in(desk.query("SELECT * FROM Office_Room").body)
    now[0] = 239.0
    context = context_in(desk.pull(context).body)
    now[0] = 239.0 + 240.0
    answer = desk.pull(context)
    assert subcode_in(answer.body) == "n:InvalidEnumerationContext"
    assert "<s:Value>s:Receiver</s:Value>" in answer.body


def test_release_frees_the_context() -> None:
    desk = Desk(_rooms(3), max_operations_per_user=1)
    context = context_in(desk.query("SELECT * FROM Office_Room").body)
    assert fault_code_in(desk.query("SELECT * FROM Office_Room").body) == 2150859174
    body = f"<n:Release><n:EnumerationContext>{context}</n:EnumerationContext></n:Release>"
    released = desk.send(message(f"{ENUMERATION}Release", f"{OFFICE}*", body))
    assert "ReleaseResponse</a:Action>" in released.body
    assert "<s:Body></s:Body>" in released.body
    assert desk.query("SELECT * FROM Office_Room").status == 200
    assert desk.pull(context).status == 500


def test_a_context_belongs_to_who_opened_it() -> None:
    desk = Desk(_rooms(3))
    context = context_in(desk.query("SELECT * FROM Office_Room").body)
    desk.account = OfficeAccount("other", "")
    assert fault_code_in(desk.pull(context).body) == 2150858779


@pytest.mark.parametrize("mode", ["EnumerateEPR", "EnumerateObjectAndEPR"])
def test_endpoint_references_name_the_class_of_the_object(mode: str) -> None:
    body = Desk(OfficeMachine(), first_page="all").query("SELECT * FROM Office_Desk", max_elements=10, mode=mode).body
    assert body.count("<a:EndpointReference ") == 3
    assert f'<w:ResourceURI>{OFFICE}Office_StandingDesk</w:ResourceURI><w:SelectorSet><w:Selector Name="Name">s1</w:Selector>' in body
    assert body.count("<w:Item>") == (3 if mode == "EnumerateObjectAndEPR" else 0)
    assert ("<p:Height>" in body) is (mode == "EnumerateObjectAndEPR")


def test_the_endpoint_reference_of_a_singleton_has_no_selectors() -> None:
    body = Desk(OfficeMachine()).enumerate(f"{OFFICE}Office_Building", mode="EnumerateEPR").body
    assert f"<w:ResourceURI>{OFFICE}Office_Building</w:ResourceURI></a:ReferenceParameters></a:EndpointReference>" in body


def test_a_key_that_is_a_reference_is_an_endpoint_reference_inside_its_selector() -> None:
    body = Desk(OfficeMachine()).enumerate(f"{OFFICE}Office_StandsIn", mode="EnumerateEPR").body
    assert '<w:Selector Name="Antecedent"><a:EndpointReference><a:Address>' in body
    assert '<w:Selector Name="Building">A\\B</w:Selector>' in body


def test_a_projection_has_no_endpoint_reference() -> None:
    answer = Desk(OfficeMachine()).query("SELECT Name FROM Office_Desk", mode="EnumerateEPR")
    assert subcode_in(answer.body) == "w:UnsupportedFeature"


def test_a_class_brings_its_derived_classes() -> None:
    body = Desk(OfficeMachine(), first_page="all").enumerate(f"{OFFICE}Office_Element", max_elements=10).body
    assert body.count("<p:Office_Desk ") == 2
    assert body.count("<p:Office_StandingDesk ") == 1


def test_the_namespace_and_class_of_a_uri_are_read_without_case() -> None:
    body = Desk(OfficeMachine()).enumerate(f"{WMI}Root/OFFICE/office_BUILDING").body
    assert f'<p:Office_Building xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:p="{OFFICE}Office_Building" ' in body


def test_white_space_around_a_uri_is_nothing() -> None:
    assert Desk(OfficeMachine()).enumerate(f"\n   {OFFICE}Office_Building\n  ").status == 200


def test_either_namespace_of_the_filter_element_is_good() -> None:
    query = '<n:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">SELECT * FROM Office_Building</n:Filter>'
    assert "<p:Floors>3</p:Floors>" in Desk(OfficeMachine()).enumerate(f"{OFFICE}*", query).body


def _selector_filter(name: str, value: str) -> str:
    return (
        '<w:Filter Dialect="http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"><w:SelectorSet>'
        f'<w:Selector Name="{name}">{value}</w:Selector></w:SelectorSet></w:Filter>'
    )


def test_a_selector_filter_is_an_equality() -> None:
    desk = Desk(OfficeMachine())
    assert "<p:Name>d2</p:Name>" in desk.enumerate(f"{OFFICE}Office_Desk", _selector_filter("HEIGHT", "80")).body
    assert desk.enumerate(f"{OFFICE}Office_Desk", _selector_filter("Name", "it's")).status == 500
    assert desk.enumerate(f"{OFFICE}Office_Desk", _selector_filter("Drawers", "pens")).status == 500
    assert desk.enumerate(f"{OFFICE}Office_Desk", _selector_filter("Nothing", "1")).status == 500


def _association_filter(kind: str, inner: str = "") -> str:
    return (
        '<w:Filter Dialect="http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter">'
        f"<b:{kind}><b:Object><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address><a:ReferenceParameters>"
        f'<w:ResourceURI>{OFFICE}Office_Room</w:ResourceURI><w:SelectorSet><w:Selector Name="Building">a\\b</w:Selector>'
        f'<w:Selector Name="Number">1</w:Selector></w:SelectorSet></a:ReferenceParameters></b:Object>{inner}</b:{kind}></w:Filter>'
    )


def test_the_association_filter_finds_neighbours() -> None:
    desk = Desk(OfficeMachine(), first_page="all")
    both = desk.enumerate(f"{OFFICE}*", _association_filter("AssociatedInstances"), max_elements=10).body
    assert both.count("<p:Name>") == 2
    standing = "<b:ResultClassName>Office_StandingDesk</b:ResultClassName>"
    one = desk.enumerate(f"{OFFICE}*", _association_filter("AssociatedInstances", standing), max_elements=10).body
    assert one.count("<p:Name>s1</p:Name>") == one.count("<p:Name>") == 1
    links = desk.enumerate(f"{OFFICE}*", _association_filter("AssociationInstances"), max_elements=10).body
    assert links.count("<p:Office_StandsIn ") == 2


@pytest.mark.fidelity(
    "A class URI with a WQL filter: 2150859003; other filters that are refused",
    source="wsmerror.h; go-wsman",
    confidence="H",
)
@pytest.mark.parametrize(
    ("uri", "inner", "code"),
    [
        (
            "Office_Desk",
            '<w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">SELECT * FROM Office_Desk</w:Filter>',
            2150859003,
        ),
        ("*", "", 2150858811),
        ("Office_Chair", "", 2150858752),
        ("Office_Desk", "<w:Filter>Name</w:Filter>", 2150858777),
        ("*", _association_filter("SomethingElse"), 2150859015),
    ],
)
def test_what_enumerate_refuses(uri: str, inner: str, code: int) -> None:
    answer = Desk(OfficeMachine()).enumerate(f"{OFFICE}{uri}", inner)
    assert answer.status == 500
    assert fault_code_in(answer.body) == code


@pytest.mark.fidelity(
    "Keys in the URI of an enumeration: 2150859016",
    source="wsmerror.h",
    confidence="M",
)
def test_keys_are_not_for_an_enumerate() -> None:
    answer = Desk(OfficeMachine()).enumerate(f"{OFFICE}Office_Desk", selectors={"Name": "d1"})
    assert fault_code_in(answer.body) == 2150859016
    assert Desk(OfficeMachine()).enumerate(f"{OFFICE}Office_Desk", selectors={}).status == 200


@pytest.mark.parametrize("elements", ["0", "-1", "many", ""])
def test_max_elements_is_a_positive_number(elements: str) -> None:
    body = enumerate_body().replace("</n:Enumerate>", f"<w:MaxElements>{elements}</w:MaxElements></n:Enumerate>")
    assert Desk(OfficeMachine()).send(message(f"{ENUMERATION}Enumerate", f"{OFFICE}Office_Desk", body)).status == 500
