# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What an exception of requests, urllib3 or an authentication library means, for both transports."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from .errors import (
    AuthenticationFailed,
    CertificateNotTrusted,
    ConnectionDropped,
    ConnectionFailed,
    ConnectTimedOut,
    ReadTimedOut,
    WsManError,
)

# Classes by name, for urllib3 may be a copy of its own inside of another package, and not all authentication libraries are installed.
_CONNECT_TIMEOUT = {"ConnectTimeout", "ConnectTimeoutError"}
_READ_TIMEOUT = {"ReadTimeout", "ReadTimeoutError"}
_NOT_CONNECTED = {"NewConnectionError", "NameResolutionError", "ProxyError", "InvalidURL", "InvalidSchema", "MissingSchema"}
_DROPPED = {"ProtocolError", "RemoteDisconnected", "ChunkedEncodingError", "IncompleteRead", "SSLEOFError", "SSLZeroReturnError"}
_AUTHENTICATION = {
    "AuthenticationError",  # pywinrm, pypsrp
    "AuthenticationException",  # requests-credssp
    "InvalidCredentialsError",
    "KerberosExchangeError",
    "MutualAuthenticationError",
    "SpnegoError",
    "GSSError",
}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that it carries: causes, contexts, urllib3's ``reason`` and exceptions in ``args``."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting.extend([*one.args, getattr(one, "reason", None), one.__cause__, one.__context__])


def connection_error(endpoint: str, error: Exception) -> WsManError:
    """The error of this package for an exception that was raised instead of an answer."""
    chain = list(_chain(error))
    names = {base.__name__ for one in chain for base in type(one).__mro__}

    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return CertificateNotTrusted(
                endpoint,
                f"the certificate is not trusted ({one.verify_message or 'verification failed'}). "
                "Give the authority that signed it as trusted, or a certificate for this name to the listener",
            )
    if names & _AUTHENTICATION:
        return AuthenticationFailed(endpoint, f"authentication failed ({_authentication_text(chain)})")
    timed_out = any(isinstance(one, TimeoutError) for one in chain)
    # before the timeouts: urllib3's NewConnectionError derives from its ConnectTimeoutError
    if names & _NOT_CONNECTED or any(isinstance(one, (socket.gaierror, ConnectionRefusedError)) for one in chain):
        return _connect_timed_out(endpoint) if timed_out else ConnectionFailed(endpoint, _not_connected_text(chain))
    if names & _CONNECT_TIMEOUT:
        return _connect_timed_out(endpoint)
    if names & _READ_TIMEOUT or timed_out:
        return ReadTimedOut(endpoint, "connected, but the answer did not come in time")
    if names & _DROPPED or any(isinstance(one, ConnectionError) for one in chain):
        return ConnectionDropped(endpoint, "the connection broke before the answer")
    for one in chain:
        if isinstance(one, ssl.SSLError):
            return ConnectionFailed(endpoint, f"TLS could not be agreed ({getattr(one, 'reason', None) or type(one).__name__})")
    if any(type(one).__module__.partition(".")[0] in ("requests", "urllib3") for one in chain):
        return ConnectionFailed(endpoint, f"no connection ({type(error).__name__})")
    # What is left came from opening the encrypted answer: after a broken connection the security context does not fit any more,
    # and the libraries then fail in many ways (KeyError, ValueError, ...).
    return ConnectionDropped(endpoint, f"the answer could not be decrypted or understood by the transport ({type(error).__name__})")


def _connect_timed_out(endpoint: str) -> ConnectTimedOut:
    return ConnectTimedOut(endpoint, "no answer to the attempt to connect. Check that the host is up and the firewall lets WinRM in")


def _authentication_text(chain: list[BaseException]) -> str:
    for one in chain:
        if type(one).__name__ in _AUTHENTICATION and one.args and isinstance(one.args[0], str):
            return " ".join(one.args[0].split())[:200]
    return type(chain[0]).__name__


def _not_connected_text(chain: list[BaseException]) -> str:
    for one in chain:
        if isinstance(one, socket.gaierror):
            return "the name could not be resolved. Check the inventory's host name and DNS"
        if isinstance(one, ConnectionRefusedError):
            return "connection refused. Check that WinRM is enabled and listens on this port"
    for one in chain:
        if isinstance(one, OSError) and one.strerror and one.errno is not None:
            return f"no connection ({one.strerror})"
    if any(type(one).__name__ == "NameResolutionError" for one in chain):
        return "the name could not be resolved. Check the inventory's host name and DNS"
    return f"no connection ({type(chain[0]).__name__})"
