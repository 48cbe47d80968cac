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
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.http_failure import connection_error, offered_schemes

requests = pytest.importorskip("requests")
urllib3 = pytest.importorskip("urllib3")

ENDPOINT = "https://hv01:5986/wsman"


class SpnegoError(Exception):
    """As pyspnego's."""


class AuthenticationException(requests.RequestException):  # type: ignore[misc, name-defined]
    """As requests-credssp's."""


class GSSError(Exception):
    """As pykerberos'."""


class Krb5Error(Exception):
    """As krb5's."""


class WinRMError(Exception):
    """As pywinrm's."""


class InvalidCredentialsError(Exception):
    """As pywinrm's."""


class OperationNotAvailableError(SpnegoError):
    """As pyspnego's where there is nothing to log on with."""


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
            "the certificate is not trusted (certificate has expired)",
        ),
        (
            requests.exceptions.ConnectTimeout(),
            errors.ConnectTimedOut,
            "no answer to the attempt to connect",
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
            "connection refused",
        ),
        (
            new_connection_error(socket.gaierror(-2, "Name or service not known")),
            errors.ConnectionFailed,
            "the name could not be resolved",
        ),
        (
            new_connection_error(TimeoutError(110, "Connection timed out")),
            errors.ConnectTimedOut,
            "no answer to the attempt to connect",
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
            errors.NoTls,
            "what answers on this port does not speak TLS",
        ),
        (
            requests.exceptions.SSLError(ssl.SSLError(1, "[SSL: NO_CIPHERS_AVAILABLE] no ciphers available")),
            errors.ConnectionFailed,
            "TLS could not be agreed (SSLError)",
        ),
        (
            requests.exceptions.ProxyError(
                urllib3.exceptions.MaxRetryError(
                    None,
                    "/wsman",
                    urllib3.exceptions.ProxyError("Unable to connect to proxy", ConnectionRefusedError(111, "Connection refused")),
                )
            ),
            errors.ProxyFailed,
            "no connection through the proxy (Connection refused)",
        ),
        (
            requests.exceptions.ProxyError(
                urllib3.exceptions.MaxRetryError(
                    None,
                    "/wsman",
                    urllib3.exceptions.ProxyError("Unable to connect to proxy", OSError("Tunnel connection failed: 403 Forbidden")),
                )
            ),
            errors.ProxyFailed,
            "no connection through the proxy (Tunnel connection failed: 403 Forbidden)",
        ),
        (
            WinRMError("requests auth method is credssp, but requests-credssp is not installed"),
            errors.MissingLibrary,
            None,
        ),
        (
            WinRMError("message encryption is set to 'always' but the selected auth method basic does not support it"),
            errors.OptionsRefused,
            "message encryption is set to 'always' but the selected auth method basic does not support it",
        ),
        (
            WinRMError("Encrypted length from server does not match the expected size, message has been tampered with"),
            errors.ConnectionDropped,
            "the answer could not be decrypted or understood by the transport (WinRMError)",
        ),
        (
            OSError("Could not find a suitable TLS CA certificate bundle, invalid path: /no/such.pem"),
            errors.OptionsRefused,
            "Could not find a suitable TLS CA certificate bundle, invalid path: /no/such.pem",
        ),
        (
            requests.exceptions.SSLError(ssl.SSLError(1, "[SSL] PEM lib (_ssl.c:3900)")),
            errors.OptionsRefused,
            "a file of certificates or keys that the connection names holds none in PEM form, or not one pair",
        ),
        (
            requests.exceptions.InvalidProxyURL("Please check proxy URL."),
            errors.ProxyFailed,
            "the address of the proxy is not a URL as in http://proxy.example:3128",
        ),
        (OperationNotAvailableError("No username or password was specified"), errors.AuthenticationFailed, None),
        (requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support."), errors.MissingLibrary, None),
        (Krb5Error('Cannot find KDC for realm "x" -1765328230'), errors.AuthenticationFailed, None),
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
        "https://hv01:5986/wsman: authentication failed (no ticket for HTTP/hv01)"
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Krb5Error("Preauthentication failed -1765328360"), "Preauthentication failed"),
        (
            SpnegoError(
                "SpnegoError (4294967295): Major (851968): Unspecified GSS failure.  Minor code may provide more information, "
                "Minor (2529638919): Server host/hv01 not found in Kerberos database, Context: Processing security token"
            ),
            "Server host/hv01 not found in Kerberos database",
        ),
    ],
)
def test_of_what_kerberos_says_the_reason_is_told(error: Exception, reason: str) -> None:
    assert f"authentication failed ({reason})" in str(connection_error(ENDPOINT, error))


def test_the_reason_that_pykerberos_gives_is_told() -> None:
    error = KerberosExchangeError(
        "authGSSClientStep() failed: (('Unspecified GSS failure', 851968), ('Clock skew too great', -1765328347))"
    )
    error.__context__ = GSSError(("Unspecified GSS failure", 851968), ("Clock skew too great", -1765328347))
    assert "authentication failed (Clock skew too great)" in str(connection_error(ENDPOINT, error))


def test_what_the_server_offers_is_known() -> None:
    response = requests.Response()
    response.status_code = 401
    response.headers["WWW-Authenticate"] = 'Negotiate, Basic realm="WSMAN", Basic realm="WSMAN"'
    rejected = InvalidCredentialsError("the specified credentials were rejected by the server")
    rejected.__context__ = requests.HTTPError(response=response)
    meant = connection_error(ENDPOINT, rejected, errors.Login("operator", "credssp"))
    assert isinstance(meant, errors.AuthenticationFailed)
    assert meant.login == errors.Login("operator", "credssp", ("negotiate", "basic"))


def test_what_the_server_offers_is_known_where_the_library_tells_it_in_words() -> None:
    meant = connection_error(ENDPOINT, AuthenticationException("... available authentication method - actual: 'Negotiate, Kerberos'"))
    assert isinstance(meant, errors.AuthenticationFailed)
    assert meant.login.offered == ("negotiate", "kerberos")


@pytest.mark.parametrize(
    ("header", "schemes"),
    [
        ("", ()),
        ("Negotiate TlRMTVNTUAACAAAA, Kerberos", ("negotiate", "kerberos")),
        ('Basic realm="Negotiate"', ("basic",)),
        ("Bearer x", ()),
    ],
)
def test_schemes_of_a_header(header: str, schemes: tuple[str, ...]) -> None:
    assert offered_schemes(header) == schemes


def test_the_number_of_a_certificate_error_is_kept() -> None:
    error = certificate_error()
    next(one for one in _causes(error) if isinstance(one, ssl.SSLCertVerificationError)).verify_code = 10
    meant = connection_error(ENDPOINT, error)
    assert isinstance(meant, errors.CertificateNotTrusted)
    assert meant.verify_code == 10


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = [error]
    for one in found:
        found += [arg for arg in (*one.args, getattr(one, "reason", None)) if isinstance(arg, BaseException)]
    return found


def test_whether_a_message_may_have_arrived() -> None:
    assert [kind.sent for kind in (errors.ConnectionDropped, errors.ReadTimedOut)] == [True, True]
    assert [kind.sent for kind in (errors.ConnectionFailed, errors.ConnectTimedOut, errors.CertificateNotTrusted)] == [False] * 3
