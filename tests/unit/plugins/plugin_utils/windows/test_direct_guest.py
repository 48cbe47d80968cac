# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest by PowerShell Direct: few trips, the same errors as over WS-Management, and no change that is made twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import Channel
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_plan import KeyWish, plan_guest_key
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.activation import PlanRunner
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.direct_access import open_direct_guest
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.direct_guest import DirectGuest
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.direct_refusal import DirectRefused
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.guest import foresee_guest, foresee_key, read_guest, read_licence_state
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.licensing import LicensingRefused, LicensingService, read_licences
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.powershell_direct import Credential
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.command import CommandLost, CommandOutput
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AccessDenied,
    ConnectionDropped,
    ConnectionFailed,
    EffectUnknown,
    InvalidClassOrQuery,
    InvalidNamespace,
    MalformedAnswer,
    NotFound,
    ProviderFailure,
    QuotaExceeded,
    UnsendableValue,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.values import Sensitive
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_direct_host import VM_ID, FakeDirectHost
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_guest import FakeGuest, LostAnswer

PASSWORD = "Geheim-4711"
KEY = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"
ENDPOINT = "http://hv01:5985/wsman"
DROPPED = ConnectionDropped(ENDPOINT, "closed")


@pytest.fixture
def host() -> FakeDirectHost:
    return FakeDirectHost(FakeGuest())


def reach(host: FakeDirectHost, vm: str = "web01") -> DirectGuest:
    return open_direct_guest(host, vm, Credential("Administrator", PASSWORD), host="hv01")


def refusal(host: FakeDirectHost, vm: str = "web01") -> str:
    with pytest.raises(DirectRefused) as caught:
        list(reach(host, vm).query("root/cimv2", "SELECT Name FROM Win32_ComputerSystem"))
    return caught.value.finding.code


def runner(guest: DirectGuest) -> PlanRunner:
    return PlanRunner(guest, wait=60, say=lambda _line: None, jitter=lambda: 0)


# trips


def test_a_look_is_one_trip(host: FakeDirectHost) -> None:
    guest = reach(host)
    foresee_guest(guest)
    facts = read_guest(guest)
    assert (facts.os.name, facts.os.build, facts.licences[0].channel) == ("WEB01", 20348, Channel.KMS_CLIENT)
    assert facts.placement is not None
    assert facts.placement.host_fqdn == "hv01.corp.example"
    assert guest.trips == 1


def test_installing_and_activating_are_three_trips(host: FakeDirectHost) -> None:
    guest = reach(host)
    foresee_key(guest)
    facts = read_licence_state(guest)
    plan = plan_guest_key(facts, KeyWish(), tables=PUBLISHED)
    applied = runner(guest).apply(plan, KEY, facts.licences)
    assert applied.licences[0].licensed
    assert guest.trips == 3
    assert host.guest.methods == ["InstallProductKey", "RefreshLicenseStatus", "Activate", "RefreshLicenseStatus"]


def test_what_was_not_foreseen_takes_a_trip_of_its_own(host: FakeDirectHost) -> None:
    guest = reach(host)
    read_licences(guest)
    read_licences(guest)
    assert guest.trips == 2, "an answer is handed out once: the second question wants to know what is now"


def test_what_was_read_before_a_change_is_not_handed_out_after_it(host: FakeDirectHost) -> None:
    guest = reach(host)
    foresee_key(guest)
    before = read_licence_state(guest).licences
    service = LicensingService(guest)
    service.install_key(KEY)
    assert read_licences(guest) != before


# what goes in


def test_the_machine_is_named_by_its_id_and_the_account_is_in_the_input_only(host: FakeDirectHost) -> None:
    list(reach(host).query("root/cimv2", "SELECT Name FROM Win32_ComputerSystem"))
    request = host.requests[0]
    assert (request["vm"], request["user"], request["password"]) == (VM_ID, "Administrator", PASSWORD)
    assert PASSWORD not in repr(host.commands[0])


def test_each_trip_has_a_nonce_of_its_own(host: FakeDirectHost) -> None:
    guest = reach(host)
    for _unused in range(3):
        read_licences(guest)
    assert len({request["nonce"] for request in host.requests}) == 3


