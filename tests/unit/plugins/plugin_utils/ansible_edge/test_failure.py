# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users read of an error: object, cause and remedy, the kind that programs read, and no secret."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.failure import connection_not_made, failure_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.findings import finding
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.data_exchange import NotSwitched
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.direct_refusal import DirectRefused
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.host_items import NotWritten
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.hyperv import MachinesNotShown, NoHyperv
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.licensing import LicensingRefused
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.management_service import ServiceRefused
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman import errors as wsman
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.command import CommandLost

ENDPOINT = "http://web01:5985/wsman"
PLUGIN_UTILS = Path(wsman.__file__).parents[1]

# error, kind, unreachable, a piece of the remedy
TABLE: list[tuple[wsman.WsManError, str, bool, str]] = [
    (MachinesNotShown(), "machines_not_shown", False, "Hyper-V Administrators"),
    (NoHyperv("Hyper-V is not installed"), "namespace_missing", False, "Hyper-V role"),
    (wsman.CertificateNotTrusted(ENDPOINT, "self-signed certificate"), "certificate_not_trusted", True, "ansible_winrm_ca_trust_path"),
    (wsman.ConnectTimedOut(ENDPOINT, "no answer in 30 s"), "connect_timed_out", True, "firewall"),
    (wsman.ReadTimedOut(ENDPOINT, "no answer in 30 s"), "read_timed_out", True, "ansible_winrm_read_timeout_sec"),
    (wsman.ConnectionDropped(ENDPOINT, "closed"), "connection_failed", True, "winrm enumerate"),
    (wsman.ConnectionFailed(ENDPOINT, "refused"), "connection_failed", True, "ansible_port"),
    (wsman.ProxyFailed(ENDPOINT, "refused"), "proxy_failed", True, "ansible_winrm_proxy"),
    (wsman.OptionsRefused(ENDPOINT, "message encryption with basic"), "connection_not_made", False, "Correct the connection options"),
    (wsman.AddressRefused("ansible_host", "'http://web01' is not a name"), "connection_not_made", False, "Give ansible_host as a name"),
    (wsman.NoPassword("the connection winrm", "no password"), "connection_not_made", False, "Set ansible_password"),
    (wsman.NotForBasic("the connection winrm", "a character"), "connection_not_made", False, "Use kerberos or ntlm"),
    (wsman.NoTls("https://web01:5985/wsman", "no TLS"), "connection_failed", True, "ansible_port to 5986"),
    (wsman.ConnectionDropped("http://web01:5986/wsman", "closed"), "connection_failed", True, "scheme or ansible_psrp_protocol to https"),
    (wsman.CertificateNotTrusted(ENDPOINT, "expired", 10), "certificate_not_trusted", True, "a new one"),
    (wsman.CertificateNotTrusted(ENDPOINT, "not yet", 9), "certificate_not_trusted", True, "clock of the controller"),
    (wsman.CertificateNotTrusted(ENDPOINT, "self-signed", 18), "certificate_not_trusted", True, "export it from the machine"),
    (wsman.CertificateNotTrusted(ENDPOINT, "mismatch", 62), "certificate_not_trusted", True, "a name that the certificate carries"),
    (wsman.CertificateNotTrusted(ENDPOINT, "no issuer", 20), "certificate_not_trusted", True, "as a PEM file"),
    (wsman.AuthenticationFailed(ENDPOINT), "authentication_failed", True, "ansible_password"),
    (wsman.UnencryptedRefused(ENDPOINT), "unencrypted_refused", True, "Use HTTPS"),
    (wsman.AccessDenied(code=0x80070005), "access_denied", False, "Remote Management Users"),
    (wsman.AccessDenied(code=5), "access_denied", False, "RootSDDL"),
    (wsman.AccessDenied(code=5, provider="WMI Provider"), "access_denied", False, "Execute Methods"),
    (wsman.InvalidNamespace(code=0x8004100E), "namespace_missing", False, "Hyper-V"),
    (wsman.QuotaExceeded(code=0x803381A6), "quota_exceeded", False, "forks"),
    (wsman.OperationTimedOut(code=0x80338029), "operation_timed_out", False, "ansible_winrm_operation_timeout_sec"),
    (wsman.EffectUnknown("A.B", wsman.ConnectionDropped(ENDPOINT, "closed")), "effect_unknown", False, "Run again"),
    (DirectRefused(finding("DIRECT_LOGON_REFUSED", "web01", host="hv01")), "direct_logon_refused", False, "guest_password"),
    (CommandLost(wsman.ConnectionDropped(ENDPOINT, "closed")), "effect_unknown", False, "Run again"),
    (wsman.DeadlineExceeded("the job still runs"), "deadline_exceeded", False, "'wait'"),
    (wsman.ServiceBusy(code=0x80338014), "service_busy", False, "in a few minutes"),
    (wsman.InvalidClassOrQuery(code=0x80041010), "class_missing", False, "version"),
    (wsman.NotFound(code=0x80338000), "not_found", False, "Run again"),
    (wsman.MissingLibrary("pypsrp"), "library_missing", False, "Install it"),
    (NotSwitched("the setting has not changed"), "not_switched", False, "Hyper-V-VMMS"),
    (NotWritten("the items are as they were"), "not_written", False, "Hyper-V-VMMS"),
    (LicensingRefused("X.Activate", 0xC004FD02), "licensing_refused", False, "Activate the host"),
    (LicensingRefused("X.Activate", 0xC004ABCD), "licensing_refused", False, "slui 0x2a"),
    (wsman.JobFailed("It broke.", job_state=10), "job_failed", False, "Hyper-V-VMMS"),
    (ServiceRefused("ModifyGuestServiceSettings", 32775), "method_failed", False, "event log"),
    (wsman.MalformedAnswer("no envelope"), "malformed_answer", False, "proxy"),
    (wsman.UnexpectedHttpStatus(ENDPOINT, 404), "unexpected_http_status", False, "path (/wsman)"),
    (wsman.UnexpectedHttpStatus(ENDPOINT, 400), "unexpected_http_status", False, "Run again"),
    (wsman.UnexpectedHttpStatus(ENDPOINT, 403), "unexpected_http_status", False, "filter of addresses"),
    (wsman.UnexpectedHttpStatus(ENDPOINT, 413), "unexpected_http_status", False, "MaxEnvelopeSizekb"),
    (wsman.UnexpectedHttpStatus(ENDPOINT, 502), "unexpected_http_status", False, "proxy"),
    (wsman.UnexpectedHttpStatus(ENDPOINT, 503), "unexpected_http_status", False, "starting, stopping or overloaded"),
    (wsman.Redirected(ENDPOINT, 307, "http://evil:5985/wsman"), "redirected", False, "WinRM does not redirect"),
    (wsman.AnswerNotEncrypted(ENDPOINT, 500), "answer_not_encrypted", False, "HTTPS with validation"),
    (wsman.AnswerCompressed(ENDPOINT, "gzip"), "answer_compressed", False, "IIS"),
    (wsman.AnswerTooSlow(ENDPOINT, "not complete"), "answer_too_slow", False, "ansible_psrp_read_timeout"),
    (wsman.AnswerTooLarge(ENDPOINT, "too many bytes"), "answer_too_large", False, "proxy"),
    (wsman.NotHttp(ENDPOINT, "no HTTP"), "not_http", False, "proxy"),
    (wsman.NotHttp("http://web01:5986/wsman", "no HTTP"), "not_http", False, "5986, the port of WinRM over HTTPS"),
    (wsman.UnsendableValue("the time has no time zone"), "unsendable_value", False, "Change the value"),
    (wsman.EndlessAnswer("SELECT", "more than 5 pages"), "endless_answer", False, "ansible_winrm_read_timeout_sec"),
    (wsman.ProviderFailure(code=0x80041001, provider_text="It broke."), "error", False, "-vvv"),
]
IDS = [f"{type(row[0]).__name__}-{row[1]}" for row in TABLE]


