# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Everything that can go wrong between the controller and a CIM class, as exceptions.

``str(error)`` names the object and the cause, in one sentence without a full stop. What to do about it is said in one place alone, which is
``_ansible/failure.py``. No error holds a password or an argument that was marked as ``values.Sensitive``.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from .symbols import code_with_symbol, symbol_of, unsigned_code


class WsManError(Exception):
    """Base of all errors of this package."""


class MissingLibrary(WsManError):
    """A Python library of the controller cannot be used: it is not installed, or too old. ``library``: its name on PyPI."""

    def __init__(self, library: str, reason: str = "it is not installed") -> None:
        self.library = library
        super().__init__(f"the Python library {library} cannot be used by {sys.executable or 'the Python that runs Ansible'} ({reason})")


class UnsendableValue(WsManError):
    """A value that XML or CIM cannot carry was given as an argument, key or query."""


class ConnectionFailed(WsManError):
    """No answer: name not resolved, connection refused, TLS not agreed.

    ``sent`` says whether the message may have reached the server.
    """

    sent = False

    def __init__(self, endpoint: str, cause: str) -> None:
        self.endpoint = endpoint
        self.cause = cause
        super().__init__(f"{endpoint}: {cause}")


class ConnectionDropped(ConnectionFailed):
    """The connection broke after it had been made; the message may have reached the server.

    Windows drops a connection that was idle for about two minutes (HTTP.sys).
    """

    sent = True


class ConnectTimedOut(ConnectionFailed):
    """Nobody answered the attempt to connect in time."""


class ReadTimedOut(ConnectionFailed):
    """Connected and sent, but the answer did not come in time."""

    sent = True


class ProxyFailed(ConnectionFailed):
    """A proxy stands in the way: it cannot be reached, wants credentials, or does not let the connection through."""


class NoTls(ConnectionFailed):
    """What answers on this port does not speak TLS, as an HTTP listener does."""


class OptionsRefused(ConnectionFailed):
    """The client library does not take its options together, such as message encryption with Basic. Nothing was sent."""


class AddressRefused(OptionsRefused):
    """What should be a name or an address is something else."""


class NoPassword(OptionsRefused):
    """A kind of logon that needs a password was asked for without one. Nothing was sent, so no account is locked."""


class NotForBasic(OptionsRefused):
    """A character of the credentials that Basic cannot carry."""


class CertificateNotTrusted(ConnectionFailed):
    """The certificate of an HTTPS listener did not pass verification. ``verify_code``: OpenSSL's number for the reason, where it is known."""

    def __init__(self, endpoint: str, cause: str, verify_code: int | None = None) -> None:
        self.verify_code = verify_code
        super().__init__(endpoint, cause)


@dataclass(frozen=True)
class Login:
    """Who wanted to log on, and how.

    ``method``: basic, ntlm, negotiate, kerberos, credssp or certificate. ``offered``: the schemes of the server's 401 in lower case
    (WWW-Authenticate), empty where they are not known.
    """

    user: str = ""
    method: str = ""
    offered: tuple[str, ...] = ()


class AuthenticationFailed(WsManError):
    """HTTP 401, or no ticket or token to log on with: the server did not accept the credentials."""

    def __init__(
        self, endpoint: str, cause: str = "the server did not accept the credentials (HTTP 401)", login: Login | None = None
    ) -> None:
        self.endpoint = endpoint
        self.cause = cause
        self.login = login or Login()
        super().__init__(f"{endpoint}: {cause}")


