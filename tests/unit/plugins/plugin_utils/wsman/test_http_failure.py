# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What exceptions of the HTTP and authentication libraries mean."""

from __future__ import annotations

import http.client
import socket
import ssl

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman import errors
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.http_failure import connection_error

requests = pytest.importorskip("requests")
urllib3 = pytest.importorskip("urllib3")

ENDPOINT = "https://hv01:5986/wsman"


class SpnegoError(Exception):
    """As pyspnego's."""


class KerberosExchangeError(requests.RequestException):  # type: ignore[misc, name-defined]
    """As requests-kerberos'."""


def connection_error_around(reason: BaseException) -> Exception:
    return requests.exceptions.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/wsman", reason))  # type: ignore[no-any-return]


def new_connection_error(cause: OSError) -> Exception:
    error = urllib3.exceptions.NewConnectionError(None, f"Failed to establish a new connection: {cause}")
    error.__cause__ = cause
    return connection_error_around(error)


def certificate_error() -> Exception:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    error.verify_message = "certificate has expired"
    return requests.exceptions.SSLError(urllib3.exceptions.MaxRetryError(None, "/wsman", urllib3.exceptions.SSLError(error)))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (
            certificate_error(),
            errors.CertificateNotTrusted,
            "the certificate is not trusted (certificate has expired). "
            "Give the authority that signed it as trusted, or a certificate for this name to the listener",
        ),
        (
            requests.exceptions.ConnectTimeout(),
            errors.ConnectTimedOut,
            "no answer to the attempt to connect. Check that the host is up and the firewall lets WinRM in",
        ),
        (requests.exceptions.ReadTimeout(), errors.ReadTimedOut, "connected, but the answer did not come in time"),
        (
            requests.exceptions.ConnectionError(urllib3.exceptions.ReadTimeoutError(None, "/", "Read timed out.")),
            errors.ReadTimedOut,
            "connected, but the answer did not come in time",
        ),
        (
            new_connection_error(ConnectionRefusedError(111, "Connection refused")),
            errors.ConnectionFailed,
            "connection refused. Check that WinRM is enabled and listens on this port",
        ),
        (
            new_connection_error(socket.gaierror(-2, "Name or service not known")),
            errors.ConnectionFailed,
            "the name could not be resolved. Check the inventory's host name and DNS",
        ),
        (
            new_connection_error(TimeoutError(110, "Connection timed out")),
            errors.ConnectTimedOut,
            "no answer to the attempt to connect. Check that the host is up and the firewall lets WinRM in",
        ),
        (new_connection_error(OSError(113, "No route to host")), errors.ConnectionFailed, "no connection (No route to host)"),
        (
            requests.exceptions.ConnectionError(
                urllib3.exceptions.ProtocolError("Connection aborted.", http.client.RemoteDisconnected("x"))
            ),
            errors.ConnectionDropped,
            "the connection broke before the answer",
        ),
        (ConnectionResetError(104, "reset"), errors.ConnectionDropped, "the connection broke before the answer"),
        (requests.exceptions.ChunkedEncodingError(), errors.ConnectionDropped, "the connection broke before the answer"),
        (
            requests.exceptions.SSLError(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")),
            errors.ConnectionFailed,
            "TLS could not be agreed (SSLError)",
        ),
        (KerberosExchangeError("no ticket\n for HTTP/hv01"), errors.AuthenticationFailed, None),
        (SpnegoError("clock skew"), errors.AuthenticationFailed, None),
        (requests.exceptions.InvalidSchema("x"), errors.ConnectionFailed, "no connection (InvalidSchema)"),
        (KeyError("Content-Type"), errors.ConnectionDropped, "the answer could not be decrypted or understood by the transport (KeyError)"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_meaning(error: Exception, kind: type[errors.WsManError], text: str | None) -> None:
    meant = connection_error(ENDPOINT, error)
    assert meant.__class__ is kind
    if text is not None:
        assert str(meant) == f"{ENDPOINT}: {text}"


def test_a_failed_authentication_says_why() -> None:
    assert str(connection_error(ENDPOINT, KerberosExchangeError("no ticket\n for HTTP/hv01"))) == (
        "https://hv01:5986/wsman: authentication failed (no ticket for HTTP/hv01). "
        "Check user name, password or ticket and that the listener allows this authentication"
    )


def test_whether_a_message_may_have_arrived() -> None:
    assert [kind.sent for kind in (errors.ConnectionDropped, errors.ReadTimedOut)] == [True, True]
    assert [kind.sent for kind in (errors.ConnectionFailed, errors.ConnectTimedOut, errors.CertificateNotTrusted)] == [False] * 3
