# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What an exception of requests, urllib3 or an authentication library means, for both transports."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace

from .errors import (
    AuthenticationFailed,
    CertificateNotTrusted,
    ConnectionDropped,
    ConnectionFailed,
    ConnectTimedOut,
    Login,
    MalformedAnswer,
    MissingLibrary,
    NotForBasic,
    NotHttp,
    NoTls,
    OptionsRefused,
    ProxyFailed,
    ReadTimedOut,
    WsManError,
)
from .libraries import missing, missing_beneath

# Classes by name, for urllib3 may be a copy of its own inside of another package, and not all authentication libraries are installed.
_CONNECT_TIMEOUT = {"ConnectTimeout", "ConnectTimeoutError"}
_READ_TIMEOUT = {"ReadTimeout", "ReadTimeoutError"}
_NOT_CONNECTED = {"NewConnectionError", "NameResolutionError", "InvalidURL", "InvalidSchema", "MissingSchema"}
_DROPPED = {"ProtocolError", "RemoteDisconnected", "ChunkedEncodingError", "IncompleteRead", "SSLEOFError", "SSLZeroReturnError"}
# RemoteDisconnected is a BadStatusLine too, so the class itself is compared.
_NOT_HTTP = {"BadStatusLine", "UnknownProtocol", "LineTooLong", "InvalidHeader", "InvalidChunkLength"}
_AUTHENTICATION = {
    "AuthenticationError",  # pywinrm, pypsrp
    "AuthenticationException",  # requests-credssp
    "InvalidCredentialsError",
    "KerberosExchangeError",
    "MutualAuthenticationError",
    "SpnegoError",
    "GSSError",
    "Krb5Error",  # krb5, which gets tickets for pypsrp
}
_TOLD_BY_GSSAPI = re.compile(r"Minor \(\d+\): (.+?)(?:, Context: .*)?\Z", re.DOTALL)
# OpenSSL's reasons for a first answer that is not a TLS record. Which one it is depends on its version and on the bytes that came.
_NO_TLS = re.compile("WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|HTTP_REQUEST|UNKNOWN_PROTOCOL|PACKET_LENGTH_TOO_LONG")
# OpenSSL's reasons for a file of certificates or keys that is none.
_NO_PEM = re.compile("NO_CERTIFICATE_OR_CRL_FOUND|NO_START_LINE|PEM lib|PEM_READ|KEY_VALUES_MISMATCH")
# How pywinrm, pypsrp and requests say that a library for this kind of authentication or proxy is not there.
_MISSING = re.compile(r"([\w-]+) is not installed|[Mm]issing dependencies for (SOCKS) support|[Pp]ython ([\w-]+) library")
_MODULES = {"requests-credssp": "requests_credssp", "pykerberos": "kerberos", "SOCKS": "socks"}
_SCHEME = re.compile(r"(?:^|,)\s*(basic|negotiate|kerberos|ntlm|credssp)\b", re.IGNORECASE)


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


def connection_error(endpoint: str, error: Exception, login: Login | None = None, *, sent: bool = True) -> WsManError:
    """The error of this package for an exception that was raised instead of an answer. ``login``: who had asked, and how; ``sent``: whether
    any message had left, even one of the logon."""
    chain = list(_chain(error))
    names = {base.__name__ for one in chain for base in type(one).__mro__}

    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return CertificateNotTrusted(
                endpoint,
                f"the certificate is not trusted ({one.verify_message or 'verification failed'})",
                getattr(one, "verify_code", None),
            )
    settings = _settings_error(endpoint, error, chain, sent)
    if settings is not None:
        return settings
    if "BadMICError" in names:  # of pyspnego, whose other errors are those of a logon
        return ConnectionDropped(endpoint, "the answer could not be decrypted")
    if names & _AUTHENTICATION:
        known = replace(login or Login(), offered=_offered(chain))
        return AuthenticationFailed(endpoint, f"authentication failed ({_authentication_text(chain)})", known)
    if any(isinstance(one, UnicodeDecodeError) for one in chain):
        return MalformedAnswer(f"{endpoint}: the answer is not text in UTF-8")
    timed_out = any(isinstance(one, TimeoutError) for one in chain)
    # before the timeouts: urllib3's NewConnectionError derives from its ConnectTimeoutError
    if names & _NOT_CONNECTED or any(isinstance(one, (socket.gaierror, ConnectionRefusedError)) for one in chain):
        return _connect_timed_out(endpoint) if timed_out else ConnectionFailed(endpoint, _not_connected_text(chain))
    if names & _CONNECT_TIMEOUT:
        return _connect_timed_out(endpoint)
    if names & _READ_TIMEOUT or timed_out:
        return ReadTimedOut(endpoint, "connected, but the answer did not come in time")
    if any(type(one).__name__ in _NOT_HTTP for one in chain) or any(
        "got more than" in str(one) for one in chain if "HTTPException" in names
    ):
        return NotHttp(endpoint, "what answers does not speak HTTP as WinRM does")
    if names & _DROPPED or any(isinstance(one, ConnectionError) for one in chain):
        return ConnectionDropped(endpoint, "the connection broke before the answer")
    tls = _tls_error(endpoint, chain)
    if tls is not None:
        return tls
    if any(type(one).__module__.partition(".")[0] in ("requests", "urllib3") for one in chain):
        return ConnectionFailed(endpoint, f"no connection ({type(error).__name__})")
    if not sent:
        return OptionsRefused(endpoint, f"the logon could not be prepared ({type(error).__name__})")
    # What is left came from opening the encrypted answer: after a broken connection the security context does not fit any more,
    # and the libraries then fail in many ways (KeyError, ValueError, ...).
    return ConnectionDropped(endpoint, f"the answer could not be decrypted or understood by the transport ({type(error).__name__})")


