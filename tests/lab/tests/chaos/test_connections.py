# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Effects on connections, as clients see them."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl

import pytest
from winrm.exceptions import WinRMError, WinRMTransportError

from .live_lab import LiveLab, installation
from .requests_of_wmi import CIMV2, first, query

OS = query("SELECT * FROM Win32_OperatingSystem")


def test_401_is_not_carried_out_and_the_connection_goes_on(live: LiveLab) -> None:
    install = installation(live)
    live.begin("unauthorized", count={"first": 1})
    connection = live.connect("web01")
    status, body, headers = connection.send(install)
    assert (status, body) == (401, "")
    assert "Negotiate" in headers["www-authenticate"]
    assert live.fleet.guest("web01").licence.channel is None
    assert connection.send(OS)[0] == 200
    assert [(found.machine, found.exchange, found.effect) for found in live.injections] == [("web01", 1, "unauthorized")]


def test_401_forgets_the_security_context_of_an_encrypted_session(live: LiveLab) -> None:
    session = live.pywinrm("hv01")
    session.send_message(OS)
    legs = live.lab.recorder.counts("hv01").authentication_legs
    live.begin("unauthorized", count={"first": 1})
    # What was sealed for the old context cannot be opened in the new one: pywinrm hands the handshake a message of the old session.
    with pytest.raises((WinRMTransportError, WinRMError)):
        session.send_message(OS)
    assert live.lab.recorder.counts("hv01").authentication_legs > legs, "the client did not begin a new handshake"
    assert "Win32_OperatingSystem" in live.pywinrm("hv01").send_message(OS).decode()


def test_a_dropped_request_is_not_carried_out(live: LiveLab) -> None:
    install = installation(live)
    live.begin("drop", count={"first": 1})
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        live.connect("web01").send(install)
    assert live.fleet.guest("web01").licence.channel is None
    assert live.connect("web01").send(OS)[0] == 200


def test_a_reset_comes_after_the_effect_and_half_of_the_answer(live: LiveLab) -> None:
    install = installation(live)
    live.begin("reset", count={"first": 1})
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        live.connect("web01").send(install)
    assert live.fleet.guest("web01").licence.partial_key == "78VHK"


def test_half_of_an_answer_is_sent_before_the_reset(live: LiveLab) -> None:
    live.begin("reset")
    with socket.create_connection((live.address("hv01"), 5985), timeout=10) as connection:
        message = OS.encode()
        connection.sendall(
            b"POST /wsman HTTP/1.1\r\nHost: hv01\r\nContent-Type: application/soap+xml\r\n"
            b"Authorization: Basic QWRtaW5pc3RyYXRvcjpMYWItUGFzc3cwcmQh\r\n"
            b"Content-Length: %d\r\n\r\n" % len(message) + message
        )
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65536):
                received += part
    head, _unused, body = received.partition(b"\r\n\r\n")
    assert len(body) == int(first(r"Content-Length: (\d+)", head.decode())) // 2


def test_a_closed_keep_alive_shows_with_the_next_request_only(live: LiveLab) -> None:
    live.begin("close", count={"first": 1})
    connection = live.connect("hv01")
    status, body, headers = connection.send(OS)
    assert status == 200
    assert body.endswith("</s:Envelope>")
    assert "connection" not in headers, "the close must come without notice"
    assert connection.is_closed()


@pytest.mark.parametrize("effect", ["drop", "close", "reset"])
def test_an_encrypted_session_ends_with_its_connection(live: LiveLab, effect: str) -> None:
    session = live.pywinrm("hv01")
    session.send_message(OS)
    live.begin(effect, count={"first": 1})
    failures = 0
    for _unused in range(2):
        try:
            session.send_message(OS)
        except Exception:
            failures += 1
    assert failures >= 1, "neither the request nor the one after it noticed"
    live.pywinrm("hv01").send_message(OS)


@pytest.mark.parametrize("effect", ["drop", "reset"])
def test_tls_does_not_hide_a_broken_connection(live: LiveLab, effect: str) -> None:
    live.begin(effect, count={"first": 1})
    connection = live.connect("hv01", tls=True)
    with pytest.raises((ConnectionError, http.client.HTTPException, ssl.SSLError)):
        connection.send(OS)
    assert live.connect("hv01", tls=True).send(OS)[0] == 200


def test_a_closed_keep_alive_under_tls(live: LiveLab) -> None:
    live.begin("close", count={"first": 1})
    connection = live.connect("hv01", tls=True)
    assert connection.send(OS)[0] == 200
    assert connection.is_closed()


def test_connections_of_other_machines_are_left_alone(live: LiveLab) -> None:
    live.begin("drop", when={"machine": "hv0[12]"})
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        live.connect("hv02").send(OS)
    assert live.connect("hv03").send(query("SELECT Name FROM Win32_ComputerSystem", CIMV2))[0] == 200
