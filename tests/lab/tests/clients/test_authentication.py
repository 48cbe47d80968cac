# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each authentication that Windows offers, by pywinrm and pypsrp as they come from PyPI."""

from __future__ import annotations

from typing import Any

import pytest
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from requests import HTTPError
from requests_credssp.exceptions import AuthenticationException, NTStatusException  # type: ignore[import-untyped]
from winrm.exceptions import InvalidCredentialsError
from winrm.exceptions import WSManFaultError as PywinrmFault

from hyperv_lab.scenarios.description import AccountDescription

from .live_lab import ADMINISTRATOR, FILTERED, LOCKED, OPERATOR, SERVICE, VISITOR, LiveLab
from .python_clients import ask_by_pypsrp, ask_by_pywinrm, pypsrp, pywinrm

RAN = "real"

PYWINRM = [("ntlm", "http"), ("ntlm", "https"), ("basic", "https"), ("credssp", "http"), ("credssp", "https")]
PYPSRP = [("ntlm", "http"), ("ntlm", "https"), ("negotiate", "http"), ("basic", "https"), ("credssp", "http"), ("credssp", "https")]


@pytest.mark.fidelity(
    "Basic, NTLM and CredSSP, encrypted over HTTP and over HTTPS", source="pywinrm 0.5, works with Windows", confidence="H"
)
@pytest.mark.parametrize(("transport", "scheme"), PYWINRM)
@pytest.mark.parametrize("account", [ADMINISTRATOR, SERVICE], ids=lambda account: account.name)
def test_pywinrm(relaxed: LiveLab, transport: str, scheme: str, account: AccountDescription) -> None:
    protocol = pywinrm(relaxed, transport, scheme, account)
    first = ask_by_pywinrm(protocol)
    legs = relaxed.handshakes("hv01")
    second = ask_by_pywinrm(protocol)
    assert first.count("<p:CSName>HV01</p:CSName>") == second.count("<p:CSName>HV01</p:CSName>") == 1
    assert relaxed.handshakes("hv01") == legs, "a connection authenticates once"


@pytest.mark.fidelity(
    "Basic, NTLM and CredSSP, encrypted over HTTP and over HTTPS", source="pypsrp 0.9, works with Windows", confidence="H"
)
@pytest.mark.parametrize(("auth", "scheme"), PYPSRP)
@pytest.mark.parametrize("account", [ADMINISTRATOR, SERVICE], ids=lambda account: account.name)
def test_pypsrp(relaxed: LiveLab, auth: str, scheme: str, account: AccountDescription) -> None:
    with pypsrp(relaxed, auth, scheme, account) as wsman:
        assert ask_by_pypsrp(wsman) == "HV01"
        legs = relaxed.handshakes("hv01")
        assert ask_by_pypsrp(wsman) == "HV01"
        assert relaxed.handshakes("hv01") == legs, "a connection authenticates once"


@pytest.mark.fidelity("A client certificate stands for the account it is mapped to", source="pywinrm 0.5, pypsrp 0.9", confidence="H")
def test_client_certificate(relaxed: LiveLab) -> None:
    assert relaxed.lab.client_certificate is not None
    certificate, key = relaxed.lab.client_certificate
    protocol = pywinrm(relaxed, "certificate", "https", ADMINISTRATOR, username="", password="", cert_pem=certificate, cert_key_pem=key)
    assert "<p:CSName>HV01</p:CSName>" in ask_by_pywinrm(protocol)
    options: dict[str, Any] = {"username": None, "password": None, "certificate_pem": certificate, "certificate_key_pem": key}
    with pypsrp(relaxed, "certificate", "https", ADMINISTRATOR, **options) as wsman:
        assert ask_by_pypsrp(wsman) == "HV01"