def _settings_error(endpoint: str, error: Exception, chain: list[BaseException], sent: bool) -> WsManError | None:
    """What the connection's own options or the controller keep from being tried."""
    names = {base.__name__ for one in chain for base in type(one).__mro__}
    library = _missing_library(chain)
    if library is not None:
        return library
    if any(isinstance(one, UnicodeEncodeError) for one in chain) and not sent:
        return NotForBasic(endpoint, "a character of ansible_user or ansible_password cannot be sent by this kind of logon")
    # Nothing else of pywinrm's general error is about options: it also says so when an answer cannot be decrypted.
    if type(error).__name__ == "WinRMError" and "auth method" in str(error):
        return OptionsRefused(endpoint, " ".join(str(error).split())[:200])
    file = next((str(one) for one in chain if isinstance(one, OSError) and str(one).startswith("Could not find")), None)
    if file is not None:  # requests: a file of certificates that the options name; its text has the path
        return OptionsRefused(endpoint, " ".join(file.split())[:300])
    if "InvalidProxyURL" in names:
        return ProxyFailed(endpoint, "the address of the proxy is not a URL as in http://proxy.example:3128")
    if "ProxyError" in names:
        return ProxyFailed(endpoint, f"no connection through the proxy ({_proxy_text(chain)})")
    return None


def _tls_error(endpoint: str, chain: list[BaseException]) -> WsManError | None:
    for one in chain:
        if isinstance(one, ssl.SSLError):
            reason = f"{getattr(one, 'reason', None)} {one}"
            if _NO_PEM.search(reason):
                return OptionsRefused(
                    endpoint, "a file of certificates or keys that the connection names holds none in PEM form, or not one pair"
                )
            if _NO_TLS.search(reason):
                return NoTls(endpoint, "what answers on this port does not speak TLS")
            return ConnectionFailed(endpoint, f"TLS could not be agreed ({getattr(one, 'reason', None) or type(one).__name__})")
    return None


def _connect_timed_out(endpoint: str) -> ConnectTimedOut:
    return ConnectTimedOut(endpoint, "no answer to the attempt to connect")


def _missing_library(chain: list[BaseException]) -> MissingLibrary | None:
    """Where that is what the exception complains of. pywinrm names the library that it wanted, not the one beneath it that is missing."""
    for one in chain:
        if type(one).__name__ in ("WinRMError", "ImportError", "InvalidSchema"):
            found = _MISSING.search(str(one))
            if found:
                return missing_beneath(_MODULES.get(next(filter(None, found.groups())), "") or next(filter(None, found.groups())))
        if isinstance(one, ImportError):
            return missing(one.name or "a library of the logon", one)
    return None


def _proxy_text(chain: list[BaseException]) -> str:
    """The innermost reason, such as "Connection refused" or "Tunnel connection failed: 403 Forbidden". It holds no credentials."""
    for one in reversed(chain):
        if isinstance(one, socket.gaierror):
            return "its name could not be resolved"
        if isinstance(one, OSError) and one.strerror and one.errno is not None:
            return str(one.strerror)
    for one in chain:
        if isinstance(one, OSError) and len(one.args) == 1 and isinstance(one.args[0], str) and "onnection failed: " in one.args[0]:
            return " ".join(one.args[0].split())[:200]
    return "ProxyError"


def _offered(chain: list[BaseException]) -> tuple[str, ...]:
    """The authentication schemes of the 401 that is among the causes, or in the text of a library that drops it."""
    for one in chain:
        headers = getattr(getattr(one, "response", None), "headers", None)
        if headers is not None:
            return offered_schemes(str(headers.get("WWW-Authenticate") or ""))
    told = next((found for found in (re.search(r"actual: '([^']*)'", str(one)) for one in chain) if found), None)
    return offered_schemes(told.group(1)) if told else ()


def offered_schemes(header: str) -> tuple[str, ...]:
    """The schemes of a WWW-Authenticate header, lower case, each once. Several such headers come joined by commas."""
    return tuple(dict.fromkeys(name.lower() for name in _SCHEME.findall(header)))


def _authentication_text(chain: list[BaseException]) -> str:
    """What the library said, without the general words that GSSAPI puts before the reason."""
    for one in chain:
        if type(one).__name__ == "GSSError" and one.args and isinstance(one.args[-1], tuple):  # pykerberos: (text, number) twice
            return " ".join(str(one.args[-1][0]).split())[:200]
    for one in chain:
        if _AUTHENTICATION & {base.__name__ for base in type(one).__mro__} and str(one):
            text = " ".join(str(one).split())
            told = _TOLD_BY_GSSAPI.search(text)
            if told is None and type(one).__name__ == "Krb5Error":
                return re.sub(r" -\d+\Z", "", text)[:200]  # its number
            return (told.group(1) if told else text)[:200]
    return type(chain[0]).__name__


def _not_connected_text(chain: list[BaseException]) -> str:
    for one in chain:
        if isinstance(one, socket.gaierror):
            return "the name could not be resolved"
        if isinstance(one, ConnectionRefusedError):
            return "connection refused"
    for one in chain:
        if isinstance(one, OSError) and one.strerror and one.errno is not None:
            return f"no connection ({one.strerror})"
    if any(type(one).__name__ == "NameResolutionError" for one in chain):
        return "the name could not be resolved"
    return f"no connection ({type(chain[0]).__name__})"
