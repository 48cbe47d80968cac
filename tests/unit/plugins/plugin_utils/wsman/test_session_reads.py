# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get, the service's own data, and when a read is repeated."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AccessDenied,
    AuthenticationFailed,
    CertificateNotTrusted,
    ConnectionDropped,
    ConnectionFailed,
    MalformedAnswer,
    NotFound,
    OperationTimedOut,
    QuotaExceeded,
    ReadTimedOut,
    UnexpectedHttpStatus,
    WsManError,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.exchange import IDLE_LIMIT
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.retry import RetryPolicy
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.service import ServerLimits
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.session import Session
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.wsman.scripted_transport import (
    ENDPOINT,
    FakeTime,
    ScriptedTransport,
    envelope,
    fixture,
    instances,
    page,
)

ITEM = envelope(instances("a"))


def get(session: Session) -> str | None:
    return session.get("root/cimv2", "Lab_Item").text("Name")


def test_get_a_singleton(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Get", ITEM, resource="wmi/root/cimv2/Lab_Item", selectors={})
    assert get(session) == "a"
    assert "SelectorSet" not in transport.sent[0].text
    assert "<s:Body/>" in transport.sent[0].text


def test_get_by_keys(session: Session, transport: ScriptedTransport) -> None:
    keys = {"CreationClassName": "Msvm_ComputerSystem", "Name": "a<&>\"'b"}
    transport.expect("Get", ITEM, selectors=keys)
    session.get("root/virtualization/v2", "Msvm_ComputerSystem", keys)


def test_get_what_is_not_there(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Get", fixture("fault_instance_missing"))
    with pytest.raises(NotFound) as caught:
        session.get("root/cimv2", "Win32_Process", {"Handle": "29"})
    assert str(caught.value) == (
        'HV01: Win32_Process.Handle="29": 0x80338000 ERROR_WSMAN_RESOURCE_NOT_FOUND: Der Dienst kann die Ressource nicht finden.'
    )


def test_an_empty_answer_to_get_is_malformed(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Get", envelope(""))
    with pytest.raises(MalformedAnswer, match="Lab_Item: the answer to Get is empty"):
        get(session)


@pytest.mark.parametrize(
    ("namespace", "class_name"), [("root/cimv2", "Lab Item"), ("root/cimv2?x=1", "Lab_Item"), ("", "Lab_Item"), ("root/cimv2", "A/B")]
)
def test_names_that_would_change_the_resource_are_refused(session: Session, namespace: str, class_name: str) -> None:
    with pytest.raises(ValueError, match="not a CIM"):
        session.get(namespace, class_name)


# what the service says about itself


def test_limits_are_learnt_and_used(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Get", fixture("get_config"), resource="config")
    transport.expect("Enumerate", page("Enumerate", end=True), max_envelope_size=1024 * 1024)
    assert session.learn_limits() == ServerLimits(max_envelope_size=1048576, max_timeout=90.0, max_batch_items=20000, learned=True)
    assert list(session.query("root/cimv2", "SELECT * FROM Lab_Item")) == []


def test_without_the_right_to_read_limits_the_defaults_stay(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Get", fixture("fault_access_denied_by_winrm"))
    limits = session.learn_limits()
    assert (limits.learned, limits.max_envelope_size) == (False, 512000)
    assert limits.reason == "10.0.0.5: winrm/config: 0x00000005 ERROR_ACCESS_DENIED: Access is denied."
    assert session.max_envelope_size == 512000


@pytest.mark.parametrize(("kilobytes", "used"), [("4294967295", 4 * 1024 * 1024), ("1", 8192)])
def test_a_learnt_limit_stays_within_reason(session: Session, transport: ScriptedTransport, kilobytes: str, used: int) -> None:
    transport.expect("Get", fixture("get_config").replace(b">1024<", f">{kilobytes}<".encode()))
    assert session.learn_limits().max_envelope_size == int(kilobytes) * 1024
    assert session.max_envelope_size == used


@pytest.mark.parametrize("text", ["", "many", "-5", "٣", "9" * 5000])
def test_a_limit_that_is_no_number_is_not_used(session: Session, transport: ScriptedTransport, text: str) -> None:
    transport.expect("Get", fixture("get_config").replace(b">1024<", f">{text}<".encode()))
    limits = session.learn_limits()
    assert (limits.learned, limits.reason) == (False, "winrm/config: no MaxEnvelopeSizekb in the answer")


# repeating


@pytest.mark.parametrize(
    "error",
    [UnexpectedHttpStatus(ENDPOINT, 503), fixture("fault_operations_quota"), fixture("fault_wmi_error_provider_namespace")],
    ids=["503", "operations", "shells"],
)
def test_a_server_that_is_busy_is_asked_again_later(
    session: Session, transport: ScriptedTransport, time: FakeTime, error: bytes | Exception
) -> None:
    transport.expect("Get", error).expect("Get", error).expect("Get", ITEM)
    assert get(session) == "a"
    assert time.slept == [0.5, 1.0]
    assert (session.statistics.requests, session.statistics.retries) == (3, 2)
    assert len({request.message_id for request in transport.sent}) == 3


def test_repeating_has_a_bound_in_count(session: Session, transport: ScriptedTransport, time: FakeTime) -> None:
    for _unused in range(5):
        transport.expect("Get", fixture("fault_operations_quota"))
    with pytest.raises(QuotaExceeded):
        get(session)
    assert time.slept == [0.5, 1.0, 2.0, 4.0]


def test_repeating_has_a_bound_in_time(transport: ScriptedTransport, time: FakeTime) -> None:
    policy = RetryPolicy(attempts=100, longest_delay=8, total_time=20, random=lambda: 1.0)
    session = Session(transport, retry=policy, clock=time.clock, sleep=time.sleep)
    for _unused in range(6):
        transport.expect("Get", fixture("fault_operations_quota"))
    with pytest.raises(QuotaExceeded):
        get(session)
    assert time.slept == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_waits_have_jitter() -> None:
    assert [RetryPolicy(random=lambda: 0.0).delay(n) for n in (1, 2, 5, 50)] == [0.25, 0.5, 4.0, 4.0]
    assert len({RetryPolicy().delay(1) for _unused in range(50)}) > 1


def test_a_dropped_connection_is_renewed_at_once(session: Session, transport: ScriptedTransport, time: FakeTime) -> None:
    transport.expect("Get", ConnectionDropped(ENDPOINT, "gone")).expect("Get", ITEM)
    assert get(session) == "a"
    assert (transport.resets, time.slept, session.statistics.retries) == (1, [], 1)


@pytest.mark.parametrize("error", [AuthenticationFailed(ENDPOINT), UnexpectedHttpStatus(ENDPOINT, 400)], ids=["401", "400"])
def test_a_refusal_in_mid_session_is_tried_once_over_a_new_connection(
    session: Session, transport: ScriptedTransport, error: WsManError
) -> None:
    transport.expect("Get", ITEM)
    get(session)
    transport.expect("Get", error).expect("Get", ITEM)
    assert get(session) == "a"
    assert transport.resets == 1
    transport.expect("Get", error).expect("Get", error)
    with pytest.raises(type(error)):
        get(session)


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationFailed(ENDPOINT),
        UnexpectedHttpStatus(ENDPOINT, 404),
        ConnectionFailed(ENDPOINT, "connection refused"),
        CertificateNotTrusted(ENDPOINT, "self-signed"),
        ReadTimedOut(ENDPOINT, "too slow"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_would_not_help_is_not_done(session: Session, transport: ScriptedTransport, error: WsManError) -> None:
    transport.expect("Get", error)
    with pytest.raises(type(error)) as caught:
        get(session)
    assert caught.value is error


def test_access_denied_is_final(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Get", fixture("fault_access_denied_by_wmi"))
    with pytest.raises(AccessDenied):
        get(session)


def test_after_the_answer_to_another_message_the_connection_is_not_used_again(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Get", envelope(instances("b"), relates_to="uuid:OTHER")).expect("Get", ITEM)
    assert get(session) == "a"
    assert transport.resets == 1


@pytest.mark.parametrize(
    "damaged",
    [ITEM[: len(ITEM) // 2], ITEM.replace(b"<s:Body>", b"<s:Body>&nbsp;"), envelope(instances("a"), relates_to="uuid:OTHER"), b""],
    ids=["cut off", "not well-formed", "of another message", "empty"],
)
def test_a_damaged_answer_to_a_read_is_asked_for_once_more(
    session: Session, transport: ScriptedTransport, time: FakeTime, damaged: bytes
) -> None:
    transport.expect("Get", damaged).expect("Get", ITEM)
    assert get(session) == "a"
    assert (session.statistics.retries, time.slept) == (1, [0.5])
    # What always answers like this is not a WinRM.
    transport.expect("Get", damaged).expect("Get", damaged)
    with pytest.raises(MalformedAnswer):
        get(session)


def test_a_read_that_timed_out_is_asked_for_once_more_if_there_is_time(
    session: Session, transport: ScriptedTransport, time: FakeTime
) -> None:
    late = fixture("fault_operation_timed_out")
    transport.expect("Get", late).expect("Get", ITEM)
    assert get(session) == "a"
    transport.expect("Get", late).expect("Get", late)
    with pytest.raises(OperationTimedOut):
        get(session)

    def take_a_minute(_request: object) -> bytes:
        time.now += 60
        return late

    transport.expect("Get", take_a_minute)
    with pytest.raises(OperationTimedOut):
        get(session)


def test_400_tells_of_a_lost_security_context_even_in_the_first_exchange(session: Session, transport: ScriptedTransport) -> None:
    """Libraries send an encrypted message again after a handshake that a 401 has begun, sealed for the context before it."""
    transport.expect("Get", UnexpectedHttpStatus(ENDPOINT, 400)).expect("Get", ITEM)
    assert get(session) == "a"
    assert transport.resets == 1
    transport.expect("Get", UnexpectedHttpStatus(ENDPOINT, 400)).expect("Get", UnexpectedHttpStatus(ENDPOINT, 400))
    with pytest.raises(UnexpectedHttpStatus):
        get(session)


def test_an_idle_connection_is_renewed_before_windows_drops_it(session: Session, transport: ScriptedTransport, time: FakeTime) -> None:
    transport.expect("Get", ITEM).expect("Get", ITEM).expect("Get", ITEM)
    get(session)
    time.now += IDLE_LIMIT
    get(session)
    assert transport.resets == 0
    time.now += IDLE_LIMIT + 1
    get(session)
    assert transport.resets == 1


@pytest.mark.parametrize(
    ("read_timeout", "asked", "sent"),
    [
        (None, 60, "PT60.000S"),
        (70, 60, "PT60.000S"),
        (30, 60, "PT25.000S"),
        (30, 20, "PT20.000S"),
        (10, 60, "PT5.000S"),
        (6, 60, "PT3.000S"),
    ],
)
def test_the_server_gives_up_before_the_transport_does(time: FakeTime, read_timeout: float | None, asked: float, sent: str) -> None:
    transport = ScriptedTransport(read_timeout=read_timeout)
    session = Session(transport, operation_timeout=asked, clock=time.clock, sleep=time.sleep)
    transport.expect("Get", ITEM, operation_timeout=sent)
    get(session)


def test_statistics_count_messages_and_bytes(session: Session, transport: ScriptedTransport) -> None:
    transport.expect("Get", envelope(instances("仮")))
    get(session)
    assert session.statistics.requests == 1
    assert session.statistics.bytes_sent == len(transport.sent[0].text.encode())
    assert session.statistics.bytes_received == len(envelope(instances("仮"), transport.sent[0].message_id))


def test_an_envelope_below_the_least_that_windows_takes_is_refused(transport: ScriptedTransport) -> None:
    with pytest.raises(ValueError, match="max_envelope_size must be at least 8192, not 100"):
        Session(transport, max_envelope_size=100)


def test_a_session_closes_its_transport(transport: ScriptedTransport) -> None:
    with Session(transport):
        assert not transport.closed
    assert transport.closed