class UnencryptedRefused(WsManError):
    """HTTP 500 with an empty body: the service takes encrypted messages only (``AllowUnencrypted=false``)."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        super().__init__(f"{endpoint}: the service refuses unencrypted messages (HTTP 500 without a body)")


class UnexpectedHttpStatus(WsManError):
    """An HTTP status that carries no SOAP message."""

    def __init__(self, endpoint: str, status: int) -> None:
        self.endpoint = endpoint
        self.status = status
        super().__init__(f"{endpoint}: unexpected HTTP status {status}")


class AnswerRefused(WsManError):
    """Something answers, and what it sends is not taken, see ``transport_policy``. The message may have been carried out.

    Another try would bring the same, so it is not repeated.
    """

    def __init__(self, endpoint: str, cause: str) -> None:
        self.endpoint = endpoint
        self.cause = cause
        super().__init__(f"{endpoint}: {cause}")


class Redirected(AnswerRefused):
    """The answer sends the message on to another address. ``location`` is as hostile as its author; ``status`` None: a library followed."""

    def __init__(self, endpoint: str, status: int | None, location: str) -> None:
        self.status = status
        self.location = location
        where = " ".join(location.split())[:200] or "nowhere"
        super().__init__(endpoint, f"the answer is a redirect{f' (HTTP {status})' if status else ''} to {where}, which is not followed")


class AnswerNotEncrypted(AnswerRefused):
    """A plain answer to an encrypted message: anybody on the way can have written it."""

    def __init__(self, endpoint: str, status: int) -> None:
        self.status = status
        super().__init__(endpoint, f"the answer to an encrypted message is not encrypted (HTTP {status}), so anybody may have sent it")


class AnswerCompressed(AnswerRefused):
    """A body in a coding that was not asked for, and that could open to any size."""

    def __init__(self, endpoint: str, coding: str) -> None:
        self.coding = coding
        super().__init__(endpoint, f"the answer is compressed ({' '.join(coding.split())[:40]}), which was not asked for")


class AnswerTooLarge(AnswerRefused):
    """More bytes, headers, interim answers or steps of a logon than WinRM has."""


class AnswerTooSlow(AnswerRefused):
    """The answer has begun, and trickles. Where nothing comes at all it is ReadTimedOut."""


class NotHttp(AnswerRefused):
    """What answers does not keep to HTTP as WinRM's listener does."""


class EndlessAnswer(WsManError):
    """A query or a command whose answer goes on and on: more pages, items, bytes or time than any machine needs, see ``bounds``."""

    def __init__(self, subject: str, cause: str) -> None:
        self.subject = subject
        self.cause = cause
        super().__init__(f"{subject}: {cause}")


class MalformedAnswer(WsManError):
    """Not XML, not an envelope, an answer to another message, too large, too deep, or a value of another type than asked for."""


class EffectUnknown(WsManError):
    """A method call went out but its answer did not come or could not be read: it may have taken effect or not.

    Read the state first; do not repeat the call blindly. The reason is ``__cause__``.
    """

    def __init__(self, subject: str, reason: WsManError) -> None:
        self.subject = subject
        self.reason = reason
        super().__init__(f"{subject}: whether the call took effect is not known: {reason}")


class DeadlineExceeded(WsManError):
    """Something was still running when the time allowed for it was over."""


class MethodFailed(WsManError):
    """A method answered with a ReturnValue that its caller does not accept."""

    def __init__(self, class_name: str, method: str, return_value: int | None) -> None:
        self.class_name = class_name
        self.method = method
        self.return_value = return_value
        if return_value is None:
            shown = "no ReturnValue"
        elif return_value > 0xFFFF:
            shown = f"ReturnValue {return_value} ({code_with_symbol(return_value)})"
        else:
            shown = f"ReturnValue {return_value}"
        super().__init__(f"{class_name}.{method} failed with {shown}")


class JobFailed(WsManError):
    """A job that a method had started ended in failure. ``job_state``: 8 terminated, 9 killed, 10 exception; None: not known."""

    def __init__(self, description: str = "", *, job_state: int | None = None, error_code: int | None = None) -> None:
        self.job_state = job_state
        self.error_code = error_code
        self.description = description
        numbers = [f"{name} {number}" for name, number in (("JobState", job_state), ("ErrorCode", error_code)) if number is not None]
        shown = f" ({', '.join(numbers)})" if numbers else ""
        super().__init__(f"the job failed{shown}" + (f": {description}" if description else ""))


