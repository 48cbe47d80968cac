# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Method calls and the jobs that they start."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.embedded import parse_embedded_instance
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AuthenticationFailed,
    ConnectionDropped,
    ConnectionFailed,
    DeadlineExceeded,
    EffectUnknown,
    InvalidParameter,
    InvalidResourceUri,
    JobFailed,
    MethodFailed,
    ProviderFailure,
    QuotaExceeded,
    ReadTimedOut,
    UnexpectedHttpStatus,
    WsManError,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.session import JobOutcome, MethodOutput, Session
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.values import Argument, EmbeddedInstance, Reference, Sensitive
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.wsman.scripted_transport import (
    ENDPOINT,
    FakeTime,
    ScriptedTransport,
    envelope,
    fixture,
)

V2 = "root/virtualization/v2"
SERVICE = "Msvm_VirtualSystemManagementService"
KEYS = {"CreationClassName": SERVICE}
KEY = "ABCDE-FGHIJ-KLMNO-PQRST-UVWXY"


def call(session: Session, **arguments: Argument) -> MethodOutput:
    return session.invoke("root/cimv2", "Lab_Item", "Change", arguments)


def output(content: str) -> bytes:
    return envelope(
        f'<o:Change_OUTPUT xmlns:o="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Lab_Item">{content}</o:Change_OUTPUT>'
    )