def test_what_follows_a_refused_change_is_not_carried_out(host: FakeDirectHost) -> None:
    host.guest.on_install = [ProviderFailure(code=0xC004F050)]
    with pytest.raises(LicensingRefused) as caught:
        LicensingService(reach(host)).install_key(KEY)
    assert caught.value.code == 0xC004F050
    assert host.guest.methods == ["InstallProductKey"]
    assert [one["stops"] for one in json.loads(host.requests[-1]["operations"])] == [True, False, False]


def test_an_argument_that_no_method_takes_here_is_refused_before_anything_is_sent(host: FakeDirectHost) -> None:
    with pytest.raises(UnsendableValue):
        reach(host).invoke("root/cimv2", "A", "B", {"c": 1.5})
    assert host.commands == []


# what comes back


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ({"error_id": "HRESULT 0x80041010,Cmdlet"}, InvalidClassOrQuery, 0x80041010),
        ({"error_id": "X", "message_id": "HRESULT 0x8004100e"}, InvalidNamespace, 0x8004100E),
        ({"error_id": "X", "error_code": 0x80041003}, AccessDenied, 0x80041003),
        ({"error_id": "X", "error_code": -1073414910}, ProviderFailure, 0xC004FD02),
        ({"error_id": "X", "error_code": 0, "message_id": "HRESULT 0xc004fd02"}, ProviderFailure, 0xC004FD02),
        ({"error_id": "X", "cim_status": 6}, NotFound, None),
    ],
)
def test_errors_of_wmi_are_those_of_ws_management(
    host: FakeDirectHost, said: dict[str, Any], kind: type[Exception], code: int | None
) -> None:
    host.on_run = [{"stage": "guest", "results": json.dumps([{"message": "Ungültig", "hresult": -2146233088, **said}])}]
    with pytest.raises(kind) as caught:
        list(reach(host).query("root/cimv2", "SELECT A FROM B"))
    assert getattr(caught.value, "code", None) == code


def test_a_key_that_a_guest_sends_back_is_masked(host: FakeDirectHost) -> None:
    version = {"stage": "guest", "results": json.dumps([{"rows": [{"Version": ["10.0"]}]}])}
    host.on_run = [version, {"stage": "guest", "results": json.dumps([{"error_id": "X", "error_code": 0xC004F050, "message": f"{KEY}?"}])}]
    with pytest.raises(LicensingRefused) as caught:
        LicensingService(reach(host)).install_key(KEY)
    assert KEY not in str(caught.value) + repr(caught.value.__cause__)


def test_a_method_without_a_result_is_malformed(host: FakeDirectHost) -> None:
    host.on_run = [{"stage": "guest", "results": '[{"rows": []}]'}]
    with pytest.raises(MalformedAnswer):
        reach(host).invoke("root/cimv2", "StdRegProv", "EnumValues", reads=True)


# lost answers


@pytest.mark.parametrize("lost", [LostAnswer(CommandLost(DROPPED), effect=False), b"Der Vorgang wurde abgebrochen.\r\n"])
def test_a_read_is_tried_twice(host: FakeDirectHost, lost: Any) -> None:
    host.on_run = [lost]
    guest = reach(host)
    assert read_licences(guest)
    assert guest.trips == 2


def test_a_read_is_not_tried_for_ever(host: FakeDirectHost) -> None:
    host.on_run = [b""] * 9
    guest = reach(host)
    with pytest.raises(DirectRefused) as caught:
        read_licences(guest)
    assert caught.value.finding.code == "DIRECT_SCRIPT_FAILED"
    assert guest.trips == 2


@pytest.mark.parametrize(
    "lost",
    [
        LostAnswer(CommandLost(DROPPED), effect=True),
        LostAnswer(CommandLost(DROPPED), effect=False),
        b"nothing of ours",
        {"stage": "guest", "error_id": "PSSessionStateBroken", "types": ["PSRemotingTransportException"]},
        {"stage": "guest", "results": "[]"},
    ],
)
def test_a_change_whose_answer_is_lost_is_not_tried_again(host: FakeDirectHost, lost: Any) -> None:
    version = {"stage": "guest", "results": json.dumps([{"rows": [{"Version": ["10.0.20348.1"]}]}])}
    host.on_run = [version, lost]
    guest = reach(host)
    with pytest.raises(EffectUnknown):
        LicensingService(guest).install_key(KEY)
    assert guest.trips == 2