@pytest.mark.parametrize(("error", "kind", "unreachable", "remedy"), TABLE, ids=IDS)
def test_kind_and_message(error: wsman.WsManError, kind: str, unreachable: bool, remedy: str) -> None:
    failure = failure_of(error, "web01")
    assert (failure.kind, failure.unreachable) == (kind, unreachable)
    assert failure.msg.startswith("web01: ")
    assert remedy in failure.msg
    assert failure.msg.endswith((".", ")"))
    assert ".." not in failure.msg
    assert ". . " not in failure.msg


@pytest.mark.parametrize(
    ("namespace", "remedy"),
    [("root/cimv2", "Remote Enable"), ("root/virtualization/v2", "Hyper-V Administrators"), ("root/MSCluster", "Grant-ClusterAccess")],
)
def test_right_that_a_namespace_wants(namespace: str, remedy: str) -> None:
    denied = wsman.AccessDenied(code=0x80338104)
    denied.namespace = namespace
    assert remedy in failure_of(denied, "web01").msg


@pytest.mark.parametrize(
    ("error", "kind", "unreachable", "text"),
    [
        (
            AnsibleConnectionFailure(
                "Kerberos auth failure for principal a@B: kinit: Password incorrect while getting initial credentials"
            ),
            "authentication_failed",
            True,
            "Check ansible_password of this user in the domain.",
        ),
        (AnsibleConnectionFailure("ntlm: auth method ntlm requires a password"), "connection_not_made", False, "ansible_psrp_*)."),
        (AnsibleConnectionFailure("Kerberos auth failure: something new"), "authentication_failed", True, "something new."),
        (
            AnsibleConnectionFailure("WinRM: the python kerberos library is not installed. Please"),
            "library_missing",
            False,
            "transport to ntlm.",
        ),
        (ValueError("envelope of secret"), "connection_not_made", False, "ansible_psrp_*)."),
        (AnsibleError("The installed version of WinRM does not support transport(s) ['x']"), "connection_not_made", False, "['x']."),
    ],
)
def test_what_ansible_itself_refuses(error: Exception, kind: str, unreachable: bool, text: str) -> None:
    failure = connection_not_made(error, "web01")
    assert (failure.kind, failure.unreachable) == (kind, unreachable)
    assert failure.msg.startswith("web01: ")
    assert failure.msg.endswith(text)
    assert "secret" not in failure.msg


