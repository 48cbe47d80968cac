# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unmodified clients against the listeners."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any, Literal

import pytest
from pypsrp.exceptions import AuthenticationError
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import NAMESPACES, SelectorSet, WSMan
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError
from winrm.exceptions import WSManFaultError as PywinrmFault
from winrm.protocol import Protocol

from .live_office import LiveOffice
from .messages import ENUMERATION, OFFICE, context_in, enumerate_body, message, pull_body, wql
from .office_machine import OfficeMachine

Serve = Callable[..., LiveOffice]
Transport = Literal["ntlm", "basic"]


def _pywinrm(office: LiveOffice, transport: Transport, password: str = "Lab-Pass1", user: str = "Administrator") -> Protocol:
    endpoint = office.http if transport == "ntlm" else office.https
    verify = str(office.tls.ca_file)
    return Protocol(
        endpoint, transport=transport, username=user, password=password, ca_trust_path=verify, server_cert_validation="validate"
    )


def _read_all(protocol: Protocol) -> str:
    body = enumerate_body(wql("SELECT * FROM Office_Desk"), max_elements=10)
    answer = protocol.send_message(message(f"{ENUMERATION}Enumerate", f"{OFFICE}*", body, envelope_size=153600)).decode()
    pulled = protocol.send_message(message(f"{ENUMERATION}Pull", f"{OFFICE}*", pull_body(context_in(answer), 10), envelope_size=153600))
    return answer + str(pulled.decode())


@pytest.mark.parametrize(
    ("transport", "user"), [("ntlm", "Administrator"), ("ntlm", "ANYWHERE\\Administrator"), ("basic", "Administrator")]
)
def test_pywinrm_reads_every_row(serve: Serve, office: OfficeMachine, transport: Transport, user: str) -> None:
    live = serve(office)
    text = _read_all(_pywinrm(live, transport, user=user))
    assert text.count("<p:Office_Desk ") == 2
    assert text.count("<p:Office_StandingDesk ") == 1
    assert live.recorder.counts("OFFICE01").requests == {"Enumerate": 1, "Pull": 1}


def test_ntlm_over_http_is_encrypted_and_stays_authenticated(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office)
    protocol = _pywinrm(live, "ntlm")
    for _unused in range(3):
        _read_all(protocol)
    counts = live.recorder.counts("OFFICE01")
    assert counts.requests.total() == 6
    # Negotiate's challenge, the first token and the last, for all of them together.
    assert counts.authentication_legs == 3


def test_a_domain_account_answers_to_its_domain(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office)
    assert "Office_Desk" in _read_all(_pywinrm(live, "ntlm", "Lab-Pass4", "LAB\\svc"))
    with pytest.raises(InvalidCredentialsError):
        _read_all(_pywinrm(live, "ntlm", "Lab-Pass4", "OTHER\\svc"))


@pytest.mark.parametrize("transport", ["ntlm", "basic"])
def test_a_wrong_password_is_401(serve: Serve, office: OfficeMachine, transport: Transport) -> None:
    live = serve(office)
    with pytest.raises(InvalidCredentialsError):
        _read_all(_pywinrm(live, transport, "wrong"))
    assert live.recorder.total() == 0


def test_basic_over_http_needs_allow_unencrypted(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office)
    protocol = Protocol(live.http, transport="plaintext", username="Administrator", password="Lab-Pass1")
    with pytest.raises(InvalidCredentialsError):
        _read_all(protocol)


def test_basic_over_http_with_allow_unencrypted(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office, allow_unencrypted=True)
    protocol = Protocol(live.http, transport="plaintext", username="Administrator", password="Lab-Pass1")
    assert "Office_Desk" in _read_all(protocol)


def test_negotiate_without_encryption_is_an_empty_500(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office)
    protocol = Protocol(live.http, transport="ntlm", username="Administrator", password="Lab-Pass1", message_encryption="never")
    with pytest.raises(WinRMTransportError) as raised:
        _read_all(protocol)
    assert raised.value.code == 500
    assert raised.value.response_text == ""


def test_faults_reach_pywinrm_decrypted(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office)
    protocol = _pywinrm(live, "ntlm")
    with pytest.raises(PywinrmFault) as raised:
        protocol.send_message(message(f"{ENUMERATION}Enumerate", f"{OFFICE}*", enumerate_body(wql("SELECT * FROM Office_Chair"))))
    assert raised.value.wsman_fault_code == 2150858778


def test_pywinrm_understands_the_other_form_of_faults(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office, fault_form="wmierror")
    with pytest.raises(PywinrmFault) as raised:
        _pywinrm(live, "basic").send_message(message(f"{ENUMERATION}Enumerate", f"{OFFICE}*", enumerate_body(wql("SELECT"))))
    assert raised.value.wmierror_code == 2150858778


def _pypsrp(office: LiveOffice, **options: Any) -> WSMan:
    settings: dict[str, Any] = {"username": "Administrator", "password": "Lab-Pass1", "ssl": False, "auth": "negotiate", **options}
    return WSMan(office.address, **settings)