@pytest.mark.parametrize("effect", [True, False])
def test_a_key_whose_answer_is_lost_is_looked_for_before_it_is_installed_again(host: FakeDirectHost, effect: bool) -> None:
    guest = reach(host)
    foresee_key(guest)
    facts = read_licence_state(guest)
    host.on_run = [LostAnswer(CommandLost(DROPPED), effect=effect)]
    applied = runner(guest).apply(plan_guest_key(facts, KeyWish(), tables=PUBLISHED), KEY, facts.licences)
    assert applied.licences[0].licensed
    assert host.guest.methods.count("InstallProductKey") == 1


@pytest.mark.parametrize("passing", [DROPPED, QuotaExceeded(code=0x803381A5)])
def test_what_failed_before_the_input_was_sent_is_tried_again_even_for_a_change(host: FakeDirectHost, passing: Exception) -> None:
    guest = reach(host)
    host.on_run = [passing, passing]
    LicensingService(guest).install_key(KEY)
    assert host.guest.methods.count("InstallProductKey") == 1


def test_a_host_with_too_many_shells_is_waited_for_and_not_for_ever(host: FakeDirectHost) -> None:
    host.on_run = [QuotaExceeded(code=0x803381A5)] * 11
    assert read_licences(reach(host))
    assert 60 < sum(host.guest.slept) < 180
    host.on_run = [QuotaExceeded(code=0x803381A5)] * 12
    with pytest.raises(QuotaExceeded):
        read_licences(reach(host))
    host.on_run = [DROPPED] * 3
    with pytest.raises(ConnectionDropped):
        read_licences(reach(host))


def test_a_host_that_does_not_answer_any_more_is_an_error_at_once(host: FakeDirectHost) -> None:
    guest = reach(host)
    host.on_run = [ConnectionFailed(ENDPOINT, "refused")]
    with pytest.raises(ConnectionFailed):
        read_licences(guest)
    assert guest.trips == 1


# refused


def test_hosts_before_2016_are_refused_before_anything_is_run(host: FakeDirectHost) -> None:
    host.build = "9600"
    assert refusal(host) == "DIRECT_HOST_TOO_OLD"
    assert host.commands == []


def test_an_account_that_may_open_no_shell(host: FakeDirectHost) -> None:
    host.on_run = [AccessDenied(code=5)]
    assert refusal(host) == "DIRECT_HOST_DENIED"
    assert len(host.commands) == 1


def test_a_machine_is_found_by_its_id_too(host: FakeDirectHost) -> None:
    host.vms.append(("AAAAAAAA-2222-3333-4444-555555555555", "web01", 2))
    assert reach(host, "{" + VM_ID.lower() + "}").vm.id == VM_ID
    assert refusal(host) == "DIRECT_VM_AMBIGUOUS"


def test_a_machine_that_is_not_there(host: FakeDirectHost) -> None:
    assert refusal(host, "other") == "DIRECT_VM_NOT_FOUND"


@pytest.mark.parametrize(("state", "word"), [(3, "off"), (6, "saved"), (9, "paused"), (4, "shutting down")])
def test_a_machine_that_does_not_run(host: FakeDirectHost, state: int, word: str) -> None:
    host.vms = [(VM_ID, "web01", state)]
    with pytest.raises(DirectRefused) as caught:
        reach(host)
    assert f"is {word} on the host hv01" in str(caught.value)
    assert host.commands == []


REMOTING = "System.Management.Automation.Remoting"


