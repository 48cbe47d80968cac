# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both transports over real HTTP: what each way to fail becomes, and that connections are used and forgotten as they should."""

from __future__ import annotations

import base64
import datetime
import http.server
import ipaddress
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AuthenticationFailed,
    CertificateNotTrusted,
    ConnectionDropped,
    ConnectionFailed,
    Login,
    NoTls,
    ProxyFailed,
    ReadTimedOut,
    UnencryptedRefused,
    UnexpectedHttpStatus,
    WsManError,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.session import Session
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.transport import Transport, without_credentials
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.transport_pypsrp import PypsrpTransport
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.transport_pywinrm import PywinrmTransport
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.wsman.scripted_transport import (
    MESSAGE_ID,
    SentRequest,
    envelope,
    fixture,
    page,
)

PASSWORD = "correct-horse-battery"

Reply = tuple[int, bytes] | str  # status and body, or what to do instead: "drop", "hang"


class WinRmStub(http.server.ThreadingHTTPServer):
    """Plays one reply a request and remembers what it got and over which connection."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[Reply] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.connections: list[tuple[str, int]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: WinRmStub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.bodies.append(body)
        self.server.headers.append(dict(self.headers))
        self.server.connections.append(self.client_address)
        reply = self.server.replies.pop(0)
        if reply == "drop":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if isinstance(reply, str):
            time.sleep(2.5)
            return
        status, answer = reply
        if body:
            answer = answer.replace(MESSAGE_ID, SentRequest(body.decode()).message_id.encode())
        self.send_response(status)
        self.send_header("Content-Type", "application/soap+xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(answer)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="WSMAN"')
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[WinRmStub]:
    stub = WinRmStub()
    thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield stub
    stub.shutdown()
    stub.server_close()


def over_pywinrm(port: int, *, scheme: str = "http", verify: bool = True, auth: str = "basic") -> PywinrmTransport:
    winrm = pytest.importorskip("winrm.protocol")
    return PywinrmTransport(
        winrm.Protocol(
            f"{scheme}://127.0.0.1:{port}/wsman",
            transport=auth,
            username="operator",
            password=PASSWORD,
            server_cert_validation="validate" if verify else "ignore",
            read_timeout_sec=2,
            operation_timeout_sec=1,
            proxy=None,
        )
    )


def over_pypsrp(port: int, *, scheme: str = "http", verify: bool = True, auth: str = "basic") -> PypsrpTransport:
    wsman = pytest.importorskip("pypsrp.wsman")
    return PypsrpTransport(
        wsman.WSMan(
            "127.0.0.1",
            port=port,
            ssl=scheme == "https",
            auth=auth,
            encryption="auto" if auth == "ntlm" else "never" if scheme == "http" else "auto",
            username="operator",
            password=PASSWORD,
            cert_validation=verify,
            read_timeout=2,
            operation_timeout=1,
            no_proxy=True,
        )
    )


Build = Callable[..., Transport]


@pytest.fixture(params=[over_pywinrm, over_pypsrp], ids=["pywinrm", "pypsrp"])
def build(request: pytest.FixtureRequest) -> Build:
    chosen: Build = request.param
    return chosen


def test_a_message_and_its_answer(server: WinRmStub, build: Build) -> None:
    transport = build(server.port)
    server.replies = [(200, b"<answer/>")]
    message = envelope("<n:X>仮</n:X>", relates_to="").decode()
    assert transport.send(message) == b"<answer/>"
    assert server.bodies == [message.encode()]
    assert server.headers[0]["Content-Type"] == "application/soap+xml;charset=UTF-8"
    assert base64.b64decode(server.headers[0]["Authorization"].removeprefix("Basic ")) == f"operator:{PASSWORD}".encode()
    assert transport.endpoint == f"http://127.0.0.1:{server.port}/wsman"
    assert transport.read_timeout == 2.0


def test_one_connection_until_it_is_reset(server: WinRmStub, build: Build) -> None:
    transport = build(server.port)
    server.replies = [(200, b"<a/>")] * 4
    transport.send("")
    transport.send("")
    transport.reset()
    transport.send("")
    transport.close()
    transport.send("")
    first, second, third, fourth = server.connections
    assert first == second
    assert len({first, third, fourth}) == 3


def test_a_soap_fault_is_an_answer(server: WinRmStub, build: Build) -> None:
    transport = build(server.port)
    fault = fixture("fault_win32").replace(MESSAGE_ID, b"")
    server.replies = [(500, fault), (400, fault)]
    assert transport.send("<message/>") == fault
    assert transport.send("<message/>") == fault


@pytest.mark.parametrize(
    ("reply", "error", "text"),
    [
        ((500, b""), UnencryptedRefused, "the service refuses unencrypted messages (HTTP 500 without a body)"),
        ((401, b""), AuthenticationFailed, ": "),
        ((404, b""), UnexpectedHttpStatus, "unexpected HTTP status 404"),
        ((413, b""), UnexpectedHttpStatus, "unexpected HTTP status 413"),
        ((503, b"<html/>"), UnexpectedHttpStatus, "unexpected HTTP status 503"),
        ((400, b""), UnexpectedHttpStatus, "unexpected HTTP status 400"),
        ((500, b"<html/>"), UnexpectedHttpStatus, "unexpected HTTP status 500"),
        ("drop", ConnectionDropped, "the connection broke before the answer"),
        ("hang", ReadTimedOut, "connected, but the answer did not come in time"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_ways_to_fail(server: WinRmStub, build: Build, reply: Reply, error: type[WsManError], text: str) -> None:
    transport = build(server.port)
    server.replies = [reply, (200, b"<a/>")]
    with pytest.raises(error) as caught:
        transport.send("")
    assert str(caught.value).startswith(f"http://127.0.0.1:{server.port}/wsman: ")
    assert text in str(caught.value)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert transport.send("") == b"<a/>"  # and the next message goes through
    assert server.connections[0] != server.connections[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_nobody_listens(build: Build) -> None:
    with pytest.raises(ConnectionFailed, match=r"connection refused\Z") as caught:
        build(free_port()).send("")
    assert caught.value.__class__ is ConnectionFailed
    assert not caught.value.sent


def self_signed(folder: Path) -> tuple[Path, Path]:
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hv01")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return certificate_file, key_file


@pytest.fixture
def tls_server(server: WinRmStub, tmp_path: Path) -> WinRmStub:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


def test_a_certificate_that_nobody_vouches_for(tls_server: WinRmStub, build: Build) -> None:
    with pytest.raises(CertificateNotTrusted, match=r"the certificate is not trusted \(self.signed certificate\)") as caught:
        build(tls_server.port, scheme="https").send("")
    assert caught.value.verify_code == 18
    tls_server.replies = [(200, b"<a/>")]
    assert build(tls_server.port, scheme="https", verify=False).send("") == b"<a/>"


def test_no_tls_on_the_other_side(server: WinRmStub, build: Build) -> None:
    with pytest.raises(NoTls):
        build(server.port, scheme="https").send("")


def test_tls_on_the_other_side_alone(tls_server: WinRmStub, build: Build) -> None:
    with pytest.raises(ConnectionDropped):
        build(tls_server.port).send("")


def test_a_refused_logon_says_who_tried_and_what_is_offered(server: WinRmStub, build: Build) -> None:
    server.replies = [(401, b"")]
    with pytest.raises(AuthenticationFailed) as caught:
        build(server.port).send("")
    assert caught.value.login == Login("operator", "basic", ("basic",))


def test_a_proxy_that_wants_credentials(server: WinRmStub, build: Build) -> None:
    server.replies = [(407, b"")]
    with pytest.raises(ProxyFailed, match="HTTP 407"):
        build(server.port).send("")


def test_after_a_failed_start_nothing_is_sent_in_the_clear(server: WinRmStub, build: Build) -> None:
    """With message encryption the first exchange is empty; if it fails, the next message must begin with it again."""
    transport = build(server.port, auth="ntlm")
    server.replies = [(503, b""), "drop", (503, b"")]
    for error in (UnexpectedHttpStatus, ConnectionDropped, UnexpectedHttpStatus):
        with pytest.raises(error):
            transport.send("<secret/>")
    assert server.bodies == [b"", b"", b""]


def test_a_session_over_http(server: WinRmStub, build: Build) -> None:
    server.replies = [
        (200, page("Enumerate", "a", context="uuid:1")),
        (500, fixture("fault_operations_quota")),
        "drop",
        (200, page("Enumerate", "a", context="uuid:2")),
        (200, page("Pull", "b", end=True)),
    ]
    with Session(build(server.port), sleep=lambda seconds: None) as session:
        rows = session.query("root/cimv2", "SELECT Name FROM Lab_Item WHERE Name <> ''")
        assert [row.text("Name") for row in rows] == ["a", "b"]
    assert session.statistics.requests == 5
    assert session.operation_timeout == 1.0
    assert PASSWORD.encode() not in b"".join(server.bodies)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://hv01:5985/wsman", "http://hv01:5985/wsman"),
        ("https://user:p@ss@hv01/wsman?PSVersion=5", "https://hv01/wsman?PSVersion=5"),
        ("http://[fe80::1]:5985/wsman", "http://[fe80::1]:5985/wsman"),
    ],
)
def test_a_url_is_shown_without_credentials(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