@pytest.mark.parametrize("account", [LOCKED, VISITOR], ids=lambda account: account.name)
def test_a_certificate_of_an_account_that_may_not_log_on(relaxed: LiveLab, account: AccountDescription) -> None:
    assert relaxed.lab.tls is not None
    issued = relaxed.lab.tls.issue_client(account.name)
    options: dict[str, Any] = {"username": None, "password": None, "certificate_pem": str(issued.certificate_file)}
    with (
        pypsrp(relaxed, "certificate", "https", account, certificate_key_pem=str(issued.key_file), **options) as wsman,
        pytest.raises(AuthenticationError),
    ):
        ask_by_pypsrp(wsman)


REFUSED = [
    pytest.param(ADMINISTRATOR, "Wrong-Passw0rd", id="wrong password"),
    pytest.param(LOCKED, LOCKED.password, id="locked"),
    pytest.param(VISITOR, VISITOR.password, id="not in RootSDDL"),
    pytest.param(FILTERED, FILTERED.password, id="filtered by UAC"),
]


# requests-credssp sees no 401 at the end of its handshake as what it is, and says so in words of its own.
NOT_IN = (AuthenticationError, InvalidCredentialsError, AuthenticationException, NTStatusException, HTTPError)


@pytest.mark.fidelity(
    "401 without a body for a wrong password, a locked account, one that RootSDDL does not name, and a local administrator with a "
    "token that UAC filtered (LocalAccountTokenFilterPolicy 0)",
    source="pywinrm issues 114 and 188",
    confidence="H",
)
@pytest.mark.parametrize(("account", "password"), REFUSED)
@pytest.mark.parametrize(("transport", "scheme"), PYWINRM)
def test_pywinrm_is_refused(relaxed: LiveLab, transport: str, scheme: str, account: AccountDescription, password: str) -> None:
    with pytest.raises(NOT_IN if transport == "credssp" else InvalidCredentialsError) as raised:
        ask_by_pywinrm(pywinrm(relaxed, transport, scheme, account, password=password))
    assert password not in str(raised.value)


@pytest.mark.parametrize(("account", "password"), REFUSED)
@pytest.mark.parametrize(("auth", "scheme"), PYPSRP)
def test_pypsrp_is_refused(relaxed: LiveLab, auth: str, scheme: str, account: AccountDescription, password: str) -> None:
    expected = NOT_IN if auth == "credssp" else AuthenticationError
    with pypsrp(relaxed, auth, scheme, account, password=password) as wsman, pytest.raises(expected):
        ask_by_pypsrp(wsman)


@pytest.mark.fidelity(
    "A member of Remote Management Users passes WinRM, and WMI refuses: w:AccessDenied 2150859012",
    source="Microsoft, azure-docs issue 72963; wsmerror.h",
    confidence="M",
)
# Left out: a fault as the first answer over HTTPS is no end of a handshake to requests-credssp, whatever server it comes from.
@pytest.mark.parametrize(("auth", "scheme"), [way for way in PYPSRP if way != ("credssp", "https")])
def test_an_account_without_administrator_rights(relaxed: LiveLab, auth: str, scheme: str) -> None:
    with pypsrp(relaxed, auth, scheme, OPERATOR) as wsman, pytest.raises(WSManFaultError) as raised:
        ask_by_pypsrp(wsman)
    assert raised.value.code == 2150859012
    with pytest.raises(PywinrmFault) as also_raised:
        ask_by_pywinrm(pywinrm(relaxed, "ntlm", "http", OPERATOR))
    assert also_raised.value.wsman_fault_code == 2150859012
    assert also_raised.value.fault_subcode == "w:AccessDenied"


def test_a_domain_account_is_none_of_another_domain(relaxed: LiveLab) -> None:
    with pypsrp(relaxed, "ntlm", "http", SERVICE, username=f"OTHER\\{SERVICE.name}") as wsman, pytest.raises(AuthenticationError):
        ask_by_pypsrp(wsman)
    with pypsrp(relaxed, "ntlm", "http", SERVICE, username=f"LAB\\{SERVICE.name}") as wsman:
        assert ask_by_pypsrp(wsman) == "HV01"