@pytest.mark.parametrize(
    ("error_id", "types", "code"),
    [
        ("PSSessionOpenFailed,X", [f"{REMOTING}.PSDirectException"], "DIRECT_LOGON_REFUSED"),
        ("CreateRemoteRunspaceForVMFailed,X", ["Y", f"{REMOTING}.PSDirectException"], "DIRECT_LOGON_REFUSED"),
        ("InvalidVMIdNotSingle,X", ["System.ArgumentException"], "DIRECT_VM_NOT_FOUND"),
        ("InvalidVMState,X", ["System.ArgumentException"], "DIRECT_VM_NOT_RUNNING"),
        ("HyperVModuleNotAvailable,X", ["System.ArgumentException"], "DIRECT_SCRIPT_FAILED"),
        ("PSSessionOpenFailed,X", [f"{REMOTING}.PSRemotingDataStructureException"], "DIRECT_SESSION_FAILED"),
        ("", [], "DIRECT_SESSION_FAILED"),
    ],
)
def test_what_powershell_says_is_known_by_identifiers(host: FakeDirectHost, error_id: str, types: list[str], code: str) -> None:
    host.on_run = [{"stage": "session", "error_id": error_id, "message": "Das ging nicht.", "types": types}] * 2
    assert refusal(host) == code
    # A refused logon is not tried again: that would lock the account.
    assert len(host.commands) == (2 if code == "DIRECT_SESSION_FAILED" else 1)


@pytest.mark.parametrize(
    "says", [{"OSBuildNumber": "9600", "ProductType": "3"}, {"OSName": "Ubuntu", "OSBuildNumber": "6.8.0"}], ids=["2012 R2", "Linux"]
)
def test_a_guest_that_is_too_old_is_told_by_data_exchange(host: FakeDirectHost, says: dict[str, str]) -> None:
    host.intrinsic = says
    host.on_run = [{"stage": "session", "error_id": "PSSessionOpenFailed", "message": "Ende", "types": []}]
    assert refusal(host) == "DIRECT_GUEST_TOO_OLD"


def test_a_password_in_powershell_s_words_is_hidden(host: FakeDirectHost) -> None:
    host.on_run = [{"stage": "session", "error_id": "X", "message": f"{PASSWORD} ist falsch", "types": []}] * 2
    with pytest.raises(DirectRefused) as caught:
        read_licences(reach(host))
    assert PASSWORD not in str(caught.value)


INVALID = "Hyper-V {0} sent an invalid {1} response during the connection negotiation."
PROTOCOL_MESSAGES = [
    INVALID.format("Broker", "Credential"),
    INVALID.format("Server", "TransportVersion"),
    INVALID.format("Broker", "Token PASS"),
    INVALID.format("Broker", "Token "),
    "Ungültige Antwort \u201eTransportVersion\u201c von \u201eServer\u201c.",
    "Hyper-VのBrokerからCredentialの応答",
    "Negotiating a secure connection to Hyper-V failed. Make sure the Host and Guest are updated with all relevant Microsoft Updates.",
]
# Of whatever language: one word of the protocol alone is a word like any other.
LOGON_MESSAGES = [
    "The credential is invalid.",
    "Credential is invalid for Client and Server.",
    "Der Server hat die Anmeldung abgelehnt: Token ungültig.",
    "Le Client et le Server: les informations d'identification ne sont pas valides.",
    "VERSION_2: Broker",
    "A Server sent a Token, and a Brokerage a Credentials list",
    "資格情報が無効です。",
    "",
]


def refused_logon(message: str) -> dict[str, Any]:
    return {"stage": "session", "error_id": "PSSessionOpenFailed,X", "message": message, "types": [f"{REMOTING}.PSDirectException"]}


@pytest.mark.parametrize("message", PROTOCOL_MESSAGES)
def test_sides_that_differ_are_not_a_wrong_password(host: FakeDirectHost, message: str) -> None:
    said = refused_logon(message)
    host.on_run = [said, said]
    assert refusal(host) == "DIRECT_SIDES_DIFFER"
    assert (len(host.commands), host.guest.slept) == (2, [5.0])
    host.on_run = [said]
    assert read_licences(reach(host)), "the second trip was let in"


@pytest.mark.parametrize("message", LOGON_MESSAGES)
def test_a_wrong_password_is_tried_once_whatever_the_language(host: FakeDirectHost, message: str) -> None:
    host.on_run = [refused_logon(message)] * 2
    assert refusal(host) == "DIRECT_LOGON_REFUSED"
    assert len(host.commands) == 1, "the second would count toward the lock-out of the account"