class Fault(WsManError):
    """A SOAP fault. Subclasses are chosen by code and subcode, never by text: texts are in the server's language.

    ``code``: of the WSManFault or the MSFT_WmiError, unsigned 32 bits. ``provider_code``: of the fault inside ProviderFault.
    ``text``: the general reason; ``provider_text``: what the provider said, mostly the better one. ``subject``: the query or
    ``class.method`` that was asked. ``parameter_info`` is Windows' echo of what was asked and not part of ``str``.
    """

    def __init__(
        self,
        *,
        code: int | None = None,
        subcode: str | None = None,
        text: str = "",
        provider_text: str = "",
        provider: str = "",
        provider_code: int | None = None,
        operation: str = "",
        parameter_info: str = "",
        cim_status: int | None = None,
        machine: str = "",
        action: str = "",
        subject: str = "",
    ) -> None:
        self.code = None if code is None else unsigned_code(code)
        self.subcode = subcode
        self.text = text
        self.provider_text = provider_text
        self.provider = provider
        self.provider_code = None if provider_code is None else unsigned_code(provider_code)
        self.operation = operation
        self.parameter_info = parameter_info
        self.cim_status = cim_status
        self.machine = machine
        self.action = action
        self.subject = subject
        self.namespace: str | None = None  # CIM namespace of the request, once it is known
        super().__init__()

    @property
    def symbol(self) -> str | None:
        """The name of ``code``, None where it has none here."""
        return None if self.code is None else symbol_of(self.code)

    @property
    def hresult(self) -> int | None:
        """The most specific number as a HRESULT: of the provider if it gave one of its own, else ``code``.

        A plain Win32 error (87) becomes the HRESULT that wraps it (0x80070057).
        """
        specific = self.code
        if self.provider_code is not None and (self.code is None or not is_wsman_code(self.provider_code)):
            specific = self.provider_code
        if specific is not None and 0 < specific < 0x10000:
            return 0x80070000 | specific
        return specific

    def mask(self, secret: str) -> None:
        """Remove a text from all that this fault says."""
        if not secret:
            return
        for name in ("text", "provider_text", "provider", "operation", "parameter_info", "subject", "machine"):
            setattr(self, name, getattr(self, name).replace(secret, "********"))

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.machine, self.subject) if part)
        # the outer code of a provider's own failure says nothing; show the number that does
        number = self.hresult if not self.code or self.code > 0xFFFF else self.code
        what = [] if number is None else [code_with_symbol(number)]
        if not what and self.subcode:
            what = [self.subcode]
        said = self.provider_text or self.text
        detail = ": ".join([*what, said] if said else what) or "the server answered with a fault without details"
        return f"{where}: {detail}" if where else detail

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


def is_wsman_code(code: int) -> bool:
    """Whether a number is one of wsmerror.h (facility 0x33, WS-Management), not one of a provider."""
    return unsigned_code(code) >> 16 == 0x8033


class AccessDenied(Fault):
    """The user may log on but not do this: WinRM's plug-in, the WMI namespace or the provider refused."""


class NotFound(Fault):
    """No such instance, class or resource (a:DestinationUnreachable)."""


class InvalidNamespace(NotFound):
    """The CIM namespace does not exist: the role that brings it is not installed."""


class InvalidResourceUri(NotFound):
    """The service does not know the resource URI."""


class InvalidClassOrQuery(Fault):
    """The class is not in the namespace, or the WQL is not valid: Windows does not distinguish these by code."""


class InvalidSelectors(Fault):
    """Keys that the class does not have, or not all that it needs."""


class InvalidParameter(Fault):
    """A method's parameter was refused by WMI, the provider or the schema check."""


class MethodNotAvailable(Fault):
    """The class has no such method, or the provider does not offer the operation."""


class OperationTimedOut(Fault):
    """The operation took longer than OperationTimeout."""


class QuotaExceeded(Fault):
    """Too many operations, shells or users at once: wait and try again."""


class ServiceBusy(Fault):
    """WMI is overloaded or shutting down: wait and try again."""


class EncodingLimit(Fault):
    """A message does not fit into the envelope's size."""


class InvalidEnumerationContext(Fault):
    """The enumeration expired or was closed on the server."""


class InvalidMessage(Fault):
    """The service objects to the message itself: a header, the action, or the XML."""


class ProviderFailure(Fault):
    """A provider failed with a number of its own; see ``hresult``."""
