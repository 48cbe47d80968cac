# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A handshake over HTTPS is good for the TLS connection that it was made for (CbtHardeningLevel of WinRM)."""

from __future__ import annotations

import base64

import pytest
import requests
import spnego
from pypsrp.exceptions import AuthenticationError
from spnego.channel_bindings import GssChannelBindings
from winrm.exceptions import InvalidCredentialsError

from .live_lab import ADMINISTRATOR, LiveLab
from .python_clients import ask_by_pypsrp, ask_by_pywinrm, pypsrp, pywinrm

RAN = "real"

HARDENING = "Microsoft, WinRM service configuration (CbtHardeningLevel)"


@pytest.mark.fidelity("CbtHardeningLevel Strict: unbound handshakes over HTTPS are refused", source=HARDENING, confidence="M")
def test_strict_wants_a_bound_handshake(strict: LiveLab) -> None:
    assert "HV01" in ask_by_pywinrm(pywinrm(strict, "ntlm", "https", ADMINISTRATOR))
    with pytest.raises(InvalidCredentialsError):
        ask_by_pywinrm(pywinrm(strict, "ntlm", "https", ADMINISTRATOR, send_cbt=False))
    with pypsrp(strict, "negotiate", "https", ADMINISTRATOR) as wsman:
        assert ask_by_pypsrp(wsman) == "HV01"
    with pypsrp(strict, "negotiate", "https", ADMINISTRATOR, negotiate_send_cbt=False) as wsman, pytest.raises(AuthenticationError):
        ask_by_pypsrp(wsman)


@pytest.mark.fidelity("CbtHardeningLevel Relaxed, the default: unbound handshakes are taken", source=HARDENING, confidence="M")
def test_relaxed_takes_an_unbound_handshake(relaxed: LiveLab) -> None:
    assert "HV01" in ask_by_pywinrm(pywinrm(relaxed, "ntlm", "https", ADMINISTRATOR, send_cbt=False))
    with pypsrp(relaxed, "negotiate", "https", ADMINISTRATOR, negotiate_send_cbt=False) as wsman:
        assert ask_by_pypsrp(wsman) == "HV01"


def test_strict_knows_no_channel_over_http(strict: LiveLab) -> None:
    assert "HV01" in ask_by_pywinrm(pywinrm(strict, "ntlm", "http", ADMINISTRATOR))


@pytest.mark.fidelity("A handshake bound to another TLS channel, as a relayed one is, is refused", source=HARDENING, confidence="M")
@pytest.mark.parametrize("channel", [b"tls-server-end-point:" + bytes(32), None], ids=["of another certificate", "its own"])
def test_a_relayed_handshake(relaxed: LiveLab, channel: bytes | None) -> None:
    assert relaxed.lab.tls is not None
    binding = GssChannelBindings(application_data=channel) if channel is not None else relaxed.lab.tls.binding
    client = spnego.client(ADMINISTRATOR.name, ADMINISTRATOR.password, protocol="ntlm", channel_bindings=binding)
    with requests.Session() as session:
        token = client.step()
        statuses = []
        while token is not None:
            header = {"Authorization": f"Negotiate {base64.b64encode(token).decode()}"}
            answer = session.post(relaxed.endpoint("hv01", "https"), headers=header, verify=relaxed.ca_file, timeout=20)
            statuses.append(answer.status_code)
            challenge = answer.headers.get("WWW-Authenticate", "").partition("Negotiate ")[2]
            token = client.step(base64.b64decode(challenge)) if answer.status_code == 401 and not client.complete else None
    assert statuses == [401, 401 if channel is not None else 200]
