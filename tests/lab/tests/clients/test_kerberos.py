# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kerberos against a real KDC: tickets by kinit or by password, sealed messages over HTTP, bound handshakes over HTTPS."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from winrm.exceptions import InvalidCredentialsError

from hyperv_lab.scenarios.description import AccountDescription

from .live_lab import ADMINISTRATOR, LOCKED, OPERATOR, REALM, SERVICE, LiveLab
from .python_clients import ask_by_pypsrp, ask_by_pywinrm, pypsrp, pywinrm

RAN = "real"


def upn(account: AccountDescription) -> str:
    return f"{account.name}@{REALM}"


def kinit(account: AccountDescription, password: str | None = None) -> subprocess.CompletedProcess[str]:
    text = f"{account.password if password is None else password}\n"
    return subprocess.run(["kinit", upn(account)], input=text, capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.fidelity(
    "Kerberos, sealed over HTTP and bound to the channel over HTTPS", source="pywinrm 0.5, works with Windows", confidence="H"
)
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("name", ["hv01.lab.example.com", "hv01"])
@pytest.mark.parametrize("account", [ADMINISTRATOR, SERVICE], ids=lambda account: account.name)
def test_pywinrm_with_a_ticket(realm: LiveLab, scheme: str, name: str, account: AccountDescription) -> None:
    assert kinit(account).returncode == 0
    protocol = pywinrm(realm, "kerberos", scheme, account, username=upn(account), password=None, kerberos_hostname_override=name)
    assert "<p:CSName>HV01</p:CSName>" in ask_by_pywinrm(protocol)
    legs = realm.handshakes("hv01")
    assert "<p:CSName>HV01</p:CSName>" in ask_by_pywinrm(protocol)
    assert realm.handshakes("hv01") == legs, "a connection authenticates once"


@pytest.mark.fidelity(
    "Kerberos, sealed over HTTP and bound to the channel over HTTPS", source="pypsrp 0.9, works with Windows", confidence="H"
)
@pytest.mark.parametrize("auth", ["kerberos", "negotiate"])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("service", ["HTTP", "host", "WSMAN"])
def test_pypsrp_by_password(realm: LiveLab, auth: str, scheme: str, service: str) -> None:
    options: dict[str, Any] = {"negotiate_hostname_override": "hv01.lab.example.com", "negotiate_service": service}
    with pypsrp(realm, auth, scheme, ADMINISTRATOR, username=upn(ADMINISTRATOR), **options) as wsman:
        assert [ask_by_pypsrp(wsman) for _unused in range(2)] == ["HV01", "HV01"]


@pytest.mark.fidelity("CredSSP whose inner authentication is Kerberos", source="pypsrp 0.9, works with Windows", confidence="H")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_credssp_by_kerberos(realm: LiveLab, scheme: str) -> None:
    with pypsrp(realm, "credssp", scheme, ADMINISTRATOR, username=upn(ADMINISTRATOR), credssp_auth_mechanism="kerberos") as wsman:
        assert ask_by_pypsrp(wsman) == "HV01"


@pytest.mark.fidelity("A ticket for one machine opens no other", source="RFC 4120", confidence="H")
def test_a_ticket_for_another_machine(realm: LiveLab) -> None:
    assert kinit(ADMINISTRATOR).returncode == 0
    options: dict[str, Any] = {"username": upn(ADMINISTRATOR), "password": None, "kerberos_hostname_override": "hv02"}
    with pytest.raises(InvalidCredentialsError):
        ask_by_pywinrm(pywinrm(realm, "kerberos", "http", ADMINISTRATOR, **options))
    assert "HV02" in ask_by_pywinrm(pywinrm(realm, "kerberos", "http", ADMINISTRATOR, "hv02", **options))


@pytest.mark.parametrize("send", [True, False])
def test_a_handshake_over_https_is_bound(realm: LiveLab, send: bool) -> None:
    """The realm's machines are strict about it."""
    assert kinit(ADMINISTRATOR).returncode == 0
    options: dict[str, Any] = {"username": upn(ADMINISTRATOR), "password": None, "kerberos_hostname_override": "hv01", "send_cbt": send}
    protocol = pywinrm(realm, "kerberos", "https", ADMINISTRATOR, **options)
    if send:
        assert "HV01" in ask_by_pywinrm(protocol)
    else:
        with pytest.raises(InvalidCredentialsError):
            ask_by_pywinrm(protocol)


@pytest.mark.fidelity(
    "The KDC, not WinRM, refuses a locked account and a wrong password", source="RFC 4120, KDC_ERR_CLIENT_REVOKED", confidence="H"
)
def test_who_gets_no_ticket(realm: LiveLab) -> None:
    locked = kinit(LOCKED)
    assert locked.returncode != 0
    assert "revoked" in locked.stderr
    wrong = kinit(ADMINISTRATOR, "Wrong-Passw0rd")
    assert wrong.returncode != 0
    assert "Password incorrect" in wrong.stderr


def test_an_account_of_the_realm_without_administrator_rights(realm: LiveLab) -> None:
    options: dict[str, Any] = {"username": upn(OPERATOR), "negotiate_hostname_override": "hv01", "negotiate_service": "HTTP"}
    with pypsrp(realm, "kerberos", "http", OPERATOR, **options) as wsman, pytest.raises(WSManFaultError) as raised:
        ask_by_pypsrp(wsman)
    assert raised.value.code == 2150859012


def test_ntlm_still_works_in_a_realm(realm: LiveLab) -> None:
    assert "HV01" in ask_by_pywinrm(pywinrm(realm, "ntlm", "https", SERVICE))
    with pypsrp(realm, "ntlm", "http", SERVICE, password="Wrong-Passw0rd") as wsman, pytest.raises(AuthenticationError):
        ask_by_pypsrp(wsman)
