# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enumerations as Windows may page them, through the session."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    ConnectionDropped,
    EndlessAnswer,
    InvalidClassOrQuery,
    InvalidEnumerationContext,
    MalformedAnswer,
    OperationTimedOut,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.session import MAX_EMPTY_PAGES, Session
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.wsman.scripted_transport import (
    ENDPOINT,
    FakeTime,
    ScriptedTransport,
    envelope,
    fixture,
    instances,
    page,
)

WQL = "SELECT * FROM Lab_Item WHERE Name LIKE '%'"
ANY = "wmi/root/cimv2/*"


def names(session: Session, wql: str = WQL) -> list[str | None]:
    return [instance.text("Name") for instance in session.query("root/cimv2", wql)]


def test_the_request_is_an_optimised_enumerate_of_the_whole_namespace(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", end=True), resource=ANY, wql=WQL, selectors={}, operation_timeout="PT60.000S")
    assert names(session) == ["a"]
    sent = transport.sent[0]
    assert sent.find("s:Body/n:Enumerate/w:OptimizeEnumeration") == ""
    assert sent.find("s:Body/n:Enumerate/w:MaxElements") == "32000"
    assert sent.find("s:Header/a:To") == ENDPOINT
    assert sent.max_envelope_size == 512000


def test_namespaces_are_written_with_slashes(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", end=True), resource="wmi/root/virtualization/v2/*")
    assert list(session.query(r"root\virtualization\V2", WQL)) == []


@pytest.mark.parametrize("context", [None, ""], ids=["no context", "empty context"])
def test_everything_in_the_first_page(session: Session, transport: ScriptedTransport, context: str | None) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", "b", context=context, end=True))
    assert names(session) == ["a", "b"]


def test_an_empty_context_without_end_of_sequence_ends_it(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", context=""))
    assert names(session) == ["a"]


def test_one_item_first_then_pages_with_changing_contexts(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", context="uuid:1"))
    transport.expect("Pull", page("Pull", "b", "c", context="uuid:2"), context="uuid:1", resource=ANY)
    transport.expect("Pull", page("Pull", "d", end=True), context="uuid:2", max_envelope_size=512000, operation_timeout="PT60.000S")
    assert names(session) == ["a", "b", "c", "d"]
    assert transport.sent[1].find("s:Body/n:Pull/n:MaxElements") == "32000"


def test_context_only_then_nothing(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", context="uuid:1"))
    transport.expect("Pull", envelope("<n:PullResponse><n:Items></n:Items><n:EndOfSequence/></n:PullResponse>"))
    assert names(session) == []


def test_items_may_come_in_the_other_namespace(session: Session, transport: ScriptedTransport) -> None:
    transport.expect(
        "Enumerate", envelope(f"<n:EnumerateResponse><n:Items>{instances('a')}</n:Items><n:EndOfSequence/></n:EnumerateResponse>")
    )
    assert names(session) == ["a"]


def test_items_may_come_wrapped_with_their_reference(session: Session, transport: ScriptedTransport) -> None:
    item = f"<w:Item>{instances('a')}<a:EndpointReference><a:Address/></a:EndpointReference></w:Item>"
    transport.expect("Enumerate", envelope(f"<n:EnumerateResponse><w:Items>{item}</w:Items><w:EndOfSequence/></n:EnumerateResponse>"))
    assert names(session) == ["a"]


def test_each_item_has_its_own_class(session: Session, transport: ScriptedTransport) -> None:
    items = instances("a", class_name="Lab_Base") + instances("b", class_name="Lab_Derived")
    transport.expect("Enumerate", envelope(f"<n:EnumerateResponse><w:Items>{items}</w:Items><w:EndOfSequence/></n:EnumerateResponse>"))
    found = list(session.query("root/cimv2", WQL))
    assert [(one.class_name, one.namespace) for one in found] == [("Lab_Base", "root/cimv2"), ("Lab_Derived", "root/cimv2")]


def test_nothing_is_sent_before_the_first_instance_is_asked_for(session: Session, transport: ScriptedTransport) -> None:
    session.query("root/cimv2", WQL)
    assert transport.sent == []


def test_pages_are_fetched_when_they_are_needed(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", context="uuid:1"))
    transport.expect("Pull", page("Pull", "b", context="uuid:2"))
    transport.expect("Pull", page("Pull", "c", end=True))
    rows = session.query("root/cimv2", WQL)
    assert [next(rows).text("Name"), next(rows).text("Name")] == ["a", "b"]
    assert len(transport.sent) == 2
    assert [row.text("Name") for row in rows] == ["c"]


def test_stopping_early_releases_the_enumeration(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", context="uuid:1"))
    transport.expect("Pull", page("Pull", "b", context="uuid:2"))
    transport.expect("Release", envelope(""), context="uuid:2", resource=ANY)
    rows = session.query("root/cimv2", WQL)
    next(rows)
    rows.close()


def test_stopping_early_after_the_last_page_sends_nothing(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", "b", end=True))
    rows = session.query("root/cimv2", WQL)
    next(rows)
    rows.close()


def test_a_failed_release_does_not_matter(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", context="uuid:1"))
    transport.expect("Pull", page("Pull", "b", context="uuid:2"))
    transport.expect("Release", ConnectionDropped(ENDPOINT, "gone"))
    rows = session.query("root/cimv2", WQL)
    next(rows)
    rows.close()


def test_a_closed_session_sends_no_release(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", context="uuid:1"))
    transport.expect("Pull", page("Pull", "b", context="uuid:2"))
    rows = session.query("root/cimv2", WQL)
    next(rows)
    session.close()
    rows.close()
    assert transport.closed


def test_a_connection_that_breaks_before_anything_was_handed_out_starts_the_query_again(
    session: Session, transport: ScriptedTransport, time: FakeTime
) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", context="uuid:1"))
    transport.expect("Pull", ConnectionDropped(ENDPOINT, "gone"))
    transport.expect("Enumerate", page("Enumerate", "a", context="uuid:7"))
    transport.expect("Pull", page("Pull", "b", end=True), context="uuid:7")
    assert names(session) == ["a", "b"]
    assert session.statistics.retries == 1
    assert transport.resets == 1
    assert time.slept == [0.5]


def test_a_connection_that_breaks_later_is_an_error(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", context="uuid:1"))
    transport.expect("Pull", page("Pull", "b", context="uuid:2"))
    transport.expect("Pull", ConnectionDropped(ENDPOINT, "gone"))
    rows = session.query("root/cimv2", WQL)
    assert [next(rows).text("Name"), next(rows).text("Name")] == ["a", "b"]
    with pytest.raises(ConnectionDropped):
        next(rows)


def test_an_enumeration_that_expired_before_anything_was_handed_out_starts_again(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", context="uuid:1"))
    transport.expect("Pull", fixture("fault_context_expired"))
    transport.expect("Enumerate", page("Enumerate", "a", end=True))
    assert names(session) == ["a"]


def test_starting_again_has_a_bound(session: Session, transport: ScriptedTransport) -> None:
    for _unused in range(5):
        transport.expect("Enumerate", page("Enumerate", context="uuid:1"))
        transport.expect("Pull", fixture("fault_context_expired"))
    with pytest.raises(InvalidEnumerationContext):
        names(session)


def test_a_fault_in_a_pull_releases_the_enumeration(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", context="uuid:1"))
    for _unused in range(7):
        transport.expect("Pull", fixture("fault_operation_timed_out"))
    transport.expect("Release", envelope(""), context="uuid:1")
    with pytest.raises(OperationTimedOut):
        names(session)


def test_a_page_that_was_late_is_asked_for_again_in_smaller_pages(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", context="uuid:1"))
    transport.expect("Pull", fixture("fault_operation_timed_out"), context="uuid:1")
    transport.expect("Pull", fixture("fault_operation_timed_out"), context="uuid:1")
    transport.expect("Pull", page("Pull", "b", end=True), context="uuid:1")
    assert names(session) == ["a", "b"]


def test_a_damaged_second_page_starts_the_query_again_once(session: Session, transport: ScriptedTransport) -> None:
    damaged = page("Pull", "b", end=True)[:-20]
    for last in (damaged, page("Pull", "b", end=True)):
        transport.expect("Enumerate", page("Enumerate", "a", context="uuid:1")).expect("Pull", last)
        if last is damaged:
            transport.expect("Release", envelope(""), context="uuid:1")
    assert names(session) == ["a", "b"]
    for _unused in range(2):
        transport.expect("Enumerate", page("Enumerate", "a", context="uuid:1")).expect("Pull", damaged)
        transport.expect("Release", envelope(""), context="uuid:1")
    with pytest.raises(MalformedAnswer):
        names(session)


def test_a_quota_in_a_pull_is_asked_again_with_the_same_context(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", context="uuid:1"))
    transport.expect("Pull", fixture("fault_operations_quota"), context="uuid:1")
    transport.expect("Pull", page("Pull", "b", end=True), context="uuid:1")
    assert names(session) == ["a", "b"]


def test_pages_without_items_have_a_bound(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", context="uuid:1"))
    for _unused in range(MAX_EMPTY_PAGES + 2):
        transport.expect("Pull", page("Pull", context="uuid:1"))
    transport.expect("Release", envelope(""))
    with pytest.raises(EndlessAnswer, match="more than 100 pages without items"):
        names(session)


def test_the_page_size_stays_the_same_for_one_enumeration(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", context="uuid:1"), max_envelope_size=512000)
    transport.expect("Pull", page("Pull", "b", context="uuid:2"), max_envelope_size=512000)
    rows = session.query("root/cimv2", WQL)
    next(rows)
    session.max_envelope_size = 100000
    transport.expect("Pull", page("Pull", "c", end=True), max_envelope_size=512000)
    assert len(list(rows)) == 2
    transport.expect("Enumerate", page("Enumerate", end=True), max_envelope_size=100000)
    assert names(session) == []


def test_a_refused_query_for_a_whole_class_is_tried_as_an_enumeration_of_the_class(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", fixture("fault_class_missing"), resource=ANY)
    transport.expect("Enumerate", page("Enumerate", "a", end=True), resource="wmi/root/cimv2/Lab_Item", wql=None)
    assert names(session, "select * from Lab_Item") == ["a"]


def test_when_that_fails_too_the_first_fault_is_the_answer(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", fixture("fault_class_missing"))
    transport.expect("Enumerate", fixture("fault_instance_missing"))
    with pytest.raises(InvalidClassOrQuery) as caught:
        names(session, "SELECT * FROM Win32_Nothing")
    assert str(caught.value) == (
        "HV01: SELECT * FROM Win32_Nothing: 0x8033801A ERROR_WSMAN_ENUMERATE_CANNOT_PROCESS_FILTER: "
        "The specified class does not exist in the given namespace."
    )


def test_a_fault_after_instances_were_handed_out_does_not_start_the_query_otherwise(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", page("Enumerate", "a", context="uuid:1"))
    transport.expect("Pull", page("Pull", "b", context="uuid:2"))
    transport.expect("Pull", fixture("fault_class_missing"))
    transport.expect("Release", envelope(""))
    with pytest.raises(InvalidClassOrQuery):
        names(session, "SELECT * FROM Lab_Item")


def test_a_refused_query_with_a_condition_is_not_tried_otherwise(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", fixture("fault_class_missing"))
    with pytest.raises(InvalidClassOrQuery):
        names(session)


def test_an_answer_of_another_kind_is_malformed(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Enumerate", fixture("get_config"))
    with pytest.raises(MalformedAnswer, match="the answer holds <Config>, not a page of an enumeration"):
        names(session)