def subclasses(of: type[Exception]) -> Iterator[type[Exception]]:
    for found in of.__subclasses__():
        yield found
        yield from subclasses(found)


# Bases of what is raised, mistakes of the collection itself, or of the messages: nothing that a user could put right.
_GENERIC = {
    "AnswerRefused",
    "Fault",
    "InvalidResourceUri",
    "InvalidSelectors",
    "InvalidParameter",
    "MethodNotAvailable",
    "EncodingLimit",
    "InvalidEnumerationContext",
    "InvalidMessage",
    "ProviderFailure",
}


def test_every_error_of_the_protocol_has_a_kind_of_its_own_or_is_known_to_have_none() -> None:
    covered = {type(error).__name__ for error, kind, _unreachable, _remedy in TABLE if kind != "error"}
    missing = {found.__name__ for found in subclasses(wsman.WsManError) if found.__module__.startswith("ansible_collections")}
    assert missing - covered - _GENERIC <= {"MethodFailed"}


@pytest.mark.parametrize(
    ("error", "code", "symbol"),
    [
        (wsman.AccessDenied(code=5), "0x00000005", "ERROR_ACCESS_DENIED"),
        (wsman.QuotaExceeded(code=0x803381A6), "0x803381A6", "ERROR_WSMAN_QUOTA_MAX_OPERATIONS"),
        (wsman.ProviderFailure(code=0x80338003, provider_code=0x80041001), "0x80041001", "WBEM_E_FAILED"),
        (LicensingRefused("X", 0xC004FD02), "0xC004FD02", "SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED"),
        (LicensingRefused("X", 0xC004ABCD), "0xC004ABCD", None),
        (wsman.ConnectionFailed(ENDPOINT, "refused"), None, None),
        (wsman.NotFound(), None, None),
    ],
)
def test_code_and_symbol(error: wsman.WsManError, code: str | None, symbol: str | None) -> None:
    result = failure_of(error, "web01").as_dict()
    assert result["code"] == code
    assert result["symbol"] == symbol


def test_text_of_the_machine_is_one_harmless_line() -> None:
    hostile = "first\nsecond\x1b[31m \u202eevil" + "x" * 5000
    message = failure_of(wsman.ProviderFailure(code=0x80041001, provider_text=hostile), "web01").msg
    assert "\n" not in message
    assert "\x1b" not in message
    assert "\u202e" not in message
    assert len(message) < 1200


def sentences(text: str) -> list[str]:
    return [one.strip().casefold() for one in re.split(r"[.:;] ", text.rstrip(".")) if len(one) > 12]


@pytest.mark.parametrize(("error", "kind", "unreachable", "remedy"), TABLE, ids=IDS)
def test_nothing_is_said_twice(error: wsman.WsManError, kind: str, unreachable: bool, remedy: str) -> None:
    said = sentences(failure_of(error, "web01").msg)
    assert len(said) == len(set(said))


@pytest.mark.parametrize(("error", "kind", "unreachable", "remedy"), TABLE, ids=IDS)
def test_the_whole_text_of_an_error_reaches_the_user(error: wsman.WsManError, kind: str, unreachable: bool, remedy: str) -> None:
    if not isinstance(error, DirectRefused):  # its finding speaks
        assert str(error).rstrip(".") in failure_of(error, "web01").msg


def written_errors() -> Iterator[tuple[str, str]]:
    """Every text in the layers below that goes into an error, with its file: arguments of exceptions, and of functions that make them."""
    exceptions = {found.__name__ for found in subclasses(wsman.WsManError)} | {"__init__", "connection_error"}
    for layer in ("_wsman", "_windows"):
        for file in sorted((PLUGIN_UTILS / layer).glob("*.py")):
            for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call):
                    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                    if name in exceptions:
                        for part in ast.walk(call):
                            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                                yield file.name, part.value


def test_what_to_do_is_said_above_the_protocol_alone() -> None:
    texts = list(written_errors())
    assert len(texts) > 100
    remedy = re.compile(r"\. [A-Z]|\b(Check|Use|Install|Raise|Run|Read|Give|Set|Try|See) ")
    assert [row for row in texts if remedy.search(row[1])] == []


def test_a_status_has_one_remedy() -> None:
    message = failure_of(wsman.UnexpectedHttpStatus(ENDPOINT, 503), "hv01").msg
    assert message.count("starting") == 1
    assert "not WinRM" not in message