BUSY = {
    "stage": "session",
    "error_id": "PSSessionOpenFailed,X",
    "message": "ended",
    "types": [f"{REMOTING}.PSRemotingDataStructureException"],
}


def test_a_guest_that_has_another_session_is_tried_once_more(host: FakeDirectHost) -> None:
    host.on_run = [BUSY]
    LicensingService(reach(host)).install_key(KEY)
    assert (host.guest.methods[0], host.guest.slept) == ("InstallProductKey", [5.0])
    host.on_run = [BUSY, BUSY]
    assert refusal(host) == "DIRECT_SESSION_FAILED"


@pytest.mark.parametrize(
    ("version", "code"),
    [("5.0", "DIRECT_VM_TOO_OLD"), ("7.1", "DIRECT_VM_TOO_OLD"), ("8.0", "DIRECT_SESSION_FAILED"), ("12.0", "DIRECT_SESSION_FAILED")],
)
def test_a_machine_whose_configuration_is_too_old(host: FakeDirectHost, version: str, code: str) -> None:
    host.version = version
    assert read_licences(reach(host)), "nothing is refused that works"
    host.on_run = [BUSY, BUSY]
    assert refusal(host) == code


@pytest.mark.parametrize("version", ["", "x.y", "²"])
def test_a_version_that_is_no_number_says_nothing(host: FakeDirectHost, version: str) -> None:
    host.version = version
    host.on_run = [BUSY, BUSY]
    assert refusal(host) == "DIRECT_SESSION_FAILED"


TOO_LONG = {"stage": "guest", "error_id": "AnswerTooLong", "message": "AnswerTooLong", "types": []}


def test_an_answer_that_is_too_long_is_not_asked_for_again(host: FakeDirectHost) -> None:
    host.on_run = [TOO_LONG]
    assert refusal(host) == "DIRECT_ANSWER_TOO_LONG"
    assert len(host.commands) == 1


def test_a_change_whose_answer_is_too_long_may_have_been_made(host: FakeDirectHost) -> None:
    guest = reach(host)
    host.on_run = [TOO_LONG]
    with pytest.raises(EffectUnknown) as caught:
        guest.invoke("root/cimv2", "SoftwareLicensingService", "InstallProductKey", {"ProductKey": Sensitive(KEY)}, {"Version": "10"})
    assert isinstance(caught.value.reason, DirectRefused)
    assert len(host.commands) == 1


@pytest.mark.parametrize("error_id", ["InvalidVMState", "InvalidVMIdNotSingle", "HyperVModuleNotAvailable", "PSSessionOpenFailed"])
def test_what_a_guest_says_of_its_host_proves_nothing(host: FakeDirectHost, error_id: str) -> None:
    said = {"stage": "guest", "error_id": error_id, "message": "x", "types": [f"{REMOTING}.PSDirectException"]}
    host.on_run = [said, said]
    assert refusal(host) == "DIRECT_SESSION_FAILED"


CONSTRAINED = "MethodInvocationNotSupportedInConstrainedLanguage"


@pytest.mark.parametrize(
    ("code", "stderr", "finding"),
    [
        (70, "", "DIRECT_INPUT_DAMAGED"),
        (71, "", "DIRECT_INPUT_DAMAGED"),
        (1, f'<S S="Error">    + FullyQualifiedErrorId : {CONSTRAINED}_x000D__x000A_</S>', "DIRECT_HOST_CONSTRAINED"),
        (1, '<S S="Error">+ FullyQualifiedErrorId : ScriptContainedMaliciousContent</S>', "DIRECT_SCRIPT_BLOCKED"),
        (1, '<Obj S="information">FullyQualifiedErrorId : ScriptContainedMaliciousContent</Obj>', "DIRECT_SCRIPT_FAILED"),
        (0, '<S S="Error">+ FullyQualifiedErrorId : ScriptContainedMaliciousContent</S>', "DIRECT_SCRIPT_FAILED"),
    ],
)
def test_why_the_host_did_not_run_the_script(host: FakeDirectHost, code: int, stderr: str, finding: str) -> None:
    host.on_run = [CommandOutput(b"", stderr.encode(), code)] * 3
    assert refusal(host) == finding