def test_action_resource_and_keys(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("ModifyGuestServiceSettings", fixture("invoke_job_started"), resource=f"wmi/{V2}/{SERVICE}", selectors=KEYS)
    answer = session.invoke(V2, SERVICE, "ModifyGuestServiceSettings", {"GuestServiceSettings": ["x"]}, KEYS)
    assert answer.return_value == 4096
    assert answer.outputs.reference("Job") == Reference(V2, "Msvm_ConcreteJob", {"InstanceID": "4A3B8E0E-1C53-4B0C-A6B1-4B1C0A8F7E21"})
    sent = transport.sent[0]
    assert sent.find("s:Header/a:Action") == (
        "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_VirtualSystemManagementService/ModifyGuestServiceSettings"
    )


def test_parameters_as_windows_reads_them(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Change", output("<o:ReturnValue>0</o:ReturnValue>"), selectors={})
    call(
        session,
        Text="a<b>&'\"c",
        Empty="",
        Number=2147483650,
        On=True,
        Off=False,
        Many=[0, 1, 100],
        None_=None,
        NoItems=[],
        When=datetime(2024, 12, 2, 10, 46, 58, tzinfo=UTC),
        Every=timedelta(minutes=30),
        Secret=Sensitive("hunter2"),
    )
    body = transport.sent[0].text.partition("<s:Body>")[2].partition("</s:Body>")[0]
    assert body == (
        '<p:Change_INPUT xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Lab_Item" '
        'xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common">'
        "<p:Text>a&lt;b&gt;&amp;'\"c</p:Text><p:Empty/><p:Number>2147483650</p:Number><p:On>true</p:On><p:Off>false</p:Off>"
        "<p:Many>0</p:Many><p:Many>1</p:Many><p:Many>100</p:Many>"
        "<p:When><cim:Datetime>2024-12-02T10:46:58.000000Z</cim:Datetime></p:When>"
        "<p:Every><cim:Interval>P0DT0H30M0S</cim:Interval></p:Every><p:Secret>hunter2</p:Secret></p:Change_INPUT>"
    )


def test_a_line_end_reaches_windows_as_it_is(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Change", output(""), parameters=[("Text", "a\r\nb\tc")])
    call(session, Text="a\r\nb\tc")


def test_a_reference_has_no_wrapper(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Change", output("<o:ReturnValue>0</o:ReturnValue>"))
    call(session, Target=Reference(V2, "Msvm_ComputerSystem", {"CreationClassName": "Msvm_ComputerSystem", "Name": "A&B"}))
    assert (
        "<p:Target><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address><a:ReferenceParameters>"
        "<w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem</w:ResourceURI>"
        '<w:SelectorSet><w:Selector Name="CreationClassName">Msvm_ComputerSystem</w:Selector><w:Selector Name="Name">A&amp;B</w:Selector>'
        "</w:SelectorSet></a:ReferenceParameters></p:Target>"
    ) in transport.sent[0].text


def test_an_embedded_instance_travels_as_text(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Change", output("<o:ReturnValue>0</o:ReturnValue>"))
    call(session, Items=[EmbeddedInstance("Msvm_KvpExchangeDataItem", {"Name": "a&b", "Source": 0})])
    ((name, text),) = transport.sent[0].parameters
    assert name == "Items"
    assert "&#38;" in text
    assert parse_embedded_instance(text).text("Name") == "a&b"


def test_outputs_may_be_indented_and_in_any_order(session: Session, transport: ScriptedTransport) -> None:
    transport.expect(
        "EnumKey", fixture("invoke_registry_names"), parameters=[("hDefKey", "2147483650"), ("sSubKeyName", r"SOFTWARE\Microsoft")]
    )
    answer = session.invoke("root/default", "StdRegProv", "EnumKey", {"hDefKey": 2147483650, "sSubKeyName": r"SOFTWARE\Microsoft"})
    assert answer.return_value == 0
    assert answer.outputs.texts("sNames") == ("Auto", "External", r"Guest\Parameters")


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("<o:ReturnValue>2147749893</o:ReturnValue>", 0x80041005),
        ("<o:ReturnValue>-2147217403</o:ReturnValue>", 0x80041005),
        ("<o:ReturnValue>0</o:ReturnValue><o:Other>1</o:Other>", 0),
        ('<o:ReturnValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>', None),
        ("<o:ReturnValue>yes</o:ReturnValue>", None),
        ("", None),
    ],
)
def test_return_values(session: Session, transport: ScriptedTransport, content: str, value: int | None) -> None:
    transport.expect("Change", output(content))
    assert call(session).return_value == value


def test_an_empty_body_is_a_method_without_output(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Change", envelope(""))
    assert call(session).return_value is None


def test_a_return_value_that_is_not_accepted() -> None:
    def returned(value: int | None) -> MethodOutput:
        return MethodOutput("Lab_Item", "Change", value, parse_embedded_instance("<INSTANCE/>"))

    assert returned(0).expect().return_value == 0
    assert returned(4096).expect(0, 4096).return_value == 4096
    for value, text in (
        (32773, "Lab_Item.Change failed with ReturnValue 32773"),
        (0x80041005, "Lab_Item.Change failed with ReturnValue 2147749893 (0x80041005 WBEM_E_TYPE_MISMATCH)"),
        (None, "Lab_Item.Change failed with no ReturnValue"),
    ):
        with pytest.raises(MethodFailed) as caught:
            returned(value).expect()
        assert str(caught.value) == text
        assert caught.value.return_value == value


# what is not known is said not to be known, and nothing is ever repeated


@pytest.mark.parametrize(
    "answer",
    [
        ConnectionDropped(ENDPOINT, "the connection broke before the answer"),
        ReadTimedOut(ENDPOINT, "too slow"),
        UnexpectedHttpStatus(ENDPOINT, 502),
        fixture("fault_operation_timed_out"),
        b"<html/>",
        envelope("<n:Other_OUTPUT/>"),
        envelope("<n:Change_OUTPUT/>", relates_to="uuid:OTHER"),
    ],
    ids=["dropped", "slow", "502", "timed out", "no envelope", "other output", "other message"],
)
def test_a_missing_answer_leaves_the_effect_unknown(session: Session, transport: ScriptedTransport, answer: bytes | Exception) -> None:
    transport.expect("Change", answer)
    with pytest.raises(EffectUnknown, match=r"Lab_Item\.Change: whether the call took effect is not known: .+") as caught:
        call(session)
    assert caught.value.__cause__ is caught.value.reason
    assert session.statistics.retries == 0


@pytest.mark.parametrize(
    "error",
    [
        ConnectionFailed(ENDPOINT, "connection refused"),
        AuthenticationFailed(ENDPOINT),
        UnexpectedHttpStatus(ENDPOINT, 413),
    ],
    ids=["refused", "401", "413"],
)
def test_what_never_reached_the_provider_is_not_unknown(session: Session, transport: ScriptedTransport, error: WsManError) -> None:
    transport.expect("Change", error)
    with pytest.raises(type(error)) as caught:
        call(session)
    assert caught.value is error


@pytest.mark.parametrize("refusal", [fixture("fault_operations_quota"), UnexpectedHttpStatus(ENDPOINT, 503)], ids=["quota", "503"])
def test_a_call_is_repeated_when_the_server_said_that_it_was_not_carried_out(
    session: Session, transport: ScriptedTransport, time: FakeTime, refusal: bytes | WsManError
) -> None:
    transport.expect("Change", refusal).expect("Change", output("<o:ReturnValue>0</o:ReturnValue>"))
    assert call(session).return_value == 0
    assert len(time.slept) == 1


def test_a_call_that_is_refused_for_ever_ends(session: Session, transport: ScriptedTransport) -> None:
    for _unused in range(5):
        transport.expect("Change", fixture("fault_operations_quota"))
    with pytest.raises(QuotaExceeded):
        call(session)


def test_a_method_that_only_reads_is_repeated_after_a_dropped_connection(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Change", ConnectionDropped(ENDPOINT, "gone")).expect("Change", output("<o:ReturnValue>0</o:ReturnValue>"))
    answer = session.invoke("root/cimv2", "Lab_Item", "Change", {}, reads=True)
    assert answer.return_value == 0
    assert transport.resets == 1


def test_a_method_that_only_reads_never_leaves_an_effect_unknown(session: Session, transport: ScriptedTransport) -> None:
    for _unused in range(5):
        transport.expect("Change", ConnectionDropped(ENDPOINT, "gone"))
    with pytest.raises(ConnectionDropped):
        session.invoke("root/cimv2", "Lab_Item", "Change", {}, reads=True)


@pytest.mark.parametrize("error", [AuthenticationFailed(ENDPOINT), UnexpectedHttpStatus(ENDPOINT, 400)], ids=["401", "400"])
def test_a_call_over_a_connection_that_had_ended_is_not_repeated(session: Session, transport: ScriptedTransport, error: WsManError) -> None:
    transport.expect("Change", output("")).expect("Change", error)
    call(session)
    with pytest.raises(EffectUnknown) as caught:
        call(session)
    assert caught.value.reason is error
    assert transport.resets == 1


def test_a_failure_of_the_provider_is_a_fault_with_its_number(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Change", fixture("fault_licensing_inner_hresult"))
    with pytest.raises(ProviderFailure) as caught:
        call(session)
    assert caught.value.hresult == 0xC004FD02
    assert str(caught.value) == "WEB01: Lab_Item.Change: 0xC004FD02: The host partition is not activated."


def test_a_body_that_does_not_fit_the_method(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Change", fixture("fault_without_detail"))
    with pytest.raises(InvalidParameter):
        call(session)


def test_a_sensitive_argument_that_windows_echoes_is_masked(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Change", fixture("fault_licensing_outer_hresult"), parameters=[("ProductKey", KEY)])
    with pytest.raises(ProviderFailure) as caught:
        call(session, ProductKey=Sensitive(KEY))
    assert KEY not in str(caught.value) + repr(caught.value) + repr(vars(caught.value))
    assert caught.value.provider_text == "The key ******** was refused."


def test_names_are_checked(session: Session) -> None:
    with pytest.raises(ValueError, match="not a CIM name"):
        session.invoke("root/cimv2", "Lab_Item", "Change", {"a/><b": "1"})


def test_every_request_is_well_formed_whatever_the_text(session: Session, transport: ScriptedTransport) -> None:
    text = "]]>\u2028\U0001f5dd&amp;<!--'\""
    transport.expect("Change", output(""), parameters=[("Text", text)])
    call(session, Text=text)
    ET.fromstring(transport.sent[0].text)


# jobs

JOB = Reference(V2, "Msvm_ConcreteJob", {"InstanceID": "4A3B8E0E"})


def job(state: int, *more: str) -> bytes:
    uri = f"http://schemas.microsoft.com/wbem/wsman/1/wmi/{V2}/Msvm_ConcreteJob"
    return envelope(f'<j:Msvm_ConcreteJob xmlns:j="{uri}"><j:JobState>{state}</j:JobState>{"".join(more)}</j:Msvm_ConcreteJob>')


@pytest.mark.parametrize(("state", "outcome"), [(7, JobOutcome.COMPLETED), (32768, JobOutcome.COMPLETED_WITH_WARNINGS)])
def test_a_job_that_ends_well(session: Session, transport: ScriptedTransport, time: FakeTime, state: int, outcome: JobOutcome) -> None:
    for running in (2, 3, 4, 99):
        transport.expect("Get", job(running), resource=f"wmi/{V2}/Msvm_ConcreteJob", selectors={"InstanceID": "4A3B8E0E"})
    transport.expect("Get", job(state))
    assert session.wait_for_job(JOB, deadline=time.now + 60) is outcome
    assert time.slept == [0.25] * 4


@pytest.mark.parametrize("state", [8, 9, 10])
def test_a_job_that_fails(session: Session, transport: ScriptedTransport, time: FakeTime, state: int) -> None:
    transport.expect("Get", job(state, "<j:ErrorCode>32775</j:ErrorCode><j:ErrorDescription>Not now. </j:ErrorDescription>"))
    with pytest.raises(JobFailed) as caught:
        session.wait_for_job(JOB, deadline=time.now + 60)
    assert str(caught.value) == f"the job failed (JobState {state}, ErrorCode 32775): Not now."
    assert (caught.value.job_state, caught.value.error_code, caught.value.description) == (state, 32775, "Not now.")


def test_a_job_that_has_gone(session: Session, transport: ScriptedTransport, time: FakeTime) -> None:
    transport.expect("Get", job(4)).expect("Get", fixture("fault_instance_missing"))
    assert session.wait_for_job(JOB, deadline=time.now + 60) is JobOutcome.VANISHED


def test_a_wrong_question_is_no_job_that_has_gone(session: Session, transport: ScriptedTransport, time: FakeTime) -> None:
    transport.expect("Get", fixture("fault_instance_missing").replace(b"2150858752", b"2150858811"))
    with pytest.raises(InvalidResourceUri):
        session.wait_for_job(JOB, deadline=time.now + 60)


def test_a_job_that_does_not_end(session: Session, transport: ScriptedTransport, time: FakeTime) -> None:
    for _unused in range(4):
        transport.expect("Get", job(4))
    with pytest.raises(DeadlineExceeded) as caught:
        session.wait_for_job(JOB, deadline=time.now + 5, poll=2)
    assert str(caught.value) == 'Msvm_ConcreteJob.InstanceID="4A3B8E0E": the job still runs after 5 seconds'
    assert time.slept == [2, 2, 1]