def test_pypsrp_encrypts_by_negotiate(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office)
    with _pypsrp(live) as wsman:
        selectors = SelectorSet()
        selectors.add_option("Name", "D1")
        body = wsman.get(f"{OFFICE}Office_Desk", selector_set=selectors)
        assert body.findtext(f"{{{OFFICE}Office_Desk}}Office_Desk/{{{OFFICE}Office_Desk}}Height") == "72"


def test_pypsrp_over_https(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office)
    with _pypsrp(live, ssl=True, auth="basic", cert_validation=str(live.tls.ca_file)) as wsman:
        wsman.update_max_payload_size()
        assert wsman.max_envelope_size == 500 * 1024
        query = ET.Element(f"{{{NAMESPACES['wsen']}}}Enumerate")
        ET.SubElement(query, f"{{{NAMESPACES['wsman']}}}OptimizeEnumeration")
        body = wsman.enumerate(f"{OFFICE}Office_Room", resource=query)
        assert len(list(body.iter(f"{{{OFFICE}Office_Room}}Office_Room"))) == 1


def test_pypsrp_sees_a_wrong_password(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office)
    with _pypsrp(live, password="wrong") as wsman, pytest.raises(AuthenticationError):
        wsman.get(f"{OFFICE}Office_Building")


def test_a_client_certificate_stands_for_an_account(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office, authentication=frozenset({"negotiate", "certificate"}))
    issued = live.tls.issue_client("Administrator")
    options = {"auth": "certificate", "certificate_pem": str(issued.certificate_file), "certificate_key_pem": str(issued.key_file)}
    with _pypsrp(live, ssl=True, username=None, password=None, cert_validation=str(live.tls.ca_file), **options) as wsman:
        assert wsman.get(f"{OFFICE}Office_Building") is not None


def test_a_certificate_of_nobody_is_refused(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office, authentication=frozenset({"negotiate", "certificate"}))
    issued = live.tls.issue_client("stranger")
    options = {"auth": "certificate", "certificate_pem": str(issued.certificate_file), "certificate_key_pem": str(issued.key_file)}
    verify = str(live.tls.ca_file)
    with (
        _pypsrp(live, ssl=True, username=None, password=None, cert_validation=verify, **options) as wsman,
        pytest.raises(AuthenticationError),
    ):
        wsman.get(f"{OFFICE}Office_Building")


@pytest.mark.parametrize("ssl", [True, False])
def test_credssp(serve: Serve, office: OfficeMachine, ssl: bool) -> None:
    live = serve(office, authentication=frozenset({"negotiate", "credssp"}))
    verify: object = str(live.tls.ca_file) if ssl else True
    with _pypsrp(live, ssl=ssl, auth="credssp", credssp_auth_mechanism="ntlm", cert_validation=verify) as wsman:
        assert wsman.get(f"{OFFICE}Office_Building") is not None
        assert wsman.get(f"{OFFICE}Office_Building") is not None


@pytest.mark.fidelity(
    "Large messages by CredSSP: multipart/x-multi-encrypted in parts of 16 KiB",
    source="[MS-WSMV] 2.2.9.1.3; pywinrm 0.5",
    confidence="H",
)
def test_large_messages_by_credssp_come_in_parts(serve: Serve, office: OfficeMachine) -> None:
    office.rows["office_building"] = []
    office.rows["office_room"] = office.rows["office_room"][:1]
    live = serve(office, authentication=frozenset({"negotiate", "credssp"}))
    protocol = Protocol(live.http, transport="credssp", username="Administrator", password="Lab-Pass1")
    long_text = "x" * 40000
    uri = f"{OFFICE}Office_Building"
    body = f'<q:Lock_INPUT xmlns:q="{uri}"><q:Code>{long_text}</q:Code></q:Lock_INPUT>'
    answer = protocol.send_message(message(f"{uri}/Lock", uri, body, envelope_size=153600)).decode()
    assert f"<p:Echo>{long_text}</p:Echo>" in answer


def test_a_command_that_the_lab_does_not_run_says_so(serve: Serve, office: OfficeMachine) -> None:
    """A refusal of rights would send its reader to the wrong place, and one client takes it for a command without output."""
    live = serve(office)
    with _pypsrp(live) as wsman, WinRS(wsman) as shell:
        process = Process(shell, "ipconfig", ["/all"])
        process.invoke()
        assert (process.stdout, process.rc) == (b"", 9009)
        assert b"hyperv-lab runs no command but the script of PowerShell Direct. Not run: ipconfig /all" in process.stderr
    protocol = _pywinrm(live, "ntlm")
    shell_id = protocol.open_shell()
    stdout, stderr, code = protocol.get_command_output(shell_id, protocol.run_command(shell_id, "ipconfig", ["/all"]))
    assert (stdout, code) == (b"", 9009)
    assert b"Not run: ipconfig /all" in stderr
    assert live.recorder.counts("OFFICE01").shells_refused == 2


def test_an_account_without_remote_management_is_refused_by_winrm(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office, root_sddl_refusal="fault")
    with pytest.raises(PywinrmFault) as raised:
        _read_all(_pywinrm(live, "ntlm", "Lab-Pass3", "visitor"))
    assert raised.value.wsman_fault_code == 5
    with pytest.raises(PywinrmFault) as raised:
        _read_all(_pywinrm(live, "ntlm", "Lab-Pass2", "operator"))
    assert raised.value.wsman_fault_code == 2150859012
