# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a client sends over HTTP: a proper status comes back, a 500 says why in SOAP, and nobody waits for ever."""

from __future__ import annotations

import base64
import struct
import xml.etree.ElementTree as ET

import pytest
import requests
import spnego
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .live_lab import ADMINISTRATOR, LiveLab

SECONDS = 10
FAULT = "{http://www.w3.org/2003/05/soap-envelope}Fault"
SEALED = 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'
# The lab outlives all examples of a test.
long_lived = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
tokens = st.binary(max_size=120) | st.binary(max_size=60).map(lambda rest: b"NTLMSSP\0\x01\0\0\0" + rest)
tokens |= st.binary(min_size=60, max_size=200).map(lambda rest: b"NTLMSSP\0\x03\0\0\0" + rest)
tokens |= st.binary(max_size=80).map(lambda rest: b"\x60" + bytes([len(rest) + 8]) + b"\x06\x06\x2b\x06\x01\x05\x05\x02" + rest)
tokens |= st.binary(max_size=80).map(lambda rest: b"\x16\x03\x03" + struct.pack(">H", len(rest)) + rest)


def checked(answer: requests.Response) -> requests.Response:
    assert answer.status_code in (200, 400, 401, 404, 405, 413, 415, 500), answer.status_code
    if answer.status_code == 500:
        assert list(ET.fromstring(answer.content).iter(FAULT)), answer.text
    return answer


@long_lived
@given(st.sampled_from(["Negotiate", "Kerberos", "CredSSP", "Basic", "Digest", "negotiate", ""]), tokens, st.booleans())
def test_any_authorization(relaxed: LiveLab, scheme: str, token: bytes, encoded: bool) -> None:
    text = base64.b64encode(token).decode() if encoded else token.hex()
    answer = requests.post(
        relaxed.endpoint("hv01", "http"), data=b"<a/>", headers={"Authorization": f"{scheme} {text}".strip()}, timeout=SECONDS
    )
    assert checked(answer).status_code == 401


@long_lived
@given(
    st.binary(max_size=400),
    st.sampled_from(["application/soap+xml;charset=UTF-8", "text/xml", "application/soap+xml;charset=UTF-16", SEALED]),
)
def test_any_body_of_an_administrator(relaxed: LiveLab, body: bytes, kind: str) -> None:
    answer = requests.post(
        relaxed.endpoint("hv01", "https"),
        data=body,
        headers={"Content-Type": kind},
        auth=(ADMINISTRATOR.name, ADMINISTRATOR.password),
        verify=relaxed.ca_file,
        timeout=SECONDS,
    )
    checked(answer)


def authenticate(session: requests.Session, url: str) -> spnego.ContextProxy:
    """A whole NTLM handshake, without a message."""
    client = spnego.client(ADMINISTRATOR.name, ADMINISTRATOR.password, protocol="ntlm")
    status, challenge = 0, b""
    while not client.complete:
        token = base64.b64encode(client.step(challenge or None) or b"").decode()
        answer = session.post(url, headers={"Authorization": f"Negotiate {token}", "Content-Length": "0"}, timeout=SECONDS)
        status, challenge = answer.status_code, base64.b64decode(answer.headers.get("WWW-Authenticate", "").partition("Negotiate ")[2])
    assert status == 200
    return client


def envelopes(plain: bytes, sealed: bytes) -> st.SearchStrategy[bytes]:
    """Bodies that are almost a sealed message."""
    head = b"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\tOriginalContent: "
    middle = b"\r\n--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
    lengths = st.sampled_from([len(plain), 0, 1, len(plain) - 1, 999999999]).map(
        lambda length: b"type=application/soap+xml;charset=UTF-8;Length=%d" % length
    )
    contents = st.sampled_from([sealed, sealed[:-1], sealed[:3], b"", b"\xff" * 40]) | st.binary(max_size=60)
    tails = st.sampled_from([b"--Encrypted Boundary--\r\n", b"--Encrypted Boundary\r\n", b""])
    whole = st.tuples(st.just(head), lengths, st.just(middle), contents, tails).map(b"".join)
    return whole | whole.flatmap(lambda body: st.integers(0, len(body)).map(lambda end: body[:end])) | st.binary(max_size=100)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_sealed_body(relaxed: LiveLab, data: st.DataObject) -> None:
    """After a whole handshake. A body that cannot be unsealed is 400, and the connection may begin anew."""
    url = relaxed.endpoint("hv01", "http")
    with requests.Session() as session:
        client = authenticate(session, url)
        sealed = client.wrap_winrm(b"<a/>")
        good = struct.pack("<I", len(sealed.header)) + sealed.header + sealed.data
        body = data.draw(envelopes(b"<a/>", good))
        answer = session.post(url, data=body, headers={"Content-Type": SEALED}, timeout=SECONDS)
    assert answer.status_code in (200, 400, 500)
    if answer.status_code == 500:
        assert answer.headers["Content-Type"].startswith("multipart/encrypted"), "a fault goes back as it came: sealed"


@pytest.mark.fidelity(
    "Unencrypted messages refused (AllowUnencrypted false): 500 without a body", source="nx_system_tests, _winrm.py", confidence="H"
)
def test_the_one_500_without_soap(relaxed: LiveLab) -> None:
    url = relaxed.endpoint("hv01", "http")
    with requests.Session() as session:
        authenticate(session, url)
        answer = session.post(url, data=b"<a/>", headers={"Content-Type": "application/soap+xml;charset=UTF-8"}, timeout=SECONDS)
    assert (answer.status_code, answer.content) == (500, b"")
